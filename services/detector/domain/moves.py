"""What follows when signals move to another subject or request, or give their words to another signal.

A signal keeps its id, and with it what was published of it and what people did with it, as long as it can
move as a whole. Where two become one, the one that stays takes over the other's proofs and what people did
with it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.detector.domain.contribution import Contribution

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from services.detector.domain.book import SignalBook
    from services.detector.domain.identity import Subject
    from services.detector.domain.occasion import Slot
    from services.detector.domain.signal import Proof, Signal
    from shared.contracts.signals import CustomerRef


def fold(book: SignalBook, old: Subject, new: Subject, customer: CustomerRef | None) -> None:
    """Move everything from one subject to another: two names turned out to be one customer.

    Evidence from the first one's facts, moods or health counts as the second one's from then on. The book
    must hold all signals of both.
    """
    for one in sorted(book.signals, key=lambda signal: signal.number):
        if one.subject != old:
            continue
        signal = replace(one, proofs=tuple(_told_by(proof, old, new) for proof in one.proofs))
        target = book.open_at(new, signal.slot)
        if signal.is_open and target is not None:
            joined = target.with_proofs((*target.proofs, *signal.proofs), at=book.now)
            book.keep(_heir_of(signal, joined, at=book.now))
            book.keep(replace(signal, proofs=()).cleared("merged", at=book.now))
            continue
        number = book.next_number(new, signal.slot)
        book.keep(signal.moved(new, number, customer, at=book.now))


def follow_words(
    book: SignalBook,
    old: Subject,
    new: Subject,
    conversation_keys: Collection[str],
    customer: CustomerRef | None,
) -> None:
    """Move what one subject's moods said in these conversations to another subject, with the conversations.

    A signal whose words all move goes with them. One that other words still support gives these to the other
    subject's open signal, or to a new one that nobody is alerted to. A closed signal gives them to one that
    is closed as well, so that people's judgements stand. The book must hold the signals that rest on these
    conversations, and the other subject's signals of the same slots.
    """
    for one in sorted(book.signals, key=lambda signal: signal.number):
        going = tuple(proof for proof in one.proofs if proof.conversation_key in conversation_keys)
        if one.subject != old or not going:
            continue
        moved = tuple(_told_by(proof, old, new) for proof in going)
        rest = tuple(proof for proof in one.proofs if proof not in going)
        target = book.open_at(new, one.slot) if one.is_open else None
        if target is None and not rest:
            number = book.next_number(new, one.slot)
            book.keep(replace(one, proofs=moved).moved(new, number, customer, at=book.now))
        elif one.is_open:
            _join(book, one, target or _made_like(book, one, new, customer), moved, rest)
        else:
            _part(book, one, _made_like(book, one, new, customer), going, moved)


def _join(
    book: SignalBook, signal: Signal, target: Signal, moved: tuple[Proof, ...], rest: tuple[Proof, ...]
) -> None:
    """Move an open signal's words to another open one; if none are left, merge it into that one."""
    joined = target.with_proofs((*target.proofs, *moved), at=book.now)
    if rest:
        book.keep(joined)
        book.keep(signal.with_proofs(rest, at=book.now))
    else:
        book.keep(_heir_of(signal, joined, at=book.now))
        book.keep(replace(signal, proofs=()).cleared("merged", at=book.now))


def _part(
    book: SignalBook, signal: Signal, opened: Signal, going: tuple[Proof, ...], moved: tuple[Proof, ...]
) -> None:
    """Split a closed signal in two that are closed alike: one with the words that move, one with the rest."""
    apart = replace(
        signal.with_proofs(going, at=book.now),
        signal_id=opened.signal_id,
        historical=True,
        revision=0,
        homes=(),
        proofs=moved,
    )
    book.keep(apart.moved(opened.subject, opened.number, opened.customer, at=book.now))
    rest = tuple(proof for proof in signal.proofs if proof not in going)
    book.keep(signal.with_proofs(rest, at=book.now))


def refile(book: SignalBook, slot: Slot, title: str, *, by: str) -> None:
    """Move every signal of the book that is about another request to this one.

    If the subject already has an open signal about it, the two become one; the book must hold that signal
    too.
    """
    for signal in sorted(book.signals, key=lambda signal: (signal.number, signal.signal_id)):
        if signal.slot == slot or signal.slot.request_id is None:
            continue
        target = book.open_at(signal.subject, slot)
        if signal.is_open and target is not None:
            joined = target.with_proofs((*target.proofs, *signal.proofs), at=book.now)
            book.keep(_heir_of(signal, joined, at=book.now))
            gone = replace(signal, proofs=()).cleared(
                "merged", at=book.now, by=by, note=f"now with “{title}”"
            )
            book.keep(gone)
            continue
        number = book.next_number(signal.subject, slot)
        book.keep(signal.refiled(slot, number, title, by=by, at=book.now))


def given_away(book: SignalBook, signal: Signal, heir: Signal | None) -> Signal:
    """Return a signal whose last words moved to another subject's signal, its heir.

    If the heir was created for them just now, the signal itself moves instead, with its id and what people
    did with it. Otherwise it is closed, and what people did with it passes to the heir. The book then holds
    the heir in that state, or has dropped it; the caller stores what is returned.
    """
    if heir is None:  # Another one went in its place already.
        return signal.with_proofs((), at=book.now).cleared("merged", at=book.now)
    before = book.as_stored(signal.signal_id)
    if before is None or book.as_stored(heir.signal_id) is not None:
        book.keep(_heir_of(signal, heir, at=book.now))
        return signal.with_proofs((), at=book.now).cleared("merged", at=book.now)
    book.drop(heir)
    whole = replace(
        before,
        title=heir.title,
        people=heir.people,
        tags=heir.tags,
        proofs=heir.proofs,
        first_said_at=heir.first_said_at,
        occurred_at=heir.occurred_at,
    )
    return whole.moved(heir.subject, heir.number, heir.customer, at=book.now)


def _heir_of(signal: Signal, heir: Signal, *, at: datetime) -> Signal:
    """Return the signal that takes over from another one, with what people did with that one."""
    if signal.assigned_to and not heir.assigned_to:
        heir = heir.assigned(signal.assigned_to, "", at=at)
    if signal.confirmed_by and not heir.confirmed_by:
        heir = heir.confirmed(signal.confirmed_by, at=at)
    return heir


def _made_like(book: SignalBook, signal: Signal, subject: Subject, customer: CustomerRef | None) -> Signal:
    """Return a new signal for another subject, like an existing one and without its proofs."""
    opened = book.open_next(
        Contribution(
            subject=subject,
            slot=signal.slot,
            title=signal.title,
            connection_id=signal.connection_id,
            workspace_id=signal.workspace_id,
            proofs=(),
        )
    )
    return replace(opened, customer=customer)


def _told_by(proof: Proof, old: Subject, new: Subject) -> Proof:
    """Return the proof as the new subject's; a proof from a conversation stays that conversation's."""
    kind, _, subject_key = proof.source.partition("/")
    return replace(proof, source=f"{kind}/{new.key}") if subject_key == old.key else proof
