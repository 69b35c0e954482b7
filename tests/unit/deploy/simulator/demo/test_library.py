"""The written material."""

from __future__ import annotations

from importlib.resources import files

from deploy.simulator.demo.cast import TAGS, TEAMS
from deploy.simulator.demo.library import LANGUAGES, library, table

SOURCES = {"bitext", "banking77", "multidogo", "senti4sd"}


def test_slugs_are_unique() -> None:
    """A slug names one script among the stories, one among the dialogues, one in the reserve."""
    dialogues = [script for scripts in library().dialogues.values() for script in scripts]
    for scripts in (library().stories, tuple(dialogues), library().reserve):
        slugs = [script.slug for script in scripts]
        assert len(slugs) == len(set(slugs))


def test_there_are_enough_dialogues() -> None:
    """Sixty in English, some in each other language, some with people who are no customers yet."""
    dialogues = library().dialogues
    assert len(dialogues[""]) >= 60
    assert all(len(dialogues[language]) >= 3 for language in LANGUAGES)
    assert len(dialogues["lead"]) >= 2


def test_every_dialogue_ends_in_a_close() -> None:
    """Everyday questions get their answer."""
    for scripts in library().dialogues.values():
        for script in scripts:
            assert "close" in {step.doing for step in script.steps}, script.slug


def test_headers_name_what_exists() -> None:
    """Teams, tags and borrowed topics."""
    dialogues = [script for scripts in library().dialogues.values() for script in scripts]
    for script in (*library().stories, *dialogues):
        assert script.get("team", "Support") in TEAMS, script.slug
        assert set(script.tags) <= set(TAGS), script.slug
        assert not script.get("borrow") or script.get("borrow") in library().borrowed


def test_the_reserve_is_large_and_new() -> None:
    """Forty telling texts or more, none of them told in the history."""
    reserve = {script.steps[0].text for script in library().reserve}
    assert len(reserve) == len(library().reserve) >= 40
    assert reserve.isdisjoint(step.text for script in library().stories for step in script.steps)


def test_borrowed_sentences_name_their_source() -> None:
    """Only from sets whose licence allows it, and the licences that must travel are there."""
    rows = table("borrowed.csv")
    assert len(rows) >= 250
    assert {row["source"] for row in rows} == SOURCES
    folder = files("deploy.simulator.demo") / "LICENSES"
    names = {file.name for file in folder.iterdir()}
    assert {name.partition("-")[0] for name in names} == {"bitext", "multidogo", "senti4sd"}
