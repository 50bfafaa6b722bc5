"""What is to be read on a page: the detector's regions, brought into line with the grid."""

from __future__ import annotations

from ocr.engine import Region
from ocr.tables import split_regions, unread_cells
from ocr.types import Grid, PageImage


def regions_to_read(image: PageImage, grids: tuple[Grid, ...], found: tuple[Region, ...]) -> tuple[Region, ...]:
    """Level regions cut at the rules between cells, ink in cells that the detector overlooked, turned regions as found.

    All in straight points. A region that is cut keeps its score.
    """
    turned = tuple(r for r in found if r.corners)
    level = tuple(Region(part, score=r.score) for r in found if not r.corners for part in split_regions((r.box,), grids))
    missed = unread_cells(image, grids, tuple(r.box for r in level))
    return level + turned + tuple(Region(box, score=0.0) for box in missed)
