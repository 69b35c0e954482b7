"""How much to request at once: calls in flight, and rows on a page; less when the source strains."""

from __future__ import annotations


class Concurrency:
    """Additive increase while calls stay quick, gentle decrease when they queue, halving when they fail.

    More calls in flight than the source (or our own processor) can work on only wait for each other: they
    make nothing faster and hints slower. So growth ends where a call takes twice as long as the quickest.
    """

    _SMOOTHING = 0.1
    """Weight of the newest call in the present duration: about twenty calls are remembered."""

    _FORGETTING = 1.001
    """How fast the quickest duration is forgotten per call, so that a slower source is learned anew."""

    _TOLERATED_SECONDS = 0.05
    """Delay that is nobody's queue: the jitter of a network."""

    _LEAST_QUEUED = 6
    """Calls in flight that queueing alone never reduces further."""

    def __init__(self, *, most: int, start: int = 8) -> None:
        self._most = most
        self._allowed = float(min(start, most))
        self._quickest: float | None = None
        self._present = 0.0

    @property
    def allowed(self) -> int:
        """Calls that may be in flight at once."""
        return int(self._allowed)

    def succeeded(self, seconds: float) -> None:
        """Note a good answer and how long it took: a full round of quick ones allows two calls more."""
        if self._quickest is None:
            self._quickest = self._present = seconds
        self._quickest = min(self._quickest * self._FORGETTING, seconds)
        self._present += (seconds - self._present) * self._SMOOTHING
        if self._present <= max(2 * self._quickest, self._quickest + self._TOLERATED_SECONDS):
            self._allowed = min(self._allowed + 2 / self._allowed, float(self._most))
        elif self._allowed > self._LEAST_QUEUED:
            self._allowed -= 1 / self._allowed

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
