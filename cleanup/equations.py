"""Identities on cells (勾稽等式): which amounts of this document must add up, as linear equations.

An equation says: the total equals the signed sum of its terms. Everything is Decimal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple


class Place(NamedTuple):
    """One cell of the document."""

    block: int
    """Index of the table in ``Document.blocks``."""
    row: int
    col: int


@dataclass(frozen=True, slots=True)
class Equation:
    """``total = Σ sign · term``."""

    name: str
    """The identity's name, as in the data."""
    family: tuple[object, ...]
    """Equations that one rule gives in one table (and column): they are believed or doubted together."""
    total: Place
    terms: tuple[tuple[Place, int], ...]
    """The summands with their signs."""
    open_ended: bool = False
    """Whether a row that was lost in reading would belong to it: a difference may mean a missing row."""

    def places(self) -> tuple[Place, ...]:
        """All cells that take part, the total first."""
        return (self.total, *(place for place, _ in self.terms))

    def coefficient(self, place: Place) -> int:
        """How the residual changes with this cell: its sign, -1 for the total, 0 for a cell that takes no part."""
        if place == self.total:
            return -1
        return next((sign for other, sign in self.terms if other == place), 0)

    def residual(self, values: Mapping[Place, Decimal]) -> Decimal:
        """Sum of the terms minus the total: zero where the equation holds."""
        return sum((sign * values[place] for place, sign in self.terms), -values[self.total])

    def solved(self, place: Place, values: Mapping[Place, Decimal]) -> Decimal:
        """The value of ``place`` with which the equation holds, all others as they are."""
        residual = self.residual(values)
        if place == self.total:
            return values[place] + residual
        sign = next(sign for other, sign in self.terms if other == place)
        return values[place] - sign * residual


def rounding(equation: Equation, unit: Decimal) -> Decimal:
    """The most that rounding each figure to ``unit`` can make the two sides differ (尾数误差).

    Half a unit for each of the n + 1 figures is the bound; differences near it do not occur in practice, so two
    and a half times the standard deviation (unit·sqrt((n + 1)/12)) is taken, at least one unit.
    """
    count = len(equation.terms) + 1
    spread = Decimal("2.5") * unit * (Decimal(count) / 12).sqrt()
    steps = int(spread / unit)
    return unit * max(1, min(steps, count // 2))
