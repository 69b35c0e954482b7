"""Trace ids in W3C form, so that one change can be followed from a webhook to an alert.

Spans are started with OpenTelemetry's own API; without an exporter they cost little and still carry
ids into events (`traceparent`, DESIGN §3), logs and dead letters.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry import context, trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROPAGATOR = TraceContextTextMapPropagator()
_PROVIDER = TracerProvider(shutdown_on_exit=False)
_TRACER = _PROVIDER.get_tracer("earshot")


@contextmanager
def span(name: str, traceparent: str | None = None, *, alone: bool = False) -> Iterator[None]:
    """Run the block inside a span; the parent is `traceparent` if given, else the current span.

    With `alone` the current span is no parent: for work that runs inside it but does not follow from it.
    """
    here = context.Context() if alone else context.get_current()
    parent = _PROPAGATOR.extract({"traceparent": traceparent}, here) if traceparent else here
    with _TRACER.start_as_current_span(name, context=parent):
        yield


def current_traceparent() -> str | None:
    """Return the W3C `traceparent` of the current span, or None outside of any."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent")


def current_trace_id() -> str | None:
    """Return the current trace id as 32 hex digits, or None outside of any span."""
    span_context = trace.get_current_span().get_span_context()
    return f"{span_context.trace_id:032x}" if span_context.is_valid else None
