"""Options of `earshot simulate` become the simulator's settings."""

from __future__ import annotations

import pytest

from deploy.cli.commands.simulate import calls_per_window, simulation_settings
from shared.errors import ConfigurationError


def test_options_become_settings() -> None:
    """Size, latency and limits arrive; no conversations means the demo."""
    made = simulation_settings(conversations=9, parts=3, switches={"latency_median_ms": 80.0, "app_limit": 5})
    assert (made.workspace, made.conversations, made.parts) == ("generated", 9, 3)
    assert (made.switches.latency_median_ms, made.switches.app_limit) == (80, 5)
    assert simulation_settings(conversations=0, switches={}).workspace == "demo"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"conversations": 1, "switches": {"latency_median_ms": -1}}, "latency_median_ms"),
        ({"conversations": -1, "switches": {}}, "conversations"),
        ({"conversations": 1, "switches": {}, "pace": "warp"}, "pace"),
        ({"conversations": 1, "switches": {"app_limit": 0}}, "app_limit"),
    ],
)
def test_a_bad_option_is_named(options: dict[str, object], named: str) -> None:
    """In a sentence, without a trace."""
    with pytest.raises(ConfigurationError, match=named):
        simulation_settings(**options)  # type: ignore[arg-type] # the wrong types are the point


@pytest.mark.parametrize(("per_minute", "window"), [(10_000, 1_667), (1_000, 167), (60, 10)])
def test_limits_are_spread_over_windows(per_minute: int, window: int) -> None:
    """Rounded up, as the vendor's own numbers are (FACTS §4)."""
    assert calls_per_window(per_minute) == window
