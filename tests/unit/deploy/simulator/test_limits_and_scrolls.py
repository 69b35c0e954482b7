"""Rate-limit windows and the lease of a company scroll."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deploy.simulator.limits import RateLimiter
from deploy.simulator.responses import ApiError
from deploy.simulator.scrolls import CompanyScroll
from deploy.simulator.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_a_window_is_ten_seconds_and_starts_full() -> None:
    """The third of two allowed calls is refused; the next window takes it."""
    limiter = RateLimiter()
    first = limiter.take(100.0, {"app": 2})
    assert (first.remaining, first.reset, first.allowed) == (1, 110, True)
    assert limiter.take(105.0, {"app": 2}).remaining == 0
    refused = limiter.take(109.9, {"app": 2})
    assert (refused.allowed, refused.remaining) == (False, 0)
    assert limiter.take(110.0, {"app": 2}).allowed


def test_apps_share_the_limit_of_their_workspace() -> None:
    """Two apps within their own limits can still exhaust the workspace."""
    limiter = RateLimiter()
    assert limiter.take(0, {"app:a": 10, "workspace": 2}).limit == 2
    assert limiter.take(0, {"app:b": 10, "workspace": 2}).allowed
    assert not limiter.take(0, {"app:b": 10, "workspace": 2}).allowed
    assert limiter.take(0, {"app:b": 10}).remaining == 7


def companies() -> Iterator[str]:
    return iter([str(number) for number in range(5)])


SWITCHES = Switches().changed(scroll_page_size=2)


def test_a_scroll_gives_everything_once_and_an_empty_page_at_the_end() -> None:
    """After the end the parameter is gone and a new scroll can begin."""
    scroll = CompanyScroll()
    page, param = scroll.page(None, 0, companies(), SWITCHES)
    seen = list(page)
    while page:
        page, param = scroll.page(param, 1, companies(), SWITCHES)
        seen += page
    assert seen == ["0", "1", "2", "3", "4"]
    with pytest.raises(ApiError) as caught:
        scroll.page(param, 2, companies(), SWITCHES)
    assert caught.value.status == 404
    assert scroll.page(None, 2, companies(), SWITCHES)[0] == ["0", "1"]


def test_a_second_scroll_is_refused_until_the_first_has_expired() -> None:
    """The lease dies after a minute of idleness, and not before."""
    scroll = CompanyScroll()
    _, param = scroll.page(None, 0, companies(), SWITCHES)
    with pytest.raises(ApiError) as caught:
        scroll.page(None, 60, companies(), SWITCHES)
    assert (caught.value.status, caught.value.code) == (400, "scroll_exists")
    scroll.page(None, 60.1, companies(), SWITCHES)
    with pytest.raises(ApiError) as expired:
        scroll.page(param, 60.2, companies(), SWITCHES)
    assert expired.value.status == 404


def test_a_foreign_scroll_blocks_ours() -> None:
    """Another vendor's app may hold the scroll."""
    with pytest.raises(ApiError) as caught:
        CompanyScroll().page(None, 0, companies(), SWITCHES.changed(foreign_scroll=True))
    assert caught.value.code == "scroll_exists"


def test_a_scroll_can_die_with_a_500_once() -> None:
    """A 500 ends the scroll; a new one from the top gets through."""
    scroll = CompanyScroll()
    switches = SWITCHES.changed(scroll_error_at_page=2)
    _, param = scroll.page(None, 0, companies(), switches)
    with pytest.raises(ApiError) as caught:
        scroll.page(param, 1, companies(), switches)
    assert caught.value.status == 500
    page, param = scroll.page(None, 2, companies(), switches)
    assert page == ["0", "1"]
    assert scroll.page(param, 3, companies(), switches)[0] == ["2", "3"]
