"""Tables with level rules only: of three (三线表: above the head, below it, at the end), or one below each row.

The head says where the columns are: each name of its last row stands in the middle of its column, and where the
print is less exact, columns part where no text of the body stands between two names. Columns that only the body has
(code and name under one head 项目) show as a gap that several rows keep. A row is what stands at one height: a label
over two lines and the amount halfway between them overlap, neighbouring rows never do.

PyMuPDF's and img2table's finders take every line of text for a row and lose blank columns; so this is our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement, pairwise
from statistics import median

from pydantic import BaseModel, ConfigDict, Field

from document.geometry import Box
from ocr.heads import centred_edges, centred_spans, head_spans
from ocr.rows import Row, Segment
from ocr.rows import merged as joined
from ocr.spans import merged
from ocr.types import Grid, GridCell

__all__ = ["LevelRuleOptions", "level_ruled_grid"]


class LevelRuleOptions(BaseModel):
    """What belongs together in a head and a body without rules. Lengths are type sizes (em) unless said otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pitch: float = Field(
        1.3, ge=1, le=3, description="lines of one cell are no further apart, from middle to middle (em)"
    )
    level: float = Field(0.4, ge=0, le=2, description="names of one row differ less in height (em)")
    overlap: float = Field(0.25, gt=0, le=1, description="share of its height that a line shares with its row (0–1)")
    crossing: float = Field(0.12, ge=0, le=0.5, description="share of rows whose text may cross a column's edge (0–1)")
    full: float = Field(1.6, ge=0, le=10, description="a line that leaves less room in its column goes on (em)")
    both_sides: int = Field(3, ge=2, le=50, description="rows with text on both sides of a gap that parts a column")
    max_head: int = Field(6, ge=1, le=20, description="rules below the first that may still be in the head")
    max_lines: int = Field(12, ge=2, le=40, description="lines of a head at most, to bound the work")


DEFAULT = LevelRuleOptions()

_APART = 3.0
"""Rules nearer than this are one, points."""
_EACH_ROW = 1.0
"""How much nearer to its middle a name must be for each further row that it is to span, points."""
_BODY = re.compile(r"[-+]?[\d,，]*\d[.．]\d{1,2}%?|\d{3,7}")
"""What stands in a body and in no head: amounts and codes; the number of a column (栏次) has fewer digits."""
_NUMBER = re.compile(r"[-+]?[\d,，.．]+%?")


def level_ruled_grid(
    rows: Sequence[Row],
    levels: Sequence[float],
    partial: Sequence[float],
    bottom: float,
    extent: tuple[float, float],
    options: LevelRuleOptions = DEFAULT,
) -> Grid | None:
    """The table below the first of the rules at ``levels``, down to ``bottom``; None where it has no columns.

    ``rows`` are its pieces of text, ``partial`` the heights of rules that run over some columns only (under a name
    that spans them), ``extent`` the ends of the rules; all in points.
    """
    end = _head_end(rows, levels, options)
    if end is None:
        return None
    parts = [s for row in rows for s in row if levels[0] < s.box.center[1] < bottom]
    lower = [s for s in parts if s.box.center[1] >= levels[end]]
    size = _type_size(parts)
    names = _names([s for s in parts if s.box.center[1] < levels[end]], options.pitch * size)
    if len(names) > 60 or len(lower) < 2:
        return None
    body = _body_rows(lower, options)
    cols = _columns(names, body, extent, options)
    if cols is None or not _fills(body, cols):
        return None
    body = _wraps_joined(body, cols, size, options)
    heights = [*((_bottom(a) + _top(b)) / 2 for a, b in pairwise(body)), bottom]
    ruled = [(a, b) for a, b in pairwise([*levels[end:], bottom]) if b - a > 0.8 * size]
    if len(ruled) >= max(2, 0.5 * len(body)):
        body = [tuple(sorted((s for s in lower if a <= s.box.center[1] < b), key=_from_left)) for a, b in ruled]
        heights = [b for _, b in ruled]
    tiers = _all_tiers(names, levels[: end + 1], partial, cols)
    edges = (*tiers, *heights)
    cells = [*_head_cells(names, tiers, cols), *_body_cells(body, edges, len(tiers) - 1, cols)]
    box = Box(cols[0], edges[0], cols[-1], edges[-1])
    return Grid(box, len(edges) - 1, len(cols) - 1, tuple(cells), edges, tuple(cols), ruled=False)


def _is_total(row: Sequence[Segment]) -> bool:
    """Whether a row begins with 合计; a head has it further to the right."""
    return bool(row) and re.fullmatch(r"[合总]\s*计", row[0].text.strip()) is not None


def _head_end(rows: Sequence[Row], levels: Sequence[float], options: LevelRuleOptions) -> int | None:
    """The number of the rule below the head: the first with a code, an amount or a total below it."""
    if len(levels) <= 3:
        return 1
    for number, (top, below) in enumerate(pairwise(levels[: options.max_head + 2])):
        here = sorted((s for row in rows for s in row if top < s.box.center[1] < below), key=_from_left)
        if number and (any(_BODY.fullmatch(s.text.strip()) for s in here) or _is_total(here)):
            return number
    return None


# -- the head --------------------------------------------------------------------------------------------


def _type_size(parts: Sequence[Segment]) -> float:
    """The table's type size, points: the boxes of long texts tell it best, for their widths bound it."""
    sizes = [s.em for s in parts if len(s.text) > 3] or [0.8 * s.em for s in parts]
    return median(sizes) if sizes else 1.0


def _names(parts: Sequence[Segment], pitch: float) -> list[Segment]:
    """The names of a head, each whole where it is printed over several lines, from top to bottom."""
    groups: list[list[Segment]] = []
    for part in sorted(parts, key=lambda s: s.box.top):
        home = next((g for g in groups if _goes_on(g[-1], part, pitch)), None)
        if home is None:
            groups.append([part])
        else:
            home.append(part)
    return sorted((joined(g) for g in groups), key=lambda s: s.box.center[1])


def _goes_on(upper: Segment, lower: Segment, pitch: float) -> bool:
    """Whether a piece is the next line of a name: near below it, and centred as it is."""
    if _NUMBER.fullmatch(lower.text.strip()):  # the number of a column (栏次) is no part of its name
        return False
    (x, y), (below_x, below_y) = upper.box.center, lower.box.center
    return abs(x - below_x) < 0.4 * pitch and 0.3 * pitch < below_y - y < pitch


def _columns(
    names: Sequence[Segment], body: Sequence[Row], extent: tuple[float, float], options: LevelRuleOptions
) -> tuple[float, ...] | None:
    """The column edges: those that centred names give, else those between names that the body leaves free.

    The names of one row of the head may stand over a column each, or those of some rows below each other together.
    """
    levels = _levels(names, options)[: options.max_lines]
    found: list[tuple[float, ...]] = []
    for first, last in combinations_with_replacement(range(len(levels)), 2):
        spans = merged((s.box.left, s.box.right) for level in levels[first : last + 1] for s in level)
        if len(spans) < 2:
            continue
        exact = centred_edges([(a + b) / 2 for a, b in spans], *extent)
        if exact is not None and _are_free(exact[1:-1], body, options):
            found.append(_parted(exact, body, options))
        elif first == last:  # of several rows some names may span others: only exact middles tell
            between = [_clearest(a[1], b[0], body) for a, b in pairwise(spans)]
            edges = (extent[0], *between, extent[1])
            found += [_parted(edges, body, options)] if _are_free(between, body, options) else []
    return max(found, key=len, default=None)


def _levels(names: Sequence[Segment], options: LevelRuleOptions) -> list[list[Segment]]:
    """The names in rows of one height, from top to bottom."""
    levels: list[list[Segment]] = []
    for name in names:
        if levels and name.box.center[1] - levels[-1][-1].box.center[1] < options.level * name.em:
            levels[-1].append(name)
        else:
            levels.append([name])
    return levels


def _are_free(edges: Sequence[float], body: Sequence[Row], options: LevelRuleOptions) -> bool:
    """Whether hardly a row's text crosses any of the edges; a label centred over columns may (合计)."""
    most = max(1, options.crossing * len(body))
    return all(sum(_crosses(row, x) for row in body) <= most for x in edges)


def _crosses(row: Row, x: float) -> bool:
    return any(s.box.left + 3 < x < s.box.right - 3 for s in row)


def _clearest(left: float, right: float, body: Sequence[Row]) -> float:
    """Between two names, the middle of the widest stretch that the fewest rows' texts reach into."""
    if right <= left:
        return (left + right) / 2
    steps = [left + (right - left) * i / 64 for i in range(65)]
    counts = [sum(any(s.box.left < x < s.box.right for s in row) for row in body) for x in steps]
    best: tuple[int, int] = (0, 0)
    start = None
    for i, count in enumerate([*counts, max(counts) + 1]):
        if count == min(counts) and start is None:
            start = i
        elif count != min(counts) and start is not None:
            best = max(best, (start, i - 1), key=lambda r: r[1] - r[0])
            start = None
    return (steps[best[0]] + steps[best[1]]) / 2


def _parted(cols: Sequence[float], body: Sequence[Row], options: LevelRuleOptions) -> tuple[float, ...]:
    """The columns, those with two lists of texts under one name parted: codes and names under 项目."""
    edges = [cols[0]]
    for left, right in pairwise(cols):
        inside = [[s for s in row if left <= s.box.center[0] < right] for row in body]
        pairs = [(a, b) for row in inside for a, b in pairwise(row) if a.box.right <= b.box.left + 1]
        if len(pairs) >= max(options.both_sides, 0.4 * sum(bool(row) for row in inside)):
            gap = max(a.box.right for a, _ in pairs), min(b.box.left for _, b in pairs)
            x = sum(gap) / 2
            if gap[1] - gap[0] > 1 and sum(_crosses(tuple(row), x) for row in inside) <= options.crossing * len(body):
                edges.append(x)
        edges.append(right)
    return tuple(edges)


def _all_tiers(
    names: Sequence[Segment], levels: Sequence[float], partial: Sequence[float], cols: Sequence[float]
) -> tuple[float, ...]:
    """The heights between the rows of the head: its rules, those over some columns only, and what the names show."""
    edges: list[float] = []
    for top, bottom in pairwise(levels):
        inner = sorted(y for y in partial if top + _APART < y < bottom - _APART)
        kept = [y for n, y in enumerate(inner) if n == 0 or y - inner[n - 1] > _APART]
        within = [n for n in names if top < n.box.center[1] < bottom]
        edges += [top, *kept] if kept else _tiers(within, cols, (top, bottom))[:-1]
    return (*edges, levels[-1])


def _tiers(names: Sequence[Segment], cols: Sequence[float], head: tuple[float, float]) -> tuple[float, ...]:
    """The heights between the rows of the head, after the column with most names below each other."""
    stacks = [[n.box for n in names if _over_column(n.box, a, b)] for a, b in pairwise(cols)]
    most = max(map(len, stacks), default=0)
    whole = [sorted(s, key=lambda b: b.center[1]) for s in stacks if len(s) == most]
    gaps = [(median(s[i].bottom for s in whole), median(s[i + 1].top for s in whole)) for i in range(most - 1)]
    inner = [_least_crossed(a, b, names) for a, b in gaps]
    rising = all(a < b for a, b in pairwise([head[0], *inner, head[1]]))
    return (head[0], *inner, head[1]) if rising else head


def _least_crossed(top: float, bottom: float, names: Sequence[Segment]) -> float:
    """The height between two rows of names that the fewest other names reach over, the middle where there are more."""
    steps = [top + (bottom - top) * i / 16 for i in range(17)]
    counts = [sum(n.box.top < y < n.box.bottom for n in names) for y in steps]
    best = [y for y, count in zip(steps, counts, strict=True) if count == min(counts)]
    return best[len(best) // 2]


def _over_column(name: Box, left: float, right: float) -> bool:
    common = min(name.right, right) - max(name.left, left)
    return common > 0.4 * min(name.width, right - left)


def _head_cells(names: Sequence[Segment], tiers: Sequence[float], cols: Sequence[float]) -> list[GridCell]:
    """The cells of the head; a name over several columns or rows spans them."""
    standing = [_standing(n, names, tiers) for n in names]
    cells: list[GridCell] = []
    taken: set[tuple[int, int]] = set()
    for tier in range(len(tiers) - 1):
        row = tuple(sorted((n for n, s in zip(names, standing, strict=True) if tier in s), key=lambda n: n.box.left))
        spans = _spans(row, cols)
        for name, place in zip(names, standing, strict=True):
            if place.start != tier:
                continue
            col = _place(name.box.center[0], cols)
            first = next((c for c, n in spans.items() if c <= col < c + n), col)
            wide = spans.get(first, 1)
            covered = {(r, c) for r in place for c in range(first, first + wide)}
            if not covered & taken:
                taken |= covered
                cells.append(_cell(tier, first, len(place), wide, tiers, cols))
    free = [(r, c) for r in range(len(tiers) - 1) for c in range(len(cols) - 1) if (r, c) not in taken]
    cells += [_cell(r, c, 1, 1, tiers, cols) for r, c in free]
    return sorted(cells, key=lambda c: (c.row, c.col))


def _standing(name: Segment, names: Sequence[Segment], tiers: Sequence[float]) -> range:
    """The rows of the head that a name stands in: those free above and below it whose middle is its own."""
    middle = name.box.center[1]
    own = _place(middle, tiers)
    others = {
        _place(n.box.center[1], tiers)
        for n in names
        if n is not name and min(n.box.right, name.box.right) > max(n.box.left, name.box.left)
    }
    ranges = [
        range(first, last + 1)
        for first in range(own + 1)
        for last in range(own, len(tiers) - 1)
        if not others & set(range(first, last + 1)) - {own}
    ]
    return min(ranges, key=lambda r: abs((tiers[r.start] + tiers[r.stop]) / 2 - middle) + _EACH_ROW * (len(r) - 1))


def _spans(row: Row, cols: Sequence[float]) -> dict[int, int]:
    """The columns that names take in where it is more than one: first column to number of columns."""
    spans = head_spans(row, cols)
    if spans is None:
        return centred_spans(row, cols)
    return {sum(spans[:n]): span for n, span in enumerate(spans) if span > 1}


# -- the body --------------------------------------------------------------------------------------------


def _body_rows(parts: Sequence[Segment], options: LevelRuleOptions) -> list[Row]:
    """The rows: pieces that share some of their height, directly or by a piece between."""
    rows: list[list[Segment]] = []
    low = 0.0
    for part in sorted(parts, key=lambda s: s.box.top):
        if rows and low - part.box.top >= options.overlap * min(part.box.height, rows[-1][-1].box.height):
            rows[-1].append(part)
            low = max(low, part.box.bottom)
        else:
            rows.append([part])
            low = part.box.bottom
    return [tuple(sorted(row, key=_from_left)) for row in rows]


def _wraps_joined(body: Sequence[Row], cols: Sequence[float], size: float, options: LevelRuleOptions) -> list[Row]:
    """The rows, a line without an amount joined to the one whose label goes on in it."""
    rows = [body[0]]
    for row in body[1:]:
        if _wraps(rows[-1], row, cols, size, options):
            rows[-1] = tuple(sorted((*rows[-1], *row), key=_from_left))
        else:
            rows.append(row)
    return rows


def _wraps(upper: Row, lower: Row, cols: Sequence[float], size: float, options: LevelRuleOptions) -> bool:
    """Whether one of two rows is only the rest of a label of the other."""
    alone = [r for r in (upper, lower) if not any(_NUMBER.fullmatch(s.text.strip()) for s in r)]
    if not alone or min(map(len, alone)) > 2:
        return False
    pairs = [(a, b) for a in upper for b in lower if _place(a.box.center[0], cols) == _place(b.box.center[0], cols)]
    return bool(pairs) and all(
        b.box.center[1] - a.box.center[1] < options.pitch * size
        and cols[_place(a.box.center[0], cols) + 1] - a.box.right < options.full * size
        for a, b in pairs
    )


def _body_cells(body: Sequence[Row], edges: Sequence[float], first: int, cols: Sequence[float]) -> Iterator[GridCell]:
    """The cells below the head, row by row; a label centred over the first columns spans them (合计)."""
    for number, row in enumerate(body, first):
        spans = centred_spans(row, cols)
        col = 0
        while col < len(cols) - 1:
            wide = spans.get(col, 1)
            yield _cell(number, col, 1, wide, edges, cols)
            col += wide


def _fills(body: Sequence[Row], cols: Sequence[float]) -> bool:
    """Whether rows have text in several columns; many of a budget have only a name (no amount this year)."""
    several = sum(len({_place(s.box.center[0], cols) for s in row}) >= 2 for row in body)
    return several >= max(1, 0.15 * len(body))


def _cell(row: int, col: int, high: int, wide: int, edges: Sequence[float], cols: Sequence[float]) -> GridCell:
    return GridCell(row, col, high, wide, Box(cols[col], edges[row], cols[col + wide], edges[row + high]))


def _place(at: float, edges: Sequence[float]) -> int:
    """The number of the column or row that a place lies in; the nearest for one outside."""
    return max(0, min(len(edges) - 2, sum(edge <= at for edge in edges[1:])))


def _from_left(part: Segment) -> tuple[float, float]:
    return part.box.left, part.box.top


def _top(row: Row) -> float:
    return min(s.box.top for s in row)


def _bottom(row: Row) -> float:
    return max(s.box.bottom for s in row)
