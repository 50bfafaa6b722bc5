"""Table grids (表格网格) from ruling lines, and from the alignment of lines where there are no rules.

Rules that cross form a table. Their positions, straightened and snapped, are the row and column edges; a
border exists between two grid positions where rules cover enough of it; positions without a border between
them are one merged cell. The same function serves pixels (``ocr.rulings``) and the drawings of a born-digital
page (``ocr.textlayer``). ``ocr.rulings`` says why the table finders of PyMuPDF and img2table are not used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from document.geometry import Box
from ocr.outlines import without_outline
from ocr.spans import connected, covered, merged
from ocr.strips import without_strips
from ocr.types import Grid, GridCell, Ruling, Rulings

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]


class GridOptions(BaseModel):
    """What belongs together in a grid. Lengths are points."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    touch: float = Field(2.5, ge=0, le=20, description="rules that miss each other by this still meet (points)")
    snap: float = Field(1.6, gt=0, le=10, description="rules this near are one edge: double rules (points)")
    min_row: float = Field(2.9, gt=0, le=50, description="no row is lower than this (points)")
    min_col: float = Field(5.0, gt=0, le=50, description="no column is narrower than this (points)")
    covered: float = Field(0.5, gt=0, le=1, description="share of a border that rules must cover (0–1)")
    sure: float = Field(0.8, gt=0, le=1, description="share that makes a border certain (0–1)")
    worn: float = Field(4.0, gt=0, le=50, description="a rule reaching this far into a cell was longer (points)")
    worn_share: float = Field(0.3, gt=0, le=1, description="and this share of the cell's side (0–1)")
    open_side: float = Field(7.0, gt=0, le=100, description="rules beyond the last one across: an open side (points)")
    long_table: int = Field(10, ge=3, le=1000, description="only in tables of more rows are lone column edges doubted")
    around: int = Field(2, ge=1, le=50, description="regular rows above and below a lone column edge that is doubted")
    max_positions: int = Field(12000, ge=4, le=1000000, description="more rows times columns than this: no table")
    max_rulings: int = Field(6000, ge=10, le=50000, description="rules considered a direction, longest first")


DEFAULT = GridOptions()


@dataclass(frozen=True, slots=True)
class _Edge:
    """A row or column edge: its straightened level and the merged stretches that rules cover."""

    level: float
    spans: tuple[tuple[float, float], ...]

    @property
    def covered(self) -> float:
        """Length that rules cover, points."""
        return sum(end - start for start, end in self.spans)


@dataclass(frozen=True, slots=True)
class _Frame:
    """The lean of a table: where a straightened level lies elsewhere on the page."""

    x: float
    y: float
    fall: float
    """Slope of the horizontal rules."""
    lean: float
    """Slope of the vertical rules."""

    def level_of_row(self, rule: Ruling) -> float:
        """The y of a horizontal rule at the table's middle."""
        return rule.position - self.fall * ((rule.start + rule.end) / 2 - self.x)

    def level_of_col(self, rule: Ruling) -> float:
        """The x of a vertical rule at the table's middle."""
        return rule.position - self.lean * ((rule.start + rule.end) / 2 - self.y)

    def box(self, left: float, top: float, right: float, bottom: float) -> Box:
        """The box of a cell between straightened levels, where it lies on the page."""
        fall = self.fall * ((left + right) / 2 - self.x)
        lean = self.lean * ((top + bottom) / 2 - self.y)
        return Box(left + lean, top + fall, right + lean, bottom + fall)


@dataclass(frozen=True, slots=True)
class _Borders:
    """Which borders exist between grid positions, with the share of each that rules cover."""

    across: Bools
    """(n_rows + 1, n_cols): the border above row i in column j."""
    down: Bools
    """(n_rows, n_cols + 1): the border left of column j in row i."""
    across_share: Floats
    down_share: Floats

    def turned(self) -> _Borders:
        """Rows and columns exchanged."""
        return _Borders(self.down.T, self.across.T, self.down_share.T, self.across_share.T)


def build_grids(rulings: Rulings, options: GridOptions = DEFAULT) -> tuple[Grid, ...]:
    """The ruled tables on one page, from top to bottom, in the points of ``rulings``.

    A frame without inner rules (文本框) is no table, nor is a single column: neither has cells side by side.
    Left, right, top and bottom rules may be missing where the others show how far the table goes. What of a table
    with level rules alone a mark's remnants cut into cells is none (``ocr.strips``).
    """
    groups = _groups(_longest(rulings, options), options)
    grids = [grid for group in groups if (grid := _grid(group, options)) is not None]
    return without_strips(sorted(grids, key=lambda g: (g.box.top, g.box.left)), rulings)


def _longest(rulings: Rulings, options: GridOptions) -> Rulings:
    """The longest rules, so that a hostile drawing costs no more than a table does."""
    return Rulings(
        *(
            tuple(sorted(rules, key=lambda r: -r.length)[: options.max_rulings])
            for rules in (rulings.horizontal, rulings.vertical)
        )
    )


# -- which rules form one table --------------------------------------------------------------------------


def _groups(rulings: Rulings, options: GridOptions) -> list[Rulings]:
    """The rules that hang together by crossing, a table each; what lies inside a table belongs to it."""
    rules = rulings.horizontal + rulings.vertical
    roots = connected(len(rules), _crossings(rulings, options))
    members: dict[int, list[int]] = {}
    for index, root in enumerate(roots):
        members.setdefault(root, []).append(index)
    split = len(rulings.horizontal)
    groups = [
        Rulings(
            tuple(rules[i] for i in group if i < split),
            tuple(rules[i] for i in group if i >= split),
        )
        for group in members.values()
    ]
    return _absorbed([g for g in groups if len(g.horizontal) + len(g.vertical) >= 2], groups, options)


def _crossings(rulings: Rulings, options: GridOptions) -> Iterator[tuple[int, int]]:
    """Pairs (horizontal, vertical) of rules that meet, as numbers in horizontal + vertical."""
    if not rulings.horizontal or not rulings.vertical:
        return
    position, start, end, slope = np.array([(r.position, r.start, r.end, r.slope) for r in rulings.vertical]).T
    for number, rule in enumerate(rulings.horizontal):
        level = rule.position + rule.slope * (position - (rule.start + rule.end) / 2)
        x = position + slope * (level - (start + end) / 2)
        meets = (start - options.touch <= level) & (level <= end + options.touch)
        meets &= (rule.start - options.touch <= x) & (x <= rule.end + options.touch)
        for other in np.flatnonzero(meets).tolist():
            yield number, len(rulings.horizontal) + other


def _extent(group: Rulings) -> Box:
    """The box around a group's rules."""
    return Box.around(
        [Box(r.start, r.position, r.end, r.position) for r in group.horizontal]
        + [Box(r.position, r.start, r.position, r.end) for r in group.vertical]
    )


def _absorbed(tables: list[Rulings], groups: list[Rulings], options: GridOptions) -> list[Rulings]:
    """``tables`` with the islands of broken rules inside them, which are then no tables of their own."""
    ordered = sorted(((_extent(g), g) for g in tables), key=lambda item: -item[0].area)
    pieces = [(_extent(g), g) for g in groups]
    taken: list[Box] = []
    result: list[Rulings] = []
    for extent, group in ordered:
        around = extent.grown(options.touch)
        if any(_inside(extent, box) for box in taken):
            continue
        if not _has_inner_rules(group, extent, options):
            continue
        taken.append(around)
        inner = [g for box, g in pieces if g is not group and _inside(box, around)]
        result.append(
            Rulings(
                group.horizontal + tuple(r for g in inner for r in g.horizontal),
                group.vertical + tuple(r for g in inner for r in g.vertical),
            )
        )
    return result


def _inside(inner: Box, outer: Box) -> bool:
    """Whether ``inner`` lies within ``outer``."""
    return (
        outer.left <= inner.left
        and outer.top <= inner.top
        and inner.right <= outer.right
        and inner.bottom <= outer.bottom
    )


def _has_inner_rules(group: Rulings, extent: Box, options: GridOptions) -> bool:
    """Whether rules divide the inside of the group: a frame alone is no table."""
    inner_y = [r for r in group.horizontal if _between(r.position, extent.top, extent.bottom, options.min_row)]
    inner_x = [r for r in group.vertical if _between(r.position, extent.left, extent.right, options.min_col)]
    return bool(inner_x or inner_y)


def _between(value: float, low: float, high: float, margin: float) -> bool:
    """Whether ``value`` is more than ``margin`` inside."""
    return low + margin < value < high - margin


# -- from rules to edges ---------------------------------------------------------------------------------


def _grid(group: Rulings, options: GridOptions) -> Grid | None:
    """The grid of one group of rules, or None where it has no cells side by side."""
    frame = _frame(group)
    level, upright = without_outline(
        [(frame.level_of_row(r), r) for r in group.horizontal],
        [(frame.level_of_col(r), r) for r in group.vertical],
        frame.lean,
        frame.y,
    )
    rows = _edges(level, options.snap, options.min_row)
    cols = _edges(upright, options.snap, options.min_col)
    rows, cols = _with_open_sides(rows, cols, options)
    rows, cols = _used(rows, cols, options)
    cols = _without_lone(cols, rows, options)
    if len(rows) < 2 or len(cols) < 3 or (len(rows) - 1) * (len(cols) - 1) > options.max_positions:
        return None
    borders = _repaired(_borders(rows, cols, options))
    cells = _cells(borders, rows, cols, frame)
    if len(cells) < 2:
        return None
    return Grid(
        box=Box.around(c.box for c in cells),
        n_rows=len(rows) - 1,
        n_cols=len(cols) - 1,
        cells=cells,
        row_edges=tuple(e.level for e in rows),
        col_edges=tuple(e.level for e in cols),
    )


def _frame(group: Rulings) -> _Frame:
    """The lean of a group: the median slopes, weighted by length."""
    x, y = _extent(group).center
    return _Frame(x, y, _median_slope(group.horizontal), _median_slope(group.vertical))


def _median_slope(rules: tuple[Ruling, ...]) -> float:
    """The median of the slopes, weighted by length; 0 without rules."""
    if not rules:
        return 0.0
    ordered = sorted(rules, key=lambda r: r.slope)
    weight = np.cumsum([r.length for r in ordered])
    return ordered[min(int(np.searchsorted(weight, weight[-1] / 2)), len(ordered) - 1)].slope


def _edges(leveled: list[tuple[float, Ruling]], snap: float, least: float) -> list[_Edge]:
    """The edges at the levels of rules: levels nearer than ``snap`` snapped, none nearer than ``least``."""
    edges: list[_Edge] = []
    cluster: list[tuple[float, Ruling]] = []
    for level, rule in sorted(leveled, key=lambda item: item[0]):
        if cluster and (level - cluster[-1][0] > snap or level - cluster[0][0] > 2 * snap):
            edges.append(_edge(cluster))
            cluster = []
        cluster.append((level, rule))
    if cluster:
        edges.append(_edge(cluster))
    return _spaced(edges, least)


def _edge(cluster: list[tuple[float, Ruling]]) -> _Edge:
    """One edge from the rules snapped together."""
    weight = sum(rule.length for _, rule in cluster)
    level = sum(level * rule.length for level, rule in cluster) / weight if weight else cluster[0][0]
    return _Edge(level, merged((rule.start, rule.end) for _, rule in cluster))


def _spaced(edges: list[_Edge], least: float) -> list[_Edge]:
    """Edges no nearer than ``least``, but for rules that run beside each other: a low blank row lies between them.

    Of two edges too near, the one that rules cover more takes the other in.
    """
    result: list[_Edge] = []
    for edge in edges:
        if result and edge.level - result[-1].level < least and not _beside(result[-1], edge):
            before = result.pop()
            stronger = max(before, edge, key=lambda e: e.covered)
            edge = _Edge(stronger.level, merged(before.spans + edge.spans))
        result.append(edge)
    return result


def _beside(one: _Edge, other: _Edge) -> bool:
    """Whether the rules of two edges run beside each other, and do not continue each other."""
    low, high = (np.array(ends) for ends in zip(*other.spans, strict=True))
    return float(covered(one.spans, low, high).sum()) > 0.5 * min(one.covered, other.covered)


def _with_open_sides(rows: list[_Edge], cols: list[_Edge], options: GridOptions) -> tuple[list[_Edge], list[_Edge]]:
    """Edges added where most rules run on beyond the last rule across them."""
    return _opened(rows, cols, options), _opened(cols, rows, options)


def _opened(edges: list[_Edge], across: list[_Edge], options: GridOptions) -> list[_Edge]:
    """``edges`` with one before the first and after the last where the rules ``across`` run further."""
    if not edges or len(across) < 2:
        return edges
    whole = ((across[0].level, across[-1].level),)
    first, last = edges[0].level, edges[-1].level
    starts = [e.spans[0][0] if e.spans[0][0] < first - options.open_side else None for e in across]
    ends = [e.spans[-1][1] if e.spans[-1][1] > last + options.open_side else None for e in across]
    before = [_Edge(at, whole)] if (at := _open_at(starts, options)) is not None else []
    after = [_Edge(at, whole)] if (at := _open_at(ends, options)) is not None else []
    return before + edges + after


def _open_at(reached: list[float | None], options: GridOptions) -> float | None:
    """Where an open side lies, from how far each rule across runs beyond the last edge; None where it is closed.

    Most rules run on; or the first, the last and one more end at the same place: a column of merged cells.
    """
    beyond = [at for at in reached if at is not None]
    if not beyond:
        return None
    at = float(np.median(beyond))
    if 2 * len(beyond) > len(reached):
        return at
    merged_cells = len(beyond) >= 3 and reached[0] is not None and reached[-1] is not None
    return at if merged_cells and max(abs(b - at) for b in beyond) <= options.touch else None


def _used(rows: list[_Edge], cols: list[_Edge], options: GridOptions) -> tuple[list[_Edge], list[_Edge]]:
    """Only the edges that bound at least one cell surely: strokes of text make none."""
    for _ in range(len(rows) + len(cols)):
        if len(rows) < 2 or len(cols) < 2:
            break
        row_share = _shares(rows, [c.level for c in cols])
        col_share = _shares(cols, [r.level for r in rows])
        kept_rows = [e for e, s in zip(rows, row_share, strict=True) if s.max() >= options.sure]
        kept_cols = [e for e, s in zip(cols, col_share, strict=True) if s.max() >= options.sure]
        if len(kept_rows) == len(rows) and len(kept_cols) == len(cols):
            break
        rows, cols = kept_rows, kept_cols
    return rows, cols


def _without_lone(cols: list[_Edge], rows: list[_Edge], options: GridOptions) -> list[_Edge]:
    """Without a column edge that divides one row more than all the others of a regular stretch of a long table.

    That is a stroke left of a watermark. The row, and those above and below it, must be divided by every other
    edge: a form's row that alone has a narrow column stands among rows whose cells are merged in other ways.
    """
    if len(rows) <= options.long_table or len(cols) < 4:
        return cols
    bounded = _shares(cols, [r.level for r in rows]) >= options.sure
    inner = np.arange(len(cols)) % (len(cols) - 1) != 0
    lone = inner & (bounded.sum(axis=1) == 1)
    if not lone.any() or not (inner & ~lone).any():
        return cols
    regular = bounded[inner & ~lone].all(axis=0)
    drop = [bool(one) and _amid(regular, int(np.argmax(row)), options) for one, row in zip(lone, bounded, strict=True)]
    return [edge for edge, out in zip(cols, drop, strict=True) if not out]


def _amid(regular: Bools, row: int, options: GridOptions) -> bool:
    """Whether ``row`` and as many rows as ``options.around`` on each side of it are regular."""
    first, last = row - options.around, row + options.around + 1
    return first >= 0 and last <= len(regular) and bool(regular[first:last].all())


def _shares(edges: list[_Edge], posts: list[float]) -> Floats:
    """(edges, len(posts) - 1): the share of each stretch between posts that rules of the edge cover."""
    low, high = np.array(posts[:-1]), np.array(posts[1:])
    margin = np.minimum(2.0, 0.15 * (high - low))
    low, high = low + margin, high - margin
    return np.array([covered(edge.spans, low, high) / np.maximum(high - low, 1e-6) for edge in edges])


# -- from edges to cells ---------------------------------------------------------------------------------


def _borders(rows: list[_Edge], cols: list[_Edge], options: GridOptions) -> _Borders:
    """Which borders exist. The outer ones always do."""
    posts = [c.level for c in cols], [r.level for r in rows]
    across_share, down_share = _shares(rows, posts[0]), _shares(cols, posts[1])
    across = (across_share >= options.covered) | _worn(rows, posts[0], across_share, options)
    down = ((down_share >= options.covered) | _worn(cols, posts[1], down_share, options)).T
    down_share = down_share.T
    across[[0, -1], :] = True
    down[:, [0, -1]] = True
    return _Borders(across, down, across_share, down_share)


def _worn(edges: list[_Edge], posts: list[float], shares: Floats, options: GridOptions) -> Bools:
    """(edges, len(posts) - 1): whether a rule runs on from the next stretch, where it is sure, and ends in this one.

    A rule ends at another; what is missing was taken off the page with a watermark, or is worn.
    """
    worn = np.zeros(shares.shape, dtype=np.bool_)
    for n, edge in enumerate(edges):
        for start, end in edge.spans:
            for tip, step in ((start, 1), (end, -1)):
                at = int(np.searchsorted(posts, tip)) - 1
                if not (0 <= at < len(posts) - 1 and 0 <= at + step < len(posts) - 1):
                    continue
                reach = abs(posts[at + 1 if step > 0 else at] - tip)
                far = reach >= max(options.worn, options.worn_share * (posts[at + 1] - posts[at]))
                worn[n, at] |= far and shares[n, at + step] >= options.sure
    return worn


def _repaired(borders: _Borders) -> _Borders:
    """Borders added until every merged cell is a rectangle: where rules or their continuation are likely."""
    across, down = borders.across.copy(), borders.down.copy()
    current = _Borders(across, down, borders.across_share, borders.down_share)
    for _ in range(across.size + down.size):
        odd = [mask for mask in _regions(_labels(current)) if not _is_rectangle(mask)]
        if not odd:
            break
        for region in odd:
            _cut(current, region)
    return current


def _labels(borders: _Borders) -> Ints:
    """(n_rows, n_cols): the number of the region that each position belongs to."""
    n_rows, n_cols = borders.down.shape[0], borders.across.shape[1]
    numbers = np.arange(n_rows * n_cols).reshape(n_rows, n_cols)
    open_across = ~borders.across[1:-1]
    open_down = ~borders.down[:, 1:-1]
    pairs = [
        *zip(numbers[:-1][open_across].tolist(), numbers[1:][open_across].tolist(), strict=True),
        *zip(numbers[:, :-1][open_down].tolist(), numbers[:, 1:][open_down].tolist(), strict=True),
    ]
    return np.array(connected(n_rows * n_cols, pairs), dtype=np.intp).reshape(n_rows, n_cols)


def _regions(labels: Ints) -> Iterator[Bools]:
    """The mask of each region of more than one position."""
    values, counts = np.unique(labels, return_counts=True)
    for value in values[counts > 1].tolist():
        yield labels == value


def _bounds(mask: Bools) -> tuple[int, int, int, int]:
    """First row, last row + 1, first column, last column + 1 of a mask."""
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(cols[0]), int(cols[-1]) + 1


def _is_rectangle(mask: Bools) -> bool:
    """Whether the region fills its bounds."""
    top, bottom, left, right = _bounds(mask)
    return bool(mask[top:bottom, left:right].all())


def _cut(borders: _Borders, region: Bools) -> None:
    """Close the likeliest line through a region (in place, on the arrays of ``_repaired``)."""
    by_row = _best_line(borders, region)
    by_col = _best_line(borders.turned(), region.T)
    if by_col is None or (by_row is not None and by_row[0] >= by_col[0]):
        assert by_row is not None, "a region that is no rectangle spans two rows or two columns"
        borders.across[by_row[1], by_row[2]] = True
    else:
        borders.down[by_col[2], by_col[1]] = True


def _best_line(borders: _Borders, region: Bools) -> tuple[float, int, Ints] | None:
    """The row edge through ``region`` that most likely is a border: score, edge, and the columns to close.

    The score is the share that rules cover, and how much of the edge beside it exists.
    """
    top, bottom, left, right = _bounds(region)
    best: tuple[float, int, Ints] | None = None
    for edge in range(top + 1, bottom):
        missing = np.flatnonzero(region[edge - 1] & region[edge] & ~borders.across[edge])
        if not len(missing):
            continue
        around = borders.across[edge, max(left - 1, 0) : right + 1]
        score = 2 * float(borders.across_share[edge, missing].mean()) + float(around.mean())
        if best is None or score > best[0]:
            best = (score, edge, missing)
    return best


def _cells(borders: _Borders, rows: list[_Edge], cols: list[_Edge], frame: _Frame) -> tuple[GridCell, ...]:
    """The cells of rectangular regions, row by row."""
    labels = _labels(borders)
    values, first = np.unique(labels, return_index=True)
    cells = []
    for value in values[np.argsort(first)].tolist():
        top, bottom, left, right = _bounds(labels == value)
        box = frame.box(cols[left].level, rows[top].level, cols[right].level, rows[bottom].level)
        cells.append(GridCell(top, left, bottom - top, right - left, box))
    return tuple(cells)
