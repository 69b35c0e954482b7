"""The audit: conversations that nothing points to are read again, a few at a time, round after round.

A redaction of a message may change no time and appear in no row (FACTS §12); if its webhook is lost, or there
are no webhooks, only reading the conversation shows it. How many are read depends on the time that has
passed, so that the cost is a fixed number of calls a minute however often the list is walked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.syncer.domain.cursor import audit_amount, lookback_start
from services.syncer.resources.conversation_fetch import Fetch

if TYPE_CHECKING:
    from services.syncer.domain.run import StepState
    from services.syncer.resources.reading import Circumstances, Reading

_AT_ONCE = 50
"""Fingerprints taken from the store at once."""


def audit_wanted(circumstances: Circumstances) -> bool:
    return circumstances.rules.audit_calls_per_minute > 0


async def audit(reading: Reading, state: StepState) -> bool:
    """Read on from where the last audit ended, for as many as the time since then allows.

    The round takes what a walk takes: open conversations, and closed ones inside the lookback.
    """
    position, cursor = state.position, reading.cursor("conversation")
    since = lookback_start(reading.now(), reading.connection.lookback_days)
    position.setdefault("after", cursor.audited_to)
    position.setdefault(
        "left",
        audit_amount(
            cursor.audited_at,
            reading.now(),
            a_minute=reading.rules.audit_calls_per_minute,
            pause_seconds=reading.rules.reconcile_seconds,
        ),
    )
    position.setdefault("began", reading.now())

    async def feed(fetch: Fetch) -> bool:
        amount = min(position["left"], _AT_ONCE)
        if amount <= 0:
            return True
        portion = await reading.fingerprints.lively(
            reading.connection.key, after=position["after"], changed_since=since, limit=amount
        )
        for fingerprint in portion:
            await fetch.want(fingerprint.id, fingerprint)
        ended = len(portion) < amount
        # A finished round starts over at the next audit, not now.
        position["after"] = "" if ended else portion[-1].id
        position["left"] = 0 if ended else position["left"] - amount
        return bool(position["left"] == 0)

    if not await Fetch(reading, position, progress=False).run(feed):
        return False
    await reading.save_cursor(
        replace(reading.cursor("conversation"), audited_at=position["began"], audited_to=position["after"])
    )
    return True
