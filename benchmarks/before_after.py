"""Draws the README's picture: a page as scanned, with watermark and seal off, and as it comes out.

python -m benchmarks.before_after [SCAN [PAGE]]      writes docs/before-after.png
"""

from __future__ import annotations

import argparse
import html
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pymupdf
from PIL import Image

from cleanup.watermark import remove_watermark
from document.types import NOT_IN_TEXT, Block, Cell, Document, Table
from flows.document import finish, prepare, read_page
from flows.options import RunOptions
from ocr.engine import load_engine
from ocr.pdf import open_source, page_image, rasterise
from ocr.types import Pixels
from ocr.upright import straighten

ROOT = Path(__file__).resolve().parent.parent
SCAN = ROOT / "benchmarks" / "samples" / "s2-account-color-seal.pdf"
PICTURE = ROOT / "docs" / "before-after.png"
HEIGHT = 1000
"""Pixels of each panel."""
SHOWN = 0.82
"""Share of the panel's height that is shown: the foot of the page is blank."""
GAP = 16
MARGIN = 40
"""Points around what came out."""
STYLE = """
* {font-size: 9px; line-height: 1.3} table {border-collapse: collapse; width: 100%}
td {border: 0.5px solid #555; padding: 0.6px 2px} .n {text-align: right} .r {background-color: #ffe08a}
h1 {font-size: 13px; text-align: center} p {margin: 2px 0}
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the picture of one page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.before_after", description=__doc__)
    parser.add_argument("scan", type=Path, nargs="?", default=SCAN)
    parser.add_argument("page", type=int, nargs="?", default=1)
    chosen = parser.parse_args(arguments)
    PICTURE.parent.mkdir(exist_ok=True)
    panels = draw_panels(chosen.scan, chosen.page)
    side_by_side(panels).quantize(128, dither=Image.Dither.NONE).save(PICTURE, optimize=True)


def draw_panels(scan: Path, number: int) -> list[Image.Image]:
    """The page as scanned, without its watermark, and as the cleaned document has it."""
    options = RunOptions()
    engine = load_engine(options.engine)
    plan = prepare(scan, options, engine)
    with open_source(scan) as source:
        raw = page_image(number, rasterise(source[number - 1], None))
    clean = remove_watermark(straighten(raw), plan.evidence.watermark).image
    page = read_page(plan, number, engine)
    document = finish(replace(plan, numbers=(number,)), [page])
    return [_panel(raw.pixels), _panel(clean.pixels), as_printed(document)]


def as_printed(document: Document) -> Image.Image:
    """The document's blocks as a page; cells that a person should look at are yellow."""
    width, height = document.pages[0].width, document.pages[0].height
    body = "".join(_block_html(block) for block in document.blocks)
    with pymupdf.open() as drawn:
        page = drawn.new_page(width=width, height=height)
        page.insert_htmlbox(pymupdf.Rect(MARGIN, MARGIN, width - MARGIN, height - MARGIN), body, css=STYLE)
        pixmap = page.get_pixmap(dpi=round(72 * HEIGHT / height))
        return Image.frombytes("RGB", (pixmap.width, pixmap.height), pixmap.samples)


def _block_html(block: Block) -> str:
    if isinstance(block, Table):
        rows = (_row_html([c for c in block.cells if c.row == row]) for row in range(block.n_rows))
        return f"<table>{''.join(rows)}</table>"
    if block.kind in NOT_IN_TEXT:
        return ""
    tag = "h1" if block.kind == "heading" else "p"
    return f"<{tag}>{html.escape(block.reading.text)}</{tag}>"


def _row_html(cells: Sequence[Cell]) -> str:
    return f"<tr>{''.join(_cell_html(cell) for cell in cells)}</tr>"


def _cell_html(cell: Cell) -> str:
    names = [name for name, holds in (("n", cell.amount is not None), ("r", cell.reading.needs_review)) if holds]
    spans = f'rowspan="{cell.row_span}" colspan="{cell.col_span}" class="{" ".join(names)}"'
    return f"<td {spans}>{html.escape(cell.reading.text)}</td>"


def _panel(pixels: Pixels) -> Image.Image:
    rgb = pixels if pixels.ndim == 2 else pixels[:, :, ::-1]
    image = Image.fromarray(np.ascontiguousarray(rgb)).convert("RGB")
    return image.resize((round(image.width * HEIGHT / image.height), HEIGHT), Image.Resampling.LANCZOS)


def side_by_side(panels: Sequence[Image.Image]) -> Image.Image:
    """The panels on grey, from left to right."""
    width = sum(panel.width for panel in panels) + GAP * (len(panels) + 1)
    height = round(HEIGHT * SHOWN)
    sheet = Image.new("RGB", (width, height + 2 * GAP), (222, 222, 222))
    left = GAP
    for panel in panels:
        sheet.paste(panel.crop((0, 0, panel.width, height)), (left, GAP))
        left += panel.width + GAP
    return sheet


if __name__ == "__main__":
    main()
