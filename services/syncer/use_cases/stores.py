"""The syncer's stores, passed around together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.syncer.ports import Connections, Cursors, Fingerprints, Gaps, Runs


@dataclass(frozen=True, slots=True)
class Stores:
    connections: Connections
    runs: Runs
    fingerprints: Fingerprints
    cursors: Cursors
    gaps: Gaps
