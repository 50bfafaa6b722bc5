"""A table's rows as an HTML table with its spans; what stands in a cell is the caller's business."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from document.types import Cell
from document.writers.safe import amount_of


def table_html(
    rows: Sequence[Sequence[Cell]],
    headers: int,
    inner: Callable[[Cell], str],
    attributes: Callable[[Cell], str] = lambda cell: "",
) -> str:
    """``<table>`` with one line a row and no empty line; the first ``headers`` rows are ``<th>``.

    ``inner`` gives the cell's content and ``attributes`` further attributes (with a space before them), as HTML.
    """
    lines = ["<table>"]
    for number, row in enumerate(rows):
        tag = "th" if number < headers else "td"
        cells = "".join(f"<{tag}{_spans(c)}{_align(c)}{attributes(c)}>{inner(c)}</{tag}>" for c in row)
        lines.append(f"<tr>{cells}</tr>")
    return "\n".join([*lines, "</table>"])


def _spans(cell: Cell) -> str:
    rows = f' rowspan="{cell.row_span}"' if cell.row_span > 1 else ""
    cols = f' colspan="{cell.col_span}"' if cell.col_span > 1 else ""
    return rows + cols


def _align(cell: Cell) -> str:
    return ' align="right"' if amount_of(cell) is not None else ""
