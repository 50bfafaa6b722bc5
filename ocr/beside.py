"""Names read as one (并读): lines that the detector drew over names of two or three columns side by side.

Without upright rules a tight head (政府性基 国有资本 over 金预算财 经营预算) has hardly a blank between columns,
and one line of it comes out whole while the next is parted. Names are centred: where the lines near above or below
stand side by side in the middles of parts of such a line, it is those parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from document.geometry import Box
from document.types import TextLine
from ocr.glyphs import is_wide
from ocr.pieces import is_code_levels, part_of_line, pieces, trimmed

__all__ = ["parted_lines"]

_LEAST = 4
"""Characters of a line that may be several names."""
_MOST = 24
"""More characters are prose."""
_NEAR = 1.45
"""Lines of one name are no further apart, from middle to middle, type sizes."""
_OFF = 0.55
"""How far a part's middle may be off that of the line above or below it, type sizes."""


def parted_lines(lines: Sequence[TextLine], within: Sequence[Box] | None = None) -> tuple[TextLine, ...]:
    """The ``lines``, each that lies over several names parted between them; others as they are, in their order.

    Only lines ``within`` one of some boxes are parted, where those are given: in prose words stand below one another
    by chance.
    """
    level = [p for k in lines if abs(k.angle) < 5 for p in pieces(k)]
    names = [trimmed(p) for p in level if p.text.strip() and not any(c.isdigit() for c in p.text)]
    return tuple(
        part
        for line in lines
        for part in (_parted(line, names) if within is None or _lies_in(line, within) else (line,))
    )


def _lies_in(line: TextLine, boxes: Sequence[Box]) -> bool:
    return any(box.contains(*line.box.center) for box in boxes)


def _parted(line: TextLine, names: Sequence[TextLine]) -> tuple[TextLine, ...]:
    """A line as it is, or cut where one of its pieces lies over several names."""
    whole = pieces(line)
    parts = tuple(part for piece in whole for part in _parts(piece, names))
    return parts if len(parts) > len(whole) else (line,)


def _parts(line: TextLine, names: Sequence[TextLine]) -> tuple[TextLine, ...]:
    if not _LEAST <= len(line.text) <= _MOST or len(line.characters) != len(line.text) or abs(line.angle) >= 5:
        return (line,)
    if not all(is_wide(c) for c in line.text):
        return (line,)
    size = min(line.box.height, line.box.width / len(line.text))
    near = [n for n in names if abs(n.box.center[1] - line.box.center[1]) < _NEAR * line.box.height]
    for side in (-1, 1):
        row = sorted(
            (
                n
                for n in near
                if (n.box.center[1] - line.box.center[1]) * side > 0.5 * size and _lies_over(line, n, size)
            ),
            key=lambda n: n.box.left,
        )
        parting = _is_row(row) and not is_code_levels("".join(n.text.strip() for n in row))
        cuts = _cuts(line, [n.box.center[0] for n in row], _OFF * size) if parting else None
        if cuts:
            return tuple(part_of_line(line, a, b) for a, b in pairwise((0, *cuts, len(line.text))))
    return (line,)


def _lies_over(line: TextLine, name: TextLine, size: float) -> bool:
    """Whether a name lies within the ends of a line, but for half a character."""
    return name.box.left > line.box.left - 0.5 * size and name.box.right < line.box.right + 0.5 * size


def _is_row(names: Sequence[TextLine]) -> bool:
    """Whether two or more names stand side by side at one height."""
    if len(names) < 2 or any(a.box.right > b.box.left for a, b in pairwise(names)):
        return False
    middle = median(n.box.center[1] for n in names)
    return all(abs(n.box.center[1] - middle) < 0.4 * n.box.height for n in names)


def _cuts(line: TextLine, middles: Sequence[float], off: float) -> list[int] | None:
    """Before which characters the parts begin that stand in the ``middles``; None where some part stands in none."""
    cuts, first = list[int](), 0
    for number, middle in enumerate(middles):
        left = len(middles) - 1 - number
        ends = [len(line.text)] if not left else range(first + 1, len(line.text) - left + 1)
        best = min(ends, key=lambda end: abs(_middle(line, first, end) - middle))
        if abs(_middle(line, first, best) - middle) > off:
            return None
        cuts, first = [*cuts, best], best
    return cuts[:-1]


def _middle(line: TextLine, first: int, end: int) -> float:
    return (line.characters[first].left + line.characters[end - 1].right) / 2
