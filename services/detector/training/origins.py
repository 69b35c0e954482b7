"""What an origin costs that was never seen: figures of trainings without each source, and of one with all.

`left_out` makes them and keeps each as soon as it is there; `table` prints them. They hold for one state of
what is learned from, which the file names by its fingerprint.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


@dataclass(slots=True)
class Origins:
    """macro-F1 by source, of models that learned from what `learned_from` is the fingerprint of."""

    learned_from: str
    unseen: dict[str, float] = field(default_factory=dict)
    """Each by a model of its own, which saw all sources but this."""
    seen: dict[str, float] = field(default_factory=dict)
    """All by one model that saw them all; empty until it is trained."""


def fingerprint(learned: Iterable[object]) -> str:
    """The same for the same rows in the same order, on every machine."""
    digest = hashlib.sha256()
    for one in learned:
        digest.update(f"{one!r}\n".encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def read_origins(path: Path, learned_from: str = "") -> Origins:
    """The figures in a file; none without a file, or with one that was made from other rows than those named.

    Without a fingerprint, whatever the file holds.
    """
    if not path.exists():
        return Origins(learned_from)
    kept = Origins(**json.loads(path.read_text(encoding="utf-8")))
    return kept if learned_from in {"", kept.learned_from} else Origins(learned_from)


def write_origins(path: Path, origins: Origins) -> None:
    """Put the figures into a file, in place of what it held."""
    written = {
        "learned_from": origins.learned_from,
        "unseen": origins.unseen,
        "seen": origins.seen,
    }
    path.write_text(json.dumps(written, indent=1), encoding="utf-8")


def origins_table(origins: Origins, vader: Mapping[str, float]) -> Iterator[str]:
    """The README's table of left-out sources, one line a source."""
    columns = ("left out", "macro-F1, never seen", "the same training with it", "VADER")
    yield f"| {' | '.join(columns)} |"
    yield "|" + " --- |" * len(columns)
    for source, unseen in sorted(origins.unseen.items()):
        beside = f"{vader[source]:.3f}" if source in vader else ""
        yield f"| {source} | **{unseen:.3f}** | {origins.seen[source]:.3f} | {beside} |"
