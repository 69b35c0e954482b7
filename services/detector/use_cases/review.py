"""What people do with signals and requests: confirm, dismiss, undo a dismissal, assign, decide."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from services.detector.domain.corrections import correction_of
from services.detector.domain.dismissal import undismissed, why_final
from services.detector.domain.identity import as_address
from services.detector.domain.wishes import SETTLED_STATES
from services.detector.errors import ChangedMeanwhileError, InvalidRequestError, NotFoundError
from services.detector.use_cases.wishes import root_of
from shared.mail import is_mail_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.detector.domain.book import SignalBook
    from services.detector.domain.corrections import Label
    from services.detector.domain.occasion import OccasionRules
    from services.detector.domain.signal import Signal
    from services.detector.domain.wishes import Request, RequestState
    from services.detector.ports import Corrections, Mirror, Requests, Signals
    from services.detector.use_cases.read_conversations import ReadConversations
    from services.detector.use_cases.settle import Settler
    from shared.clock import Clock

MAX_REASON = 500

_READ_AGAIN = 200
_READ_AGAIN_DAYS = 365
"""Conversations that a click reads again: the newest of whom it is about, of the year that reviews see."""

_SETTLED_AT_ONCE = 200
"""Signals of a request that are settled in one unit of work."""


class Review:
    """Carries out people's judgements, and learns from them. `by` is the person's e-mail address."""

    def __init__(
        self,
        *,
        signals: Signals,
        requests: Requests,
        corrections: Corrections,
        mirror: Mirror,
        reader: ReadConversations,
        settler: Settler,
        rules: OccasionRules,
        clock: Clock,
    ) -> None:
        self._mirror = mirror
        self._reader = reader
        self._signals = signals
        self._corrections = corrections
        self._requests = requests
        self._settler = settler
        self._rules = rules
        self._clock = clock

    async def confirm(self, organization_id: str, signal_id: str, *, by: str) -> Signal:
        """Record that a person finds the signal right. Raises NotFoundError."""
        signal = await self._change(
            organization_id, signal_id, lambda signal: signal.confirmed(by, at=self._clock.now())
        )
        await self._corrections.keep(correction_of(signal, "confirmed", None, by=by, at=self._clock.now()))
        return signal

    async def dismiss(
        self, organization_id: str, signal_id: str, reason: str, *, by: str, label: Label | None = None
    ) -> Signal:
        """Close the signal; the same evidence never opens it again.

        `label` is what the words really say.

        Raises:
            NotFoundError: there is no such signal.
            InvalidRequestError: no reason is given, or the signal is closed already.
        """
        words = " ".join(reason.split())[:MAX_REASON]
        if not words:
            raise InvalidRequestError("Say why it is dismissed; the reason teaches the detection.")

        def dismissed(signal: Signal) -> Signal:
            if not signal.is_open and signal.cleared_because != "dismissed":
                raise InvalidRequestError("This signal is closed already; there is nothing to dismiss.")
            return signal.cleared("dismissed", at=self._clock.now(), by=by, note=words)

        signal = await self._change(organization_id, signal_id, dismissed)
        await self._corrections.keep(correction_of(signal, "dismissed", label, by=by, at=self._clock.now()))
        return signal

    def why_final(self, signal: Signal) -> str | None:
        """Return, as a sentence, why a dismissal can no longer be undone; None if it can."""
        return why_final(signal, self._rules, self._clock.now())

    async def undo_dismissal(self, organization_id: str, signal_id: str, *, by: str) -> Signal:
        """Open a dismissed signal again, without alerting anybody. Repeating it changes nothing.

        The dismissal is removed from the examples to learn from, and its effect on the threshold with it; an
        earlier confirmation counts again. What was said while it was dismissed counts at once: the newest
        conversations of whom it is about are read again. A wish whose request was shipped or declined
        meanwhile is closed for that reason instead.

        Raises:
            NotFoundError: there is no such signal.
            InvalidRequestError: it was not dismissed, its evidence is gone, or its occasion is over.
            ChangedMeanwhileError: another signal of its kind is open with the customer by now.
        """
        stored = next(iter(await self._signals.by_ids(organization_id, [signal_id])), None)
        if stored is None:
            raise NotFoundError("There is no such signal.")
        beside = await self._signals.by_slots(organization_id, {stored.subject.key}, {stored.slot})
        request_id = stored.slot.request_id
        requests = await self._requests.by_ids(organization_id, [request_id] if request_id else [])
        state = next(
            (request.state for request in requests.values() if request.state in SETTLED_STATES), None
        )

        def undone(book: SignalBook) -> None:
            signal = book.get(signal_id)
            if signal is None or (signal.subject, signal.slot) != (stored.subject, stored.slot):
                raise ChangedMeanwhileError("This signal was moved just now. Reload the page.")
            if signal.is_open or (state and signal.cleared_because == "resolved"):
                return
            self._check_undoing(book, signal, settled=state is not None)
            book.put(undismissed(book, signal, by=by))
            if state:
                book.clear(signal_id, "resolved", by=by, note=f"the request was {state}")

        changed = await self._settler.change(organization_id, {one.signal_id for one in beside}, undone)
        signal = next(one for one in changed if one.signal_id == signal_id)
        await self._correct_back(signal)
        return await self._heard_again(signal) if signal.is_open else signal

    async def _heard_again(self, signal: Signal) -> Signal:
        """Read again what may have been said while nothing could join the signal; return it as it is then."""
        now = self._clock.now()
        since = now - timedelta(days=_READ_AGAIN_DAYS)
        newest = await self._mirror.newest(signal.organization_id, signal.subject.key, since, _READ_AGAIN)
        keys = [one.key for one in newest]
        await self._reader.read(signal.organization_id, keys, known_before=now)
        signals = await self._signals.by_ids(signal.organization_id, [signal.signal_id])
        return next(iter(signals), signal)

    def _check_undoing(self, book: SignalBook, signal: Signal, *, settled: bool) -> None:
        if signal.cleared_because != "dismissed":
            raise InvalidRequestError("This signal was not dismissed; there is nothing to take back.")
        why = self.why_final(signal)
        if why:
            raise InvalidRequestError(why)
        other = book.open_at(signal.subject, signal.slot)
        if other is not None and not settled:
            raise ChangedMeanwhileError(
                f"Another signal of this kind is open with this customer by now: “{other.title}”. Two cannot "
                "be open for one occasion, so this one stays dismissed."
            )

    async def _correct_back(self, signal: Signal) -> None:
        """Make an earlier confirmation count again; without one, remove the signal from the examples."""
        if signal.confirmed_by is None:
            await self._corrections.withdraw_dismissal(signal.organization_id, signal.signal_id)
            return
        moments = [line.at for line in signal.history if line.step == "confirmed"]
        at = max(moments, default=signal.changed_at)
        await self._corrections.keep(correction_of(signal, "confirmed", None, by=signal.confirmed_by, at=at))

    async def assign(self, organization_id: str, signal_id: str, to: str, *, by: str) -> Signal:
        """Assign the signal to a person by e-mail address; an empty address assigns it to nobody.

        The address is stored as `as_address` writes it, so that one person has one spelling.
        """
        address = as_address(to)
        if address and not is_mail_address(address):
            raise InvalidRequestError("Name the person by e-mail address.")
        return await self._change(
            organization_id, signal_id, lambda signal: signal.assigned(address, by, at=self._clock.now())
        )

    async def _change(self, organization_id: str, signal_id: str, step: Callable[[Signal], Signal]) -> Signal:
        def apply(book: SignalBook) -> None:
            for signal in book.signals:
                if signal.signal_id == signal_id:
                    book.put(step(signal))

        changed = await self._settler.change(organization_id, [signal_id], apply)
        if not changed:
            raise NotFoundError("There is no such signal.")
        return changed[0]

    async def decide_request(
        self, organization_id: str, request_id: str, state: RequestState, *, by: str
    ) -> Request:
        """Set the state of a request; of a merged request, set that of the request it was merged into.

        Shipping or declining a request settles its signals.

        Raises:
            NotFoundError: there is no such request.
        """
        stored = (await self._requests.by_ids(organization_id, [request_id])).get(request_id)
        if stored is not None:
            request_id = (await root_of(self._requests, organization_id, stored)).request_id
        request = await self._requests.set_state(organization_id, request_id, state, by, self._clock.now())
        if request is None:
            raise NotFoundError("There is no such request.")
        if state in SETTLED_STATES:
            signals = await self._signals.by_request(organization_id, request_id)
            settled = [signal.signal_id for signal in signals if signal.is_open]

            def resolve(book: SignalBook) -> None:
                for signal in book.signals:
                    book.clear(signal.signal_id, "resolved", by=by, note=f"the request was {state}")

            for start in range(0, len(settled), _SETTLED_AT_ONCE):
                await self._settler.change(
                    organization_id, settled[start : start + _SETTLED_AT_ONCE], resolve
                )
        return request
