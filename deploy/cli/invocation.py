"""What every command shares: the settings it was called with, and how it prints and fails."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from deploy.local.settings import LocalSettings
from shared.config import read_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of the command line."""

    environment: Mapping[str, str]

    def settings(self) -> LocalSettings:
        """Return the settings. Raises `ConfigurationError` naming each that cannot be used."""
        return read_settings(LocalSettings)


def print_json(value: Any) -> None:
    """Print one value as one line of JSON."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def people() -> Console:
    """Return the console for people."""
    return Console()


def report_error(error: Exception) -> None:
    """Tell a person what went wrong; on the error stream, so that JSON on the other stays JSON."""
    Console(stderr=True).print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
