"""A small document for the writers' tests: prose, a table over two pages, merges, doubts, and hostile text."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pymupdf

from document.geometry import Box
from document.types import (
    BLANK,
    BlockKind,
    Cell,
    Correction,
    Document,
    DocumentKind,
    Meta,
    Origin,
    Page,
    PageWatermark,
    Reading,
    Rule,
    Source,
    Table,
    TextBlock,
)
from document.writers.original import Original

HOSTILE = (
    '=HYPERLINK("http://x.invalid","点")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "＝1+1",
    "\t=1",
    "<script>document.title='x'</script>",
    '"><img src=x onerror=alert(1)>',
    "]]>&amp;&#x41;{{7*7}}{% raw %}",
    "a|b*c_d`e`[f](javascript:alert(1))",
    "正\u202e文\u200b字\x00\x07\ud800",
    "_x0041_#N/A",
)
"""Texts that a page may print to do harm; each stands in a cell of the second table and in a paragraph."""

COLUMNS = (60, 140, 300, 400, 520)


def reading(text: str, **kwargs: object) -> Reading:
    return replace(Reading(text, text, 0.97), **kwargs)


def block(kind: BlockKind, text: str, page: int, top: float, bottom: float, level: int | None = None) -> TextBlock:
    return TextBlock(f"b{page}-{top}", kind, (page,), Box(80, top, 515, bottom), reading(text), level)


def cell(row: int, col: int, text: str, page: int = 1, **kwargs: object) -> Cell:
    top = 200 + 20 * row if page == 1 else 100 + 20 * row
    bottom = top + 20 * int(kwargs.get("row_span", 1))  # type: ignore[call-overload]
    right = COLUMNS[col + int(kwargs.get("col_span", 1))]  # type: ignore[call-overload]
    box = Box(COLUMNS[col], top, right, bottom)
    return replace(Cell(row, col, page, box, reading(text) if text else BLANK), **kwargs)


def accounts() -> Table:
    """Merged header, numbers with and without separators, a percentage, a doubt and a correction; two pages."""
    corrected = Correction("事业单位医疗人", "事业单位医疗", Rule.SUBJECT_NAME, 0.97, "dictionaries@1")
    cells = (
        cell(0, 0, "项目", col_span=2),
        cell(0, 2, "金额", row_span=2),
        cell(0, 3, "占比", row_span=2),
        cell(1, 0, "科目编码"),
        cell(1, 1, "科目名称"),
        cell(2, 0, "合计", col_span=2),
        cell(2, 2, "37,188.34", amount="37188.34", verified_by=("合计＝各类之和",)),
        cell(2, 3, "100%", amount="100"),
        cell(3, 0, "2101102", page=2),
        cell(3, 1, "", page=2, reading=reading("事业单位医疗", raw="事业单位医疗人", corrections=(corrected,))),
        cell(3, 2, "-20.50", page=2, amount="-20.50"),
        cell(3, 3, "0.55%", page=2, amount="0.55"),
        cell(4, 0, "2210201", page=2),
        cell(4, 1, "住房公积金", page=2),
        cell(
            4,
            2,
            "",
            page=2,
            amount="820.66",
            reading=reading("820.66", confidence=0.4, needs_review=True, reasons=("与下级科目合计不符（差 0.30）",)),
        ),
        cell(4, 3, "", page=2),
    )
    return Table("b7", (1, 2), 5, 4, cells, "收入支出决算总表", "公开01表", "万元", "青石县水利局", 2024)


def hostile_table() -> Table:
    cells = tuple(cell(row, col, HOSTILE[row * 4 + col], page=2) for row in range(3) for col in range(4))
    moved = tuple(replace(c, box=Box(c.box.left, c.box.top + 300, c.box.right, c.box.bottom + 300)) for c in cells)
    return Table("x]]>", (2,), 3, 4, moved, "收入/支出:[总]表?*", None, None)


def document() -> Document:
    """Two scanned pages and one that failed."""
    blocks = (
        block(BlockKind.HEADING, "第一部分 概况", 1, 80, 96, level=1),
        block(
            BlockKind.PARAGRAPH,
            "1. 青石县水利局负责保障水资源的合理开发利用，拟订水利战略规划和政策，起草有关规章草案，"
            "组织编制全县水资源综合规划、防洪规划等重大水利规划。",
            1,
            110,
            170,
        ),
        accounts(),
        block(BlockKind.PAGE_NUMBER, "1", 1, 800, 812),
        block(BlockKind.HEADING, "二、收入", 2, 60, 76, level=2),
        hostile_table(),
        *(block(BlockKind.PARAGRAPH, text, 2, 500 + 20 * n, 514 + 20 * n) for n, text in enumerate(HOSTILE)),
    )
    watermark = PageWatermark("仅供内部审核", 0.11)
    pages = (
        Page(1, Origin.SCAN, 595, 842, watermark=watermark),
        Page(2, Origin.SCAN, 595, 842, watermark=watermark),
        Page(3, Origin.FAILED, 0, 0, error="page 3: <b>damaged</b>"),
    )
    meta = Meta("青石县水利局", 2024, DocumentKind.FINAL_ACCOUNT)
    return Document(Source("青石<县>.pdf", "0" * 64, 3), pages, blocks, meta)


def scan(path: Path, document: Document, rotations: dict[int, int] | None = None, dpi: int = 100) -> Path:
    """A PDF whose pages are one grey image each, a dark bar where the document says text stands.

    ``rotations`` are /Rotate entries by page: the picture lies turned in the file and is shown upright.
    """
    pdf = pymupdf.open()
    for page in document.pages:
        width, height = page.width or 595, page.height or 842
        pixels = np.full((round(height * dpi / 72), round(width * dpi / 72)), 255, np.uint8)
        for box in ink_boxes(document, page.number):
            left, top, right, bottom = (round(v * dpi / 72) for v in box.as_tuple())
            for start in range(left, right, 8):  # like characters: a line without gaps would be a rule
                pixels[top:bottom, start : min(start + 6, right)] = 40
        turn = (rotations or {}).get(page.number, 0)
        stored = np.ascontiguousarray(np.rot90(pixels, turn // 90))
        rows, cols = stored.shape
        image = pymupdf.Pixmap(pymupdf.csGRAY, cols, rows, stored.tobytes(), False)
        new = pdf.new_page(width=width if turn % 180 == 0 else height, height=height if turn % 180 == 0 else width)
        new.insert_image(new.rect, stream=image.tobytes("jpeg"))
        new.set_rotation(turn)
    pdf.save(path)
    return path


def ink_boxes(document: Document, number: int) -> list[Box]:
    """Where the drawn page has ink: the text in the middle of its cell, or all of a block of prose."""
    boxes = []
    for item in document.blocks:
        if isinstance(item, Table):
            inner = [c.box for c in item.cells if c.page == number and c.reading.text]
            boxes += [Box(b.left + 8, b.center[1] - 4, b.right - 8, b.center[1] + 4) for b in inner]
        elif item.pages[0] == number:
            lines = max(1, round(item.box.height / 20))
            pitch = item.box.height / lines
            boxes += [
                Box(item.box.left, item.box.top + n * pitch, item.box.right, item.box.top + n * pitch + 10)
                for n in range(lines)
            ]
    return boxes


def original(path: Path) -> Original:
    """The file with its pages drawn by MuPDF, turned as the document says."""

    def draw(page: Page, dpi: float) -> np.ndarray:
        with pymupdf.open(path) as source:
            pixmap = source[page.number - 1].get_pixmap(dpi=round(dpi), colorspace=pymupdf.csGRAY)
        pixels = np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.width)
        return np.rot90(pixels, -(page.rotation // 90))

    return Original(path, draw)
