"""From signals to notifications."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest

from services.notifier.domain.preferences import Preferences, QuietHours
from shared.contracts.connections import DataRemoved
from shared.contracts.signals import SignalCleared, SignalDetected, SignalUpdated
from shared.errors import TransientError
from tests.unit.services.notifier.fakes import NOW, MemoryNotifications, a_rule, a_signal
from tests.unit.services.notifier.rig import LONG, Rig


def _later(kind: type[SignalUpdated | SignalCleared], **changes: Any) -> SignalUpdated | SignalCleared:
    whole = {**a_signal().model_dump(), "revision": 2, **changes}
    return kind.model_validate(whole)


@pytest.fixture
async def rig() -> Rig:
    """A rig with one rule for inboxes and one for mail."""
    rig = Rig()
    await rig.rules.insert(a_rule())
    await rig.rules.insert(a_rule(id="r-2", channel="email", recipients=("owner",)))
    return rig


async def test_a_signal_is_sent_at_once_by_every_rule_that_matches(rig: Rig) -> None:
    """No sweep is needed: what is stored is sent when the batch is stored."""
    await rig.take(a_signal())
    assert rig.sent("inbox") == ["s-1"]
    assert rig.sent("email") == ["s-1"]
    assert {notification.state for notification in await rig.log()} == {"delivered"}


async def test_a_new_organization_hears_by_the_default_rule() -> None:
    """Before anybody wrote a rule, the telling kinds reach everybody's inbox."""
    rig = Rig()
    await rig.take(a_signal(), a_signal(signal_id="s-2", kind="sentiment_shift"))
    assert rig.sent("inbox") == ["s-1"]


async def test_a_record_that_comes_again_tells_nobody_twice(rig: Rig) -> None:
    """The bus delivers at least once; people hear once, in the same batch and in a later one."""
    await rig.take(a_signal(), a_signal())
    await rig.take(a_signal())
    await rig.sweep(LONG)
    assert rig.sent("inbox") == ["s-1"]
    assert rig.sent("email") == ["s-1"]


async def test_two_rules_for_one_recipient_make_one_notification(rig: Rig) -> None:
    """What counts is signal, recipient and channel, not the rule."""
    await rig.rules.insert(a_rule(id="r-3", channel="email", recipients=("tom@example.com", "a@b.c")))
    await rig.take(a_signal())
    keys = sorted(message.notification.recipient.key for message in rig.channels["email"].sent)
    assert keys == ["a@b.c", "tom@example.com"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"historical": True}, "historical"), ({"occurred_at": NOW - timedelta(days=15)}, "too_old")],
)
async def test_the_past_is_counted_and_not_announced(rig: Rig, changes: dict[str, Any], reason: str) -> None:
    """What is found while reading the past in reaches nobody, and is seen in the metrics."""
    await rig.take(a_signal(**changes))
    assert await rig.log() == []
    assert rig.silent(reason) == 1


async def test_a_signal_that_clears_in_its_own_batch_is_announced_to_nobody(rig: Rig) -> None:
    """Sending starts when the whole batch is stored, so a false alarm withdrawn at once stays silent."""
    await rig.take(a_signal(), _later(SignalCleared, cleared_because="withdrawn"))
    assert rig.sent("inbox") == []
    assert {n.cancelled_because for n in await rig.log()} == {"The signal was cleared: withdrawn."}


async def test_a_clearing_that_overtakes_its_opening_is_remembered(rig: Rig) -> None:
    """When the partition changed with the customer, the later record may come first."""
    await rig.take(_later(SignalCleared, cleared_because="resolved"))
    await rig.take(a_signal())
    assert await rig.log() == []
    assert rig.silent("already_over") == 1


async def test_a_dismissal_that_is_taken_back_tells_nobody_again(rig: Rig) -> None:
    """Whoever heard of the signal heard once; mail that waited for quiet hours is not sent any more."""
    quiet = QuietHours(time(0), time(23), "UTC")
    await rig.people.save(Preferences("acme", "u-2", "tom@example.com", quiet=quiet))
    await rig.take(a_signal())
    await rig.take(_later(SignalCleared, cleared_because="dismissed"))
    await rig.take(_later(SignalUpdated, revision=3))
    await rig.sweep(LONG)
    assert (rig.sent("inbox"), rig.sent("email")) == (["s-1"], [])


async def test_redacted_words_are_not_sent(rig: Rig) -> None:
    """Evidence that went between opening and sending is in no message."""
    quiet = QuietHours(time(0), time(23), "UTC")
    await rig.people.save(Preferences("acme", "u-2", "tom@example.com", quiet=quiet))
    await rig.take(a_signal())
    await rig.take(_later(SignalUpdated, evidence=()))
    await rig.sweep(14 * 3_600)
    (message,) = rig.channels["email"].sent
    assert message.notification.signal.evidence == ()


async def test_an_older_state_changes_nothing(rig: Rig) -> None:
    """Revisions only grow: a record that comes late does not bring redacted words back."""
    await rig.take(a_signal(), _later(SignalUpdated, revision=3, evidence=(), title="Newest"))
    await rig.take(_later(SignalUpdated, title="Older"))
    assert {notification.signal.title for notification in await rig.log()} == {"Newest"}


async def test_quiet_hours_make_mail_wait(rig: Rig) -> None:
    """Mail goes out when the recipient's quiet hours end; the inbox does not wait."""
    quiet = QuietHours(time(9), time(10), "UTC")
    await rig.people.save(Preferences("acme", "u-2", "Tom@example.com", quiet=quiet))
    await rig.take(a_signal())
    assert (rig.sent("inbox"), rig.sent("email")) == (["s-1"], [])
    await rig.sweep(29 * 60)
    assert rig.sent("email") == []
    await rig.sweep(60)
    assert rig.sent("email") == ["s-1"]


async def test_wishes_keep_mail_away(rig: Rig) -> None:
    """A person who does not want the kind gets no mail for it, and it is counted."""
    await rig.people.save(Preferences("acme", "u-2", "tom@example.com", kinds=("renewal",)))
    await rig.take(a_signal())
    assert rig.sent("email") == []
    assert rig.silent("not_wanted") == 1


@pytest.mark.parametrize("order", [("u-2", "u-3"), ("u-3", "u-2")])
async def test_nobody_keeps_mail_from_who_shares_the_address(rig: Rig, order: tuple[str, str]) -> None:
    """Where two sign in with one address, mail comes as soon as one of them wants it, whoever saved first."""
    quiet = QuietHours(time(9), time(10), "UTC")
    saved = {
        "u-2": Preferences("acme", "u-2", "tom@example.com", kinds=("renewal",)),
        "u-3": Preferences("acme", "u-3", "Tom@example.com", quiet=quiet),
    }
    for one in order:
        await rig.people.save(saved[one])
    await rig.people.save(Preferences("other", "u-4", "tom@example.com"))
    await rig.take(a_signal())
    assert rig.sent("email") == []
    await rig.sweep(30 * 60)
    assert rig.sent("email") == ["s-1"]
    assert rig.silent("not_wanted") == 0


async def test_signals_of_removed_data_are_refused(rig: Rig) -> None:
    """What was still on its way when the data was removed leaves nothing, so a new life is told of anew."""
    word = DataRemoved(
        organization_id="acme",
        connection_id="c-1",
        removal_id="x",
        service="detector",
        documents=3,
        removed_at=NOW,
    )
    await rig.removal.remove(word)
    over = {**a_signal().model_dump(), "revision": 2, "cleared_because": "evidence_gone"}
    await rig.take(a_signal(), SignalCleared.model_validate(over))
    assert await rig.log() == []
    assert await rig.known.get("acme", "s-1") is None
    await rig.take(a_signal(changed_at=NOW + timedelta(seconds=1)))
    assert rig.sent("inbox") == ["s-1"]


async def test_a_removal_in_the_middle_of_a_batch_leaves_nothing(rig: Rig) -> None:
    """Data that is removed after the look for removals, and before the last write, is taken back."""
    word = DataRemoved(
        organization_id="acme",
        connection_id="c-1",
        removal_id="x",
        service="detector",
        documents=3,
        removed_at=NOW,
    )
    remember = rig.known.remember

    async def removed_just_before(signal: Any, **how: Any) -> None:
        await rig.removal.remove(word)
        await remember(signal, **how)

    rig.known.remember = removed_just_before  # type: ignore[method-assign] # two handlers meet here
    await rig.take(a_signal())
    assert await rig.known.get("acme", "s-1") is None
    assert await rig.log() == []
    assert rig.sent("inbox") == []


async def test_a_database_that_is_away_lets_the_batch_come_again(rig: Rig) -> None:
    """A condition that passes is raised as such, so the bus retries; nothing is remembered as done."""

    class Away(MemoryNotifications):
        async def add(self, notification: Any) -> bool:
            raise TransientError("away")

    rig.announcer._notifications = Away()
    with pytest.raises(TransientError):
        await rig.announcer.take([a_signal(), a_signal(signal_id="s-2")])
    assert await rig.known.get("acme", "s-1") is None


async def test_organizations_do_not_meet(rig: Rig) -> None:
    """Rules of one organization announce nothing of another."""
    await rig.take(a_signal(organization_id="other"))
    assert await rig.log() == []
    assert isinstance(rig.channels["inbox"].sent[0].notification.signal, SignalDetected)
