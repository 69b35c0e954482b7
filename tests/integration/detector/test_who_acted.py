"""What somebody does is theirs, also where they sign in without an address that counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.auth.identity import LOCAL_ORGANIZATION_ID, Identity
from tests.integration.detector.test_pages import filled, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from tests.unit.services.detector.rig import Rig

WITHOUT_ADDRESS = [
    Identity(LOCAL_ORGANIZATION_ID, "key:1", "Nightly job", "", "member", ambient=False),
    # As where the issuer says that the address is not verified.
    Identity(LOCAL_ORGANIZATION_ID, "f3a1", "Dana Ito", "", "member", ambient=False),
]


class SignedIn:
    """Lets everybody in as one identity."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    async def identify(self, _headers: Mapping[str, str], _client_host: str | None) -> Identity:
        return self._identity


@pytest.mark.parametrize("identity", WITHOUT_ADDRESS, ids=lambda identity: identity.name)
async def test_who_has_no_address_is_named(browser: httpx.AsyncClient, rig: Rig, identity: Identity) -> None:
    """A signal that they confirm is confirmed, and nobody takes their step for Earshot's own."""
    await filled(rig)
    (signal,) = [one for one in await rig.signals() if one.slot.kind == "churn_risk"]
    transport: Any = browser._transport
    transport.app.state.authenticator = SignedIn(identity)
    told = (await browser.post(f"/api/v1/signals/{signal.signal_id}/confirm")).json()
    assert (told["confirmed_by"], told["history"][-1]["by"]) == (identity.name, identity.name)
    assert f"Confirmed by {identity.name}" in await text(browser, f"/insights/{signal.signal_id}")
