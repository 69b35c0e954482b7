"""Documents that stay, whatever the server's clock says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.documents.collection import Index

if TYPE_CHECKING:
    import pytest
    from pymongo import IndexModel


def let_nothing_expire(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make no index by which documents expire, until the test is over.

    The tests' clock stands months before the server's, which looks every now and then: what is to be kept
    for a while by the former would go in the middle of a test.
    """
    plain = Index.model

    def lasting(index: Index) -> IndexModel:
        return plain(replace(index, expire_after_seconds=None))

    monkeypatch.setattr(Index, "model", lasting)
