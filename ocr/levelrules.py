"""Tables without upright rules: of three rules (三线表), with one below each row, or with none at all (无线表).

The head says where the columns are: each name stands in the middle of its cell (``ocr.heads``), and where the print
is less exact, columns part where no text of the body stands between two names. Columns that only the body has (code
and name under one head 项目) show as a gap that several rows keep; a part without a head, gone on from the page
before, has such gaps alone. A row is what stands at one height: a label over two lines and the amount halfway between
them overlap, neighbouring rows never do.

PyMuPDF's and img2table's finders take every line of text for a row and lose blank columns; so this is our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from statistics import median

from pydantic import BaseModel, ConfigDict, Field

from document.geometry import Box
from ocr import patterns
from ocr.glyphs import is_wide
from ocr.gutters import find_gutters
from ocr.heads import centred_edges, centred_spans, fit_tiers, shared_out, standing
from ocr.rows import Row, Segment
from ocr.rows import merged as joined
from ocr.ruled_heads import ruled_names, ruled_rows, ruled_tiers
from ocr.types import Grid, GridCell, Ruling

__all__ = ["LevelRuleOptions", "Stretch", "level_ruled_grid"]


class LevelRuleOptions(BaseModel):
    """What belongs together in a head and a body without upright rules."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pitches: tuple[float, ...] = Field(
        (1.35, 1.55, 1.15),
        description="lines of one name are no further apart, from middle to middle; tried in order (type sizes)",
    )
    tolerances: tuple[float, ...] = Field(
        (0.12, 0.25), description="how far a name's middle is off its cell's; tried in order (type sizes)"
    )
    misfits: float = Field(0.15, ge=0, le=0.5, description="share of names that may stand off their middles (0–1)")
    level: float = Field(0.4, ge=0, le=2, description="names of one row differ less in height (type sizes)")
    overlap: float = Field(0.25, gt=0, le=1, description="share of its height that a line shares with its row (0–1)")
    crossing: float = Field(0.12, ge=0, le=0.5, description="share of rows whose text may cross a column's edge (0–1)")
    loose: float = Field(1.65, gt=0, le=3, description="lines of one label are no further apart (type sizes)")
    nearer: float = Field(0.8, gt=0, le=1, description="lines of a label set wide are this near, of a row (0–1)")
    full: float = Field(1.6, ge=0, le=10, description="a line that leaves less room in its column goes on (type sizes)")
    both_sides: int = Field(3, ge=2, le=50, description="rows with text on both sides of a gap that parts a column")
    blank_names: int = Field(3, ge=2, le=50, description="names side by side in the head of a table without amounts")
    max_head: int = Field(6, ge=1, le=20, description="rows of text, or rules below the first, that a head may have")
    max_names: int = Field(60, ge=2, le=200, description="names of a head at most, to bound the work")


DEFAULT = LevelRuleOptions()

_APART = 3.0
"""Rules nearer than this are one, points."""
_BODY = re.compile(r"[-+]?[\d,，]*\d[.．]\d{1,2}%?|(?!20\d\d$)\d{3,7}")
"""What stands in a body and in no head: amounts and codes; the number of a column (栏次) has fewer digits."""
_BEGUN = 4.0
"""A label that begins this near the table's left end is no name of a head, points."""
_ALIKE = 4
"""Labels that begin alike show where those of their column begin."""
_BESIDE = 1.2
"""A tall name stands nearer to the rows beside it than this, type sizes."""
_OVER = 0.35
"""Share of the narrower of two names side by side that their boxes may have in common."""
_TOP_STEP = 0.7
"""How finely the top of a head without a rule above is looked for, points."""
_COUNT = re.compile(r"\d{1,2}")
"""The number of a row or a column."""
_NUMBER = re.compile(r"[-+]?[\d,，.．]+%?")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a page that may be a table; in points."""

    rows: tuple[Row, ...]
    """Its pieces of text in printed rows, top to bottom."""
    levels: tuple[float, ...]
    """Heights of its level rules but the last, or of its top alone where it has none."""
    bottom: float
    extent: tuple[float, float]
    """Left and right end of the rules, or of the text."""
    partial: tuple[Ruling, ...] = ()
    """Rules that run over some columns only, under a name that spans them."""
    closed: bool = False
    """Whether a level rule ends it."""


@dataclass(frozen=True, slots=True)
class _Head:
    """The names of a head, each with the rows it stands in, and the heights between those."""

    names: tuple[Segment, ...]
    rows: tuple[range, ...]
    tiers: tuple[float, ...]

    def cuts(self) -> list[list[Segment]]:
        """For each row of the head the names that stand in it, also those of several rows."""
        placed = list(zip(self.names, self.rows, strict=True))
        return [[name for name, rows in placed if tier in rows] for tier in range(len(self.tiers) - 1)]


def level_ruled_grid(stretch: Stretch, options: LevelRuleOptions = DEFAULT) -> Grid | None:
    """The table that a stretch of a page is; None where it has no columns."""
    top, bottom = stretch.levels[0], stretch.bottom
    parts = [s for row in stretch.rows for s in row if top < s.box.center[1] < bottom]
    if len(parts) < 2:
        return None
    size = _type_size(parts)
    neck = _neck(parts, stretch, options)
    upper, lower = [s for s in parts if s.box.center[1] < neck], [s for s in parts if s.box.center[1] >= neck]
    body = _body_rows(lower, options)
    tops: tuple[float, ...] = (top,)
    if upper and len(stretch.levels) == 1:  # no rule above: the first row of the head is about as high as the body's
        top = min(top, min(s.box.center[1] for s in upper) - _pitch(body) / 2)
        tops = (top, *(top - step * _TOP_STEP for step in (1, -1, 2, -2, 3, -3)))
    head = _read_head(upper, stretch, (tops, neck), size, options)
    cols = _columns(head, body, stretch.extent, size, options)
    if cols is None or not (_fills(body, cols) or _is_blank_form(head, body, stretch, options)):
        return None
    body, heights = _rows_of_body(lower, _wraps_joined(body, cols, size, options), neck, stretch, size)
    edges = (*(head.tiers if head else (top,)), *heights)
    first = len(edges) - 1 - len(heights)
    cells = [*(_head_cells(head, cols) if head else []), *_body_cells(body, edges, first, cols)]
    box = Box(cols[0], edges[0], cols[-1], edges[-1])
    return Grid(box, len(edges) - 1, len(cols) - 1, tuple(cells), edges, cols, ruled=False)


# -- where the head ends ---------------------------------------------------------------------------------


def _neck(parts: Sequence[Segment], stretch: Stretch, options: LevelRuleOptions) -> float:
    """The height below the head: above the first row of the body; the top without a head.

    With rules it is a rule's; what has rules and nothing of that kind has a head of one row.
    """
    levels = stretch.levels
    if len(levels) > 1:
        spaces = list(pairwise((*levels, stretch.bottom)))[: options.max_head + 2]
        found = _first_of_body([tuple(s for s in parts if a < s.box.center[1] < b) for a, b in spaces])
        return levels[1 if found is None else found]
    rows = _body_rows(parts, options)
    number = _first_of_body(rows[: options.max_head + 2], stretch.extent[0]) or 0
    while number > 1 and len(rows[number - 1]) == 1 and rows[number - 1][0].box.left < stretch.extent[0] + _BEGUN:
        number -= 1  # a label without amounts
    if not number:
        return levels[0]
    low, high = _bottom(rows[number - 1]), _top(rows[number])
    return min(max(_middle(rows[number]) - _pitch(rows[number:]) / 2, low), high)


def _first_of_body(rows: Sequence[Row], left: float | None = None) -> int | None:
    """The number of the first row that belongs to no head.

    It has an amount, a code or an item, is a label alone, counts the rows, or stands below the columns' numbers. Where
    labels begin at ``left``, points, a name alone elsewhere is that of a group of columns.
    """
    for number, row in enumerate(rows):
        below = rows[number + 1] if number + 1 < len(rows) else ()
        label = len(row) == 1 and not (below and _middle(below) - _middle(row) < _BESIDE * row[0].em)
        label = label and (left is None or row[0].box.left < left + _BEGUN)
        if _is_body(row) or _counts_rows(row, below) or (number and (label or _numbers_columns(rows[number - 1]))):
            return number
    return None


def _is_body(row: Row) -> bool:
    """Whether a row has an amount, a code or an enumerated item, as no head has."""
    return any(_BODY.fullmatch(s.text.strip()) or (patterns.enumerator_level(s.text) or 0) > 1 for s in row)


def _counts_rows(row: Row, below: Row) -> bool:
    """Whether a number of one row goes on in the next (行次)."""
    here, there = (
        [(int(s.text), s.box.center[0]) for s in r if _COUNT.fullmatch(s.text.strip())] for r in (row, below)
    )
    return any(b == a + 1 and abs(x - y) < _BEGUN for a, x in here for b, y in there)


def _numbers_columns(row: Row) -> bool:
    """Whether a row counts the columns (栏次): 1, 2, 3 from left to right, and nothing but that word beside them."""
    ordered = [s.text.strip() for s in sorted(row, key=_from_left)]
    counts = [int(t) for t in ordered if _COUNT.fullmatch(t)]
    return counts == list(range(1, len(counts) + 1)) and len(counts) > 1 and len(ordered) - len(counts) <= 2


def _pitch(rows: Sequence[Row]) -> float:
    """The usual distance between rows, points: the median of those that are no wider for a wrapped text."""
    steps = sorted(_middle(b) - _middle(a) for a, b in pairwise(rows))
    return steps[len(steps) // 3] if steps else 0.0


def _pitch_of_amounts(rows: Sequence[Row]) -> float:
    """The usual distance between rows that both have an amount, points, as no line of a wrapped label has."""
    filled = [any(_NUMBER.fullmatch(s.text.strip()) for s in row) for row in rows]
    pairs = zip(pairwise(rows), pairwise(filled), strict=True)
    steps = sorted(_middle(b) - _middle(a) for (a, b), both in pairs if all(both))
    return steps[len(steps) // 3] if steps else _pitch(rows)


# -- the head --------------------------------------------------------------------------------------------


def _type_size(parts: Sequence[Segment]) -> float:
    """The table's type size, points: Chinese characters are as wide as high, and boxes more exact in width."""
    wide = [s.box.width / len(s.text) for s in parts if len(s.text) >= 4 and all(map(is_wide, s.text))]
    return median(wide or [0.8 * s.em for s in parts])


def _read_head(
    parts: Sequence[Segment],
    stretch: Stretch,
    head: tuple[Sequence[float], float],
    size: float,
    options: LevelRuleOptions,
) -> _Head | None:
    """The head between its top, the likeliest of several heights first, and its bottom; None where there is none.

    Which lines are one name, and which rules part rows, is as fits: names in the middles of their cells. Where some
    stand off their middles (the detector joined two, a line was lost), the rules alone may tell.
    """
    if not parts or len(parts) > options.max_names:
        return None
    parts = [p for p in parts if not any(_is_within(p, o) for o in parts)]
    tops, neck = head
    whole = tuple(y for y in stretch.levels[1:] if y < neck)
    with_partial = (*whole, *(r.position for r in stretch.partial if r.position < neck))
    readings = [
        (_names(parts, rules, pitch * size), rules) for rules in (with_partial, whole) for pitch in options.pitches
    ]
    ruled = _by_rules(parts, stretch, (tops[0], neck), whole, size, options)
    for share, off in product((0.0, options.misfits), options.tolerances):
        found = [
            fit
            for top, (names, rules) in product(tops, readings)
            if (fit := _fitting(names, rules, whole, (top, neck), off * size, share)) is not None
        ]
        if found:
            return min(found, key=lambda fit: len(fit.tiers))
        if ruled is not None:
            return ruled
    return _rough_head(readings[-1][0], (tops[0], neck), size, options)


def _by_rules(
    parts: Sequence[Segment],
    stretch: Stretch,
    head: tuple[float, float],
    whole: Sequence[float],
    size: float,
    options: LevelRuleOptions,
) -> _Head | None:
    """The head whose rows are those that its rules part; None where they do not."""
    partial = [r for r in stretch.partial if head[0] < r.position < head[1]]
    rules = [*(Ruling(y, *stretch.extent) for y in whole), *partial]
    tiers = ruled_tiers(rules, head)
    names = [joined(g) for g in ruled_names(parts, tiers, rules, options.pitches[0] * size)]
    rows = ruled_rows([n.box for n in names], tiers, rules)
    return None if rows is None else _Head(tuple(names), rows, tiers)


def _fitting(
    names: Sequence[Segment],
    rules: Sequence[float],
    whole: Sequence[float],
    head: tuple[float, float],
    tolerance: float,
    share: float,
) -> _Head | None:
    """The head of these names, all but a ``share`` (0–1) of them in the middles of their cells.

    ``whole`` are those of the ``rules`` that run over its whole width.
    """
    boxes = [n.box for n in names]
    misfits = int(share * len(boxes))
    tiers = fit_tiers(boxes, rules, head, tolerance, misfits, whole)
    rows = None if tiers is None else standing(boxes, tiers, tolerance, misfits, whole)
    return None if tiers is None or rows is None else _Head(tuple(names), rows, tiers)


def _names(parts: Sequence[Segment], rules: Sequence[float], pitch: float) -> list[Segment]:
    """The names of a head, each whole where it is printed over several lines, from top to bottom."""
    groups: list[list[Segment]] = []
    for part in sorted(parts, key=lambda s: s.box.top):
        home = next((g for g in groups if _goes_on(g[-1], part, rules, pitch)), None)
        if home is None:
            groups.append([part])
        else:
            home.append(part)
    names = [joined(g) for g in groups]
    return sorted(names, key=lambda s: s.box.center[1])


def _is_within(name: Segment, other: Segment) -> bool:
    """Whether a name lies in the line of another, wider one: a part of it that was found again."""
    (x, y), box = name.box.center, other.box
    return box.width > name.box.width and box.left < x < box.right and abs(y - box.center[1]) < 0.3 * other.em


def _goes_on(upper: Segment, lower: Segment, rules: Sequence[float], pitch: float) -> bool:
    """Whether a piece is the next line of a name: near below it, centred as it is, and no rule between."""
    if _NUMBER.fullmatch(lower.text.strip()):  # the number of a column (栏次) is no part of its name
        return False
    (x, y), (below_x, below_y) = upper.box.center, lower.box.center
    near = abs(x - below_x) < 0.4 * pitch and 0.3 * pitch < below_y - y < pitch
    return near and not any(y < rule < below_y for rule in rules)


def _rough_head(names: Sequence[Segment], head: tuple[float, float], size: float, options: LevelRuleOptions) -> _Head:
    """The head with its names in rows as they stand, where their middles tell no more."""
    levels: list[list[Segment]] = []
    for name in names:
        if levels and name.box.center[1] - levels[-1][-1].box.center[1] < options.level * size:
            levels[-1].append(name)
        else:
            levels.append([name])
    middles = [median(n.box.center[1] for n in level) for level in levels]
    tiers = (head[0], *((a + b) / 2 for a, b in pairwise(middles)), head[1])
    rows = [range(n, n + 1) for n, level in enumerate(levels) for _ in level]
    return _Head(tuple(n for level in levels for n in level), tuple(rows), tiers)


def _head_cells(head: _Head, cols: Sequence[float]) -> list[GridCell]:
    """The cells of the head; a name over several columns or rows spans them."""
    cells: list[GridCell] = []
    taken: set[tuple[int, int]] = set()
    for tier in range(len(head.tiers) - 1):
        free = [c for c in range(len(cols) - 1) if (tier, c) not in taken]
        for run in _runs(free):
            edges = cols[run.start : run.stop + 1]
            here = [
                (name, rows)
                for name, rows in zip(head.names, head.rows, strict=True)
                if rows.start == tier and run.start <= _place(name.box.center[0], cols) < run.stop
            ]
            here.sort(key=lambda item: item[0].box.left)
            spans = shared_out([name.box for name, _ in here], edges)
            for span, (_, rows) in zip(spans, here, strict=False):
                col = run.start + span.start
                taken |= {(r, c) for r in rows for c in range(col, col + len(span))}
                cells.append(_cell(tier, col, len(rows), len(span), head.tiers, cols))
    free_cells = [(r, c) for r in range(len(head.tiers) - 1) for c in range(len(cols) - 1) if (r, c) not in taken]
    cells += [_cell(r, c, 1, 1, head.tiers, cols) for r, c in free_cells]
    return sorted(cells, key=lambda c: (c.row, c.col))


def _runs(numbers: Sequence[int]) -> list[range]:
    """Rising numbers as runs without a gap."""
    runs: list[range] = []
    for number in numbers:
        if runs and runs[-1].stop == number:
            runs[-1] = range(runs[-1].start, number + 1)
        else:
            runs.append(range(number, number + 1))
    return runs


# -- the columns -----------------------------------------------------------------------------------------


def _columns(
    head: _Head | None, body: Sequence[Row], extent: tuple[float, float], size: float, options: LevelRuleOptions
) -> tuple[float, ...] | None:
    """The column edges: between the names that one row of the head crosses, else where the body has gaps."""
    cuts = [sorted(cut, key=_from_left) for cut in (head.cuts() if head else ())]
    chains = [centred_edges([n.box.center[0] for n in cut], *extent) for cut in cuts]
    sure = [chain for chain in chains if chain is not None and all(_is_free(x, body, options) for x in chain[1:-1])]
    known = sorted({x for chain in sure for x in chain[1:-1]})
    found = [edges for cut in cuts if (edges := _between(cut, known, body, extent, options)) is not None]
    if not sure and (gutters := find_gutters(body, size, options.crossing)):
        found.append((extent[0], *gutters, extent[1]))
    best = max((_parted(edges, body, options) for edges in found), key=len, default=None)
    return None if best is None else _names_parted(best, cuts, known, body, options)


def _between(
    names: Sequence[Segment],
    known: Sequence[float],
    body: Sequence[Row],
    extent: tuple[float, float],
    options: LevelRuleOptions,
) -> tuple[float, ...] | None:
    """The column edges around ``names`` side by side: those ``known``, else where the body is free; or None."""
    if len(names) < 2 or not all(_are_beside(a, b) for a, b in pairwise(names)):
        return None
    inner = [_between_two(a, b, known, body, options) for a, b in pairwise(names)]
    edges = (extent[0], *inner, extent[1])
    rising = all(a < b for a, b in pairwise(edges))
    return edges if rising and all(_is_free(x, body, options) for x in inner) else None


def _are_beside(one: Segment, other: Segment) -> bool:
    """Whether two names stand side by side; what a removed mark left may widen their boxes over each other's end."""
    return one.box.right - other.box.left < _OVER * min(one.box.width, other.box.width)


def _between_two(
    one: Segment, other: Segment, known: Sequence[float], body: Sequence[Row], options: LevelRuleOptions
) -> float:
    """The edge between two names: the ``known`` one, else where the body is clearest.

    Where their boxes overlap, one of them is too wide, and the edge is looked for from middle to middle.
    """
    free = _clearest(one.box.right, other.box.left, body)
    if one.box.right > other.box.left and not _is_free(free, body, options):
        free = _clearest(one.box.center[0], other.box.center[0], body)
    near = [x for x in known if one.box.center[0] < x < other.box.center[0]]
    return min(near, key=lambda x: abs(x - free), default=free)


def _names_parted(
    cols: Sequence[float],
    cuts: Sequence[Sequence[Segment]],
    known: Sequence[float],
    body: Sequence[Row],
    options: LevelRuleOptions,
) -> tuple[float, ...]:
    """The columns, one parted where two names of a row of the head (``cuts``) stand in it and the body is free between.

    The row that the columns come from may have lost a name: the number of a column (栏次) under a mark.
    """
    edges = list(cols)
    for cut in cuts:
        for one, other in pairwise(cut):
            home = _place(one.box.center[0], edges)
            if home != _place(other.box.center[0], edges) or not _are_beside(one, other):
                continue
            x = _between_two(one, other, known, body, options)
            if edges[home] < x < edges[home + 1] and _is_free(x, body, options):
                edges.insert(home + 1, x)
    return tuple(edges)


def _is_free(x: float, body: Sequence[Row], options: LevelRuleOptions) -> bool:
    """Whether hardly a row's text crosses an edge; a label centred over columns may (合计)."""
    return sum(_crosses(row, x) for row in body) <= max(1, options.crossing * len(body))


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


def _rows_of_body(
    parts: Sequence[Segment], rows: list[Row], neck: float, stretch: Stretch, size: float
) -> tuple[list[Row], tuple[float, ...]]:
    """The rows of the body and the height below each: those between rules where rules part them."""
    heights = (*stretch.levels, *(r.position for r in stretch.partial))
    levels = sorted(y for y in heights if neck - _APART <= y < stretch.bottom - _APART)
    levels = [y for n, y in enumerate(levels) if n == 0 or y - levels[n - 1] > _APART]
    spaces = [(a, b) for a, b in pairwise([*levels, stretch.bottom]) if b - a > 0.8 * size]
    if not rows or len(spaces) >= max(2, 0.5 * len(rows)):
        ruled = [tuple(sorted((s for s in parts if a <= s.box.center[1] < b), key=_from_left)) for a, b in spaces]
        return ruled, tuple(b for _, b in spaces)
    return rows, (*((_bottom(a) + _top(b)) / 2 for a, b in pairwise(rows)), stretch.bottom)


def _wraps_joined(body: Sequence[Row], cols: Sequence[float], size: float, options: LevelRuleOptions) -> list[Row]:
    """The rows, a line without an amount joined to the one whose label goes on in it."""
    rows = list(body[:1])
    usual = _pitch_of_amounts(body)
    for row in body[1:]:
        if _wraps(rows[-1], row, cols, (size, usual), options):
            rows[-1] = tuple(sorted((*rows[-1], *row), key=_from_left))
        else:
            rows.append(row)
    return rows


def _wraps(
    upper: Row, lower: Row, cols: Sequence[float], sizes: tuple[float, float], options: LevelRuleOptions
) -> bool:
    """Whether one of two rows is only the rest of a label of the other; ``sizes`` are type size and pitch of the rows.

    Lines set wide apart are one label's where rows are clearly further apart and the lower line begins no item.
    """
    size, usual = sizes
    near = options.pitches[0] * size
    if not any(patterns.enumerator_level(s.text) for s in lower):
        near = max(near, min(options.loose * size, options.nearer * usual))
    alone = [r for r in (upper, lower) if not any(_NUMBER.fullmatch(s.text.strip()) for s in r)]
    if not alone or min(map(len, alone)) > 2:
        return False
    pairs = [(a, b) for a in upper for b in lower if _place(a.box.center[0], cols) == _place(b.box.center[0], cols)]
    return bool(pairs) and all(
        b.box.center[1] - a.box.center[1] < near
        and cols[_place(a.box.center[0], cols) + 1] - a.box.right < options.full * size
        for a, b in pairs
    )


def _body_cells(body: Sequence[Row], edges: Sequence[float], first: int, cols: Sequence[float]) -> Iterator[GridCell]:
    """The cells below the head, row by row; a label centred over the first columns spans them (合计)."""
    starts = _usual_starts(body, cols)
    for number, row in enumerate(body, first):
        spans = centred_spans(row, cols, starts)
        col = 0
        while col < len(cols) - 1:
            wide = spans.get(col, 1)
            yield _cell(number, col, 1, wide, edges, cols)
            col += wide


def _usual_starts(body: Sequence[Row], cols: Sequence[float]) -> list[float]:
    """Where the labels of a column begin, points, for each column in which several begin alike."""
    lefts: dict[int, list[float]] = {}
    for s in (s for row in body for s in row if not _NUMBER.fullmatch(s.text.strip())):
        lefts.setdefault(_place(s.box.center[0], cols), []).append(s.box.left)
    usual = [(median(places), places) for places in lefts.values()]
    return [start for start, places in usual if sum(abs(x - start) < _BEGUN for x in places) >= _ALIKE]


def _fills(body: Sequence[Row], cols: Sequence[float]) -> bool:
    """Whether rows have text in several columns; many of a budget have only a name (no amount this year)."""
    several = sum(len({_place(s.box.center[0], cols) for s in row}) >= 2 for row in body)
    return several >= max(1, 0.15 * len(body))


def _is_blank_form(head: _Head | None, body: Sequence[Row], stretch: Stretch, options: LevelRuleOptions) -> bool:
    """Whether this is a head over rows that nobody filled in (空表), a label (合计) each at most.

    Rules above and below the head and below the rows are what tells it from lines of text.
    """
    if head is None or not stretch.closed or len(stretch.levels) < 2:
        return False
    return all(len(row) <= 1 for row in body) and max(map(len, head.cuts())) >= options.blank_names


def _cell(row: int, col: int, high: int, wide: int, edges: Sequence[float], cols: Sequence[float]) -> GridCell:
    return GridCell(row, col, high, wide, Box(cols[col], edges[row], cols[col + wide], edges[row + high]))


def _place(at: float, edges: Sequence[float]) -> int:
    """The number of the column or row that a place lies in; the nearest for one outside."""
    return max(0, min(len(edges) - 2, sum(edge <= at for edge in edges[1:])))


def _from_left(part: Segment) -> tuple[float, float]:
    return part.box.left, part.box.top


def _middle(row: Row) -> float:
    return median(s.box.center[1] for s in row)


def _top(row: Row) -> float:
    return min(s.box.top for s in row)


def _bottom(row: Row) -> float:
    return max(s.box.bottom for s in row)
