"""What happens when a later version meets stored conversations; a fixture `rig` says over which stores."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.detector.detectors import Detectors
from services.detector.domain.detector import Parameters
from services.detector.domain.finding import Evidence, FactEvidence, Finding, Kind, Polarity
from services.detector.domain.redetection import Redetection
from services.detector.errors import InvalidRequestError, NotFoundError
from shared.contracts.signals import SignalDetected
from tests.unit.services.detector.rig import NOW, ORG, WORKSPACE

if TYPE_CHECKING:
    from services.detector.domain.conversation import AccountFacts, AccountHistory, Context, Conversation
    from services.detector.domain.mirror import ConnectionView
    from services.detector.use_cases.redetect import Preview
    from tests.unit.services.detector.rig import Rig

ANN = "ann@acme.example"


@dataclass(frozen=True)
class Hears:
    """A detector that finds its kind where a message has its word."""

    version: str
    word: str
    confidence: float = 0.9
    kind: Kind = Kind.RENEWAL
    name: str = "hears"
    parameters: Parameters = field(default_factory=Parameters)

    @property
    def kinds(self) -> frozenset[Kind]:
        return frozenset({self.kind})

    def detect(self, conversation: Conversation, context: Context) -> tuple[Finding, ...]:
        return tuple(
            Finding(
                self.kind, self.confidence, self.name, self.version,
                (Evidence.of(message, at, at + len(self.word)),),
                polarity=Polarity.NEGATIVE if self.kind is Kind.SENTIMENT else None,
            )
            for message in conversation.customer_messages
            if (at := message.text.find(self.word)) >= 0
        )  # fmt: skip


@dataclass(frozen=True)
class Weighs:
    """An account detector that always finds its kind."""

    version: str
    kind: Kind
    name: str = "weighs"
    parameters: Parameters = field(default_factory=Parameters)

    @property
    def kinds(self) -> frozenset[Kind]:
        return frozenset({self.kind})

    def detect_account(
        self, facts: AccountFacts, history: AccountHistory, context: Context
    ) -> tuple[Finding, ...]:
        fact = FactEvidence("plan", "Pro", "it is what it is")
        return (Finding(self.kind, 0.9, self.name, self.version, facts=(fact,)),)


def only(*detectors: Hears) -> Detectors:
    return Detectors(conversation=detectors)


OLD, NEW = only(Hears("1", "contract")), only(Hears("2", "renew"))


async def filled(rig: Rig) -> Rig:
    """Return the old version's process, which read four conversations of four people."""
    old = await rig.upgraded(OLD)
    await old.connect()
    await old.reread_all()
    for name, text in {
        "k1": "About our contract.",
        "k2": "We want to renew our contract.",
        "k3": "When do we renew?",
        "k4": "Hello.",
    }.items():
        await old.tell(*old.said(name, text, contact_ids=(name,)))
    rig.clock.advance(3_600)
    return old


async def the_redetection(rig: Rig) -> Redetection:
    (one,) = await rig.stores.redetections.of(ORG)
    return one


async def the_preview(rig: Rig) -> Preview:
    (one,) = await rig.engine.redetect.previews(ORG)
    return one


def both(rig: Rig) -> set[str]:
    """Return the fingerprints that a process works for."""
    return {rig.engine.reader.fingerprint(lifecycle=lifecycle) for lifecycle in (True, False)}


async def two_connected(rig: Rig) -> tuple[Rig, Rig, list[ConnectionView]]:
    """Return processes of the old and the new version, and two connections that the old one has read."""
    old = await filled(rig)
    await old.connect(connection_id="con2", workspace_id="ws2")
    await old.reread_all()
    return old, old.of_version(NEW), await old.stores.connections.all_of(ORG)


async def slots(rig: Rig) -> dict[str, str]:
    """Return by conversation whether its signal is open."""
    return {one.conversation_ids[0]: one.state for one in await rig.signals()}


class TestSideBySide:
    """In a rolling upgrade processes of two versions work over the same stores."""

    async def test_re_readings_of_another_version_keep_nobody_waiting(self, rig: Rig) -> None:
        """Each version works on its own, at once, whichever was asked for first."""
        old, new, (first, second) = await two_connected(rig)
        await new.engine.reread.ask(first, again=True)
        await old.engine.reread.ask(second, again=True)
        assert await old.engine.reread.work() is True
        assert await old.engine.reread.work() is False
        assert await new.engine.reread.work() is True
        assert await new.engine.reread.work() is False
        assert all(one.finished_at is not None for one in await rig.stores.rereads.latest(ORG))

    async def test_one_that_waits_for_its_switch_keeps_nobody_waiting(self, rig: Rig) -> None:
        """While the new state of one connection is not kept yet, another one is read."""
        old, _, (first, second) = await two_connected(rig)
        await old.engine.reread.ask(replace(first, lifecycle_events=not first.lifecycle_events), again=True)
        await old.engine.reread.ask(second, again=True)
        old.clock.advance(1)
        assert [await old.engine.reread.work() for _ in range(2)].count(True) == 1
        done = {one.connection_id: one.finished_at for one in await rig.stores.rereads.latest(ORG)}
        assert done[first.connection_id] is None
        assert done[second.connection_id] is not None

    async def test_previews_of_another_version_are_left_to_it(self, rig: Rig) -> None:
        """An old process does not take the lease of what only a new one can work out."""
        old, new, (first, _) = await two_connected(rig)
        await new.engine.redetect.ask(first)
        assert await old.engine.redetect.work() is False
        assert await new.engine.redetect.work() is True


class TestPreview:
    """What would change is known before it changes."""

    async def test_a_first_reading_is_no_question(self, rig: Rig) -> None:
        """A connection that is new, and one whose version is the same after a restart, ask nobody."""
        old = await filled(rig)
        again = await old.upgraded(OLD)
        assert await again.engine.redetect.work() is False
        assert await again.engine.redetect.previews(ORG) == []

    async def test_added_gone_and_changed_are_counted(self, rig: Rig) -> None:
        """Each conversation counts once by kind, with an example that quotes it, and nothing is stored."""
        before = await slots(await filled(rig))
        published = len(rig.publisher.published)
        new = await rig.upgraded(NEW)
        await new.redetect_all()
        preview = await the_preview(new)
        assert preview.redetection.state == "ready"
        assert (preview.redetection.done, preview.redetection.total) == (4, 4)
        (tally,) = preview.redetection.difference.tallies
        assert (tally.kind, tally.marked, tally.added, tally.gone, tally.changed) == ("renewal", 2, 1, 1, 1)
        shown = {(one.fate, one.conversation_key, quote) for one, quote in preview.quotes}
        assert shown == {
            ("added", f"{WORKSPACE}:k3", "renew"),
            ("gone", f"{WORKSPACE}:k1", "contract"),
            ("changed", f"{WORKSPACE}:k2", "renew"),
        }
        assert [(one.name, one.before, one.after) for one in preview.changes] == [("hears", "1", "2")]
        assert await slots(new) == before == {"k1": "open", "k2": "open"}
        assert len(rig.publisher.published) == published

    async def test_nothing_to_change_asks_nobody(self, rig: Rig) -> None:
        """A version that would mark the same counts as soon as that is known."""
        await filled(rig)
        new = await rig.upgraded(only(Hears("2", "contract")))
        await new.redetect_all()
        assert await new.engine.redetect.previews(ORG) == []
        await new.reread_all()
        assert {proof.version for one in await new.signals() for proof in one.proofs} == {"2"}

    async def test_automatic_asks_nobody(self, rig: Rig) -> None:
        """Where it is set so, a newer version counts at once."""
        await filled(rig)
        new = await rig.upgraded(NEW, asking="automatic")
        await new.reread_all()
        assert await new.engine.redetect.previews(ORG) == []
        assert await slots(new) == {"k1": "cleared", "k2": "open", "k3": "open"}

    async def test_other_parameters_are_a_question_too(self, rig: Rig) -> None:
        """The same version that is told otherwise finds otherwise, so it is compared as well."""
        await filled(rig)
        told = replace(Hears("1", "contract"), parameters=Parameters(threshold=0.7), confidence=0.7)
        new = await rig.upgraded(only(told))
        await new.redetect_all()
        preview = await the_preview(new)
        assert [one.told_otherwise for one in preview.changes] == [True]
        assert preview.redetection.difference.tallies[0].changed == 2

    async def test_a_killed_slice_is_counted_once(self, rig: Rig) -> None:
        """A slice whose process died comes again when its lease ran out, and counts once."""
        await filled(rig)
        new = await rig.upgraded(NEW)
        dead = await rig.stores.redetections.claim("dead", rig.clock.now(), 60, both(new))
        assert dead is not None
        assert await new.engine.redetect.work() is False
        rig.clock.advance(61)
        await new.redetect_all()
        counted = (await the_redetection(rig)).difference
        assert (
            await rig.stores.redetections.advance(dead, "dead", cursor=dead.cursor, now=rig.clock.now())
            is False
        )
        assert (await the_redetection(rig)).difference == counted

    async def test_comparisons_take_turns(self, rig: Rig) -> None:
        """After a slice of a huge workspace comes one of whoever waits longer, of any organization."""
        store = rig.stores.redetections
        for number, organization in enumerate(("huge", "small")):
            await store.ask(
                Redetection("con1", organization, "old", "new", NOW + number * timedelta(minutes=1))
            )
        rig.clock.advance(120)
        taken = []
        for number in range(4):
            rig.clock.advance(1)
            claimed = await store.claim("me", rig.clock.now(), 60, {"new"})
            assert claimed is not None
            taken.append(claimed.organization_id)
            after = replace(claimed, cursor=str(number))
            assert await store.advance(after, "me", cursor=claimed.cursor, now=rig.clock.now())
        assert taken == ["huge", "small", "huge", "small"]

    async def test_slices_join(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        """Read one conversation at a time, it comes to the same."""
        await filled(rig)
        monkeypatch.setattr("services.detector.use_cases.redetect._SLICE", 1)
        new = await rig.upgraded(NEW)
        assert await new.engine.redetect.work()
        begun = await the_redetection(rig)
        assert (begun.state, begun.done, begun.total) == ("reading", 1, 4)
        resumed = await rig.upgraded(NEW)
        await resumed.redetect_all()
        (tally,) = (await the_redetection(rig)).difference.tallies
        assert (tally.marked, tally.added, tally.gone, tally.changed) == (2, 1, 1, 1)

    async def test_redacted_words_are_shown_nowhere(self, rig: Rig) -> None:
        """An example keeps a place; where its words were redacted or deleted it is no example any more."""
        await filled(rig)
        new = await rig.upgraded(NEW)
        await new.redetect_all()
        await new.tell(new.part("k1", 0, "", redacted=True))
        await new.tell(new.deleted("conversation", "k3"))
        assert {one.conversation_key for one, _ in (await the_preview(new)).quotes} == {f"{WORKSPACE}:k2"}
        assert "contract" not in repr(await the_redetection(rig))

    async def test_an_edited_message_is_not_quoted_by_old_offsets(self, rig: Rig) -> None:
        """What was edited after it was counted is no example any more; nothing is quoted in its place."""
        await filled(rig)
        new = await rig.upgraded(NEW)
        await new.redetect_all()
        assert len((await the_preview(new)).quotes) == 3
        await new.stores.mirror.store(ORG, [new.part("k1", 0, "Long ago, before that contract, we met.")])
        assert {one.conversation_key for one, _ in (await the_preview(new)).quotes} == {
            f"{WORKSPACE}:k2",
            f"{WORKSPACE}:k3",
        }

    async def test_removed_data_takes_its_preview_along(self, rig: Rig) -> None:
        """Nothing of a removed connection is left, and a slice that was under way brings nothing back."""
        await filled(rig)
        new = await rig.upgraded(NEW)
        claimed = await rig.stores.redetections.claim("slow", rig.clock.now(), 60, both(new))
        assert claimed is not None
        await new.remove()
        assert await rig.stores.redetections.advance(claimed, "slow", cursor="", now=rig.clock.now()) is False
        assert await rig.stores.redetections.of(ORG) == []

    async def test_one_asked_for_while_the_data_went_is_dropped(self, rig: Rig) -> None:
        """A preview of a connection that nobody knows any more is not worked on for ever."""
        await filled(rig)
        new = await rig.upgraded(NEW)
        asked = await the_redetection(rig)
        await new.remove()
        await rig.stores.redetections.ask(asked)
        await new.redetect_all()
        assert await rig.stores.redetections.of(ORG) == []

    async def test_organizations_never_meet(self, rig: Rig) -> None:
        """Another organization neither sees nor decides ours."""
        await filled(rig)
        new = await rig.upgraded(NEW)
        await new.redetect_all()
        identifier = (await the_redetection(rig)).redetection_id
        assert await new.engine.redetect.previews("other") == []
        with pytest.raises(NotFoundError):
            await new.engine.redetect.switch_on("other", identifier, by=ANN)


class TestDeciding:
    """Switched on or kept: nobody hears of the past, and nobody hears twice."""

    async def test_switching_on_settles_what_is_stored_silently(self, rig: Rig) -> None:
        """The stored conversations are read by the newer version; what opens is historical."""
        await filled(rig)
        told = {one.signal_id for one in rig.published() if isinstance(one, SignalDetected)}
        start = len(rig.publisher.published)
        new = await rig.upgraded(NEW)
        await new.redetect_all()
        preview = await the_preview(new)
        await new.engine.redetect.switch_on(ORG, preview.redetection.redetection_id, by=ANN)
        await new.reread_all()
        assert await slots(new) == {"k1": "cleared", "k2": "open", "k3": "open"}
        after = [one for one in new.published(start) if isinstance(one, SignalDetected)]
        assert [(one.conversation_ids, one.historical) for one in after] == [(("k3",), True)]
        assert not told & {one.signal_id for one in after}
        decided = await the_redetection(rig)
        assert (decided.state, decided.decided_by) == ("switched_on", ANN)
        assert await new.engine.redetect.previews(ORG) == []
        with pytest.raises(NotFoundError):
            await new.engine.redetect.keep(ORG, decided.redetection_id, by=ANN)
        quiet = len(rig.publisher.published)
        await (await rig.upgraded(NEW)).reread_all()
        assert len(rig.publisher.published) == quiet

    async def test_a_switch_that_was_not_noted_is_on(self, rig: Rig) -> None:
        """A process that dies between asking for the reading and noting the decision leaves no question."""
        await filled(rig)
        new = await rig.upgraded(NEW)
        await new.redetect_all()
        (view,) = await rig.stores.connections.all_of(ORG)
        await new.engine.reread.ask(view)
        assert await new.engine.redetect.previews(ORG) == []

    async def test_kept_stays_as_found_until_somebody_thinks_again(self, rig: Rig) -> None:
        """A refusal outlives restarts and leaves what is stored; it can be taken back."""
        before = await slots(await filled(rig))
        new = await rig.upgraded(NEW)
        await new.redetect_all()
        identifier = (await the_redetection(rig)).redetection_id
        await new.engine.redetect.keep(ORG, identifier, by=ANN)
        again = await rig.upgraded(NEW)
        assert await again.engine.redetect.work() is False
        await again.reread_all()
        assert await slots(again) == before
        assert (await the_preview(again)).redetection.state == "refused"
        assert await again.engine.redetect.waits_for_decision(ORG) is False
        await again.engine.redetect.switch_on(ORG, identifier, by=ANN)
        await again.reread_all()
        assert await slots(again) == {"k1": "cleared", "k2": "open", "k3": "open"}

    async def test_nobody_decides_before_it_is_known(self, rig: Rig) -> None:
        """While the difference is being counted both answers are refused in words."""
        await filled(rig)
        new = await rig.upgraded(NEW)
        identifier = (await the_redetection(rig)).redetection_id
        for decide in (new.engine.redetect.switch_on, new.engine.redetect.keep):
            with pytest.raises(InvalidRequestError, match="still being worked out"):
                await decide(ORG, identifier, by=ANN)

    async def test_a_decision_is_about_one_version(self, rig: Rig) -> None:
        """Who looked at one version's preview does not switch on the next one's."""
        await filled(rig)
        new = await rig.upgraded(NEW)
        await new.redetect_all()
        seen = (await the_redetection(rig)).redetection_id
        newer = await rig.upgraded(only(Hears("3", "Hello")))
        await newer.redetect_all()
        with pytest.raises(NotFoundError):
            await newer.engine.redetect.switch_on(ORG, seen, by=ANN)
        old = rig.of_version(OLD).engine.reader.fingerprint(lifecycle=True)
        assert (await the_preview(newer)).redetection.before == old

    async def test_another_version_s_preview_is_left_to_it(self, rig: Rig) -> None:
        """A replica of the older version neither works on the preview nor shows it."""
        old = await filled(rig)
        await rig.upgraded(NEW)
        assert await old.engine.redetect.work() is False
        assert await old.engine.redetect.previews(ORG) == []
        rig.clock.advance(61)
        new = await rig.upgraded(NEW)
        await new.redetect_all()
        assert (await the_preview(new)).redetection.state == "ready"

    async def test_turning_the_switch_decides_too(self, rig: Rig) -> None:
        """Lifecycle events turned on anew are found by the present detectors, so nothing is left to ask."""
        await filled(rig)
        new = await rig.upgraded(NEW)
        await new.connect(2, lifecycle=False)
        await new.connect(3, lifecycle=True)
        await new.redetect_all()
        assert (await the_redetection(rig)).state == "switched_on"
        assert await new.engine.redetect.previews(ORG) == []

    async def test_an_unfinished_re_reading_is_finished_by_the_newer_version(self, rig: Rig) -> None:
        """What an older version had not read to its end is no state that could be compared with."""
        await filled(rig)
        new = await rig.upgraded(NEW, asking="automatic")
        assert [one.finished_at for one in await rig.stores.rereads.latest(ORG)] == [None]
        newer = await new.upgraded(only(Hears("3", "Hello")))
        await newer.redetect_all()
        await newer.reread_all()
        assert (await slots(newer))["k4"] == "open"


MOST_STEPS = 50
"""Steps that the whole way takes at least; each is a place to die at."""


class Died(Exception):
    """The process is gone, before or after what it was about to write."""


class Mortal:
    """A store in whose calls a process dies once, at the step that is left when `steps` have been made."""

    def __init__(self, store: Any, steps: list[int]) -> None:
        self._store = store
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        async def call(*args: Any, **named: Any) -> Any:
            self._step()
            answer = await getattr(self._store, name)(*args, **named)
            self._step()
            return answer

        return call

    def _step(self) -> None:
        self._steps[0] -= 1
        if self._steps[0] == 0:
            raise Died


class TestDying:
    """A process that dies anywhere leaves what the next one finishes to the same end."""

    @pytest.mark.parametrize("dies_at", range(1, MOST_STEPS + 1))
    async def test_it_comes_to_the_same(
        self, rig: Rig, dies_at: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whichever step it dies at, all is counted once, switched on once, and nobody is alerted."""
        monkeypatch.setattr("services.detector.use_cases.redetect._SLICE", 2)
        monkeypatch.setattr("services.detector.use_cases.reread._SLICE", 2)
        await filled(rig)
        told = {one.signal_id for one in rig.published() if isinstance(one, SignalDetected)}
        start = len(rig.publisher.published)
        steps = [dies_at]
        mortal = {name: Mortal(getattr(rig.stores, name), steps) for name in ("redetections", "rereads")}
        with pytest.raises(Died):
            await self._upgrade(replace(rig, stores=replace(rig.stores, **mortal)))
        rig.clock.advance(61)
        new = await self._upgrade(rig)
        assert await slots(new) == {"k1": "cleared", "k2": "open", "k3": "open"}
        (tally,) = (await the_redetection(rig)).difference.tallies
        assert (tally.marked, tally.added, tally.gone, tally.changed) == (2, 1, 1, 1)
        detected = [one for one in rig.published(start) if isinstance(one, SignalDetected)]
        assert [(one.conversation_ids, one.historical) for one in detected] == [(("k3",), True)]
        assert not told & {one.signal_id for one in detected}

    async def _upgrade(self, rig: Rig) -> Rig:
        """Do all that leads to the newer version counting, from wherever it stands."""
        new = await rig.upgraded(NEW)
        await new.redetect_all()
        for one in await new.engine.redetect.previews(ORG):
            await new.engine.redetect.switch_on(ORG, one.redetection.redetection_id, by=ANN)
        await new.reread_all()
        return new


class TestMeanwhile:
    """What arrives while a preview stands."""

    async def test_new_words_are_heard_by_the_present_version(self, rig: Rig) -> None:
        """What a customer says now is news; what the same conversation said before is not."""
        await filled(rig)
        new = await rig.upgraded(NEW)
        again = [
            new.part("k4", 1, "So we renew.", at=rig.clock.now()),
            new.conversation("k4", contact_ids=("k4",)),
        ]
        (told,) = [one for one in await new.tell(*again) if isinstance(one, SignalDetected)]
        assert (told.conversation_ids, told.historical) == (("k4",), False)

    async def test_old_words_read_again_alert_nobody(self, rig: Rig) -> None:
        """A conversation that moves on is read whole; what was read before by another version is the past."""
        await filled(rig)
        new = await rig.upgraded(NEW)
        thanks = [
            new.part("k3", 1, "Thanks.", at=rig.clock.now()),
            new.conversation("k3", contact_ids=("k3",)),
        ]
        (told,) = await new.tell(*thanks)
        assert isinstance(told, SignalDetected)
        assert (told.conversation_ids, told.historical) == (("k3",), True)
        assert await new.tell(*thanks) == []

    async def test_old_words_stay_old_when_they_come_again(self, rig: Rig) -> None:
        """The moment up to which others had read survives the reading that used it."""
        await filled(rig)
        new = await rig.upgraded(NEW)
        await new.tell(new.conversation("k3", contact_ids=("k3",)))
        (mirrored,) = (await rig.stores.mirror.conversations(ORG, [f"{WORKSPACE}:k3"])).values()
        assert mirrored.analysis is not None
        assert mirrored.analysis.heard_until == NOW - timedelta(hours=1)

    async def test_words_read_by_a_process_that_died_are_news(self, rig: Rig) -> None:
        """The older version read a message and died before telling; the newer one gets it again and tells."""
        old = await filled(rig)
        words = old.said("k5", "Hello.", contact_ids=("k5",))
        await old.tell(*words)
        late = [
            old.part("k5", 1, "We renew.", at=rig.clock.now()),
            old.conversation("k5", contact_ids=("k5",)),
        ]
        await old.tell(*late)
        new = await rig.upgraded(NEW)
        (told,) = await new.tell(*late)
        assert isinstance(told, SignalDetected)
        assert told.historical is False


class TestAccounts:
    """Account facts are about now, and do not wait."""

    async def test_a_new_account_detector_s_first_day_is_quiet(self, rig: Rig) -> None:
        """What it finds at first is shown, to nobody's alarm; other detectors' facts are not held back."""
        old = await rig.upgraded(Detectors(account=(Weighs("1", Kind.UPSELL),)))
        await old.connect()
        await old.reread_all()
        await old.tell(old.contact(), old.company())
        rig.clock.advance(3 * 86_400)
        both = Detectors(account=(Weighs("1", Kind.UPSELL), Weighs("1", Kind.EXPANSION, name="newer")))
        new = await rig.upgraded(both)
        start = len(rig.publisher.published)
        await new.tell(new.company("co2", "Contoso"), new.contact("lee", ("co2",)))
        await new.tell(*new.said("k1", "Hello.", contact_ids=("lee",)))
        told = {one.kind: one.historical for one in new.published(start) if isinstance(one, SignalDetected)}
        assert told == {"upsell": False, "expansion": True}
        rig.clock.advance(2 * 86_400)
        start = len(rig.publisher.published)
        await new.tell(new.company("co3", "Fabrikam"), new.contact("bo", ("co3",)))
        await new.tell(*new.said("k2", "Hello.", contact_ids=("bo",)))
        later = {one.kind: one.historical for one in new.published(start) if isinstance(one, SignalDetected)}
        assert later == {"upsell": False, "expansion": False}

    async def test_it_is_quiet_before_the_start_is_noted(self, rig: Rig) -> None:
        """Records that a new process takes in before it looked at its connections announce nothing either."""
        old = await rig.upgraded(Detectors(account=(Weighs("1", Kind.UPSELL),)))
        await old.connect()
        await old.reread_all()
        rig.clock.advance(3 * 86_400)
        new = rig.of_version(Detectors(account=(Weighs("2", Kind.EXPANSION),)))
        await new.tell(new.contact(), new.company())
        told = await new.tell(*new.said("k1", "Hello."))
        assert {one.historical for one in told if isinstance(one, SignalDetected)} <= {True}
        assert [one.slot.kind for one in await new.signals(historical=True)] == ["expansion"]
