"""Decides which records of a batch to try together next, so that a failing one is found with few calls.

A stretch that fails is halved until a culprit stands alone. After that, a stretch one longer than what
preceded the culprit is tried, and twice as many records after each success. One culprit among a thousand
costs some twenty calls; a thousand in a row cost one each.
"""

from __future__ import annotations


class CulpritSearch:
    """Goes through a batch once, in order: ask for a stretch, try it, report the result, and so on."""

    def __init__(self, records: int) -> None:
        self._records = records
        self._start = self._end = 0
        self._size = records
        self._searched_from = 0
        """Where this search began: behind the culprit before."""
        self._failing_until = 0
        """Up to where the records from the start on failed together, and need not be tried together again."""

    @property
    def is_over(self) -> bool:
        return self._start >= self._records

    def stretch(self) -> slice:
        """Return the positions of the records to try now."""
        if self._failing_until > self._start:
            self._size = max((self._failing_until - self._start) // 2, 1)
        self._end = min(self._start + self._size, self._records)
        return slice(self._start, self._end)

    def succeeded(self) -> None:
        """Move behind the stretch, and double its length."""
        self._size = 2 * (self._end - self._start)
        self._start = self._end

    def failed(self) -> bool:
        """Return whether the stretch was a single culprit, which is then left behind."""
        if self._end - self._start > 1:
            self._failing_until = self._end
            return False
        self._size = self._end - self._searched_from
        self._start = self._searched_from = self._failing_until = self._end
        return True
