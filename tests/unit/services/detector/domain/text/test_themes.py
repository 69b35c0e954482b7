"""One name for what people call by many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.detector.domain.text.themes import OBJECTS, about, same_thing


@pytest.mark.parametrize(
    ("theme", "texts"),
    [
        ("=offline", ["an offline mode", "it should work without a signal", "usable in the basement"]),
        ("=dark_mode", ["a dark theme", "the screen is too bright", "night mode for the app"]),
        ("=single_sign_on", ["SAML support", "log in with our Google accounts", "one login for everything"]),
        ("=photo_markup", ["draw arrows on pictures", "annotate the photos"]),
        ("=calendar_sync", ["sync with Outlook", "the calendar should push to Google"]),
        ("=live_location", ["see where the vans are", "live map of the crews"]),
        ("=message_language", ["reminders in Polish", "translate the texts"]),
        ("=guest_access", ["a login for subcontractors", "guests who see only their jobs"]),
        ("=audit_log", ["an audit trail", "see who changed the price"]),
        ("~bulk", ["change many at once", "mass update", "select several and move them"]),
        ("~export", ["download the list as Excel", "a CSV export"]),
    ],
)
def test_families_of_words_have_one_name(theme: str, texts: list[str]) -> None:
    """Each of the wordings speaks of the same thing."""
    for text in texts:
        spoken = about(text)
        assert theme in spoken.themes | spoken.actions, text


def test_a_thing_may_be_named_in_one_sentence_and_wished_in_the_next() -> None:
    """Sentences are read on into each other."""
    assert about("We pay by card. Online, please.").themes == about("We pay by card online please.").themes


@pytest.mark.parametrize("text", ["", "   ", "Thanks for your help.", "The invoice is wrong."])
def test_plain_talk_is_about_nothing(text: str) -> None:
    """Most messages name no theme, and an empty one none at all."""
    assert about(text).themes == frozenset()


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    """No text breaks it, and reading twice gives the same."""
    assert about(text) == about(text)


def test_words_for_the_same_object_have_one_name() -> None:
    """Names of objects are their own names; other words stay as they are."""
    assert same_thing("quotation") == same_thing("estimate") == "quote"
    assert same_thing("weather") == "weather"
    assert all(same_thing(name) == name for name in OBJECTS)
