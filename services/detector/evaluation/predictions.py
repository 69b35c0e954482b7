"""Where predictions are kept: a file beside the labelled one, never in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.evaluation.errors import EvaluationError

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path
    from typing import TextIO


def open_predictions(stack: ExitStack, target: Path, labelled: Path) -> TextIO:
    """Open `target` for as long as `stack` lasts, what was there being replaced.

    Raises EvaluationError when it cannot be written, or is the labelled file itself.
    """
    try:
        if target.exists() and labelled.exists() and target.samefile(labelled):
            raise EvaluationError(f"{target} is the labelled file; predictions would take its place")
        # Half of a surrogate pair, which JSON can say, is written as JSON says it.
        return stack.enter_context(target.open("w", encoding="utf-8", errors="backslashreplace", newline=""))
    except OSError as error:
        raise EvaluationError(f"{target} cannot be written: {error.strerror or error}") from error
