"""What a row says about a contact, with its complete lists of tags and companies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.syncer.domain.contact import companies_of, cut_lists, parse
from services.syncer.domain.conversation_row import ShownRow
from services.syncer.domain.fields import MOST_REFERENCES, identifier, identifiers, record, seconds
from services.syncer.domain.fresh import Fresh
from services.syncer.domain.reads import Call, Read
from services.syncer.errors import SourceUnavailableError
from services.syncer.resources.paging import NumberedPages

if TYPE_CHECKING:
    from services.syncer.domain.fingerprint import Fingerprint
    from services.syncer.resources.reading import Reading

_COMPANY_PAGE = 60
_MOST_REMEMBERED = 20
"""Contacts whose lists are remembered until their page is done."""


async def fresh_contact(
    reading: Reading,
    row: dict[str, Any],
    at: int,
    before: Fingerprint | None,
    *,
    force: bool = False,
    memory: dict[str, Any] | None = None,
) -> Fresh | None:
    """Return the contact in a row or an answer, with its whole lists, or None when it has no id.

    With a memory it is a row of a list, which shows what its index knows: that may not be the last state of
    its second yet.
    """
    event = parse(await completed(reading, row, {} if memory is None else memory), reading.scope, at)
    if event is None:
        return None
    updated_at, cut = seconds(row.get("updated_at")), cut_lists(row)
    return Fresh(
        "contact",
        event,
        updated_at,
        at,
        before,
        row=cut,
        shown=None if memory is None or cut is None else ShownRow(cut, updated_at),
        force=force,
        lag_seconds=0 if memory is None else reading.rules.overlap_seconds,
    )


async def completed(reading: Reading, row: dict[str, Any], memory: dict[str, Any]) -> dict[str, Any]:
    """Return the row with its whole lists: ten entries are embedded at most, see `has_more` (FACTS §7).

    `memory` keeps what was read of the lists on a page, so that a budget which is spent in the middle of them
    does not make the next slice begin them anew, and the one after it, for ever.
    """
    id_ = identifier(row.get("id"))
    name = f"{id_} {row.get('updated_at')}"
    while len(memory) >= _MOST_REMEMBERED and name not in memory:
        memory.pop(next(iter(memory)))
    if record(row.get("tags")).get("has_more") is True:
        lists = memory.setdefault(name, {})
        if "tags" not in lists:
            answer = await reading.intercom.read(Call(Read.CONTACT_TAGS, id_))
            lists["tags"] = list(identifiers(answer.body.get("data")))
        row = {**row, "tags": {"data": lists["tags"]}}
    if record(row.get("companies")).get("has_more") is True:
        companies = await _all_companies(reading, id_, memory.setdefault(name, {}))
        row = {**row, "companies": {"data": companies}}
    return row


async def _all_companies(reading: Reading, id_: str | None, lists: dict[str, Any]) -> list[str]:
    """Read the list page by page, by ever smaller pages where the source breaks on large ones.

    Raises SourceUnavailableError when the list does not come to an end, or has more than a record holds: that
    is twice what Intercom allows (FACTS §8), and part of it would look like all of it.
    """
    company_ids: list[str] = lists.setdefault("companies", [])
    pages = NumberedPages(lists.setdefault("pages", {}), largest=_COMPANY_PAGE)
    while not pages.ended:
        try:
            answer = await pages.next(
                reading,
                lambda size, page: Call(Read.CONTACT_COMPANIES, id_, {"page": page, "per_page": size}),
            )
        except SourceUnavailableError as error:
            if not error.overloaded or not pages.may_shrink:
                raise
            continue
        if not any(isinstance(answer.body.get(name), list) for name in ("data", "companies")):
            raise SourceUnavailableError(f"/contacts/{id_}/companies answered without a list.")
        met = set(company_ids)
        here = [one for one in identifiers(companies_of(answer.body)) if one not in met]
        company_ids += here
        try:
            pages.turn(answer)
        except SourceUnavailableError:
            del lists["companies"], lists["pages"]
            raise
        if len(company_ids) > MOST_REFERENCES:
            del lists["companies"], lists["pages"]
            raise SourceUnavailableError(f"/contacts/{id_} has more than {MOST_REFERENCES} companies.")
        if not (here or pages.ended):
            del lists["companies"], lists["pages"]
            raise SourceUnavailableError(f"/contacts/{id_}/companies goes on and leads nowhere.")
    return company_ids
