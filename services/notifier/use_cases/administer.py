"""What people do with rules: list, write, remove, try."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from services.notifier.domain.notification import Notification
from services.notifier.domain.rule import DEFAULT_RULE_ID, OWNER, Rule, default_rule
from services.notifier.errors import NotThere, RuleInvalid
from services.notifier.use_cases.rule_drafts import DraftCheck, SavedRule
from services.notifier.use_cases.sample import sample_signal

if TYPE_CHECKING:
    from services.notifier.domain.notification import Settlement
    from services.notifier.domain.teams_hosts import TeamsHosts
    from services.notifier.ports import KnownSignals, Notifications, Rules, Vault
    from services.notifier.use_cases.announce import Announcer
    from services.notifier.use_cases.deliver import Deliverer
    from services.notifier.use_cases.rule_drafts import RuleDraft
    from shared.auth.identity import Identity
    from shared.clock import Clock

_MOST_RULES = 200


class Administration:
    def __init__(
        self,
        *,
        rules: Rules,
        notifications: Notifications,
        known: KnownSignals,
        announcer: Announcer,
        deliverer: Deliverer,
        vault: Vault,
        clock: Clock,
        allow_private: bool,
        teams_hosts: TeamsHosts,
    ) -> None:
        self._rules = rules
        self._notifications = notifications
        self._known = known
        self._announcer = announcer
        self._deliverer = deliverer
        self._clock = clock
        self._drafts = DraftCheck(vault, allow_private=allow_private, teams_hosts=teams_hosts)

    async def list_rules(self, organization_id: str) -> list[Rule]:
        return await self._announcer.rules_of(organization_id)

    async def get(self, organization_id: str, rule_id: str) -> Rule:
        """Return a rule. Raises NotThere."""
        rule = await self._rules.get(organization_id, rule_id)
        if rule is None:
            raise NotThere("There is no such rule. It may have been removed meanwhile.")
        return rule

    async def create(self, identity: Identity, draft: RuleDraft) -> SavedRule:
        """Store a new rule. Raises RuleInvalid."""
        if len(await self.list_rules(identity.organization_id)) >= _MOST_RULES:
            raise RuleInvalid({"name": f"There are {_MOST_RULES} rules already. Remove one first."})
        blank = Rule(
            id=secrets.token_hex(8),
            organization_id=identity.organization_id,
            name="",
            channel="inbox",
            created_at=self._clock.now(),
            created_by=identity.known_by,
        )
        saved = self._drafts.checked(blank, draft)
        await self._rules.insert(saved.rule)
        return saved

    async def change(self, identity: Identity, rule_id: str, draft: RuleDraft) -> SavedRule:
        """Store a changed rule. Raises NotThere, and RuleInvalid also when somebody else was faster."""
        before = await self.get(identity.organization_id, rule_id)
        seen = before.revision if draft.revision is None else draft.revision
        saved = self._drafts.checked(before, draft)
        # Signals that were open before are not news to a rule that asks for them only now.
        since = before.asks_since if saved.rule.asks_as(before) else self._clock.now()
        rule = replace(saved.rule, revision=before.revision + 1, asks_since=since)
        if seen != before.revision or not await self._rules.replace(rule, expected_revision=seen):
            raise RuleInvalid({"name": "Somebody else changed this rule meanwhile. Reload and try again."})
        if not rule.enabled:
            await self._let_go(before, "Its rule was switched off.")
        return SavedRule(rule, saved.new_secret)

    async def remove(self, organization_id: str, rule_id: str) -> None:
        """Delete a rule and cancel what it has pending. Raises NotThere."""
        if rule_id == DEFAULT_RULE_ID:
            # The process that created the first rule may have died before recording that.
            await self._rules.seed(default_rule(organization_id, self._clock.now()))
        rule = await self._rules.get(organization_id, rule_id)
        if rule is None or not await self._rules.delete(organization_id, rule_id):
            raise NotThere("There is no such rule. It may have been removed already.")
        await self._let_go(rule, "Its rule was removed.")

    async def _let_go(self, rule: Rule, because: str) -> None:
        """Cancel what the rule has pending, but for recipients whom another rule may tell of the same.

        Whether it does depends on the signal; that is looked at when each is due.
        """
        others = [
            other
            for other in await self._rules.list_of(rule.organization_id)
            if other.id != rule.id and other.enabled and other.channel == rule.channel
        ]
        if any(OWNER in other.recipients for other in others):
            return
        spared = {
            recipient
            for other in others
            for recipient in (
                [other.destination.key]
                if other.destination
                else [address.casefold() for address in other.recipients]
            )
        }
        await self._notifications.cancel(
            rule.organization_id, because, rule_id=rule.id, spared=frozenset(spared)
        )

    async def try_out(self, identity: Identity, rule_id: str) -> tuple[Notification, Settlement | None]:
        """Send one sample by a rule, now and once; return what came of it. Raises NotThere, RuleInvalid."""
        rule = await self.get(identity.organization_id, rule_id)
        signal = sample_signal(identity, f"test-{secrets.token_hex(8)}", self._clock)
        recipients = rule.recipients_for(signal)
        if not recipients:
            raise RuleInvalid({"recipients": "This rule names nobody that a sample could be sent to."})
        recipient = recipients[0]
        now = self._clock.now()
        notification = Notification.by_rule(rule, signal, recipient, now=now, due=now, test=True)
        # Remembered like a signal, so that the sample's log and inbox entry are deleted with it.
        await self._known.remember(signal, over=False, at=now)
        await self._notifications.add(notification)
        settlement = await self._deliverer.attempt(notification.organization_id, notification.id)
        return notification, settlement
