"""The company scroll: one lease per workspace that dies when it is left alone (FACTS §8)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from deploy.simulator.responses import ApiError, not_found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.simulator.switches import Switches


@dataclass
class _Lease:
    param: str
    ids: Iterator[str]
    used_at: float
    page: int = 0
    ended: bool = False


class CompanyScroll:
    """At most one open scroll, as long as the switch says that scrolls exclude each other.

    The ids are read while the scroll goes on, so companies that are added meanwhile appear at its end.
    """

    def __init__(self) -> None:
        self._leases: dict[str, _Lease] = {}
        self._opened = 0
        self._failed = False

    def page(
        self, param: str | None, now: float, ids: Iterator[str], switches: Switches
    ) -> tuple[list[str], str]:
        """The ids of the next page and the parameter for the one after it; an empty page is the end.

        Raises:
            ApiError: 400 `scroll_exists` when another scroll is open; 404 when this one has ended, expired or
                never existed; 500 where the switch says so, after which the scroll is gone.
        """
        self._expire(now, switches.scroll_idle_seconds)
        self._failed = self._failed and switches.scroll_error_at_page > 0
        lease = self._open(now, ids, switches) if param is None else self._leases.get(param)
        if lease is None or lease.ended:
            raise not_found("scroll parameter")
        lease.used_at = now
        lease.page += 1
        if lease.page == switches.scroll_error_at_page and not self._failed:
            self._failed = True
            del self._leases[lease.param]
            raise ApiError(500, "server_error", "Internal server error")
        found = list(islice(lease.ids, switches.scroll_page_size))
        if not found:
            lease.ended = True
            del self._leases[lease.param]
        return found, lease.param

    def _open(self, now: float, ids: Iterator[str], switches: Switches) -> _Lease:
        if switches.foreign_scroll or (switches.scroll_exclusive and self._leases):
            raise ApiError(400, "scroll_exists", "scroll already exists for this workspace")
        self._opened += 1
        lease = _Lease(f"5c0011-{self._opened:08x}-{int(now):x}", ids, now)
        self._leases[lease.param] = lease
        return lease

    def _expire(self, now: float, idle_seconds: float) -> None:
        for param, lease in tuple(self._leases.items()):
            if now - lease.used_at > idle_seconds:
                del self._leases[param]
