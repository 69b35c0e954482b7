"""Says what the present detectors would mark differently in conversations that earlier ones have read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.detector.domain.analysis import marks_of
from services.detector.domain.identity import to_milliseconds
from services.detector.domain.redetection import Difference, difference_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.detector.ports import Mirror
    from services.detector.use_cases.detect import DetectConversations


class CompareConversations:
    """Runs the detectors beside what is stored, and stores nothing."""

    def __init__(self, *, mirror: Mirror, detection: DetectConversations) -> None:
        self._mirror = mirror
        self._detection = detection

    async def compare(self, organization_id: str, keys: Sequence[str]) -> Difference:
        """Return the difference in these conversations; all of them are held in memory at once.

        Those that were never read are left out: they are about to be read by the present detectors anyway.
        """
        mirrored = await self._mirror.conversations(organization_id, keys)
        read = {
            key: conversation for key, conversation in mirrored.items() if conversation.analysis is not None
        }
        difference = Difference()
        for detected in await self._detection.detect(organization_id, read, {}):
            stored = detected.mirrored.analysis
            at = to_milliseconds(detected.mirrored.record.updated_at)
            difference = difference.joined(
                difference_of(detected.key, at, stored.marks if stored else (), marks_of(detected.findings))
            )
        return difference
