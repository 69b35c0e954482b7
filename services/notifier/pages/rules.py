"""`/settings/organization/notifications`: who is told what, where?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import SecretStr

from services.notifier.domain.rule import PEOPLE_CHANNELS
from services.notifier.error_responses import errors_as_responses
from services.notifier.errors import RuleInvalid
from services.notifier.pages import forms
from services.notifier.use_cases.rule_drafts import RuleDraft
from shared.auth.dependencies import Admin, Member, csrf_protect
from shared.contracts.deliveries import ChannelName

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.datastructures import FormData

    from services.notifier.domain.rule import Rule
    from services.notifier.use_cases.administer import Administration
    from services.notifier.use_cases.rule_drafts import SavedRule
    from shared.auth.identity import Identity
    from shared.web.pages import Pages

HOME = "/settings/organization/notifications"
CHANNEL_NAMES: Mapping[ChannelName, str] = {
    "inbox": "Inbox",
    "email": "E-mail",
    "slack": "Slack",
    "teams": "Microsoft Teams",
    "webhook": "Webhook",
}
_CHANGES = [Depends(csrf_protect)]
RuleId = Annotated[str, Path(max_length=64)]


def routes(pages: Pages, administration: Administration, settle_seconds: float) -> APIRouter:
    router = APIRouter(prefix=HOME)
    _add_list(router, pages, administration)
    _add_forms(router, pages, administration, settle_seconds)
    return router


def _add_forms(
    router: APIRouter, pages: Pages, administration: Administration, settle_seconds: float
) -> None:

    def form_page(
        request: Request,
        identity: Identity,
        draft: RuleDraft,
        *,
        rule: Rule | None,
        faults: Mapping[str, str] | None = None,
    ) -> Response:
        return pages.render(
            request,
            "rule.html",
            identity=identity,
            status_code=422 if faults else 200,
            draft=draft,
            rule=rule,
            errors=faults or {},
            channel_names=CHANNEL_NAMES,
            people=draft.channel in PEOPLE_CHANNELS,
            home=HOME,
            settle_seconds=settle_seconds,
        )

    def stored(request: Request, identity: Identity, saved: SavedRule) -> Response:
        if saved.new_secret is None:
            return RedirectResponse(f"{HOME}?{urlencode({'saved': saved.rule.id})}", 303)
        return pages.render(
            request, "secret.html", identity=identity, rule=saved.rule, secret=saved.new_secret, home=HOME
        )

    @router.get("/new")
    async def new_rule(
        request: Request, identity: Admin, channel: Annotated[str, Query(max_length=20)] = "inbox"
    ) -> Response:
        known = channel if channel in get_args(ChannelName) else "inbox"
        recipients = ("everyone",) if known == "inbox" else ("owner",) if known == "email" else ()
        return form_page(
            request, identity, RuleDraft(name="", channel=known, recipients=recipients), rule=None
        )

    @router.post("/new", dependencies=_CHANGES)
    async def create_rule(request: Request, identity: Admin) -> Response:
        draft = _draft(await request.form())
        try:
            return stored(request, identity, await administration.create(identity, draft))
        except RuleInvalid as error:
            return form_page(request, identity, draft, rule=None, faults=error.faults)

    @router.get("/{rule_id}")
    async def edit_rule(request: Request, identity: Admin, rule_id: RuleId) -> Response:
        with errors_as_responses():
            rule = await administration.get(identity.organization_id, rule_id)
        return form_page(request, identity, _draft_of(rule), rule=rule)

    @router.post("/{rule_id}", dependencies=_CHANGES)
    async def change_rule(request: Request, identity: Admin, rule_id: RuleId) -> Response:
        with errors_as_responses():
            rule = await administration.get(identity.organization_id, rule_id)
        draft = _draft(await request.form())
        try:
            return stored(request, identity, await administration.change(identity, rule_id, draft))
        except RuleInvalid as error:
            return form_page(request, identity, draft, rule=rule, faults=error.faults)


def _add_list(router: APIRouter, pages: Pages, administration: Administration) -> None:
    @router.get("")
    async def list_rules(
        request: Request,
        identity: Member,
        tested: Annotated[str | None, Query(max_length=64)] = None,
        outcome: Annotated[str, Query(max_length=600)] = "",
        ok: Annotated[str, Query(max_length=1)] = "",
        saved: Annotated[str | None, Query(max_length=64)] = None,
        removed: Annotated[str, Query(max_length=1)] = "",
    ) -> Response:
        return pages.render(
            request,
            "rules.html",
            identity=identity,
            rules=await administration.list_rules(identity.organization_id),
            channel_names=CHANNEL_NAMES,
            tested=tested,
            saved=saved,
            removed=removed == "1",
            outcome=outcome,
            delivered=ok == "1",
            home=HOME,
        )

    @router.post("/{rule_id}/remove", dependencies=_CHANGES)
    async def remove_rule(identity: Admin, rule_id: RuleId) -> Response:
        with errors_as_responses():
            await administration.remove(identity.organization_id, rule_id)
        return RedirectResponse(f"{HOME}?removed=1", 303)

    @router.post("/{rule_id}/test", dependencies=_CHANGES)
    async def test_rule(identity: Admin, rule_id: RuleId) -> Response:
        with errors_as_responses():
            _, settlement = await administration.try_out(identity, rule_id)
        said = settlement.attempt.detail if settlement else "It was not sent."
        ok = settlement is not None and settlement.state == "delivered"
        return RedirectResponse(
            f"{HOME}?{urlencode({'tested': rule_id, 'outcome': said, 'ok': int(ok)})}", 303
        )


def _draft(form: FormData) -> RuleDraft:
    url, secret = forms.text(form, "url"), forms.text(form, "secret")
    return RuleDraft(
        name=forms.text(form, "name"),
        channel=forms.text(form, "channel"),
        kinds=forms.several(form, "kinds"),
        customers=_with_added(form, "customers", "customer", forms.lines),
        owners=_with_added(form, "owners", "add_owner", forms.items),
        tags=_with_added(form, "tags", "tag", forms.lines),
        minimum_confidence=forms.share(form, "minimum_confidence"),
        good_moods=forms.text(form, "good_moods") == "on",
        recipients=_with_added(form, "recipients", "add_recipient", forms.items),
        url=SecretStr(url) if url else None,
        secret=SecretStr(secret) if secret else None,
        enabled=forms.text(form, "enabled") == "on",
        revision=forms.whole_number(form, "revision"),
    )


def _with_added(
    form: FormData, name: str, added: str, read: Callable[[FormData, str], tuple[str, ...]]
) -> tuple[str, ...]:
    """Return what a text area lists, and what was picked beside it and not yet added to its lines."""
    listed = read(form, name)
    known = {one.casefold() for one in listed}
    return (*listed, *(one for one in read(form, added) if one.casefold() not in known))


def _draft_of(rule: Rule) -> RuleDraft:
    same = ("name", "channel", "kinds", "customers", "owners", "tags")
    return RuleDraft(
        **{name: getattr(rule, name) for name in same},
        minimum_confidence=rule.minimum_confidence,
        good_moods=rule.good_moods,
        recipients=rule.recipients,
        enabled=rule.enabled,
        revision=rule.revision,
    )
