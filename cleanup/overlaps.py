"""Text that was found twice (重叠的文字): two of a cell's lines lie over each other, and both were read.

The detector gives a line and a piece of it. Where one text is part of the other, the shorter goes; where they differ,
nobody can know from the text which is right, and the cell is flagged. Or it cuts a line in two pieces that share some
characters: those stand twice in the text, and go once where both pieces were read alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from document.types import Cell, Correction, Document, Rule, Table, TextLine

SEAM = 0.1
"""Share of the shorter of two pieces on one level that lies in the other from which characters were read twice."""
LEVEL = 0.6
"""Share of the lower piece's height that lies beside the other: they stand on one level."""
OVER = 0.6
"""Share of the smaller box that lies in the other from which two lines count as one place."""
MOST_LINES = 60
"""Lines of a cell that are compared with each other; a cell with more holds a long text."""
REASON = "同一处读出两段文字，无法确定"


def without_doubles(document: Document) -> Document:
    """The document with every text of a table cell once; before any rule has changed the texts. Idempotent."""
    blocks = tuple(
        replace(b, cells=tuple(_once(c) for c in b.cells)) if isinstance(b, Table) else b for b in document.blocks
    )
    return replace(document, blocks=blocks)


def _once(cell: Cell) -> Cell:
    if not 2 <= len(cell.lines) <= MOST_LINES:
        return cell
    doubled = [(a, b) for a, b in combinations(range(len(cell.lines)), 2) if _lie_over(cell.lines[a], cell.lines[b])]
    if not doubled:
        return _without_seams(cell)
    extra: set[int] = set()
    for a, b in doubled:
        shorter, longer = sorted((a, b), key=lambda i: (len(cell.lines[i].text), -i))
        if cell.lines[shorter].text.strip() not in cell.lines[longer].text:
            return replace(cell, reading=cell.reading.doubted(REASON))
        extra.add(shorter)
    return _without(cell, extra)


def _without_seams(cell: Cell) -> Cell:
    """The cell without the characters that two pieces of one line both have: ×100%) and 100%) = at their seam."""
    spans = _spans(cell.reading.text, cell.lines)
    if spans is None:
        return cell
    text = cell.reading.text
    for i in range(len(cell.lines) - 1, 0, -1):
        left, right = cell.lines[i - 1], cell.lines[i]
        shared = _shared(left, right) if _has_seam(left, right) else 0
        if shared:
            start = spans[i][0]
            text = text[: spans[i - 1][1]] + text[start + shared :].lstrip(" ")
    if text == cell.reading.text:
        return cell
    record = Correction(cell.reading.text, text, Rule.DEBRIS, 0.97, "recogniser")
    return replace(cell, reading=replace(cell.reading, text=text, corrections=(*cell.reading.corrections, record)))


def _has_seam(left: TextLine, right: TextLine) -> bool:
    """Whether two pieces of text on one level overlap by more than the margin that a detector leaves."""
    a, b = left.box, right.box
    beside = min(a.bottom, b.bottom) - max(a.top, b.top)
    over = a.right - b.left
    level = beside >= LEVEL * min(a.height, b.height) and a.left < b.left and a.right < b.right
    return level and over >= SEAM * min(a.width, b.width) and over >= 0.8 * min(a.height, b.height)


def _shared(left: TextLine, right: TextLine) -> int:
    """How many characters the one ends in and the other begins with; 0 unless they are about as wide as the overlap."""
    before, after = left.text.strip(), right.text.strip()
    count = next((n for n in range(min(len(before), len(after)) - 1, 1, -1) if before.endswith(after[:n])), 0)
    each = right.box.width / max(1, len(after))
    return count if count and abs(count * each - (left.box.right - right.box.left)) <= max(2.5 * each, 2) else 0


def _lie_over(a: TextLine, b: TextLine) -> bool:
    smaller, larger = sorted((a.box, b.box), key=lambda box: box.area)
    return bool(a.text.strip() and b.text.strip()) and smaller.area > 0 and smaller.cover(larger) >= OVER


def _without(cell: Cell, extra: set[int]) -> Cell:
    spans = _spans(cell.reading.text, cell.lines)
    if spans is None:
        return replace(cell, reading=cell.reading.doubted(REASON))
    text = cell.reading.text
    for i in sorted(extra, reverse=True):
        start, end = spans[i]
        text = text[:start] + text[end:].lstrip(" ") if not text[:start].strip() else text[:start] + text[end:]
    text = text.strip()
    record = Correction(cell.reading.text, text, Rule.DEBRIS, 0.98, "recogniser")
    reading = replace(cell.reading, text=text, corrections=(*cell.reading.corrections, record))
    return replace(cell, reading=reading, lines=tuple(k for i, k in enumerate(cell.lines) if i not in extra))


def _spans(text: str, lines: Sequence[TextLine]) -> list[tuple[int, int]] | None:
    """Where each line's text stands in the cell's, or None where they do not fit."""
    found: list[tuple[int, int]] = []
    end = 0
    for line in lines:
        piece = line.text.strip()
        start = text.find(piece, end)
        if start < 0 or text[end:start].strip():
            return None
        end = start + len(piece)
        found.append((start, end))
    return found
