"""What the filters of the lists offer, and to whom."""

from __future__ import annotations

from services.detector.pages.filters import OFFERED, assignee_choice

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
