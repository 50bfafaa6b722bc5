"""The source file, for the formats that show its pages: handed in, because only ``ocr/`` turns pages into pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from document.types import Page

Pixels = NDArray[np.uint8]
"""``(height, width)`` grey or ``(height, width, 3)`` red, green, blue; 255 is white."""


@dataclass(frozen=True, slots=True)
class Original:
    """A source file and two ways to draw one of its pages, upright.

    Either may raise QingzhangError for a page that cannot be drawn.
    """

    path: Path
    draw: Callable[[Page, float], Pixels]
    """The page as it is, at so many dots per inch."""
    compare: Callable[[Page], tuple[Pixels, Pixels]] | None = None
    """The page before and after its watermark was taken off, both straight and of one size; None: not known."""
