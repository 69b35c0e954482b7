"""Which request each wish belongs to, once decided, always the same (DESIGN §6.5)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.detector.domain.finding import Kind
from services.detector.domain.identity import stable_id
from services.detector.domain.signal import WORDS_REMOVED
from services.detector.domain.wish_words import request_title
from services.detector.domain.wishes import MAX_WORDINGS, Request, closest, wish_tokens, wish_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.detector.domain.finding import Finding
    from services.detector.domain.signal import Signal
    from services.detector.ports import Requests, Signals
    from shared.clock import Clock

Assigned = dict[str, tuple[str, str]]
"""(request id, title) by the wish's words."""


class Wishes:
    """Assigns wishes to requests, and makes the requests that are not there yet."""

    def __init__(self, *, requests: Requests, signals: Signals, clock: Clock) -> None:
        self._requests = requests
        self._signals = signals
        self._clock = clock

    async def assign(
        self, organization_id: str, findings: Mapping[str, Sequence[Finding]], least: float
    ) -> dict[str, Assigned]:
        """Return, by conversation key, the request of each wish in it.

        A wish that a signal rests on already stays with that signal's request, so that neither later
        wordings nor a person's regrouping are undone by reading the conversation again.

        One that is less sure than `least` opens no signal. It joins the request that recognises it, and
        leaves no words there; without one it has none.
        """
        wishes = {
            key: [one for one in found if one.kind is Kind.FEATURE_REQUEST] for key, found in findings.items()
        }
        wishes = {key: found for key, found in wishes.items() if found}
        if not wishes:
            return {}
        held = await self._signals.by_sources(organization_id, wishes.keys())
        tokens = {
            (key, one.subject): wish_tokens(wish_words(one)) for key, found in wishes.items() for one in found
        }
        wanted = {token for found in tokens.values() for token in found}
        pool = {one.request_id: one for one in await self._requests.candidates(organization_id, wanted)}
        kept = {one.slot.request_id for one in held if one.slot.request_id}
        pool.update(await self._requests.by_ids(organization_id, kept - set(pool)))
        roots = {one.merged_into for one in pool.values() if one.merged_into}
        roots_held = await self._requests.by_ids(organization_id, roots - set(pool))
        assigned: dict[str, Assigned] = {}
        told = [(key, wish, _held_request(key, wish, held)) for key, mine in wishes.items() for wish in mine]
        # Those that may make a request come first: whatever their order, the others find it.
        told.sort(key=lambda one: not (one[2] or _may_open(one[1], least)))
        for key, wish, request_id in told:
            words = tokens[key, wish.subject]
            request = pool.get(request_id)
            if request is None and (request_id or _may_open(wish, least)):
                request = await self._request_for(organization_id, wish.subject, words, pool)
            request = request or closest(words, pool.values())
            if request is not None:
                root = pool.get(request.root_id) or roots_held.get(request.root_id) or request
                assigned.setdefault(key, {})[wish.subject] = (root.request_id, root.title)
        return assigned

    async def _request_for(
        self, organization_id: str, wish: str, tokens: tuple[str, ...], pool: dict[str, Request]
    ) -> Request:
        known = closest(tokens, pool.values())
        if known is None:
            now = self._clock.now()
            identity = " ".join(tokens) or wish.casefold()
            request = Request(
                request_id=stable_id("r", organization_id, identity),
                title=request_title(wish),
                state="new",
                wordings=(tokens,),
                created_at=now,
                changed_at=now,
            )
            known = await self._requests.add(organization_id, request)
            if known.title == WORDS_REMOVED and not known.wordings:
                # What it was made of went, and now somebody else says the same.
                await self._requests.reword(organization_id, known, request)
                known = replace(known, title=request.title, wordings=request.wordings)
        elif tokens not in known.wordings and len(known.wordings) < MAX_WORDINGS:
            await self._requests.add_wording(organization_id, known.request_id, tokens)
        pool[known.request_id] = known
        return known


async def root_of(requests: Requests, organization_id: str, request: Request) -> Request:
    """Return the request that stands for this one: itself, also where the one it was merged into is gone."""
    if request.merged_into is None:
        return request
    roots = await requests.by_ids(organization_id, [request.merged_into])
    return roots.get(request.merged_into, request)


def _may_open(wish: Finding, least: float) -> bool:
    """Return whether a wish is sure enough to open a signal, as `book` decides it of its proofs."""
    return any(round(wish.confidence_of(one), 4) >= least for one in wish.evidence)


def _held_request(key: str, wish: Finding, held: Sequence[Signal]) -> str:
    places = {(one.part_id, one.start, one.end) for one in wish.evidence}
    for signal in held:
        if signal.slot.request_id is None:
            continue
        for proof in signal.proofs:
            if proof.source == key and any(
                part_id == proof.part_id and start < proof.end and proof.start < end
                for part_id, start, end in places
            ):
                return signal.slot.request_id
    return ""
