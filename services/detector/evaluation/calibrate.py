"""`python -m services.detector.evaluation.calibrate FOLDER`: find the text detectors' constants again.

FOLDER holds the labelled sets (README.md names them). Only training splits are read, only sets whose
licence allows shipping what was learned from them, and the authored messages beside this module. The
constants are printed as code; a person puts them into the detectors and raises their versions.
"""

from __future__ import annotations

import argparse
import random
import sys
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from services.detector.detectors import discover
from services.detector.detectors.sentiment import support_lexicon
from services.detector.domain.finding import Kind
from services.detector.domain.lexical import LexicalDetector
from services.detector.domain.rules import Calibration
from services.detector.domain.text.mood import MoodReader
from services.detector.domain.text.sentences import split_clauses
from services.detector.evaluation.fitting import fit_platt, fit_softmax
from services.detector.evaluation.labelled_files import read_labelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from services.detector.domain.lexical import Voice

_SEED = 1
_ROWS_PER_SET = 2_500
"""Enough to find a few constants, and no set outweighs the others by its size alone."""
_POLARITIES = ("negative", "neutral", "positive")


@dataclass(frozen=True, slots=True)
class Source:
    """A labelled set by file name, and how much each of its rows counts."""

    name: str
    weight: float


_SENTIMENT_SOURCES = (
    Source("sentiment_dynasent", 1.0),
    Source("sentiment_stackoverflow", 1.5),
    Source("sentiment_vader_amazon", 1.0),
    Source("sentiment_vader_tweets", 1.0),
    Source("sentiment_uci_sentences", 0.5),
    Source("sentiment_goemotions", 1.0),
)
_LIFECYCLE_SOURCES = ("lifecycle_bitext", "lifecycle_banking77", "lifecycle_multidogo")
_LIFECYCLE_AUTHORED = ("onboarding", "renewal", "upsell", "expansion", "churn_risk")
_LIFECYCLE_ROWS = 2_500
"""Mostly messages that are none of the kinds, as in a real inbox, so that confidence is not won by rarity."""
_WISH_SHARE = 5
"""Every fifth of those messages serves as "not a wish": nobody wishes for features at a bank's counter."""
_PRIOR = Calibration(slope=1.0, offset=-2.2)
"""What a score means before anything is counted: a lone cue of 3 points is right two times in three."""
_PRIOR_SCORES = tuple(range(-3, 8))
_PRIOR_MESSAGES = 6
"""Imagined messages per score that follow the prior: the rules were written with the training messages in
view, so on those alone they would look surer than they are on text they have never seen."""
_AUTHORED_WEIGHT = 6.0
_AUTHORED_NEUTRAL_WEIGHT = 4.0
_AUTHORED_NEUTRAL_ROWS = 150


def authored_folder() -> Path:
    """Where the authored messages lie."""
    return Path(str(resources.files("services.detector.evaluation").joinpath("seed")))


def _training(path: Path, limit: int) -> list[tuple[str, frozenset[str]]]:
    rows = [(row.text, row.labels) for row in read_labelled(path) if row.split == "train"]
    random.Random(_SEED).shuffle(rows)  # noqa: S311 - a sample, not a secret
    return rows[:limit]


def _scores(
    voice: Voice, kind: Kind, rows: Iterable[tuple[str, frozenset[str]]]
) -> Iterator[tuple[float, bool]]:
    for text, labels in rows:
        scored = voice.book.score_message(split_clauses(text))
        if scored:
            yield max(one.score for one in scored), str(kind) in labels


def _imagined() -> Iterator[tuple[float, bool]]:
    for score in _PRIOR_SCORES:
        right = round(_PRIOR_MESSAGES * _PRIOR.confidence(score))
        yield from ((float(score), at < right) for at in range(_PRIOR_MESSAGES))


def lexical_constants(folder: Path) -> Iterator[str]:
    """One line per voice of every lexical detector: slope and offset."""
    authored = authored_folder()
    own = {path.stem: _training(path, _ROWS_PER_SET) for path in sorted(authored.glob("*.csv"))}
    lifecycle = [row for name in _LIFECYCLE_AUTHORED for row in own[name]]
    others = [
        row for name in _LIFECYCLE_SOURCES for row in _training(folder / f"{name}.csv", _LIFECYCLE_ROWS)
    ]
    for detector in discover().conversation:
        if not isinstance(detector, LexicalDetector):
            continue
        wishes = detector.kind is Kind.FEATURE_REQUEST
        rows = (
            [*own["feature_request"], *lifecycle, *others[::_WISH_SHARE]] if wishes else [*lifecycle, *others]
        )
        for voice in detector.voices:
            pairs = list(_scores(voice, detector.kind, rows))
            tempered = [*pairs, *_imagined()]
            slope, offset = fit_platt([score for score, _ in tempered], [right for _, right in tempered])
            yield (
                f"{detector.name} explicit={voice.explicit}: "
                f"Calibration(slope={slope:.3f}, offset={offset:.3f})"
                f"  # {len(pairs)} messages with a cue, {sum(right for _, right in pairs)} right"
            )


def sentiment_constants(folder: Path) -> Iterator[str]:
    """One line per polarity: the softmax weights in the order of FEATURE_NAMES."""
    reader = MoodReader.with_lexicon(support_lexicon())
    rows: list[tuple[float, ...]] = []
    labels: list[int] = []
    weights: list[float] = []

    def take(texts: Iterable[tuple[str, str]], weight: float) -> None:
        for text, label in texts:
            rows.append(reader.features(text, split_clauses(text)))
            labels.append(_POLARITIES.index(label))
            weights.append(weight)

    for source in _SENTIMENT_SOURCES:
        training = _training(folder / f"{source.name}.csv", _ROWS_PER_SET)
        take(((text, next(iter(label))) for text, label in training), source.weight)
    authored = authored_folder()
    own = _training(authored / "sentiment.csv", _ROWS_PER_SET)
    take(((text, next(iter(label))) for text, label in own), _AUTHORED_WEIGHT)
    plain = [
        (text, "neutral")
        for name in ("expansion", "onboarding", "renewal", "upsell")
        for text, _ in _training(authored / f"{name}.csv", _ROWS_PER_SET)
    ]
    random.Random(_SEED).shuffle(plain)  # noqa: S311 - a sample, not a secret
    take(plain[:_AUTHORED_NEUTRAL_ROWS], _AUTHORED_NEUTRAL_WEIGHT)
    fitted = fit_softmax(rows, labels, weights, classes=len(_POLARITIES), epochs=30)
    for polarity, row in zip(_POLARITIES, fitted, strict=True):
        yield f"Polarity.{polarity.upper()}: ({', '.join(f'{value:.3f}' for value in row)}),"


def main() -> int:
    """Print all constants; takes about half a minute."""
    parser = argparse.ArgumentParser(prog="python -m services.detector.evaluation.calibrate")
    parser.add_argument("folder", type=Path, help="folder with the labelled sets")
    folder = parser.parse_args().folder
    for line in (*lexical_constants(folder), *sentiment_constants(folder)):
        sys.stdout.write(line + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
