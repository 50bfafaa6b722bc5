"""An engine that reads nothing: for tests, and for timing everything but the reading."""

from __future__ import annotations

from document.types import TextLine
from ocr.engine import Engine, EngineOptions, Region
from ocr.types import PageImage


class NullEngine(Engine):
    """Finds no text."""

    def __init__(self, options: EngineOptions) -> None:
        self._options = options

    @property
    def name(self) -> str:
        """Always ``null``."""
        return "null"

    @property
    def version(self) -> str:
        """Changes when what it returns changes."""
        return "1"

    def find(self, image: PageImage) -> tuple[Region, ...]:
        """Nothing, on any page."""
        return ()

    def read(self, image: PageImage, regions: tuple[Region, ...]) -> tuple[TextLine, ...]:
        """An empty line for each region."""
        return tuple(TextLine(text="", box=r.box, confidence=0.0, angle=r.angle) for r in regions)
