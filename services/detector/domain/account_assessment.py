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

    A fact that lasts is evidence from the day it was first seen, however its value changes (two questions
    wait, then three). Its present value and confidence replace earlier ones.

    Args:
        subject: the customer.
        customer: the customer as signals name it.
        findings: what the account detectors found.
        connection_id: the connection through which the customer is heard.
        workspace_id: that connection's workspace.
        now: when the facts were looked at.
        is_news: false while listening has only begun. Every fact is new to Earshot then, and old to
            everybody else, so a fact that knows since when it holds is dated accordingly.
        new_detectors: detectors whose facts are treated in the same way.
        seen: the facts that signals rest on already, by (slot key, fact).
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
