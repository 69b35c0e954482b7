"""Which customer a company of the workspace is: by id, by a person's decision, by name, or unknown.

Two customers are never joined on a guess: a name that fits more than one is a suggestion for a person.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.detector.domain.mail_domains import Hint

NameMatching = Literal["off", "exact", "normalised"]
MatchBasis = Literal["external_id", "person", "name", "none"]

_SUGGESTED_FROM = 0.84
"""Similarity of two normalised names from which a person is asked; a lower one costs more than it gives."""

NAMESAKE_LETTERS = 2
"""First letters that two normalised names must share to be compared, which leaves few of a long list."""

_MAX_SUGGESTIONS = 5
_LEGAL_FORMS = frozenset({
    "ab", "ag", "as", "bv", "co", "company", "corp", "corporation", "gmbh", "group", "holding",
    "holdings", "inc", "incorporated", "kg", "limited", "llc", "llp", "ltd", "nv", "oy", "plc", "pte",
    "pty", "sa", "sarl", "sas", "se", "spa", "srl", "the",
})  # fmt: skip

_NOT_WORD = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True)
class KnownName:
    """A customer that the organization named, as far as matching needs it."""

    customer_id: str
    external_id: str
    name: str
    normalised: str = field(init=False)

    def __post_init__(self) -> None:
        # Computed once, since each company of a batch is compared with every known customer.
        object.__setattr__(self, "normalised", normalise_name(self.name))


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's decision about one company: it is this customer, or it is not.

    `by` is who decided, as pages name people. `at` is None where an earlier version stored no time.
    """

    customer_id: str
    confirmed: bool
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A customer that a company may be, for a person to confirm or refuse, with at least one reason.

    `domain` is an e-mail domain that people of both write from, or, if `listed`, one that the organization's
    own list names for the customer.
    """

    customer_id: str
    names_alike: bool = False
    domain: str | None = None
    listed: bool = False

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return why, in plain words."""
        alike = ("the names are alike",) if self.names_alike else ()
        if self.domain is None:
            return alike
        if self.listed:
            return (*alike, f"people write from {self.domain}, which your list names for this customer")
        return (*alike, f"people of both write from {self.domain}")


@dataclass(frozen=True, slots=True)
class Match:
    """The result for one company. Without a customer, `suggestions` are for a person to judge."""

    customer_id: str | None
    basis: MatchBasis
    suggestions: tuple[Suggestion, ...] = ()


def normalise_name(name: str | None) -> str:
    """Return a name without accents, case, punctuation and legal form; empty when nothing is left."""
    plain = unicodedata.normalize("NFKD", name or "")
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()
    words = [word for word in _NOT_WORD.split(plain.replace(".", "").replace("'", "")) if word]
    telling = [word for word in words if word not in _LEGAL_FORMS]
    return " ".join(telling or words)


def match_company(
    *,
    external_id: str | None,
    name: str | None,
    known: Sequence[KnownName],
    decisions: Sequence[Decision],
    by_name: NameMatching,
) -> Match:
    """Return which of the known customers a company is.

    The newest of people's decisions comes first, then the organization's own id, then the name, if the
    connection allows it. `decisions` are in their order; `known` contains at least the customers whose
    external id or normalised name equals the company's.
    """
    for decision in reversed(decisions):
        if decision.confirmed:
            return Match(decision.customer_id, "person")
    refused = {decision.customer_id for decision in decisions}
    by_id = [one for one in known if external_id and one.external_id == external_id]
    if by_id and by_id[0].customer_id not in refused:
        return Match(by_id[0].customer_id, "external_id")
    open_to_match = [one for one in known if one.customer_id not in refused]
    same = [known for known in open_to_match if _same_name(name, known, by_name)]
    if len(same) == 1:
        return Match(same[0].customer_id, "name")
    return Match(None, "none", _suggested(name, open_to_match))


def with_hints(
    suggestions: Sequence[Suggestion], hints: Sequence[Hint], decisions: Sequence[Decision]
) -> tuple[Suggestion, ...]:
    """Return the suggestions with their hints replaced by these; refused customers are left out.

    Similar names come first, then hints in their order. Doing it twice changes nothing.
    """
    decided = {decision.customer_id for decision in decisions}
    hinted = {hint.customer_id: hint for hint in hints if hint.customer_id not in decided}
    found = []
    for suggestion in suggestions:
        if suggestion.names_alike and suggestion.customer_id not in decided:
            hint = hinted.pop(suggestion.customer_id, None)
            found.append(
                Suggestion(suggestion.customer_id, names_alike=True, domain=hint.domain, listed=hint.listed)
                if hint
                else Suggestion(suggestion.customer_id, names_alike=True)
            )
    found += [
        Suggestion(hint.customer_id, domain=hint.domain, listed=hint.listed) for hint in hinted.values()
    ]
    return tuple(found[:_MAX_SUGGESTIONS])


def _same_name(name: str | None, other: KnownName, by_name: NameMatching) -> bool:
    if by_name == "off" or not name or not name.strip():
        return False
    if by_name == "exact":
        return name.strip() == other.name.strip()
    normalised = normalise_name(name)
    return bool(normalised) and normalised == other.normalised


def _suggested(name: str | None, known: Sequence[KnownName]) -> tuple[Suggestion, ...]:
    wanted = normalise_name(name)
    if not wanted:
        return ()
    likeness = SequenceMatcher(None, b=wanted)
    scored = []
    for one in known:
        if one.normalised[:NAMESAKE_LETTERS] != wanted[:NAMESAKE_LETTERS]:
            continue
        likeness.set_seq1(one.normalised)
        # The quick estimates are never below the true ratio, and most names differ in length or letters.
        if likeness.real_quick_ratio() < _SUGGESTED_FROM or likeness.quick_ratio() < _SUGGESTED_FROM:
            continue
        if (ratio := likeness.ratio()) >= _SUGGESTED_FROM:
            scored.append((-ratio, one.customer_id))
    likest = sorted(scored)[:_MAX_SUGGESTIONS]
    return tuple(Suggestion(customer_id, names_alike=True) for _, customer_id in likest)
