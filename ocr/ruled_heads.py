"""The rows of a head (表头) from its level rules alone, where names do not stand in the middles of their cells.

In a table with level rules a row of the head ends at a rule, and a name reaches up and down to the nearest rules that
run over its middle: a short rule under 项目 parts it from 科目编码, and says nothing of the tall name beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

from document.geometry import Box
from ocr.rows import Segment
from ocr.types import Ruling

__all__ = ["ruled_names", "ruled_rows", "ruled_tiers"]

_APART = 3.0
"""Rules nearer than this are one, points."""
_STACKED = 0.5
"""Lines of one name share this much of the narrower one's width."""
_SIDE = 0.2
"""Names that share less than this of the narrower one's width stand side by side."""


def ruled_tiers(rules: Sequence[Ruling], head: tuple[float, float]) -> tuple[float, ...]:
    """The heights above, between and below the rows that ``rules`` part between the top and bottom of a head."""
    tiers = [head[0]]
    for y in sorted(r.position for r in rules):
        if y - tiers[-1] > _APART and head[1] - y > _APART:
            tiers.append(y)
    return (*tiers, head[1])


def ruled_names(
    parts: Sequence[Segment], tiers: Sequence[float], rules: Sequence[Ruling], pitch: float
) -> list[list[Segment]]:
    """The pieces of a head, those together that stand in one cell, ``pitch`` points apart at most."""
    groups: list[list[Segment]] = []
    for part in sorted(parts, key=lambda s: s.box.center[1]):
        cell = _cell(part.box, tiers, rules)
        home = next(
            (
                g
                for g in groups
                if _shared(g[-1].box, part.box) > _STACKED
                and part.box.center[1] - g[-1].box.center[1] < pitch
                and _cell(g[-1].box, tiers, rules) == cell
            ),
            None,
        )
        if home is None:
            groups.append([part])
        else:
            home.append(part)
    return groups


def ruled_rows(names: Sequence[Box], tiers: Sequence[float], rules: Sequence[Ruling]) -> tuple[range, ...] | None:
    """The rows that each name's cell has; None where two names share a cell, or a row has no name of its own."""
    rows = [_cell(n, tiers, rules) for n in names]
    for i, one in enumerate(names):
        for j in range(i):
            if set(rows[i]) & set(rows[j]) and _shared(one, names[j]) > _SIDE:
                return None
    own = {r.start for r in rows if len(r) == 1}
    return tuple(rows) if len(own) == len(tiers) - 1 and len(tiers) > 2 else None


def _cell(name: Box, tiers: Sequence[float], rules: Sequence[Ruling]) -> range:
    """The rows between the nearest rules above and below a name that run over its middle."""
    x, y = name.center
    over = [r.position for r in rules if r.start <= x <= r.end]
    top = max((e for e in over if e <= y), default=tiers[0])
    bottom = min((e for e in over if e > y), default=tiers[-1])
    first = max(n for n, e in enumerate(tiers[:-1]) if n == 0 or e <= top + _APART)
    last = min(n for n, e in enumerate(tiers) if n == len(tiers) - 1 or (n > first and e >= bottom - _APART))
    return range(first, last)


def _shared(one: Box, other: Box) -> float:
    """The share of the narrower one's width that two boxes have in common."""
    common = min(one.right, other.right) - max(one.left, other.left)
    return common / max(min(one.width, other.width), 0.1)
