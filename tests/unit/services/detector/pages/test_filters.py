"""What the filters of the lists offer, and to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from services.detector.pages.filters import (
    OFFERED,
    assignee_choice,
    confidence_choice,
    kind_choice,
    owner_choice,
    period_choice,
    tag_choice,
)

if TYPE_CHECKING:
    from collections.abc import Callable

ME = "ann@acme.example"


class TestAssignees:
    """The filter by who looks after a signal."""

    def test_the_reader_comes_first(self) -> None:
        """Also before anything is assigned to them, however the provider spells their address."""
        for assignees in (["abe@acme.example", ME], ["abe@acme.example"]):
            shown = assignee_choice("", assignees, "Ann@Acme.example")
            assert shown["options"] == [("", "any"), (ME, "me"), ("abe@acme.example", "abe@acme.example")]

    def test_who_has_no_address_is_not_offered(self) -> None:
        """A key of a machine, for one: nothing can be assigned to it."""
        assert assignee_choice("", [ME], "")["options"] == [("", "any"), (ME, ME)]

    def test_no_crowd_hides_the_reader(self) -> None:
        """The rest is cut; a value of the address that is not offered stays chosen."""
        crowd = [f"{number:03}@acme.example" for number in range(300)]
        shown = assignee_choice("299@acme.example", crowd, ME)["options"]
        assert shown[1] == (ME, "me")
        assert len(shown) == OFFERED + 2
        assert shown[-1] == ("299@acme.example", "299@acme.example")


class TestOwners:
    """The filter by a customer's owner."""

    def test_the_reader_comes_first_where_they_own_customers(self) -> None:
        """Found by the spelling of the list, whatever the provider's is."""
        shown = owner_choice("", ["Abe@acme.example", "Ann@acme.example"], ME)["options"]
        assert shown == [
            ("", "any"),
            ("Ann@acme.example", "me"),
            ("Abe@acme.example", "Abe@acme.example"),
        ]

    def test_who_owns_nothing_is_not_offered(self) -> None:
        """A filter that finds nothing for certain is none; neither is an owner without a name."""
        for reader in (ME, ""):
            assert owner_choice("", ["abe@acme.example"], reader)["options"] == [
                ("", "any"),
                ("abe@acme.example", "abe@acme.example"),
            ]

    def test_each_spelling_of_the_reader_is_told_apart(self) -> None:
        """A list that writes one address in two ways holds customers under each."""
        assert owner_choice("", ["Ann@acme.example", ME], ME)["options"][1:] == [
            ("Ann@acme.example", "me, as Ann@acme.example"),
            (ME, f"me, as {ME}"),
        ]

    def test_no_crowd_hides_the_reader(self) -> None:
        """However many owners come before them in the alphabet."""
        crowd = [f"{number:03}@acme.example" for number in range(300)]
        shown = owner_choice("", [*crowd, ME], ME)["options"]
        assert (shown[1], len(shown)) == ((ME, "me"), OFFERED + 1)


@pytest.mark.parametrize(
    ("filter_of", "known"), [(kind_choice, "renewal"), (period_choice, "30"), (confidence_choice, "0.8")]
)
def test_what_asks_for_nothing_is_not_chosen(filter_of: Callable[[str], dict[str, Any]], known: str) -> None:
    """The list leaves an unknown kind, period or confidence out, so the filter does not show it either."""
    assert filter_of(known)["value"] == known
    rubbish = filter_of("foo")
    assert (rubbish["value"], rubbish["options"]) == ("", filter_of("")["options"])


def test_a_name_that_is_not_offered_stays_chosen() -> None:
    """The list is narrowed by it all the same."""
    shown = tag_choice("old", ["billing"])
    assert (shown["value"], shown["options"][-1]) == ("old", ("old", "old"))
