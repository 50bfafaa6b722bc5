"""From straight points, in which a page is read, to points on the upright source page, which leave this room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from document.geometry import Box
from document.types import BLANK, Block, BlockKind, Page, PageContent, Reading, Table, TextBlock, TextLine

Place = Callable[[Box], Box]
"""Where a box in straight points lies on the upright source page."""


def on_the_page(content: PageContent, on_page: Place) -> PageContent:
    """The content with every box mapped by ``on_page``."""
    return replace(content, blocks=tuple(_moved(b, on_page) for b in content.blocks))


def _moved(block: Block, on_page: Place) -> Block:
    if isinstance(block, Table):
        cells = tuple(replace(c, box=on_page(c.box), lines=_moved_lines(c.lines, on_page)) for c in block.cells)
        return replace(block, cells=cells)
    return replace(block, box=on_page(block.box), lines=_moved_lines(block.lines, on_page))


def _moved_lines(lines: tuple[TextLine, ...], on_page: Place) -> tuple[TextLine, ...]:
    """Boxes of lines move; characters keep their places along the straight line, which only compares them."""
    return tuple(replace(line, box=on_page(line.box)) for line in lines)


def seal_block(box: Box, page: Page, index: int, reading: Reading = BLANK) -> TextBlock:
    """A seal (公章) as a block of its own: where it is and what it says; it stays out of the clean text."""
    return TextBlock(
        id=f"p{page.number}-s{index}",
        kind=BlockKind.SEAL,
        pages=(page.number,),
        box=box,
        reading=reading,
    )
