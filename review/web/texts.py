"""Small forms of text for the templates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from document.writers.safe import plain

MANY = 120
"""Characters shown of a text in a list."""


def percent(value: float, digits: int = 1) -> str:
    """0.123 → ``12.3%``."""
    return f"{100 * value:.{digits}f}%"


def thousands(value: int) -> str:
    """12345 → ``12,345``."""
    return f"{value:,}"


def money(value: Decimal, decimals: int = 2) -> str:
    """A decimal as tables print it: exact, with separators, at least ``decimals`` digits behind the point."""
    exponent = value.normalize().as_tuple().exponent
    own = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return f"{value:,.{max(decimals, own)}f}"


def short(text: str, length: int = MANY) -> str:
    """A text on one line, cut with an ellipsis."""
    line = plain(text)
    return line if len(line) <= length else f"{line[: length - 1]}…"


def clock(at: datetime | None) -> str:
    """A moment in the server's local time."""
    return "" if at is None else at.astimezone().strftime("%Y-%m-%d %H:%M")


def confidence_class(confidence: float) -> str:
    """How sure the machine was, in three steps for colour and stroke: sure, fair, poor."""
    return "sure" if confidence >= 0.99 else "fair" if confidence >= 0.9 else "poor"


FILTERS: dict[str, Callable[..., Any]] = {
    "percent": percent,
    "thousands": thousands,
    "money": money,
    "short": short,
    "clock": clock,
    "confidence_class": confidence_class,
    "plain": plain,
}
