"""What people do with rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from services.notifier.domain.rule import DEFAULT_RULE_ID, default_rule
from services.notifier.errors import DeliveryRefused, NotThere, RuleInvalid
from services.notifier.use_cases.rule_drafts import RuleDraft
from tests.unit.services.notifier.fakes import ADMIN, NOW, ScriptedChannel, a_rule, a_signal
from tests.unit.services.notifier.rig import Rig

HOOK = SecretStr("https://hooks.example.com/earshot?key=k3y")


def _draft(**changes: Any) -> RuleDraft:
    return RuleDraft(**{"name": "Churn", "channel": "webhook", "url": HOOK, **changes})


async def test_addresses_and_secrets_are_stored_sealed() -> None:
    """Neither the address nor the secret can be read in what is stored, and the label shows the host only."""
    rig = Rig()
    saved = await rig.administration.create(ADMIN, _draft())
    assert saved.new_secret is not None
    stored = repr(await rig.rules.get("acme", saved.rule.id))
    assert "k3y" not in stored
    assert saved.new_secret.get_secret_value() not in stored
    assert saved.rule.destination is not None
    assert saved.rule.destination.label == "webhook at hooks.example.com"


async def test_a_secret_is_shown_when_it_is_made_and_never_again() -> None:
    """Changing a rule without giving a secret keeps the old one and shows nothing."""
    rig = Rig()
    first = await rig.administration.create(ADMIN, _draft())
    second = await rig.administration.change(ADMIN, first.rule.id, _draft(url=None, name="Renamed"))
    assert second.new_secret is None
    assert second.rule.sealed_secret == first.rule.sealed_secret
    assert second.rule.destination == first.rule.destination
    assert second.rule.revision == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"channel": "pigeon"}, "channel"),
        ({"kinds": ("churn_risk", "weather")}, "kinds"),
        ({"minimum_confidence": 1.1}, "minimum_confidence"),
        ({"minimum_confidence": float("nan")}, "minimum_confidence"),
        ({"customers": tuple(str(i) for i in range(101))}, "customers"),
        ({"url": None}, "url"),
        ({"url": SecretStr("http://hooks.example.com")}, "url"),
        ({"url": SecretStr("https://")}, "url"),
        ({"url": SecretStr("https://u:p@hooks.example.com")}, "url"),
        ({"url": SecretStr("https://[::1")}, "url"),
        ({"url": SecretStr("https://a.example/\n")}, "url"),
        ({"url": SecretStr("https://hooks..example.com/x")}, "url"),
        ({"url": SecretStr(f"https://{'a' * 70}.example/")}, "url"),
        ({"url": SecretStr("https://\u00fc-.example/")}, "url"),
        ({"url": SecretStr("https://a b.example/")}, "url"),
        ({"url": SecretStr("https://a.example:99999/")}, "url"),
        ({"secret": SecretStr("whsec_c2hvcnQ=")}, "secret"),
        ({"secret": SecretStr("not base64")}, "secret"),
        ({"channel": "email", "recipients": ()}, "recipients"),
        ({"channel": "email", "recipients": ("everyone",)}, "recipients"),
        ({"channel": "inbox", "recipients": ("nobody",)}, "recipients"),
        ({"channel": "email", "recipients": ("a@b.c, d@e.f",)}, "recipients"),
    ],
)
async def test_each_fault_is_named_by_its_field(changes: dict[str, Any], field: str) -> None:
    """A rule that cannot work is refused when it is written, not when an alert is due."""
    with pytest.raises(RuleInvalid) as caught:
        await Rig().administration.create(ADMIN, _draft(**changes))
    assert field in caught.value.faults


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://m\u00fcnchen.example/x", "m\u00fcnchen.example"),
        ("https://xn--mnchen-3ya.example", "m\u00fcnchen.example"),
        ("https://a_b.example.:8443/", "a_b.example."),
        ("https://[2606:4700::1111]/x", "2606:4700::1111"),
    ],
)
async def test_hosts_may_be_written_as_names_are(url: str, host: str) -> None:
    """Other alphabets, their ASCII form, underscores, a final dot and bare addresses are no faults."""
    saved = await Rig().administration.create(ADMIN, _draft(url=SecretStr(url)))
    assert saved.rule.destination is not None
    assert saved.rule.destination.label == f"webhook at {host}"


WORKFLOW = SecretStr("https://default0a.36.environment.api.powerplatform.com:443/workflows/1?sig=k3y")


async def test_a_workflow_of_teams_is_stored_sealed_and_needs_no_secret() -> None:
    """Its signature is in its address; the label shows the host only."""
    saved = await Rig().administration.create(ADMIN, _draft(channel="teams", url=WORKFLOW))
    assert (saved.new_secret, saved.rule.sealed_secret) == (None, None)
    assert saved.rule.destination is not None
    assert saved.rule.destination.label == "teams at default0a.36.environment.api.powerplatform.com"
    assert "k3y" not in repr(saved.rule)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://acme.webhook.office.com/webhookb2/1/IncomingWebhook/2/3", "Office 365 connector"),
        ("https://teams.microsoft.com/l/channel/1", "EARSHOT_TEAMS_HOSTS"),
        ("https://logic.azure.com.evil.example/workflows/1?sig=k3y", "EARSHOT_TEAMS_HOSTS"),
        ("https://evil.example/?https://x.logic.azure.com/", "EARSHOT_TEAMS_HOSTS"),
        ("http://prod-1.westeurope.logic.azure.com/workflows/1", "https://"),
    ],
)
async def test_a_teams_rule_takes_addresses_of_workflows_alone(url: str, words: str) -> None:
    """What else people find in Teams is refused with what to do, and none of it is repeated."""
    with pytest.raises(RuleInvalid, match=words) as caught:
        await Rig().administration.create(ADMIN, _draft(channel="teams", url=SecretStr(url)))
    assert "k3y" not in caught.value.faults["url"]


async def test_the_address_of_another_channel_is_not_taken_over() -> None:
    """A webhook rule that becomes one for Teams asks for the workflow's address."""
    rig = Rig()
    first = await rig.administration.create(ADMIN, _draft())
    with pytest.raises(RuleInvalid, match="address"):
        await rig.administration.change(ADMIN, first.rule.id, _draft(channel="teams", url=None))


async def test_a_sample_that_meets_an_unforeseen_error_says_so() -> None:
    """Whoever asked for it sees an outcome, never a broken page."""
    rig = Rig(ScriptedChannel("webhook", UnicodeError("label empty or too long: k3y")))
    saved = await rig.administration.create(ADMIN, _draft())
    _, settlement = await rig.administration.try_out(ADMIN, saved.rule.id)
    assert settlement is not None
    assert (settlement.state, "UnicodeError" in settlement.attempt.detail) == ("failed", True)
    assert "k3y" not in settlement.attempt.detail


async def test_private_installations_may_use_plain_http() -> None:
    """Where private webhooks are allowed, http is as well."""
    saved = await Rig(allow_private=True).administration.create(
        ADMIN, _draft(url=SecretStr("http://127.0.0.1:8710/sink/webhook/x"))
    )
    assert saved.rule.destination is not None


async def test_two_administrators_do_not_overwrite_each_other() -> None:
    """Who saves second on the same state is told so."""
    rig = Rig()
    first = await rig.administration.create(ADMIN, _draft())

    async def stale(organization_id: str, rule_id: str) -> Any:
        return replace(first.rule, revision=7)

    rig.administration._rules.get = stale  # type: ignore[method-assign] # another read it before
    with pytest.raises(RuleInvalid, match="Somebody else"):
        await rig.administration.change(ADMIN, first.rule.id, _draft())


async def test_a_removed_rule_takes_what_it_had_pending_with_it() -> None:
    """Nobody is told by a rule that is gone."""
    rig = Rig(ScriptedChannel("inbox", TimeoutError()))
    await rig.rules.insert(a_rule())
    await rig.take(a_signal())
    await rig.administration.remove("acme", "r-1")
    assert [n.cancelled_because for n in await rig.log()] == ["Its rule was removed."]
    with pytest.raises(NotThere):
        await rig.administration.remove("acme", "r-1")


async def test_switching_a_rule_off_cancels_what_waits() -> None:
    """Off means off, for what is still waiting too."""
    rig = Rig(ScriptedChannel("inbox", TimeoutError()))
    await rig.rules.insert(a_rule())
    await rig.take(a_signal())
    draft = _draft(channel="inbox", url=None, recipients=("everyone",), enabled=False)
    await rig.administration.change(ADMIN, "r-1", draft)
    assert [n.state for n in await rig.log()] == ["cancelled"]


async def test_a_deleted_default_rule_stays_deleted() -> None:
    """The rule that an organization starts with is given once."""
    rig = Rig()
    (rule,) = await rig.administration.list_rules("acme")
    await rig.administration.remove("acme", rule.id)
    assert await rig.administration.list_rules("acme") == []


async def test_a_default_rule_that_was_given_by_a_process_that_died_stays_deleted() -> None:
    """Also where nobody could note that it was given."""
    rig = Rig()
    await rig.rules.insert(default_rule("acme", NOW))
    await rig.administration.remove("acme", DEFAULT_RULE_ID)
    assert await rig.administration.list_rules("acme") == []


async def test_a_sample_goes_through_the_real_channel_once() -> None:
    """A test is sent now; when it fails it is not tried again, and no fact is published."""
    rig = Rig(ScriptedChannel("webhook", DeliveryRefused("no", reason="rejected", status=404)))
    saved = await rig.administration.create(ADMIN, _draft())
    notification, settlement = await rig.administration.try_out(ADMIN, saved.rule.id)
    assert notification.test
    assert settlement is not None
    assert settlement.state == "failed"
    _, again = await rig.administration.try_out(ADMIN, saved.rule.id)
    assert again is not None
    assert again.state == "delivered"
    assert rig.publisher.published == []


async def test_a_sample_tells_when_it_has_nobody_to_go_to() -> None:
    """A rule for owners cannot be tried by somebody without an address."""
    rig = Rig()
    await rig.rules.insert(a_rule(recipients=("owner",)))
    with pytest.raises(RuleInvalid, match="nobody"):
        await rig.administration.try_out(replace(ADMIN, email=""), "r-1")
