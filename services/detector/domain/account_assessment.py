"""Turns what an account's facts show into the evidence that signals may rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.domain.contribution import Assessment, Contribution
from services.detector.domain.identity import to_milliseconds
from services.detector.domain.signal import Proof
from services.detector.domain.slots import slot_of, title_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from services.detector.domain.finding import Finding
    from services.detector.domain.identity import Subject
    from shared.contracts.signals import CustomerRef


def account_source(subject: Subject) -> str:
    return f"account/{subject.key}"


def account_assessment(
    subject: Subject,
    customer: CustomerRef,
    findings: Sequence[Finding],
    *,
    connection_id: str,
    workspace_id: str,
    now: datetime,
    is_news: bool,
    new_detectors: Collection[str] = (),
    seen: Mapping[tuple[str, str], Proof],
) -> Assessment:
    """Return what an account's facts say.

    `seen` holds the facts that signals rest on already, by (slot key, fact): a fact that lasts is evidence
    from the day it was first seen, however its number moves (two questions wait, then three). What it says
    now, and how sure that is, takes the place of what it said. `is_news` is false while listening has only
    begun: every fact is new to us then, and old to everybody else, so that one which says since when it holds
    is dated so. The same goes for the facts of each of the `new_detectors`.
    """
    contributions = []
    for finding in findings:
        slot = slot_of(finding, {})
        if slot is None:
            continue
        news = is_news and finding.detector not in new_detectors
        proofs = []
        for fact in finding.facts:
            known = seen.get((slot.key, fact.name))
            if known is not None and (known.fact_value, known.reason) == (fact.value, fact.reason):
                proofs.append(known)
                continue
            noticed = now if news or fact.since is None else min(fact.since, now)
            proofs.append(
                Proof(
                    source=account_source(subject),
                    said_at=known.said_at if known else to_milliseconds(noticed),
                    confidence=round(finding.confidence, 4),
                    detector=finding.detector,
                    version=finding.version,
                    fact=fact.name,
                    fact_value=fact.value,
                    reason=fact.reason,
                )
            )
        contributions.append(
            Contribution(
                subject=subject,
                slot=slot,
                title=title_of(slot),
                connection_id=connection_id,
                workspace_id=workspace_id,
                proofs=tuple(proofs),
                customer=customer,
                is_news=news,
            )
        )
    return Assessment(source=account_source(subject), contributions=tuple(contributions), resolves=True)
