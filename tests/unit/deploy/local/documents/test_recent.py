"""The memory of recently changed documents is bounded, and forgets what it is told to."""

from __future__ import annotations

from deploy.local.documents.storage.recent import Recent, Stored


def test_the_oldest_give_way_to_new_ones() -> None:
    """It holds a megabyte of bodies at most."""
    recent = Recent()
    for number in range(200):
        recent.keep("c1", b"%d" % number, Stored(number, b"x" * 10_000, {}))
    known = [number for number in range(200) if recent.get("c1", b"%d" % number)]
    assert known == list(range(200 - 104, 200))


def test_a_great_document_is_not_kept() -> None:
    """One document does not push out the others."""
    recent = Recent()
    recent.keep("c1", b"key", Stored(1, b"x" * 100_000, {}))
    assert recent.get("c1", b"key") is None


def test_what_is_forgotten_makes_room() -> None:
    """A document that is changed again and again counts once; tables do not meet."""
    recent = Recent()
    recent.keep("c2", b"key", Stored(2, b"two", {}))
    for number in range(1000):
        if number % 2:
            recent.forget("c1", b"key")
        recent.keep("c1", b"key", Stored(number, b"x" * 10_000, {}))
    assert recent.get("c2", b"key") == Stored(2, b"two", {})
    recent.forget_all()
    assert recent.get("c1", b"key") is recent.get("c2", b"key") is None


def test_a_document_that_grew_too_great_is_no_longer_known() -> None:
    """Its former state is forgotten, and takes no room."""
    recent = Recent()
    for _ in range(200):
        recent.keep("c1", b"key", Stored(1, b"x" * 10_000, {}))
        recent.keep("c1", b"key", Stored(1, b"x" * 100_000, {}))
        assert recent.get("c1", b"key") is None
    recent.keep("c1", b"other", Stored(2, b"x" * 10_000, {}))
    recent.keep("c1", b"key", Stored(1, b"x" * 10_000, {}))
    assert recent.get("c1", b"other") is not None


def test_what_changes_again_is_the_newest() -> None:
    """A document that is changed often stays while those that are not give way."""
    recent = Recent()
    for number in range(200):
        recent.keep("c1", b"%d" % number, Stored(number, b"x" * 10_000, {}))
        recent.keep("c1", b"often", Stored(number, b"x" * 10_000, {}))
    assert recent.get("c1", b"often") == Stored(199, b"x" * 10_000, {})
