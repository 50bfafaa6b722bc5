"""Charts as numbers for SVG: the templates draw them, no script does."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from review.types import AuditEstimate, Choice, OperatorDay


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar."""

    label: str
    value: int
    share: float
    """Of the longest bar, 0–1."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a stack."""

    name: str
    """Names its colour, pattern and words."""
    value: int
    left: float
    width: float
    """Shares of the whole, 0–1."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A whole and its parts."""

    total: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Interval:
    """A rate with its confidence interval on an axis."""

    low: float
    high: float
    rate: float | None
    """Rates, 0–1."""
    axis: float
    """The rate at the axis' right end."""

    def at(self, rate: float) -> float:
        """Where a rate stands on the axis, 0–1."""
        return min(1.0, rate / self.axis)


def stack(parts: Iterable[tuple[str, int]]) -> Stack:
    """Parts side by side, in their order; those of 0 are kept for the legend."""
    values = [(name, max(0, value)) for name, value in parts]
    total = sum(value for _, value in values)
    done, placed = 0, []
    for name, value in values:
        placed.append(Part(name, value, done / total if total else 0.0, value / total if total else 0.0))
        done += value
    return Stack(total, tuple(placed))


def bars(values: Iterable[tuple[str, int]]) -> tuple[Bar, ...]:
    """Bars as long as their values, against the longest."""
    kept = tuple(values)
    most = max((value for _, value in kept), default=0)
    return tuple(Bar(label, value, value / most if most else 0.0) for label, value in kept)


def reason_bars(reasons: Sequence[Choice]) -> tuple[Bar, ...]:
    """Waiting fields by reason, most first."""
    return bars((c.value, c.waiting) for c in sorted(reasons, key=lambda c: -c.waiting))


def day_bars(days: Iterable[OperatorDay]) -> tuple[Bar, ...]:
    """Decided fields a day, all operators together."""
    sums: dict[date, int] = defaultdict(int)
    for day in days:
        sums[day.day] += day.decided
    return bars((f"{day.month}-{day.day}", sums[day]) for day in sorted(sums))


def audit_interval(estimate: AuditEstimate) -> Interval:
    """The silent-error estimate on an axis that ends at a round rate above the interval."""
    return Interval(estimate.low, estimate.high, estimate.rate, round_above(estimate.high))


def round_above(rate: float) -> float:
    """The next of 1, 2 and 5 · 10ⁿ at or above a rate, at most 1: 0.013 → 0.02."""
    if rate <= 0:
        return 0.01
    power = 10.0 ** math.floor(math.log10(rate))
    return min(1.0, next(step * power for step in (1, 2, 5, 10) if step * power >= rate * (1 - 1e-9)))
