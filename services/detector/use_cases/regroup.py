"""Merges requests that people say are the same, and splits requests that are not. Decisions are kept.

A signal stays with the request it was filed under, so reading its conversation again undoes nothing. A merged
request continues to recognise its wordings, so the next customer who asks joins the right request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.domain.identity import stable_id
from services.detector.domain.moves import refile
from services.detector.domain.occasion import Slot
from services.detector.domain.wish_words import MAX_TITLE
from services.detector.domain.wishes import MAX_WORDINGS, Request, wish_tokens
from services.detector.errors import InvalidRequestError, NotFoundError
from services.detector.use_cases.wishes import root_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from services.detector.domain.signal import Signal
    from services.detector.ports import Requests, Signals
    from services.detector.use_cases.settle import Settler
    from shared.clock import Clock

_FILED_AT_ONCE = 200
"""Signals moved in one unit of work."""


class Regroup:
    """Merges and splits requests. `by` is the person's e-mail address."""

    def __init__(self, *, requests: Requests, signals: Signals, settler: Settler, clock: Clock) -> None:
        self._requests = requests
        self._signals = signals
        self._settler = settler
        self._clock = clock

    async def merge(self, organization_id: str, request_id: str, into: str, *, by: str) -> Request:
        """Merge the first request into the second; return the second.

        One that was merged before stands for the request that it belongs to now. Repeating a merge finishes
        what a crash left undone.

        Raises:
            NotFoundError: one of the requests does not exist.
            InvalidRequestError: they are the same request already.
        """
        requests = await self._requests.by_ids(organization_id, {request_id, into})
        if request_id not in requests or into not in requests:
            raise NotFoundError("There is no such request.")
        target = await root_of(self._requests, organization_id, requests[into])
        request = requests[request_id]
        if request.merged_into != target.request_id:
            request = await root_of(self._requests, organization_id, request)
        if request.request_id == target.request_id:
            raise InvalidRequestError("These two are one request already.")
        await self._requests.join(organization_id, request.request_id, target.request_id, self._clock.now())
        merged = await self._requests.merged_into(organization_id, target.request_id)
        for one in merged:
            signals = await self._signals.by_request(organization_id, one.request_id)
            await self._refile(organization_id, signals, target, by=by)
        return target

    async def split(
        self, organization_id: str, request_id: str, signal_ids: Collection[str], title: str, *, by: str
    ) -> Request:
        """Make a new request for some of the customers who asked; return it.

        Raises:
            NotFoundError: there is no such request.
            InvalidRequestError: nobody or everybody is chosen, or the title is empty.
        """
        asked = (await self._requests.by_ids(organization_id, [request_id])).get(request_id)
        if asked is None:
            raise NotFoundError("There is no such request.")
        request_id = (await root_of(self._requests, organization_id, asked)).request_id
        named = " ".join(title.split())[:MAX_TITLE]
        if not named:
            raise InvalidRequestError("Give the new request a title.")
        signals = await self._signals.by_request(organization_id, request_id)
        ids = set(signal_ids)
        chosen = [signal for signal in signals if signal.signal_id in ids]
        if not chosen:
            raise InvalidRequestError("Choose whose wish is another one.")
        if not any(signal.proofs for signal in signals if signal.signal_id not in ids):
            raise InvalidRequestError("Leave somebody behind, or there is nothing to split.")
        wordings = _wordings(chosen)
        now = self._clock.now()
        request = Request(
            request_id=stable_id(
                "r", organization_id, request_id, *sorted(signal.signal_id for signal in chosen)
            ),
            title=named,
            state="new",
            wordings=wordings,
            created_at=now,
            changed_at=now,
        )
        request = await self._requests.add(organization_id, request)
        known = [
            request.request_id for request in await self._requests.merged_into(organization_id, request_id)
        ]
        await self._requests.forget_wordings(organization_id, {request_id, *known}, set(wordings))
        await self._refile(organization_id, chosen, request, by=by)
        return request

    async def _refile(
        self, organization_id: str, signals: Collection[Signal], request: Request, *, by: str
    ) -> None:
        slot = Slot("feature_request", request.request_id)
        there = {
            signal.subject: signal.signal_id
            for signal in await self._signals.by_request(organization_id, request.request_id)
            if signal.is_open
        }
        moving = sorted(signals, key=lambda signal: signal.signal_id)
        for start in range(0, len(moving), _FILED_AT_ONCE):
            portion = moving[start : start + _FILED_AT_ONCE]
            ids = {signal.signal_id for signal in portion}
            ids |= {there[signal.subject] for signal in portion if signal.subject in there}
            await self._settler.change(
                organization_id, ids, lambda book: refile(book, slot, request.title, by=by)
            )


def _wordings(signals: Collection[Signal]) -> tuple[tuple[str, ...], ...]:
    """Return the wordings of these customers' wishes, newest first."""
    proofs = sorted(
        (proof for signal in signals for proof in signal.proofs),
        key=lambda signal: signal.said_at,
        reverse=True,
    )
    wordings = dict.fromkeys(tokens for proof in proofs if (tokens := wish_tokens(proof.quote)))
    return tuple(wordings)[:MAX_WORDINGS]
