"""Who is leaving or may leave: outright notice and implied risk, kept apart.

Explicit: ends the paid relationship, or asks how to end it. Implied: considers alternatives, doubts the
value, cannot or will not pay, stopped using it, has lost patience. Cancelling a meeting, an order or a
newsletter is neither, and neither is what the writer's own customers cancel.
"""

from __future__ import annotations

from services.detector.domain.agent_replies import doubts, offers, replies
from services.detector.domain.cues.departing import DEPARTING
from services.detector.domain.cues.doubting import DOUBTING
from services.detector.domain.cues.drawing_back import DRAWING_BACK
from services.detector.domain.cues.ending import ENDING, LEAVING_GROUPS
from services.detector.domain.cues.hesitating import HESITATING
from services.detector.domain.cues.leaving import LEAVING
from services.detector.domain.cues.losing_faith import LOSING_FAITH
from services.detector.domain.cues.not_leaving import NOT_LEAVING
from services.detector.domain.detector import Parameters
from services.detector.domain.finding import Kind
from services.detector.domain.lexical import LexicalDetector, Voice
from services.detector.domain.rules import Calibration, RuleBook
from services.detector.domain.vocabulary import GROUPS

NAME = "churn_risk"
VERSION = "11"

_GROUPS = {**GROUPS, **LEAVING_GROUPS}
_EXPLICIT = (*ENDING, *LEAVING, *DEPARTING, *NOT_LEAVING)
_IMPLIED = (*LOSING_FAITH, *DRAWING_BACK, *DOUBTING, *HESITATING, *NOT_LEAVING)


def create(parameters: Parameters | None = None) -> LexicalDetector:
    """The churn risk detector; README.md says how the calibration was found."""
    return LexicalDetector(
        name=NAME,
        version=VERSION,
        kind=Kind.CHURN_RISK,
        voices=(
            Voice(
                RuleBook(_EXPLICIT, _GROUPS),
                Calibration(slope=1.554, offset=-2.917),
                explicit=True,
                replies=replies(Kind.CHURN_RISK),
                offers=offers(Kind.CHURN_RISK),
            ),
            Voice(
                RuleBook(_IMPLIED, _GROUPS),
                Calibration(slope=0.885, offset=-1.481),
                explicit=False,
                replies=doubts(),
            ),
        ),
        parameters=parameters or Parameters(threshold=0.6),
    )
