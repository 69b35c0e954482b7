"""Decides which request each wish belongs to: decided once, and the same ever after (DESIGN §6.5).

A request takes up a wish's words only after a signal rests on them. Words that are refused, or deleted before
a batch is retried after a crash, leave no request behind, and no words that nothing would remove again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from services.detector.domain.finding import Kind
from services.detector.domain.identity import stable_id
from services.detector.domain.wish_words import UNNAMED, request_title
from services.detector.domain.wishes import MAX_WORDINGS, Request, closest, wish_tokens, wish_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from services.detector.domain.finding import Finding
    from services.detector.domain.signal import Signal
    from services.detector.ports import Requests, Signals
    from shared.clock import Clock

_TRIES = 3
"""Attempts to name a request while others change it; the next wish for it names it too."""


@dataclass(frozen=True, slots=True)
class NewWords:
    """What a wish adds to its request, or to the request merged into it, once a signal rests on the wish."""

    key: str
    wish: Finding
    tokens: tuple[str, ...]
    request: Request
    root_id: str

    def is_about(self, signal: Signal) -> bool:
        """Return whether a signal is about the request."""
        return signal.slot.request_id == self.root_id


@dataclass(frozen=True, slots=True)
class Assigned:
    """Requests as (id, title) by conversation key and wish's words, and what must be stored about them."""

    requests: Mapping[str, Mapping[str, tuple[str, str]]]
    new: Sequence[NewWords] = ()


class Wishes:
    """Assigns wishes to requests, and creates requests that do not exist yet."""

    def __init__(self, *, requests: Requests, signals: Signals, clock: Clock) -> None:
        self._requests = requests
        self._signals = signals
        self._clock = clock

    async def assign(
        self, organization_id: str, findings: Mapping[str, Sequence[Finding]], least: float
    ) -> Assigned:
        """Return the request of each wish; nothing is stored (see `keep`).

        A wish that a signal rests on already stays with that signal's request, so that reading the
        conversation again undoes neither later wordings nor a person's regrouping.

        A wish less sure than `least` opens no signal. It joins the request that recognises it, and leaves no
        words there; if none does, it has no request.
        """
        wishes = {
            key: [finding for finding in found if finding.kind is Kind.FEATURE_REQUEST]
            for key, found in findings.items()
        }
        wishes = {key: found for key, found in wishes.items() if found}
        if not wishes:
            return Assigned({})
        signals = await self._signals.by_sources(organization_id, wishes.keys())
        tokens = {
            (key, finding.subject): wish_tokens(wish_words(finding))
            for key, found in wishes.items()
            for finding in found
        }
        pool = await self._pool(
            organization_id, {token for found in tokens.values() for token in found}, signals
        )
        assigned: dict[str, dict[str, tuple[str, str]]] = {}
        new: list[NewWords] = []
        unkept: set[str] = set()
        told = [
            (key, wish, next(_holders(key, wish, signals), None))
            for key, mine in wishes.items()
            for wish in mine
        ]
        # Wishes that may create a request come first, so that all others find it, whatever their order.
        told.sort(key=lambda one: not (one[2] or _may_open(one[1], least)))
        for key, wish, holder in told:
            request_id = (holder.slot.request_id if holder else None) or ""
            # A wish that was withdrawn and is expressed again reopens its signal, however sure it is.
            returns = holder is not None and holder.cleared_because == "withdrawn"
            words, adds = tokens[key, wish.subject], returns or _may_open(wish, least)
            request = pool.get(request_id) or (None if request_id else closest(words, pool.values()))
            if request is None and (request_id or adds):
                new_request = self._made(organization_id, request_id, wish.subject, words)
                request = (await self._requests.by_ids(organization_id, [new_request.request_id])).get(
                    new_request.request_id
                )
                if request is None:
                    request = new_request
                    unkept.add(new_request.request_id)
                pool[request.request_id] = request
                adds = True
            if request is None:
                continue
            root = pool.get(request.root_id, request)
            title = root.title
            if adds and title in UNNAMED and (holder is None or holder.is_open or returns):
                title = request_title(wish.subject)
            unsaid = words not in request.wordings or root.title in UNNAMED
            if adds and (unsaid or request.request_id in unkept):
                new.append(NewWords(key, wish, words, request, root.request_id))
            assigned.setdefault(key, {})[wish.subject] = (root.request_id, title)
        return Assigned(assigned, new)

    async def _pool(
        self, organization_id: str, tokens: set[str], signals: Iterable[Signal]
    ) -> dict[str, Request]:
        """Return the requests that may recognise these words, or own these signals, with their roots."""
        pool = {
            candidate.request_id: candidate
            for candidate in await self._requests.candidates(organization_id, tokens)
        }
        request_ids = {signal.slot.request_id for signal in signals if signal.slot.request_id}
        pool.update(await self._requests.by_ids(organization_id, request_ids - set(pool)))
        roots = {request.merged_into for request in pool.values() if request.merged_into}
        return {**await self._requests.by_ids(organization_id, roots - set(pool)), **pool}

    def _made(self, organization_id: str, request_id: str, wish: str, tokens: tuple[str, ...]) -> Request:
        """Return the new request for a wish.

        If a signal names a request that was never stored, because a process died, the wish gets that very
        request.
        """
        now = self._clock.now()
        return Request(
            request_id=request_id or stable_id("r", organization_id, " ".join(tokens) or wish.casefold()),
            title=request_title(wish),
            state="new",
            wordings=(tokens,),
            created_at=now,
            changed_at=now,
        )

    async def keep(self, organization_id: str, new: Sequence[NewWords]) -> None:
        """Store new requests, and add these words to their requests, where signals rest on the wishes."""
        if not new:
            return
        signals = await self._signals.by_sources(organization_id, {new_words.key for new_words in new})
        resting = [
            (
                new_words,
                [
                    found
                    for found in _holders(new_words.key, new_words.wish, signals)
                    if new_words.is_about(found)
                ],
            )
            for new_words in new
        ]
        proven = [(new_words, any(found.is_open for found in mine)) for new_words, mine in resting if mine]
        ids = {id_ for new_words, _ in proven for id_ in (new_words.request.request_id, new_words.root_id)}
        known = await self._requests.by_ids(organization_id, ids)
        made = {new_words.request.request_id for new_words, _ in proven} - known.keys()
        counted = await self._signals.demand(organization_id, made) if made else {}
        for new_words, is_asked_for in proven:
            request = known.get(new_words.request.request_id)
            if request is None:
                # In this wish's own words: the wish that first created it may have lost its evidence.
                mine = replace(
                    new_words.request,
                    title=request_title(new_words.wish.subject),
                    wordings=(new_words.tokens,),
                )
                request = await self._requests.add(organization_id, mine, counted[mine.request_id])
            if new_words.tokens not in request.wordings and len(request.wordings) < MAX_WORDINGS:
                await self._requests.add_wording(organization_id, request.request_id, new_words.tokens)
                request = replace(request, wordings=(*request.wordings, new_words.tokens))
            known[request.request_id] = request
            root = known.get(new_words.root_id, request)
            if root.title in UNNAMED and is_asked_for:
                known[new_words.root_id] = await self._named(organization_id, root, new_words.wish.subject)
        if made:
            # Counted again, since other processes could not store a count before the request existed.
            await self._requests.save_demand(
                organization_id, await self._signals.demand(organization_id, made)
            )

    async def _named(self, organization_id: str, request: Request, wish: str) -> Request:
        """Give a request that lost its title a new one, unless somebody else did."""
        for _ in range(_TRIES):
            requests = await self._requests.by_ids(organization_id, [request.request_id])
            request = requests.get(request.request_id, request)
            named = replace(request, title=request_title(wish))
            if request.title not in UNNAMED:
                break
            if await self._requests.reword(organization_id, request, named):
                return named
        return request


async def root_of(requests: Requests, organization_id: str, request: Request) -> Request:
    """Return the request that this one was merged into; itself if there is none, or it no longer exists."""
    if request.merged_into is None:
        return request
    roots = await requests.by_ids(organization_id, [request.merged_into])
    return roots.get(request.merged_into, request)


def _may_open(wish: Finding, least: float) -> bool:
    """Return whether a wish is sure enough to open a signal, by the same rule as `settling`."""
    return any(round(wish.confidence_of(evidence), 4) >= least for evidence in wish.evidence)


def _holders(key: str, wish: Finding, signals: Sequence[Signal]) -> Iterator[Signal]:
    """Return the signals about requests that rest on this wish."""
    spans = {(evidence.part_id, evidence.start, evidence.end) for evidence in wish.evidence}
    for signal in signals:
        if signal.slot.request_id is not None and any(
            part_id == proof.part_id and start < proof.end and proof.start < end
            for proof in signal.proofs
            if proof.source == key
            for part_id, start, end in spans
        ):
            yield signal
