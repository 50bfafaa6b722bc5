"""Born-digital pages for tests: one small table, brought onto a page in the ways that programs do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pymupdf

LEFT, TOP, HIGH = 80.0, 200.0, 20.0
WIDTHS = (90.0, 140.0, 80.0)
ROWS = (
    ("科目编码", "科目名称", "本年支出"),
    ("201", "一般公共服务支出", "1,614.72"),
    ("205", "教育支出", ""),
    ("221", "住房保障支出", "206.11"),
)
WORDS = [list(row) for row in ROWS]
"""The table's texts row by row, as they must come back."""


def edges(start: float, steps: Iterable[float]) -> list[float]:
    """Running sums from ``start``."""
    found = [start]
    for step in steps:
        found.append(found[-1] + step)
    return found


def draw_table(page: Any) -> None:
    """The table on a page: rules, amounts at the right, and the first stroke 一 of a cell drawn last of all."""
    xs, ys = edges(LEFT, WIDTHS), edges(TOP, [HIGH] * len(ROWS))
    shape = page.new_shape()
    for y in ys:
        shape.draw_line((xs[0], y), (xs[-1], y))
    for x in xs:
        shape.draw_line((x, ys[0]), (x, ys[-1]))
    shape.finish(width=0.5)
    shape.commit()
    for row, texts in enumerate(ROWS):
        for col, text in enumerate(texts):
            amount = "." in text
            at = (xs[col + 1] - 3 - 5 * len(text) if amount else xs[col] + 3, ys[row] + 14)
            rest = text[1:] if text.startswith("一") else text
            page.insert_text((at[0] + 9 * (len(text) - len(rest)), at[1]), rest, fontname="china-s", fontsize=9)
    page.insert_text((xs[1] + 3, ys[1] + 14), "一", fontname="china-s", fontsize=9)
    page.insert_text((LEFT, TOP - 20), "本表反映部门本年度支出情况，按照功能分类列示。", fontname="china-s", fontsize=9)


def upright() -> pymupdf.Document:
    """A document of one upright page with the table."""
    pdf = pymupdf.open()
    draw_table(pdf.new_page())
    return pdf


def turned_about(turn: int) -> pymupdf.Document:
    """The page stored lying on its side and shown upright by ``/Rotate``."""
    source, pdf = upright(), pymupdf.open()
    width, height = (842, 595) if turn % 180 else (595, 842)
    page = pdf.new_page(width=width, height=height)
    page.show_pdf_page(page.rect, source, 0, rotate=turn)
    page.set_rotation(turn)
    return pymupdf.open("pdf", pdf.tobytes())


def shown_sideways(turn: int) -> pymupdf.Document:
    """The upright page with a ``/Rotate`` that lays it on its side."""
    pdf = upright()
    pdf[0].set_rotation(turn)
    return pymupdf.open("pdf", pdf.tobytes())


def cropped(box: tuple[float, float, float, float]) -> pymupdf.Document:
    """The page with a crop box."""
    pdf = upright()
    pdf[0].set_cropbox(pymupdf.Rect(box))
    return pymupdf.open("pdf", pdf.tobytes())
