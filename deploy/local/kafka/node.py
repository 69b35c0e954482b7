"""From settings to a Kafka node that only needs to be run: fetched, taught its quick start, formatted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.local.kafka.broker import KafkaNode
from deploy.local.kafka.jars import install, planned_installation
from deploy.local.kafka.lockfile import read_lock
from deploy.local.kafka.start_cache import ensure_start_cache

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.local.kafka.configuration import BrokerAddress
    from deploy.local.progress import Reporter


def planned_node(*, folder: Path, log_file: Path, address: BrokerAddress, cache_dir: Path) -> KafkaNode:
    """Return a node without touching the disk; `prepare_node` makes it one that can run."""
    installation = planned_installation(read_lock(), cache_dir)
    return KafkaNode(installation=installation, folder=folder, log_file=log_file, address=address)


def prepare_node(node: KafkaNode, cache_dir: Path, reporter: Reporter) -> None:
    """Do what is missing before `node.command()` can be run, as often as wanted.

    Takes a minute the first time on a machine (downloads 45 MB), a second the first time in a folder,
    and a millisecond after that. Blocks; run it in a thread where an event loop must go on.

    Raises `DownloadFailed`, `JarRefused` or `EngineFailed`.
    """
    installation = install(node.installation.lock, cache_dir, reporter)
    ensure_start_cache(installation, reporter)
    node.prepare()
