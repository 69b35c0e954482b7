"""What was asked of the simulator: calls, answers, concurrency, attempts to write, requests off contract."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

MOST_VIOLATIONS = 1_000
"""The newest are kept; the count goes on."""

MOST_FAULTS, LONGEST_FAULT = 10, 300
"""Of one request: so many sentences, each so many characters long."""


@dataclass
class CallStatistics:
    """Counters since the start or the last reset."""

    calls: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    most_in_flight: int = 0
    violation_count: int = 0
    violations: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=MOST_VIOLATIONS))
    contract_fault_count: int = 0
    contract_faults: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=MOST_VIOLATIONS))
    calls_by_window: Counter[int] = field(default_factory=Counter)

    def began(self, endpoint: str, now: float) -> None:
        self.calls[endpoint] += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        window = int(now // 10) * 10
        self.calls_by_window[window] += 1
        if len(self.calls_by_window) > MOST_VIOLATIONS:
            del self.calls_by_window[min(self.calls_by_window)]

    def ended(self, status: int, code: str | None) -> None:
        self.in_flight -= 1
        self.statuses[str(status)] += 1
        if code is not None:
            self.codes[code] += 1

    def violated(self, method: str, path: str, now: float) -> None:
        """A call that would have changed the workspace: it is refused, and kept here."""
        self.violation_count += 1
        self.violations.append({"method": method, "path": path[:500], "at": now})

    def broke_contract(self, operation: str, faults: list[str], now: float) -> None:
        """A request that the vendor's description does not allow, whatever it was answered."""
        self.contract_fault_count += 1
        kept = [fault[:LONGEST_FAULT] for fault in faults[:MOST_FAULTS]]
        self.contract_faults.append({"operation": operation, "faults": kept, "at": now})

    def as_json(self) -> dict[str, Any]:
        return {
            "calls": dict(self.calls),
            "calls_total": self.calls.total(),
            "statuses": dict(self.statuses),
            "errors": dict(self.codes),
            "too_many": self.statuses["429"],
            "in_flight": self.in_flight,
            "in_flight_max": self.most_in_flight,
            "violations": list(self.violations),
            "violation_count": self.violation_count,
            "contract_faults": list(self.contract_faults),
            "contract_fault_count": self.contract_fault_count,
            "calls_by_window": {str(window): count for window, count in sorted(self.calls_by_window.items())},
        }
