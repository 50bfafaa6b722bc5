"""Tables that go on over the page (跨页表格): whether one continues another, and both as one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rapidfuzz import fuzz

from document.types import Cell, Page, Table, TextBlock
from ocr import patterns
from ocr.common_columns import column_edges, with_common_columns
from ocr.rows import join_texts

MAX_HEADER_ROWS = 6
"""Most rows of a table's head (表头) that a continued page repeats."""

SAME_ROW = 78.0
"""Similarity (0–100) from which two header rows are readings of one."""

SAME_WORDS = 95.0
"""Similarity (0–100) from which two header rows are readings of one whose spans came out differently."""

MOST_NAMES = 3
"""Names that a header row with some missing has at least."""

MOST_OF = 0.6
"""Share of the first head's names that it has at least."""

SAME_CAPTION = 88.0
"""Similarity (0–100) from which two captions are readings of one."""

SAME_EDGE = 0.03
"""Column edges that differ by less than this share of the table's width are the same."""

LOWEST = 0.5
"""A table that goes on over the page ends below this share of the page's height."""

_AMOUNT = re.compile(r"^[-+]?[\d,，]*\d[.．]\d+%?$")
_CODE = re.compile(r"^\d{3,7}$")


def continues(
    before: Table, head: Sequence[TextBlock], after: Table, captions: Sequence[str], pages: tuple[Page, Page]
) -> bool:
    """Whether ``after``, on the page after ``before``'s last, is the same table going on.

    ``head`` are the texts between the two, ``captions`` the texts printed above ``before``; ``pages`` are the
    two pages. A head of its own begins a new table, unless it repeats the first one's.
    """
    parts = _parts(before, after)
    if parts is None:
        return False
    before, after = parts
    last, next_page = pages
    if _bottom(before, last) < LOWEST or (last.width > last.height) != (next_page.width > next_page.height):
        return False
    if head:
        return _repeats_head(before, head, after, captions)
    return not _starts_form(before, after)


def merge(before: Table, after: Table) -> Table:
    """Both tables as one: a repeated head appears once, a row cut by the page break is whole again."""
    before, after = _parts(before, after) or (before, after)
    skip = repeated_rows(before, after)
    cells = tuple(c for c in after.cells if c.row >= skip)
    upper, lower = before.cells, cells
    if _row_is_cut(before, cells, skip):
        upper, lower = _mended(before, cells, skip)
        skip += 1
    upper, lower = _spans_joined(before.n_rows, upper, lower, skip)
    moved = tuple(replace(c, row=c.row + before.n_rows - skip) for c in lower)
    return replace(
        before,
        pages=before.pages + tuple(p for p in after.pages if p not in before.pages),
        n_rows=before.n_rows + after.n_rows - skip,
        cells=upper + moved,
        needs_review=before.needs_review or after.needs_review,
        reasons=before.reasons + tuple(r for r in after.reasons if r not in before.reasons),
    )


def repeated_rows(before: Table, after: Table) -> int:
    """How many rows at the top of ``after`` repeat the head of ``before``."""
    limit = min(header_rows(before), after.n_rows - 1, MAX_HEADER_ROWS)
    count = 0
    while count < limit and _same_row(_row(before, count), _row(after, count)):
        count += 1
    while count and any(c.row < count < c.row + c.row_span for c in after.cells):
        count -= 1
    return count


def header_rows(table: Table) -> int:
    """Rows above the first one with an amount, a code or a total; at least one."""
    for row in range(table.n_rows):
        texts = [_bare(c) for c in _row(table, row)]
        first = next((t for t in texts if t), "")
        # 合计 right of a tall cell of the head is the name of a column, not of a row
        total = first in ("合计", "总计") and not any(c.row < row < c.row + c.row_span for c in table.cells)
        if total or any(_AMOUNT.match(t) or _CODE.match(t) for t in texts):
            return max(row, 1)
    return table.n_rows


def _row(table: Table, row: int) -> list[Cell]:
    """The cells that begin in a row."""
    return [c for c in table.cells if c.row == row]


def _same_row(one: Sequence[Cell], other: Sequence[Cell]) -> bool:
    """Whether two rows are readings of one: similar texts in the same columns, or the same, but for a few, in any."""
    if not any(c.reading.text for c in one):
        return False
    names = [[patterns.plain(c.reading.text) for c in row] for row in (one, other)]
    if [c.col for c in one] == [c.col for c in other] and fuzz.ratio(*map("|".join, names)) >= SAME_ROW:
        return True
    return fuzz.ratio(*map("".join, names)) >= SAME_WORDS or _is_most_of(*([n for n in row if n] for row in names))


def _is_most_of(names: Sequence[str], others: Sequence[str]) -> bool:
    """Whether ``others`` are ``names`` in their order, a few missing: one lay under a mark (栏次 1 2 4 5)."""
    rest = iter(names)
    return len(others) >= max(MOST_NAMES, MOST_OF * len(names)) and all(n in rest for n in others)


def _parts(before: Table, after: Table) -> tuple[Table, Table] | None:
    """Both with the same columns, or None where they are no parts of one table."""
    if before.n_cols == after.n_cols and (_same_columns(before, after) or _same_head(before, after)):
        return before, after
    return with_common_columns(before, after)


def _same_columns(one: Table, other: Table) -> bool:
    """Whether the column edges lie at the same places, each table measured on its own page."""
    first, second = column_edges(one), column_edges(other)
    width = max(first[-1] - first[0], 1.0)
    if abs((second[-1] - second[0]) / width - 1) > 0.08:
        return False
    shift = second[0] - first[0]
    return all(abs(b - shift - a) <= SAME_EDGE * width + 2 for a, b in zip(first, second, strict=True))


def _same_head(before: Table, after: Table) -> bool:
    """Whether ``after`` repeats the whole head and is as wide: edges that no rules show differ from page to page."""
    width, other = (t[-1] - t[0] for t in map(column_edges, (before, after)))
    whole = repeated_rows(before, after) == header_rows(before)
    named = sum(bool(c.reading.text) for c in before.cells if c.row < header_rows(before))
    return whole and named >= before.n_cols and abs(other / max(width, 1.0) - 1) < 0.08


def _bottom(table: Table, page: Page) -> float:
    """Where the table ends on its last page, as a share of the page's height."""
    on_page = [c.box.bottom for c in table.cells if c.page == table.pages[-1]]
    return max(on_page, default=0.0) / max(page.height, 1.0)


def _repeats_head(before: Table, head: Sequence[TextBlock], after: Table, captions: Sequence[str]) -> bool:
    """Whether the texts between are the first table's captions again (打印标题), or say 续表."""
    texts = [patterns.plain(b.reading.text) for b in head]
    if any(re.search(r"续\s?表|[(]\s?续\s?[)]|^接上[页表]", t) for t in texts):
        return True
    known = [patterns.plain(c) for c in captions]
    if not all(any(fuzz.ratio(t, k) >= SAME_CAPTION for k in known) for t in texts):
        return False
    same_number = after.number is not None and after.number == before.number
    enough = sum(bool(c.reading.text) for c in _row(before, 0)) >= 2
    return repeated_rows(before, after) > 0 and (same_number or enough) and not _starts_form(before, after)


def _starts_form(before: Table, after: Table) -> bool:
    """Whether ``after`` begins as ``before`` did but with another value: the next form of a kind (绩效目标表).

    A repeated head has the same texts, but for a misread one; a form has its label and other values.
    """
    one, other = ([_bare(c) for c in _row(t, 0)] for t in (before, after))
    if len(one) < 2 or len(one) != len(other) or not one[0] or fuzz.ratio(one[0], other[0]) < SAME_CAPTION:
        return False
    pairs = [(a, b) for a, b in zip(one[1:], other[1:], strict=True) if a or b]
    return sum(a != b for a, b in pairs) > 0.5 * len(pairs)


def _bare(cell: Cell) -> str:
    return patterns.plain(cell.reading.text).replace(" ", "")


def _row_is_cut(before: Table, cells: Sequence[Cell], top: int) -> bool:
    """Whether the first row of the next page is the rest of the last row: only the ends of texts are in it."""
    last = {c.col: c for c in _row(before, before.n_rows - 1)}
    rest = [c for c in cells if c.row == top]
    filled = [c for c in rest if c.reading.text.strip()]
    if not filled or any(c.row_span > 1 for c in rest) or {c.col for c in rest} != set(last):
        return False
    elsewhere = any(c.reading.text.strip() for col, c in last.items() if col not in {f.col for f in filled})
    return elsewhere and all(_is_rest(last[c.col], c) for c in filled)


def _is_rest(upper: Cell, lower: Cell) -> bool:
    """Whether the lower cell's text can only be the end of the upper one's, whose last line was full."""
    text = lower.reading.text.strip()
    if not upper.reading.text.strip() or not upper.lines or patterns.enumerator_level(text) is not None:
        return False
    if (
        _AMOUNT.match(patterns.plain(text))
        or _CODE.match(patterns.plain(text))
        or patterns.ends_sentence(upper.reading.text)
    ):
        return False
    lowest = max(upper.lines, key=lambda k: k.box.bottom)
    room = upper.box.right - lowest.box.right
    size = lowest.size or lowest.box.height
    return room < 1.6 * size and lowest.box.width > 0.6 * upper.box.width


def _mended(before: Table, cells: Sequence[Cell], top: int) -> tuple[tuple[Cell, ...], tuple[Cell, ...]]:
    """The upper cells with the cut row's rests, and the lower cells without that row."""
    rests = {c.col: c for c in cells if c.row == top and c.reading.text.strip()}
    upper = tuple(
        _with_rest(c, rests[c.col]) if c.row == before.n_rows - 1 and c.col in rests else c for c in before.cells
    )
    return upper, tuple(c for c in cells if c.row > top)


def _with_rest(cell: Cell, rest: Cell) -> Cell:
    one, other = cell.reading, rest.reading
    reading = replace(
        one,
        text=join_texts(one.text, other.text),
        raw=join_texts(one.raw, other.raw),
        confidence=min(one.confidence, other.confidence),
        needs_review=one.needs_review or other.needs_review,
        reasons=one.reasons + other.reasons,
        corrections=one.corrections + other.corrections,
    )
    return replace(cell, reading=reading, lines=cell.lines + rest.lines)


def _spans_joined(
    n_rows: int, upper: Sequence[Cell], lower: Sequence[Cell], top: int
) -> tuple[tuple[Cell, ...], tuple[Cell, ...]]:
    """A merged cell that the page break divides is one again: its lower part has no text of its own."""
    ends = {(c.col, c.col_span): c for c in upper if c.row + c.row_span == n_rows and c.reading.text.strip()}
    tails = {
        (c.col, c.col_span): c
        for c in lower
        if c.row == top and not c.reading.text.strip() and (c.col, c.col_span) in ends
    }
    joined = {k: t for k, t in tails.items() if ends[k].row_span > 1 and t.row_span > 1}
    gone = set(map(id, joined.values()))
    grown = {id(ends[k]): t.row_span for k, t in joined.items()}
    return (
        tuple(replace(c, row_span=c.row_span + grown[id(c)]) if id(c) in grown else c for c in upper),
        tuple(c for c in lower if id(c) not in gone),
    )


__all__ = ["continues", "header_rows", "merge", "repeated_rows"]
