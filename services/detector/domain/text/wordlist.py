"""Word lists written as plain text, so that rules stay readable."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The set of whitespace-separated words of a text block."""
    return frozenset(text.split())


def ordered_words(text: str) -> tuple[str, ...]:
    """The words of a text block in their order."""
    return tuple(text.split())


def table(text: str) -> dict[str, str]:
    """A mapping from a text block with one `key = value` per comma or line."""
    pairs = (entry.split("=", 1) for entry in text.replace("\n", ",").split(",") if "=" in entry)
    return {key.strip(): value.strip() for key, value in pairs}
