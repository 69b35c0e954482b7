"""`python -m services.detector.evaluation.clustering FILE`: do the same wishes end in the same request.

FILE is CSV with `text` and `theme`; wishes of one theme belong together. Each text is heard as one message,
its first wish is assigned as in the product, one after the other, in the file's order and in shuffled ones.
Counted are pairs of wishes: precision tells how many joined pairs belong together, recall how many that
belong together were joined.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import sys
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.detector.detectors.feature_request import create
from services.detector.domain.conversation import AuthorType, Context, Conversation, Message
from services.detector.domain.wishes import MAX_WORDINGS, Request, closest, wish_tokens, wish_words
from services.detector.evaluation.errors import EvaluationError
from services.detector.evaluation.scoring import ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""A lone text has no time; clustering must not depend on one."""
_ORDERS = 10
"""Wishes arrive in any order; so many are tried."""


@dataclass(frozen=True, slots=True)
class HeardWish:
    """A wish that was detected: the theme it belongs to, its title, and the words it is compared by."""

    theme: str
    title: str
    tokens: tuple[str, ...]


def heard_wishes(rows: Sequence[tuple[str, str]]) -> tuple[HeardWish, ...]:
    """The wishes among (text, theme) rows that the detector hears; the others cannot be clustered."""
    detector = create()
    heard: list[HeardWish] = []
    for text, theme in rows:
        message = Message("text", AuthorType.CUSTOMER, _NOON, text)
        conversation = Conversation("evaluation", "evaluation", "evaluation", (message,))
        found = detector.detect(conversation, Context(now=_NOON))
        if found:
            heard.append(HeardWish(theme, found[0].subject, wish_tokens(wish_words(found[0]))))
    return tuple(heard)


def clustered(wishes: Sequence[HeardWish]) -> tuple[str, ...]:
    """The request that each wish ends in when they arrive one after the other."""
    requests: dict[str, Request] = {}
    ended: list[str] = []
    for wish in wishes:
        known = closest(wish.tokens, requests.values())
        if known is None:
            name = f"r{len(requests)}"
            known = Request(name, wish.title, "new", (wish.tokens,), _NOON, _NOON)
        elif wish.tokens not in known.wordings and len(known.wordings) < MAX_WORDINGS:
            known = replace(known, wordings=(*known.wordings, wish.tokens))
        requests[known.request_id] = known
        ended.append(known.request_id)
    return tuple(ended)


def pairwise_figures(themes: Sequence[str], ended: Sequence[str]) -> dict[str, float | int]:
    """Precision and recall over all pairs, and how many pairs were joined wrongly or missed."""
    counts = Counter(
        (themes[one] == themes[other], ended[one] == ended[other])
        for one, other in combinations(range(len(themes)), 2)
    )
    hit, wrong, missed = counts[True, True], counts[False, True], counts[True, False]
    return {
        "precision": ratio(hit, hit + wrong),
        "recall": ratio(hit, hit + missed),
        "wrong": wrong,
        "missed": missed,
    }


def evaluate_clustering(rows: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Figures in the order given, the worst of shuffled orders, and how many wishes were heard at all."""
    wishes = heard_wishes(rows)
    ended = clustered(wishes)
    report = pairwise_figures([wish.theme for wish in wishes], ended)
    shuffled: list[dict[str, float | int]] = []
    for seed in range(_ORDERS):
        mixed = list(wishes)
        random.Random(seed).shuffle(mixed)  # noqa: S311 - an order, not a secret
        shuffled.append(pairwise_figures([wish.theme for wish in mixed], clustered(mixed)))
    return {
        "wishes": len(rows),
        "heard": len(wishes),
        "requests": len(set(ended)),
        **report,
        "worst_order": {
            name: min(one[name] for one in shuffled) if shuffled else 0.0 for name in ("precision", "recall")
        },
    }


def read_themes(path: Path) -> tuple[tuple[str, str], ...]:
    """(text, theme) rows of a CSV file. Raises EvaluationError when it cannot be read or lacks a column."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return tuple((row["text"], row["theme"]) for row in csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EvaluationError(f"{path} cannot be read: {error}") from error
    except KeyError as error:
        raise EvaluationError(f"{path} has no column {error.args[0]}") from error


def main(arguments: list[str] | None = None) -> int:
    """Print the figures as one JSON object; 0 when scored, 2 when the file cannot be."""
    parser = argparse.ArgumentParser(prog="python -m services.detector.evaluation.clustering")
    parser.add_argument("file", type=Path, help="CSV with text and theme")
    try:
        report = evaluate_clustering(read_themes(parser.parse_args(arguments).file))
    except EvaluationError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(json.dumps(report) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
