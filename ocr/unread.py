"""Ink that nobody read (有墨迹而没有文字): blank cells that are not blank, lines and pages without a word.

A cell without text is right where nothing is printed. Where characters stand, it is an error that no confidence
shows: there is nothing to be unsure of. So the ink itself is asked, and what was read there and dropped again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from document.geometry import Box
from document.types import NOT_IN_TEXT, Block, Cell, PageContent, Table, TextBlock, TextLine
from ocr.ink import darkness, pixels_of, text_darkness
from ocr.types import PageImage, Pixels

REASON = "格内有墨迹，但没有读出文字"
REASON_MORE = "格内可能还有没有读出的文字"
REASON_NEAR = "旁边有一行字没有读出"
PAGE_ERROR = "ink, but no text was read"


class UnreadOptions(BaseModel):
    """When ink in a blank cell counts as characters. Lengths are type heights of the page unless they say otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    darkness: float = Field(0.55, gt=0, le=1, description="darkness of the ink against the page's text (0-1)")
    inset: float = Field(1.3, ge=0, le=10, description="border of a cell where ink is rule (points)")
    bridge: float = Field(0.2, ge=0, le=1, description="gaps inside a broken character that are closed")
    low: float = Field(0.42, gt=0, le=1, description="lowest character: digits are lower than the boxes of lines")
    high: float = Field(1.7, gt=0, le=5, description="highest character")
    narrow: float = Field(0.1, gt=0, le=1, description="narrowest group of strokes that counts: a lone 1")
    filled: float = Field(0.16, gt=0, le=1, description="share (0-1) of a character's box that its ink fills")
    dropped: float = Field(1.5, gt=0, le=20, description="shortest line that was read in the cell and not kept")
    tall: float = Field(
        1.6, ge=1, le=10, description="height of a box that holds more than the one character read in it"
    )
    wide: float = Field(
        1.6,
        ge=1,
        le=10,
        description="width, in its heights, of a box that holds more than the one character read in it",
    )
    room: float = Field(1.2, gt=0, le=5, description="height above or below a cell's lines where another finds room")
    margin: float = Field(0.1, ge=0, le=1, description="how far ink reaches out of the box of its line")
    page_ink: int = Field(8, ge=1, le=1000, description="pieces of ink as high as type that make a page not blank")


def note_unread(
    content: PageContent,
    image: PageImage,
    dropped: Sequence[TextLine],
    missed: Sequence[Box] = (),
    options: UnreadOptions | None = None,
) -> PageContent:
    """The page with blank cells flagged in which ink stands, or a line was found and not read or not kept.

    Everything in straight points. ``dropped``: lines without text, and those taken for residue. ``missed``: places
    of whole lines of ink that nothing could be read from; the text next to each is flagged. A page with ink and
    without any text gets an error that says so; it is no failed page.
    """
    options = options or UnreadOptions()
    lines = [line.box for block in content.blocks for line in _lines(block)]
    if not lines:
        return _wordless(content, image, options)
    unit = image.dpi / 72
    dark = darkness(image.grey, unit)
    size = float(np.median([min(box.height, box.width) for box in lines]))
    least = max(1.0, options.darkness * text_darkness(dark, lines, unit))
    long = [line.box for line in dropped if line.box.width >= options.dropped * size and _is_type(line.box, size)]
    blocks = tuple(
        replace(b, cells=tuple(_noted(c, dark, unit, size, least, long, options) for c in b.cells))
        if isinstance(b, Table)
        else b
        for b in content.blocks
    )
    return replace(content, blocks=_beside(blocks, missed))


def _beside(blocks: tuple[Block, ...], missed: Sequence[Box]) -> tuple[Block, ...]:
    """The blocks, each text that is the nearest to a line nobody read flagged; cells see to what is in tables."""
    texts = [block for block in blocks if isinstance(block, TextBlock) and block.kind not in NOT_IN_TEXT]
    tables = [Box.around(c.box for c in block.cells) for block in blocks if isinstance(block, Table) and block.cells]
    outside = [line for line in missed if not any(table.contains(*line.center) for table in tables)]
    near = {min(texts, key=lambda text: _gap(text.box, line)).id for line in outside} if texts else set()
    return tuple(
        replace(block, reading=block.reading.doubted(REASON_NEAR))
        if isinstance(block, TextBlock) and block.id in near
        else block
        for block in blocks
    )


def _gap(one: Box, other: Box) -> float:
    """Points from one box to the other, 0 where they touch."""
    across = max(one.left - other.right, other.left - one.right, 0.0)
    return across + max(one.top - other.bottom, other.top - one.bottom, 0.0)


def _lines(block: Block) -> tuple[TextLine, ...]:
    if isinstance(block, TextBlock):
        return block.lines
    return tuple(line for cell in block.cells for line in cell.lines)


def _is_type(box: Box, size: float) -> bool:
    return 0.6 * size <= box.height <= 2 * size


def _noted(
    cell: Cell,
    dark: Pixels,
    unit: float,
    size: float,
    least: float,
    dropped: Sequence[Box],
    options: UnreadOptions,
) -> Cell:
    if cell.reading.text:
        more = any(_holds_more(k, size, options) for k in cell.lines) or any(
            has_characters(dark, room, unit, size, least, options) for room in _rooms(cell, size, options)
        )
        return _said(cell, REASON_MORE) if more else cell
    if any(cell.box.contains(*box.center) for box in dropped) or has_characters(
        dark, cell.box, unit, size, least, options
    ):
        return _said(cell, REASON)
    return cell


def _rooms(cell: Cell, size: float, options: UnreadOptions) -> list[Box]:
    """The parts of a cell above and below its lines where a further line would find room."""
    if not cell.lines or any(line.angle for line in cell.lines):
        return []
    box, margin = cell.box, options.margin * size
    top = min(line.box.top for line in cell.lines) - margin
    bottom = max(line.box.bottom for line in cell.lines) + margin
    parts = ((box.top, top), (bottom, box.bottom))
    return [Box(box.left, a, box.right, b) for a, b in parts if b - a >= options.room * size]


def _holds_more(line: TextLine, size: float, options: UnreadOptions) -> bool:
    """Whether a line's box is too high for the one character read in it, or too wide for the one Han character."""
    text = line.text.strip()
    if len(text) != 1 or line.angle:
        return False
    is_wide = "\u4e00" <= text <= "\u9fff" and line.box.width >= options.wide * line.box.height
    return is_wide or line.box.height >= options.tall * size


def _said(cell: Cell, reason: str) -> Cell:
    return replace(cell, reading=cell.reading.doubted(reason))


def has_characters(dark: Pixels, cell: Box, unit: float, size: float, least: float, options: UnreadOptions) -> bool:
    """Whether something as high and as dense as a character stands clear in a cell, its strokes broken or not."""
    x, y = min(options.inset, cell.width / 2), min(options.inset, cell.height / 2)
    ink = (dark[pixels_of(cell.grown(-x, -y), unit, dark.shape)] >= least).astype(np.uint8)
    if min(ink.shape) < 4 or not ink.any():
        return False
    side = max(1, round(options.bridge * size * unit))
    whole = cv2.morphologyEx(
        np.pad(ink, side), cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_RECT, (side, side))
    )[side:-side, side:-side]
    _, labels, stats, _ = cv2.connectedComponentsWithStats(whole, connectivity=8)
    for number, (left, top, width, height, _area) in enumerate(stats[1:].tolist(), 1):
        at_edge = left == 0 or top == 0 or left + width == ink.shape[1] or top + height == ink.shape[0]
        as_high = options.low * size * unit <= height <= options.high * size * unit
        if at_edge or not as_high or width < options.narrow * size * unit:
            continue
        piece = (slice(top, top + height), slice(left, left + width))
        if ink[piece][labels[piece] == number].sum() >= options.filled * width * height:
            return True
    return False


def _wordless(content: PageContent, image: PageImage, options: UnreadOptions) -> PageContent:
    """The page with a word about ink on it, where there is any: a page that is blank stays as it is."""
    unit = image.dpi / 72
    ink = (darkness(image.grey, unit) >= 60).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    heights, widths = stats[1:, cv2.CC_STAT_HEIGHT] / unit, stats[1:, cv2.CC_STAT_WIDTH] / unit
    pieces = int(((heights >= 5) & (heights <= 40) & (widths <= 60)).sum())
    if pieces < options.page_ink or content.page.error is not None:
        return content
    return replace(content, page=replace(content.page, error=f"page {content.page.number}: {PAGE_ERROR}"))
