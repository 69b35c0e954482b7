"""How many calls to have in flight: more while answers come well, half as many when the source strains."""

from __future__ import annotations


class Concurrency:
    """Additive increase, multiplicative decrease, between one and `most`."""

    def __init__(self, *, most: int, start: int = 8) -> None:
        self._most = most
        self._allowed = float(min(start, most))

    @property
    def allowed(self) -> int:
        """Calls that may be in flight at once."""
        return int(self._allowed)

    def succeeded(self) -> None:
        """Note a good answer: a full round of them allows two calls more."""
        self._allowed = min(self._allowed + 2 / self._allowed, float(self._most))

    def strained(self) -> None:
        """Note a timeout, a 5xx or a 429."""
        self._allowed = max(self._allowed / 2, 1.0)


class PageSize:
    """Rows per page: halved when the source breaks on a page, doubled again when pages come (FACTS §5)."""

    LARGEST = 150
    """Intercom's own maximum for searches; more is a 400."""

    _PAGES_TO_RECOVER = 3
    _MOST_DOUBLINGS = 5
    """Each break doubles the good pages asked for before the next try, up to 96: one call in a hundred."""

    def __init__(self, size: int = LARGEST, good_pages: int = 0, breaks: int = 0) -> None:
        self.size = max(1, min(size, self.LARGEST))
        self.good_pages = good_pages
        self.breaks = breaks

    def broke(self) -> None:
        self.size = max(self.size // 2, 1)
        self.good_pages = 0
        self.breaks += 1

    def came(self) -> None:
        self.good_pages += 1
        wanted = self._PAGES_TO_RECOVER * 2 ** min(max(self.breaks - 1, 0), self._MOST_DOUBLINGS)
        if self.good_pages >= wanted and self.size < self.LARGEST:
            self.size = min(self.size * 2, self.LARGEST)
            self.good_pages = 0
