"""Attempts: retried, given up, cancelled, taken over after a crash."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import time
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from services.notifier.domain.notification import Attempt, Settlement
from services.notifier.domain.preferences import Preferences, QuietHours
from services.notifier.domain.rule import Recipient
from services.notifier.errors import DeliveryPostponed, DeliveryRefused
from services.notifier.use_cases.rule_drafts import RuleDraft
from shared.contracts.deliveries import NotificationDelivered, NotificationFailed
from shared.errors import TransientError
from tests.unit.services.notifier.fakes import ADMIN, NOW, MirrorVault, ScriptedChannel, a_rule, a_signal
from tests.unit.services.notifier.rig import LONG, Rig

if TYPE_CHECKING:
    from services.notifier.domain.rule import Rule


def _later(seconds: float | None = None) -> DeliveryPostponed:
    return DeliveryPostponed("busy", reason="rejected", status=503, retry_after_seconds=seconds)


async def _rig(*script: BaseException | str, **options: float) -> Rig:
    rig = Rig(ScriptedChannel("inbox", *script), **options)  # type: ignore[arg-type] # numbers by name
    await rig.rules.insert(a_rule())
    return rig


async def test_success_is_told_once_on_the_bus() -> None:
    """One delivered notification makes one fact, with how many attempts it took."""
    rig = await _rig(_later(), "taken")
    await rig.take(a_signal())
    assert rig.publisher.published == []
    await rig.sweep(10)
    (fact,) = rig.publisher.published
    assert isinstance(fact, NotificationDelivered)
    assert (fact.attempts, fact.recipient, fact.channel) == (2, "everyone", "inbox")


async def test_every_attempt_is_in_the_log() -> None:
    """The log keeps outcome, status and words of each try, in order."""
    rig = await _rig(_later(), _later(), _later())
    await rig.take(a_signal())
    await rig.sweep(10)
    await rig.sweep(60)
    (notification,) = await rig.log()
    assert notification.state == "failed"
    assert [(a.number, a.outcome, a.status, a.detail) for a in notification.attempts] == [
        (1, "retry", 503, "busy"),
        (2, "retry", 503, "busy"),
        (3, "failed", 503, "busy"),
    ]
    (fact,) = rig.publisher.published
    assert isinstance(fact, NotificationFailed)
    assert (fact.reason, fact.attempts) == ("rejected", 3)


async def test_a_refusal_is_final() -> None:
    """What can never succeed is not tried again, and the rule shows it."""
    rig = await _rig(DeliveryRefused("no such hook", reason="rejected", status=404))
    await rig.take(a_signal())
    await rig.sweep(LONG)
    (notification,) = await rig.log()
    assert (notification.state, len(notification.attempts)) == ("failed", 1)
    rule = await rig.rules.get("acme", "r-1")
    assert rule is not None
    assert (rule.health.failures_in_a_row, rule.health.last_failure) == (1, "no such hook")


async def test_success_makes_a_rule_healthy_again() -> None:
    """The count of failures in a row starts anew after one success."""
    rig = await _rig(_later(), "taken")
    await rig.take(a_signal())
    await rig.sweep(10)
    rule = await rig.rules.get("acme", "r-1")
    assert rule is not None
    assert rule.health.failures_in_a_row == 0
    assert rule.health.last_delivered_at == rig.clock.now()


async def test_a_receiver_is_not_asked_before_it_wants_to_be() -> None:
    """Retry-After is obeyed."""
    rig = await _rig(_later(600))
    await rig.take(a_signal())
    await rig.sweep(599)
    assert rig.sent("inbox") == ["s-1"]
    await rig.sweep(2)
    assert rig.sent("inbox") == ["s-1", "s-1"]


async def test_mail_that_is_tried_again_keeps_quiet_hours() -> None:
    """A retry that falls into the recipient's quiet hours waits for their end, and is a try only then."""
    rig = Rig(ScriptedChannel("email", _later()))
    quiet = QuietHours(time(9, 31), time(18), "UTC")
    await rig.people.save(Preferences("acme", "u-2", "tom@example.com", quiet=quiet))
    await rig.rules.insert(a_rule(channel="email", recipients=("Tom@example.com",)))
    await rig.take(a_signal())
    await rig.sweep(120)
    assert rig.sent("email") == ["s-1"]
    (waiting,) = await rig.log()
    assert (waiting.state, waiting.next_attempt_at, waiting.tries) == (
        "pending",
        NOW.replace(hour=18, minute=0),
        1,
    )
    await rig.sweep(9 * 3_600)
    assert rig.sent("email") == ["s-1", "s-1"]
    assert [attempt.number for attempt in (await rig.log())[0].attempts] == [1, 2]


async def test_mail_that_is_tried_again_waits_for_nobody_else_s_quiet_hours() -> None:
    """Another person who signs in with the address wants it now."""
    rig = Rig(ScriptedChannel("email", _later()))
    quiet = QuietHours(time(9, 31), time(18), "UTC")
    await rig.people.save(Preferences("acme", "u-2", "tom@example.com", quiet=quiet))
    await rig.people.save(Preferences("acme", "u-3", "tom@example.com"))
    await rig.rules.insert(a_rule(channel="email", recipients=("Tom@example.com",)))
    await rig.take(a_signal())
    await rig.sweep(120)
    assert rig.sent("email") == ["s-1", "s-1"]


async def test_a_test_is_sent_in_quiet_hours_too() -> None:
    """Who asks for a sample wants it now."""
    rig = Rig()
    quiet = QuietHours(time(9), time(18), "UTC")
    await rig.people.save(Preferences("acme", "u-1", "ines@example.com", quiet=quiet))
    await rig.rules.insert(a_rule(channel="email", recipients=("ines@example.com",)))
    _, settlement = await rig.administration.try_out(ADMIN, "r-1")
    assert settlement is not None
    assert settlement.state == "delivered"


async def test_the_id_stays_the_same_over_all_attempts() -> None:
    """A receiver that got a message twice can tell."""
    rig = await _rig(_later())
    await rig.take(a_signal())
    await rig.sweep(10)
    assert len({message.notification.id for message in rig.channels["inbox"].sent}) == 1


async def test_a_receiver_that_never_answers_is_cut_off() -> None:
    """A try is bounded in time, whatever the channel does."""

    class Silent(ScriptedChannel):
        async def deliver(self, message: object) -> str:
            await asyncio.Event().wait()
            return "never"

    rig = Rig(Silent("inbox"), timeout=0.001)
    await rig.rules.insert(a_rule())
    await rig.take(a_signal())
    (notification,) = await rig.log()
    assert notification.attempts[0].reason == "timed_out"
    assert notification.state == "pending"


async def test_what_a_crash_left_behind_is_sent_when_its_lease_ends() -> None:
    """A claimed notification is nobody else's until it was seen for so long, and anybody's after."""
    rig = await _rig()
    await rig.announcer.rules_of("acme")
    made = await rig.announcer._take(a_signal(), [a_rule()])
    claimed = await rig.notifications.claim("acme", made[0].id, now=NOW, lease_seconds=30, token="gone")
    assert claimed is not None
    await rig.sweep_each_second(30)
    assert rig.sent("inbox") == []
    await rig.sweep_each_second(1)
    assert rig.sent("inbox") == ["s-1"]


async def test_nothing_is_sent_on_a_lease_that_may_end_meanwhile() -> None:
    """A database that stalls behind the claim would have another replica send it too."""
    rig = await _rig()
    made = await rig.announcer._take(a_signal(), [a_rule()])
    known = rig.rules.get

    async def stalled(organization_id: str, rule_id: str) -> Rule | None:
        rig.clock.advance(10.1)
        return await known(organization_id, rule_id)

    rig.deliverer._rules.get = stalled  # type: ignore[method-assign] # an engine that hangs
    assert await rig.deliverer.attempt("acme", made[0].id) is None
    assert rig.sent("inbox") == []
    rig.deliverer._rules.get = known  # type: ignore[method-assign] # and comes back
    await rig.sweep(0)
    assert rig.sent("inbox") == ["s-1"]
    assert [(n.state, n.tries) for n in await rig.log()] == [("delivered", 1)]


class _Away:
    """A database that answers no outcome for so many seconds, and takes five to say so."""

    def __init__(self, rig: Rig, seconds: float) -> None:
        self._rig, self._until = rig, rig.clock.monotonic() + seconds
        self._settle = rig.notifications.settle
        rig.notifications.settle = self  # type: ignore[method-assign] # an engine that fails over

    async def __call__(self, *args: Any, **named: Any) -> bool:
        if self._rig.clock.monotonic() < self._until:
            self._rig.clock.advance(5)
            raise TransientError("no primary")
        return await self._settle(*args, **named)


async def test_a_failover_while_a_message_is_out_sends_it_once() -> None:
    """What came of the try is stored when the database is back, and nobody is told twice."""
    rig = Rig()
    slack = {"channel": "slack", "recipients": (), "destination": Recipient("k", "slack at x.example.com")}
    await rig.rules.insert(a_rule(**slack))
    _Away(rig, seconds=30)
    await rig.take(a_signal())
    await rig.sweep(60)
    assert rig.sent("slack") == ["s-1"]
    (notification,) = await rig.log()
    assert (notification.state, len(notification.attempts)) == ("delivered", 1)


async def test_an_outcome_is_not_held_for_ever() -> None:
    """A database that stays away ends the try; when it is back the claim is given its lease: sent again."""
    rig = await _rig()
    _Away(rig, seconds=90)
    await rig.take(a_signal())
    assert [(n.state, n.attempts) for n in await rig.log()] == [("pending", ())]
    await rig.sweep_each_second(60)
    assert rig.sent("inbox") == ["s-1", "s-1"]
    assert [n.state for n in await rig.log()] == ["delivered"]


async def test_a_lost_lease_stores_nothing() -> None:
    """Who comes back too late does not overwrite what the next one stored."""
    rig = await _rig()
    made = await rig.announcer._take(a_signal(), [a_rule()])
    claimed = await rig.notifications.claim("acme", made[0].id, now=NOW, lease_seconds=1, token="old")
    assert claimed is not None
    await rig.sweep_each_second(2)
    attempt = Attempt(number=1, at=NOW, seconds=0, outcome="failed", detail="late")
    assert not await rig.notifications.settle(claimed, Settlement("failed", attempt), token="old", facts=())
    assert [n.state for n in await rig.log()] == ["delivered"]


async def test_a_removed_rule_sends_nothing_more() -> None:
    """What was waiting by the rule is cancelled when its time comes."""
    rig = await _rig(_later())
    await rig.take(a_signal())
    await rig.rules.delete("acme", "r-1")
    await rig.sweep(10)
    assert rig.sent("inbox") == ["s-1"]
    assert [n.state for n in await rig.log()] == ["cancelled"]


async def _waiting_mail(*rules: Rule) -> Rig:
    """Return a rig where mail to Tom, by the first of the rules, waits to be tried again."""
    rig = Rig(ScriptedChannel("email", _later()))
    for rule in rules:
        await rig.rules.insert(rule)
    await rig.take(a_signal())
    assert rig.sent("email") == ["s-1"]
    return rig


def _to_tom(rule_id: str = "r-1", **changes: Any) -> Rule:
    return a_rule(id=rule_id, **{"channel": "email", "recipients": ("tom@example.com",), **changes})


async def test_who_is_taken_out_of_a_rule_is_not_told_what_waited() -> None:
    """A person who left gets no mail any more, and the log says why."""
    rig = await _waiting_mail(_to_tom())
    await rig.rules.replace(_to_tom(recipients=("ines@example.com",)), expected_revision=1)
    await rig.sweep(10)
    assert rig.sent("email") == ["s-1"]
    (notification,) = await rig.log()
    assert notification.state == "cancelled"
    assert "names neither this recipient" in (notification.cancelled_because or "")


async def test_a_rule_that_owners_come_to_is_for_whoever_was_told() -> None:
    """An address that is named, or may be the owner's, is told by the rule as ever."""
    rig = await _waiting_mail(_to_tom())
    await rig.rules.replace(_to_tom(recipients=("owner",)), expected_revision=1)
    await rig.sweep(10)
    assert rig.sent("email") == ["s-1", "s-1"]


async def test_what_waited_for_one_channel_goes_into_no_other() -> None:
    """A rule that leads to Slack instead of a webhook posts no webhook there, and the other way round."""
    rig = Rig(ScriptedChannel("webhook", _later()))
    places = {
        "recipients": (),
        "destination": Recipient("k", "at hooks.example.com"),
        "sealed_url": "sealed:x",
    }
    await rig.rules.insert(a_rule(channel="webhook", **places))
    await rig.take(a_signal())
    await rig.rules.replace(a_rule(channel="slack", **places), expected_revision=1)
    await rig.sweep(10)
    assert (rig.sent("webhook"), rig.sent("slack")) == (["s-1"], [])
    assert [n.state for n in await rig.log()] == ["cancelled"]


@pytest.mark.parametrize("others", [{}, {"recipients": ("owner",)}])
@pytest.mark.parametrize("end", ["removed", "off", "left"])
async def test_another_rule_for_the_same_recipient_sends_what_waited(
    end: str, others: dict[str, Any]
) -> None:
    """Two rules told Tom, and he was told once; the end of the first must not silence the second."""
    rig = await _waiting_mail(_to_tom(), _to_tom("r-2", kinds=("renewal",)), _to_tom("r-3", **others))
    if end == "removed":
        await rig.administration.remove("acme", "r-1")
    else:
        recipients = ("tom@example.com",) if end == "off" else ("ines@example.com",)
        draft = RuleDraft(name="All", channel="email", recipients=recipients, enabled=end != "off")
        await rig.administration.change(ADMIN, "r-1", draft)
    await rig.sweep(10)
    assert rig.sent("email") == ["s-1", "s-1"]
    (notification,) = await rig.log()
    assert (notification.state, notification.rule_id) == ("delivered", "r-3")


async def test_a_rule_that_would_not_tell_of_the_signal_sends_nothing_of_anothers() -> None:
    """It names the recipient and asks for something else."""
    rig = await _waiting_mail(_to_tom(), _to_tom("r-2", kinds=("renewal",)))
    await rig.administration.remove("acme", "r-1")
    await rig.sweep(10)
    assert rig.sent("email") == ["s-1"]
    assert [n.state for n in await rig.log()] == ["cancelled"]


async def test_a_channel_gets_link_address_and_secret_opened() -> None:
    """Secrets are opened for the one try, and the link leads to the signal's page."""
    rig = Rig()
    vault = MirrorVault()
    rule = a_rule(
        channel="webhook",
        recipients=(),
        sealed_url=vault.seal(SecretStr("https://hooks.example.com/x")),
        sealed_secret=vault.seal(SecretStr("whsec_abc")),
        destination=a_rule().recipients_for(a_signal())[0],
    )
    await rig.rules.insert(rule)
    await rig.take(a_signal())
    (message,) = rig.channels["webhook"].sent
    assert message.link == "https://earshot.example.com/insights/s-1"
    assert message.url is not None
    assert message.secret is not None
    assert message.url.get_secret_value() == "https://hooks.example.com/x"
    assert "whsec_abc" not in repr(message)


@pytest.mark.parametrize("comes_back", [True, False])
async def test_a_secret_that_no_key_opens_is_named_and_waits_for_its_key(comes_back: bool) -> None:
    """The log says which setting; nothing is lost meanwhile, as while replicas get a new key one by one."""
    rig = Rig()
    rule = a_rule(channel="slack", recipients=(), destination=Recipient("k", "slack at x.example.com"))
    await rig.rules.insert(replace(rule, sealed_url="lost:x"))
    await rig.take(a_signal())
    assert [(n.state, n.attempts[0].reason) for n in await rig.log()] == [("pending", "not_configured")]
    if comes_back:
        await rig.rules.replace(replace(rule, sealed_url="older:x"), expected_revision=1)
    await rig.sweep(60)
    await rig.sweep(LONG)
    (notification,) = await rig.log()
    assert notification.state == ("delivered" if comes_back else "failed")
    assert "EARSHOT_CREDENTIAL_KEYS" in notification.attempts[0].detail


async def test_an_error_that_nobody_foresaw_is_shown_and_comes_to_an_end() -> None:
    """A defect counts as a try like any other: in the log by its name alone, and given up in time."""
    rig = await _rig(*(UnicodeError("k3y") for _ in range(5)))
    await rig.take(a_signal())
    for _ in range(10):
        await rig.sweep(LONG)
    (notification,) = await rig.log()
    assert notification.state == "failed"
    assert [attempt.outcome for attempt in notification.attempts] == ["retry", "retry", "failed"]
    said = "An error that nobody foresaw: UnicodeError. The notifier's log says more."
    assert {attempt.detail for attempt in notification.attempts} == {said}
    (fact,) = rig.publisher.published
    assert isinstance(fact, NotificationFailed)


async def test_trouble_in_one_attempt_does_not_end_the_others() -> None:
    """An engine that is away, or a defect, leaves the notification to the sweeper."""
    rig = await _rig(TransientError("away"), RuntimeError("defect"), "taken")
    await rig.take(a_signal())
    await rig.sweep_each_second(20)
    assert [n.state for n in await rig.log()] == ["pending"]
    await rig.sweep_each_second(20)
    assert [n.state for n in await rig.log()] == ["delivered"]
