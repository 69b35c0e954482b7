"""What the syncer needs from outside, as protocols; adapters and fakes pass the same test suite."""

from __future__ import annotations

from services.syncer.ports.connections import Connections
from services.syncer.ports.credentials import Credential, Credentials
from services.syncer.ports.cursors import Cursors
from services.syncer.ports.fingerprints import Fingerprints
from services.syncer.ports.gaps import Gaps
from services.syncer.ports.intercom import Answer, Intercom, IntercomReader
from services.syncer.ports.runs import Runs

__all__ = [
    "Answer",
    "Connections",
    "Credential",
    "Credentials",
    "Cursors",
    "Fingerprints",
    "Gaps",
    "Intercom",
    "IntercomReader",
    "Runs",
]
