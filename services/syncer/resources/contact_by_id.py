"""One contact, requested by its id: it changed, was merged into another one, or is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.syncer.domain.reads import Call, Read
from services.syncer.errors import ContactMergedError, ResourceMissingError, SourceUnavailableError
from services.syncer.resources.contact_rows import fresh_contact
from services.syncer.resources.reading import Gone

if TYPE_CHECKING:
    from services.syncer.domain.fingerprint import Fingerprint
    from services.syncer.ports import Answer
    from services.syncer.resources.reading import Reading


async def became(
    reading: Reading,
    id_: str,
    before: Fingerprint | None,
    *,
    force: bool = False,
    shown_at: int | None = None,
) -> None:
    """Request one contact, and publish the result: it changed, was merged, or is gone."""
    try:
        answer: Answer = await reading.intercom.read(Call(Read.CONTACT, id_))
    except ContactMergedError as merged:
        await reading.changes.gone(
            [Gone("contact", id_, before, shown_at)], reason="merged", successor_id=merged.successor_id
        )
        if merged.successor_id is not None and merged.successor_id != id_:
            await _successor(reading, merged.successor_id)
    except ResourceMissingError:
        await reading.changes.gone([Gone("contact", id_, before, shown_at)])
    else:
        await _is_there(reading, id_, answer, before, force=force)


async def _is_there(
    reading: Reading, id_: str, answer: Answer, before: Fingerprint | None, *, force: bool
) -> None:
    """Publish a contact whose own address answered: it exists, whatever becomes of its lists."""
    try:
        item = await fresh_contact(reading, dict(answer.body), answer.at, before, force=force)
    except (ContactMergedError, ResourceMissingError) as missing:
        # If it was deleted since, requesting it again shows that.
        raise SourceUnavailableError(
            f"/contacts/{id_} is there and its lists are not. {missing}"
        ) from missing
    if item is None or item.event.id != id_:
        raise SourceUnavailableError(f"/contacts/{id_} answered with something that is not it.")
    await reading.changes.apply([item])


async def _successor(reading: Reading, id_: str) -> None:
    """Read the surviving contact at once: it took over the other one's companies and tags."""
    before = (await reading.fingerprints_of("contact", [id_])).get(id_)
    try:
        answer = await reading.intercom.read(Call(Read.CONTACT, id_))
        item = await fresh_contact(reading, dict(answer.body), answer.at, before)
    except (ContactMergedError, ResourceMissingError):
        return  # Merged on or deleted meanwhile: its own hint or the next reconcile tells.
    if item is None or item.event.id != id_:
        raise SourceUnavailableError(f"/contacts/{id_} answered with something that is not it.")
    await reading.changes.apply([item])
