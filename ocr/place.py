"""From straight points, in which a page is read, to points on the upright source page, which leave this room."""

from __future__ import annotations

from dataclasses import replace

from document.geometry import Box, Matrix
from document.types import BLANK, Block, BlockKind, Page, PageContent, Reading, Table, TextBlock, TextLine


def on_the_page(content: PageContent, to_page: Matrix) -> PageContent:
    """The content with every box mapped by ``to_page``, a 3×3 homography."""
    return replace(content, blocks=tuple(_moved(b, to_page) for b in content.blocks))


def _moved(block: Block, matrix: Matrix) -> Block:
    if isinstance(block, Table):
        cells = tuple(
            replace(c, box=c.box.transformed(matrix), lines=_moved_lines(c.lines, matrix)) for c in block.cells
        )
        return replace(block, cells=cells)
    return replace(block, box=block.box.transformed(matrix), lines=_moved_lines(block.lines, matrix))


def _moved_lines(lines: tuple[TextLine, ...], matrix: Matrix) -> tuple[TextLine, ...]:
    """Boxes of lines move; characters keep their places along the straight line, which only compares them."""
    return tuple(replace(line, box=line.box.transformed(matrix)) for line in lines)


def seal_block(box: Box, page: Page, index: int, reading: Reading = BLANK) -> TextBlock:
    """A seal (公章) as a block of its own: where it is and what it says; it stays out of the clean text."""
    return TextBlock(
        id=f"p{page.number}-s{index}",
        kind=BlockKind.SEAL,
        pages=(page.number,),
        box=box,
        reading=reading,
    )
