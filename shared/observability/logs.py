"""How log lines look: one event each, context bound once, JSON for machines or plain for a terminal."""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any, Literal

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

_SECRET_NAMES = re.compile(
    r"token|secret|password|authorization|credential|signing_key|cookie", re.IGNORECASE
)
# Intercom's tokens are base64 of "tok:…" (FACTS §2); bearer headers and connection strings carry secrets too.
_SECRET_VALUES = re.compile(
    r"dG9rO[A-Za-z0-9+/=_-]{8,}|(?<=Bearer )[A-Za-z0-9._~+/=-]{8,}|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)
_HIDDEN = "[hidden]"

_NOISY_LOGGERS = (
    "aiokafka",
    "httpx",
    "httpcore",
    "pymongo",
    "faststream",
    "shared.messaging.broker",
    "uvicorn.access",
)
"""Libraries whose INFO lines repeat what ours say, or print addresses that hold secrets."""


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace values that are secrets by name or by shape; works on nested mappings and lists."""
    return {key: _hide(key, value) for key, value in event.items()}


def _hide(key: str, value: Any) -> Any:
    if isinstance(value, str):
        if _SECRET_NAMES.search(key) and key != "event":
            return _HIDDEN
        return _SECRET_VALUES.sub(_HIDDEN, value)
    if isinstance(value, dict):
        return {inner: _hide(str(inner), item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_hide(key, item) for item in value]
    return value


def configure_logging(*, level: str, log_format: Literal["console", "json"], service: str) -> None:
    """Send structlog's and the standard library's records to standard error in one form.

    Called once, by `__main__`. Every line carries the service's name.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _NOISY_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
