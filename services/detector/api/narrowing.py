"""What every list of the read API can be restricted by."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from services.detector.lists import Narrowing
from shared.contracts.signals import SignalKind  # noqa: TC001 - FastAPI reads the annotations at run time
from shared.http.paging import Instant  # noqa: TC001 - as above


def narrowing(
    tag: Annotated[str | None, Query(max_length=300, description="A tag's present name.")] = None,
    kind: Annotated[SignalKind | None, Query(description="With an open signal of this kind.")] = None,
    customer: Annotated[str | None, Query(max_length=300, description="A customer's id.")] = None,
    owner: Annotated[str | None, Query(max_length=300, description="The customer's owner.")] = None,
    since: Annotated[Instant | None, Query(description="From this moment on.")] = None,
    until: Annotated[Instant | None, Query(description="Before this moment.")] = None,
    min_confidence: Annotated[
        float | None, Query(ge=0, le=1, description="With an open signal at least this sure.")
    ] = None,
) -> Narrowing:
    """Return what an address asks for."""
    return Narrowing(
        tag=tag,
        kind=kind,
        customer_id=customer,
        owner=owner,
        since=since,
        until=until,
        min_confidence=min_confidence,
    )


Narrowed = Annotated[Narrowing, Depends(narrowing)]

Words = Annotated[str | None, Query(max_length=300, description="Words to look for.")]
