"""What Intercom refuses: the same to the service that connects and to the one that reads."""

from __future__ import annotations

import pytest

from shared.intercom import Refusal, refusal_of


@pytest.mark.parametrize(
    ("status", "codes", "refusal"),
    [
        (401, {"unauthorized"}, "token_rejected"),
        (401, {"token_suspended"}, "token_rejected"),
        (401, {"token_unauthorized"}, "permission_missing"),
        (403, {"forbidden"}, "permission_missing"),
        (403, {"a_scope_of_its_own"}, "permission_missing"),
        (403, {"api_plan_restricted"}, "plan_restricted"),
        (402, set(), "plan_restricted"),
        (401, set(), None),
        (403, set(), None),
        (404, {"not_found"}, None),
        (429, {"rate_limit_exceeded"}, None),
        (500, {"api_plan_restricted"}, None),
    ],
)
def test_only_intercoms_own_words_refuse(status: int, codes: set[str], refusal: Refusal | None) -> None:
    """Without a code of its own it was a proxy, which knows nothing of a token."""
    assert refusal_of(status, codes) == refusal
