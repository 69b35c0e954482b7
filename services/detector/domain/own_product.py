"""An organization's own product, where it is one of the well-known products that are read as rivals.

Said to HubSpot, "we are moving to HubSpot" is a welcome and no farewell. Only the workspace's name says whose
product it is. So what is said there is read as by an organization whose product no list has.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.detector.domain.text.rivals import LISTED, folded
from services.detector.domain.text.wordlist import words
from services.detector.domain.text.words import normalised
from services.detector.domain.vocabulary import GROUPS

if TYPE_CHECKING:
    from services.detector.domain.text.sentences import Clause

_KNOWN_TO_RULES = frozenset(GROUPS["named"].split()) | frozenset(GROUPS["rival"].split()) - {"teams"}
"""Without Teams: a workspace of that name is for somebody's teams, and not Microsoft's."""
_WORDS_AS_WELL = frozenset({"crisp", "drift", "front", "monday", "notion", "slack"})
"""Of these, those that are words of the language: they count only with a capital."""

_WHICH_WORKSPACE = words("support help success team inc ltd llc gmbh eu us uk production test")
"""What may follow a product's name in the names of its makers' workspaces."""

_NO_RIVAL = "tidewell"
"""A name that no rule knows, as most products' are."""


def own_product(workspace_name: str) -> str:
    """Return the well-known product that a workspace is named after, folded; empty for nearly all workspaces.

    The name must be the product's, with at most some words that say which workspace of it this is: "HubSpot"
    and "HubSpot Support EU" are HubSpot's. "Acme for Zendesk", "Zendesk Partners Berlin" and "Front Desk
    Hotels" belong to others, to whom Zendesk and Front stay what they are.
    """
    named = workspace_name.split()
    while named and folded(named[-1]) in _WHICH_WORKSPACE:
        named.pop()
    name = folded("".join(named))
    return name if name in LISTED or name in _KNOWN_TO_RULES else ""


def without_own_product(clause: Clause, own: str) -> Clause:
    """Return a clause as rules read it that know the product `own` for no rival; its offsets stay."""
    if own not in _KNOWN_TO_RULES or own not in clause.words:
        return clause
    said = (word for word in clause.raw_words if word[0] not in "?!")
    normal = " ".join(_NO_RIVAL if _names(word, own) else normalised(word) for word in said)
    return replace(clause, normal=f" {normal} ", words=frozenset(normal.split(" ")))


def _names(word: str, own: str) -> bool:
    return normalised(word) == own and (own not in _WORDS_AS_WELL or word[0].isupper())
