"""What the page's buttons make happen, and what a detector should make of each.

In the demo workspace a customer's words come from its reserve of texts, which fit the customer and differ
each time; a generated workspace has one plain text for each button. The last group changes records.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from deploy.simulator.demo import HAPPENINGS_BY_KIND, expected_of_happening
from deploy.simulator.errors import MutationRefusedError
from deploy.simulator.happenings import newest, some_contact
from deploy.simulator.model import Mutation

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

    from deploy.simulator.model import Workspace

NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One button. `expected` is a kind of signal ("churn_risk explicit"), or None where no words are said."""

    key: str
    label: str
    plain: Callable[[Workspace, random.Random], Mutation]
    expected: str | None = None
    told: bool = False
    """Whether the demo workspace has texts of its own for it, under the same key."""


class Scenarios:
    """All buttons. `demo_id` is the workspace that speaks in the demo's words, if there is one."""

    def __init__(self, demo_id: str | None) -> None:
        self._demo_id = demo_id
        self.all: Mapping[str, Scenario] = MappingProxyType({each.key: each for each in SCENARIOS})

    def find(self, name: str) -> Scenario:
        """The scenario of that key, or of an older name of it. MutationRefusedError for another."""
        found = self.all.get(ALIASES.get(name, name))
        if found is None:
            raise MutationRefusedError(f"There is no scenario {name!r}. There is: {', '.join(self.all)}.")
        return found

    def choose(self, scenario: Scenario, workspace: Workspace, rng: random.Random, now: int) -> Mutation:
        """What to change; it changes nothing. MutationRefusedError where the workspace has nobody for it.

        Once every customer of the demo workspace has said its words, the plain ones serve.
        """
        told = None
        if scenario.told and workspace.id_code == self._demo_id:
            told = HAPPENINGS_BY_KIND[scenario.key](workspace, rng, now)
        return scenario.plain(workspace, rng) if told is None else told


def _writes(words: str) -> Callable[[Workspace, random.Random], Mutation]:
    def make(workspace: Workspace, rng: random.Random) -> Mutation:
        contact = some_contact(workspace, rng)
        return Mutation("create_conversation", {"contact_id": contact.id, "body": f"<p>{words}</p>"})

    return make


def _told(key: str, label: str, plain: str) -> Scenario:
    return Scenario(key, label, _writes(plain), expected_of_happening(key), told=True)


def _some_conversation(workspace: Workspace, rng: random.Random) -> str:
    found = newest(workspace)
    if not found:
        raise MutationRefusedError("This workspace has no conversation.")
    return rng.choice(found).id


def _redacts(workspace: Workspace, rng: random.Random) -> Mutation:
    conversation_id = _some_conversation(workspace, rng)
    spoken = [part.id for part in workspace.parts(conversation_id) if part.body and not part.redacted]
    arguments = {"conversation_id": conversation_id}
    return Mutation("redact", arguments | ({"part_id": rng.choice(spoken)} if spoken else {}))


def _deletes(workspace: Workspace, rng: random.Random) -> Mutation:
    return Mutation("delete_conversation", {"conversation_id": _some_conversation(workspace, rng)})


def _merges(workspace: Workspace, rng: random.Random) -> Mutation:
    first, second = some_contact(workspace, rng), some_contact(workspace, rng)
    for _ in range(50):
        if first.id != second.id and second.role == "user":
            return Mutation("merge_contacts", {"contact_id": first.id, "into_id": second.id})
        second = some_contact(workspace, rng)
    raise MutationRefusedError("This workspace has no two contacts to merge.")


def _spends_less(workspace: Workspace, rng: random.Random) -> Mutation:
    company_id = some_contact(workspace, rng).company_ids[0]
    spend = workspace.companies[company_id].monthly_spend or 0
    return Mutation("update_company", {"company_id": company_id, "changes": {"monthly_spend": spend // 2}})


SCENARIOS: tuple[Scenario, ...] = (
    _told(
        "cancel_notice",
        "gives notice",
        "We have decided to cancel our subscription and will not renew when the contract ends next month.",
    ),
    _told(
        "implied_risk",
        "is close to leaving",
        "This is the third outage this month. My team has lost trust and we are looking at other vendors.",
    ),
    _told(
        "upsell_question",
        "asks for a bigger plan",
        "What would the Enterprise plan cost us? We need single sign-on and custom roles.",
    ),
    _told(
        "expansion",
        "wants more seats",
        "Can we add forty more seats for the Berlin team, starting next week?",
    ),
    _told(
        "renewal",
        "asks about its renewal",
        "Our contract is up for renewal in March. Could you send us the renewal quote this week?",
    ),
    _told(
        "onboarding_trouble",
        "is stuck at the start",
        "We signed up last week and cannot get the import of our customers to work. Who helps us to set up?",
    ),
    _told(
        "feature_request",
        "wishes for a feature",
        "It would be great if we could schedule reports to be mailed on Mondays. Is that on your roadmap?",
    ),
    _told(
        "praise",
        "is happy",
        "The new dashboard is wonderful, it saved us hours this week. Thank you all.",
    ),
    _told(
        "anger",
        "is angry",
        "This is unacceptable. We have waited three days for an answer and nobody cares.",
    ),
    Scenario(
        "meeting",
        "cancels a meeting",
        _writes("Sorry, I have to cancel our meeting on Thursday. Can we move it to next week?"),
        NOTHING,
    ),
    Scenario("spend", "Halve what a customer spends", _spends_less),
    Scenario("redact", "Redact a message", _redacts),
    Scenario("delete", "Delete a conversation", _deletes),
    Scenario("merge", "Merge two contacts", _merges),
)

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "cancel": "cancel_notice",
        "risk": "implied_risk",
        "upsell": "upsell_question",
        "feature": "feature_request",
    }
)
"""Short names that the control API takes as well."""


def expected_words(expected: str) -> str:
    """As people say it: "churn_risk explicit" is "churn risk, explicit"."""
    moods = {"positive": "a better mood", "negative": "a worse mood"}
    return moods.get(expected, expected.replace(" ", ", ").replace("_", " "))
