"""What the moods of customers' and people's conversations show: how they feel, and whether that shifted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from services.detector.domain.mood import find_gladness, find_shift, roll_up
from services.detector.domain.mood_assessment import mood_assessment, mood_source
from services.detector.domain.spoken import words_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from services.detector.domain.contribution import Assessment
    from services.detector.domain.customer import Customer
    from services.detector.domain.identity import Subject
    from services.detector.domain.mirror import ConnectionView, Digest
    from services.detector.domain.mood import MoodPoint, MoodRules
    from services.detector.domain.signal import Signal
    from services.detector.ports import Customers, Mirror


class AssessMoods:
    """Rolls up the moods of subjects' conversations, and finds shifts among them."""

    def __init__(self, *, mirror: Mirror, customers: Customers, rules: MoodRules) -> None:
        self._mirror = mirror
        self._customers = customers
        self._rules = rules

    async def assess(
        self,
        organization_id: str,
        reviewed: Mapping[Subject, ConnectionView],
        customers: Mapping[str, Customer],
        conversations: Mapping[str, Sequence[Digest]],
        signals: Sequence[Signal],
        *,
        subject_keys: Mapping[Subject, Collection[str]],
        changed: bool,
    ) -> list[Assessment]:
        """Store the customers' moods, and return what the moods of each subject show.

        Args:
            organization_id: whose subjects they are.
            reviewed: the subjects, each with the connection through which it is heard.
            customers: the subjects that are customers, by id.
            conversations: each subject's conversations, by its key, oldest first.
            signals: what rests on the subjects' moods so far.
            subject_keys: the keys under which each subject's conversations are stored.
            changed: whether anything but the moods may be new; if not, only moods that differ are stored.
        """
        felt = {
            subject: [point for digest in conversations.get(subject.key, []) for point in digest.moods]
            for subject in reviewed
        }
        texts = await self._texts(organization_id, _doubtful(felt, signals), subject_keys)
        await self._save(organization_id, customers, felt, changed=changed)
        return [
            _assessment(
                subject, view, customers, conversations[subject.key], felt[subject], texts.get(subject, {})
            )
            for subject, view in reviewed.items()
        ]

    async def _save(
        self,
        organization_id: str,
        customers: Mapping[str, Customer],
        felt: Mapping[Subject, Sequence[MoodPoint]],
        *,
        changed: bool,
    ) -> None:
        """Store the customers' moods; if nothing else `changed`, store only moods that differ."""
        moods = {}
        for subject, points in felt.items():
            customer = customers.get(subject.customer_id or "")
            if customer is not None:
                mood = self._mood(points)
                if changed or mood != (customer.mood, customer.mood_messages):
                    moods[customer.customer_id] = mood
        if moods:
            await self._customers.save_moods(organization_id, moods)

    async def _texts(
        self,
        organization_id: str,
        doubtful: Mapping[Subject, Collection[str]],
        subject_keys: Mapping[Subject, Collection[str]],
    ) -> dict[Subject, dict[str, dict[str, str]]]:
        """Return, by subject, these conversations' texts; none where one belongs to somebody else now."""
        keys = {key for mine in doubtful.values() for key in mine}
        if not keys:
            return {}
        mirrored, parts = await asyncio.gather(
            self._mirror.conversations(organization_id, keys), self._mirror.parts(organization_id, keys)
        )
        return {
            subject: {
                key: {part.id: words_of(part) for part in parts.get(key, [])}
                if key in mirrored and mirrored[key].subject in subject_keys[subject]
                else {}
                for key in mine
            }
            for subject, mine in doubtful.items()
        }

    def _mood(self, points: Sequence[MoodPoint]) -> tuple[float | None, int]:
        """Return the mood and the number of messages behind it; None when no message is recent enough."""
        mood = roll_up(points, self._rules)
        return (None, 0) if mood is None else (round(mood.mean, 4), mood.messages)


def _assessment(
    subject: Subject,
    view: ConnectionView,
    customers: Mapping[str, Customer],
    conversations: Sequence[Digest],
    points: Sequence[MoodPoint],
    texts: Mapping[str, Mapping[str, str]],
) -> Assessment:
    """Return what the moods of a subject's conversations show: a shift for the worse, or for the better."""
    customer = customers.get(subject.customer_id or "")
    heard = {
        conversation.moods[0].conversation_key: conversation.heard_until
        for conversation in conversations
        if conversation.moods and conversation.heard_until
    }
    shifts = [shift for shift in (find_shift(points), find_gladness(points)) if shift is not None]
    ref = customer.ref if customer else None
    return mood_assessment(subject, ref, shifts, view.connection_id, texts=texts, heard=heard)


def _doubtful(
    felt: Mapping[Subject, Sequence[MoodPoint]], signals: Sequence[Signal]
) -> dict[Subject, set[str]]:
    """Return, by subject, conversations that a shift rests on although their words no longer show that mood.

    Such words may be deleted, older than the period under review, or scored differently by a newer model.
    """
    doubtful: dict[Subject, set[str]] = {}
    for subject, points in felt.items():
        source = mood_source(subject)
        present = {(point.conversation_key, point.part_id, point.start, point.quote) for point in points}
        doubtful[subject] = {
            proof.conversation_key
            for signal in signals
            for proof in signal.proofs
            if proof.source == source
            and (proof.conversation_key, proof.part_id, proof.start, proof.quote) not in present
        }
    return doubtful
