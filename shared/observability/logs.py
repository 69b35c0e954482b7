"""The form of log lines: one event each, context bound once, JSON for machines or plain for a terminal."""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any, Literal

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

    from structlog.typing import EventDict, Processor, WrappedLogger

_SECRET_NAMES = re.compile(
    r"token|secret|password|authorization|credential|signing_key|cookie", re.IGNORECASE
)
# Intercom's tokens are base64 of "tok:…" (FACTS §2); bearer headers and connection strings carry secrets too.
_SECRET_VALUES = re.compile(
    r"dG9rO[A-Za-z0-9+/=_-]{8,}|(?<=Bearer )[A-Za-z0-9._~+/=-]{8,}|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)
_HIDDEN = "[hidden]"
_QUIET_SECONDS = 30.0
"""Pause between two equal lines of aiokafka, which retries ten times a second while a broker is away."""

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


def _only_for(prefix: str, wanted: logging.Filter) -> Callable[[logging.LogRecord], bool]:
    return lambda record: not record.name.startswith(prefix) or bool(wanted.filter(record))


class OncePerWhile(logging.Filter):
    """Lets one line of each wording through in `seconds`; a library that retries would fill the disk."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds
        self._last: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        wording = (record.name, str(record.msg))
        if record.created - self._last.get(wording, float("-inf")) < self._seconds:
            return False
        self._last[wording] = record.created
        return True


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
    handler.addFilter(_only_for("aiokafka", OncePerWhile(_QUIET_SECONDS)))
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
