"""A signal and what can happen to it: opened, strengthened, weakened, cleared, judged by people.

Signals are frozen; each step returns the next state with a line of history. Revisions are not counted here:
several steps of one unit of work are one revision (see `book`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from shared.contracts.signals import PersonRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from services.detector.domain.identity import Subject
    from services.detector.domain.occasion import Slot
    from shared.contracts.signals import CustomerRef

ClearReason = Literal["resolved", "withdrawn", "evidence_gone", "dismissed", "expired", "merged"]
Step = Literal[
    "opened",
    "gained_evidence",
    "lost_evidence",
    "cleared",
    "reopened",
    "moved",
    "confirmed",
    "dismissed",
    "assigned",
]

MAX_PROOFS = 50
"""Pieces of evidence that a signal keeps, newest first; the contract's own limit."""

MAX_HISTORY = 100
"""Lines of history that a signal keeps; the first one always stays."""

MAX_QUOTE = 4_000
"""Characters of a quote; the contract's limit. A longer one is cut together with its end offset."""

WORDS_REMOVED = "A request whose words were removed"
"""The title of a wish once the words that made its title are deleted."""

MAX_NOTE = 300
MAX_PEOPLE = 20
MAX_TAGS = 50


@dataclass(frozen=True, slots=True)
class Proof:
    """The words, or the account fact, that a signal rests on: evidence as it is stored with the signal.

    Attributes:
        source: what was read when it was found: a conversation's key, or "account/…", "mood/…",
            "health/…".
        conversation_key: the conversation with the words; empty for an account fact.
        fact, fact_value, reason: set for an account fact, which has no words.
    """

    source: str
    said_at: datetime
    confidence: float
    detector: str
    version: str
    conversation_key: str = ""
    conversation_id: str = ""
    part_id: str = ""
    start: int = 0
    end: int = 0
    quote: str = ""
    author_id: str | None = None
    author_name: str | None = None
    author_email: str | None = None
    fact: str = ""
    fact_value: str = ""
    reason: str = ""

    @property
    def identity(self) -> tuple[str, str, int, int, str]:
        """Return what makes two proofs the same one; a lasting fact counts from its first day."""
        fact = f"{self.fact}@{self.said_at.isoformat()}" if self.fact else ""
        return (self.source, self.part_id, self.start, self.end, fact)


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a signal's history. `by` is who did it (see `known_by`); empty for Earshot itself."""

    at: datetime
    step: Step
    by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Signal:
    """One occasion of one kind with one subject.

    Attributes:
        signal_id: made from the subject at opening and never changed, so that links stay valid when the
            signal moves to another customer.
        number: counts the occasions of a slot.
        homes: ids of the customers under which the signal was published, empty for none. Each is a
            partition of the bus that holds records of it.
    """

    signal_id: str
    organization_id: str
    connection_id: str
    workspace_id: str
    subject: Subject
    slot: Slot
    number: int
    title: str
    opened_at: datetime
    changed_at: datetime
    historical: bool
    revision: int = 0
    state: Literal["open", "cleared"] = "open"
    customer: CustomerRef | None = None
    people: tuple[PersonRef, ...] = ()
    tags: tuple[str, ...] = ()
    proofs: tuple[Proof, ...] = ()
    first_said_at: datetime | None = None
    occurred_at: datetime | None = None
    cleared_because: ClearReason | None = None
    cleared_at: datetime | None = None
    confirmed_by: str | None = None
    dismissal_reason: str | None = None
    assigned_to: str | None = None
    history: tuple[Happening, ...] = ()
    homes: tuple[str, ...] = ()

    @property
    def homes_with_present(self) -> tuple[str, ...]:
        """Return the homes, including the one that the next record will be published under."""
        home = self.customer.id if self.customer else ""
        return self.homes if home in self.homes else (*self.homes, home)

    @property
    def is_open(self) -> bool:
        return self.state == "open"

    @property
    def confidence(self) -> float:
        """Return the surest proof's confidence. Proofs repeat each other, so adding them up would mislead."""
        return max((proof.confidence for proof in self.proofs), default=0.0)

    @property
    def best(self) -> Proof | None:
        """Return the proof that represents the signal: the surest, then the newest."""
        return max(self.proofs, key=lambda proof: (proof.confidence, proof.said_at), default=None)

    @property
    def shown_at(self) -> datetime:
        """Return the time by which lists order it: when its newest evidence was said."""
        return self.occurred_at or self.opened_at

    @property
    def conversation_ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(proof.conversation_id for proof in self.proofs if proof.conversation_id))

    @property
    def rests_on_facts(self) -> bool:
        return any(proof.fact for proof in self.proofs)

    def _noted(self, at: datetime, step: Step, by: str = "", note: str = "") -> tuple[Happening, ...]:
        lines = (*self.history, Happening(at, step, by, note))
        if len(lines) > MAX_HISTORY:
            lines = (lines[0], *lines[-(MAX_HISTORY - 1) :])
        return lines

    def _gained(self, at: datetime, step: Step, count: str) -> tuple[Happening, ...]:
        """Add a line about new evidence; evidence of one moment shares a line, which ends with the count."""
        last = self.history[-1] if self.history else None
        if last is not None and last.at == at and last.step in {"opened", "gained_evidence"}:
            return (*self.history[:-1], replace(last, note=count))
        return self._noted(at, step, note=count)

    def with_proofs(self, proofs: tuple[Proof, ...], *, at: datetime) -> Signal:
        """Hold exactly these proofs, the newest `MAX_PROOFS` of them; note in the history what changed.

        Who wrote them joins the signal's people; whose last words are gone leaves them.
        """
        newest_proofs = newest(proofs)
        if newest_proofs == self.proofs:
            return self
        before = {proof.identity for proof in self.proofs}
        after = {proof.identity for proof in newest_proofs}
        history = self.history
        if after - before:
            history = self._gained(at, "gained_evidence" if before else "opened", _count(after))
        elif before - after:
            history = self._noted(at, "lost_evidence", note=f"{_count(after)} left")
        moments = [proof.said_at for proof in newest_proofs]
        return replace(
            self,
            proofs=newest_proofs,
            people=self._people_with(proofs),
            history=history,
            first_said_at=min([*moments, self.first_said_at] if self.first_said_at and moments else moments)
            if moments
            else self.first_said_at,
            occurred_at=max(moments) if moments else self.occurred_at,
        )

    def _people_with(self, proofs: tuple[Proof, ...]) -> tuple[PersonRef, ...]:
        authors = authors_of(proofs)
        gone = {person.id for person in authors_of(self.proofs)} - {person.id for person in authors}
        people = {person.id: person for person in (*authors, *self.people) if person.id not in gone}
        return tuple(people[identifier] for identifier in sorted(people))[:MAX_PEOPLE]

    def without_words_of(self, gone: Sequence[Proof]) -> Signal:
        """Replace a wish's title if it consists of deleted words, since the title is what somebody wrote.

        It stays if a remaining proof says the same.
        """
        title = " ".join(self.title.rstrip("…").casefold().split())

        def says_it(proof: Proof) -> bool:
            return title in " ".join(proof.quote.casefold().split())

        if self.slot.request_id is None or not any(map(says_it, gone)) or any(map(says_it, self.proofs)):
            return self
        return replace(self, title=WORDS_REMOVED)

    def cleared(self, reason: ClearReason, *, at: datetime, by: str = "", note: str = "") -> Signal:
        """Close the signal. A signal that is closed already keeps its first reason."""
        if not self.is_open:
            return self
        step: Step = "dismissed" if reason == "dismissed" else "cleared"
        return replace(
            self,
            state="cleared",
            cleared_because=reason,
            cleared_at=at,
            dismissal_reason=note if reason == "dismissed" else self.dismissal_reason,
            history=self._noted(at, step, by, note or reason),
        )

    def reopened(self, *, at: datetime, by: str = "", note: str = "") -> Signal:
        """Open the same occasion again, since its evidence is back or counts again.

        Nobody is alerted twice.
        """
        if self.is_open:
            return self
        return replace(
            self,
            state="open",
            cleared_because=None,
            cleared_at=None,
            dismissal_reason=None,
            history=self._noted(at, "reopened", by, note),
        )

    def moved(self, subject: Subject, number: int, customer: CustomerRef | None, *, at: datetime) -> Signal:
        """Belong to another subject, since the conversation turned out to be with somebody else."""
        note = f"now with {customer.name}" if customer else "no customer any more"
        return replace(
            self,
            subject=subject,
            number=number,
            customer=customer,
            history=self._noted(at, "moved", note=note),
        )

    def refiled(self, slot: Slot, number: int, title: str, *, by: str, at: datetime) -> Signal:
        """Belong to another request, because a person merged or split requests."""
        return replace(
            self,
            slot=slot,
            number=number,
            title=title,
            history=self._noted(at, "moved", by, f"now with “{title}”"[:MAX_NOTE]),
        )

    def confirmed(self, by: str, *, at: datetime) -> Signal:
        if self.confirmed_by == by:
            return self
        return replace(self, confirmed_by=by, history=self._noted(at, "confirmed", by))

    def assigned(self, to: str, by: str, *, at: datetime) -> Signal:
        if self.assigned_to == to:
            return self
        return replace(self, assigned_to=to or None, history=self._noted(at, "assigned", by, to or "nobody"))

    def same_content(self, other: Signal) -> bool:
        """Return whether readers would see no difference, so that no new revision is needed."""
        return replace(self, revision=0, changed_at=other.changed_at) == replace(other, revision=0)


def newest(proofs: tuple[Proof, ...]) -> tuple[Proof, ...]:
    """Return the proofs newest first, one per identity, at most `MAX_PROOFS`.

    Of one moment, the surest comes first, since it heads the signal; of equally sure ones the longest, since
    a greeting that was scored together with the sentence after it says nothing alone.
    """
    unique = {proof.identity: proof for proof in proofs}
    ordered = sorted(unique.values(), key=lambda proof: proof.identity)
    ordered.sort(key=lambda proof: (proof.said_at, proof.confidence, len(proof.quote)), reverse=True)
    return tuple(ordered[:MAX_PROOFS])


def authors_of(proofs: Iterable[Proof]) -> tuple[PersonRef, ...]:
    """Return who wrote the quoted words, each person once, by id."""
    authors = {
        proof.author_id: PersonRef(id=proof.author_id, name=proof.author_name, email=proof.author_email)
        for proof in proofs
        if proof.author_id
    }
    return tuple(authors[identifier] for identifier in sorted(authors))


def proofs_without(signal: Signal, workspace_id: str) -> tuple[Proof, ...]:
    """Return the proofs that do not come from a workspace whose data is being removed."""
    prefix = f"{workspace_id}:"
    mine = signal.workspace_id == workspace_id
    return newest(
        tuple(
            proof
            for proof in signal.proofs
            if not proof.conversation_key.startswith(prefix) and not (proof.fact and mine)
        )
    )


def _count(identities: set[tuple[str, str, int, int, str]]) -> str:
    return f"{len(identities)} {'piece' if len(identities) == 1 else 'pieces'}"
