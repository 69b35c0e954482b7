"""The error tree of local mode. Every message says what to do, because a newcomer reads it first.

EarshotError
└── LocalModeError        something on this machine keeps local mode from running
    ├── PortTaken         another program listens where a part of Earshot should
    ├── AlreadyRunning    a runner holds this data folder
    ├── JarRefused        a downloaded file is not the one that the lock names
    ├── DownloadFailed    a file could not be fetched
    ├── EngineFailed      Kafka or the document server did not start
    └── TopicMismatch     a topic exists with other partitions than the contract says
"""

from __future__ import annotations

from shared.errors import EarshotError


class LocalModeError(EarshotError):
    """Something on this machine keeps local mode from running; the message says what to do."""


class PortTaken(LocalModeError):
    """Another program listens on a port that a part of Earshot needs."""


class AlreadyRunning(LocalModeError):
    """A runner that is alive holds this data folder."""


class JarRefused(LocalModeError):
    """A file's size or SHA-256 sum is not what the lock names."""


class DownloadFailed(LocalModeError):
    """A file named by the lock could not be fetched."""


class EngineFailed(LocalModeError):
    """Kafka or the document server did not start; the message names its log."""


class TopicMismatch(LocalModeError):
    """A topic exists with another number of partitions than the contracts say."""
