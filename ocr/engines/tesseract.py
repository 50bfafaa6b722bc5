"""Tesseract behind the engine interface: the only file that imports pytesseract."""

from __future__ import annotations

import shutil
from typing import Any

import pytesseract

from document.exceptions import EngineError, MissingDependencyError
from document.geometry import Box
from document.types import Character, TextLine
from ocr.crops import crop, has_ink
from ocr.ctc import is_simplified
from ocr.engine import CharacterSet, Engine, EngineOptions, Region
from ocr.types import PageImage, Pixels

LANGUAGE = "chi_sim"


class TesseractEngine(Engine):
    """Tesseract 5 with ``chi_sim``: one confidence per word, which each of its characters is given."""

    def __init__(self, options: EngineOptions) -> None:
        self._options = options
        self._version = _require()

    @property
    def name(self) -> str:
        """Always ``tesseract``."""
        return "tesseract"

    @property
    def version(self) -> str:
        """Tesseract's own version and the language."""
        return f"tesseract-{self._version}/{LANGUAGE}"

    def find(self, image: PageImage) -> tuple[Region, ...]:
        """Lines of the page as Tesseract's own layout sees them (sparse text: tables have no paragraphs)."""
        data = _predict(image.pixels, "--psm 11", image.number)
        return tuple(_line_regions(data, image.dpi))

    def read(self, image: PageImage, regions: tuple[Region, ...]) -> tuple[TextLine, ...]:
        """Each region as a single line of text."""
        return tuple(self._read_one(image, region) for region in regions)

    def _read_one(self, image: PageImage, region: Region) -> TextLine:
        pixels = crop(image, region)
        if not has_ink(pixels):
            return TextLine("", region.box, 0.0, angle=region.angle)
        data = _predict(pixels, "--psm 7", image.number)
        characters = parse_characters(data, region.box, image.dpi)
        if self._options.characters is CharacterSet.SIMPLIFIED:
            characters = tuple(c for c in characters if is_simplified(c.text))
        text = "".join(c.text for c in characters)
        mean = sum(c.probability for c in characters) / len(characters) if characters else 0.0
        return TextLine(text, region.box, mean, characters, region.angle, region.box.height)


def _require() -> str:
    """Tesseract's version; MissingDependencyError when it or the language is not installed."""
    if shutil.which("tesseract") is None:
        raise MissingDependencyError("Tesseract is not installed: install tesseract-ocr and tesseract-ocr-chi-sim.")
    if LANGUAGE not in pytesseract.get_languages():
        raise MissingDependencyError("Tesseract has no simplified Chinese: install tesseract-ocr-chi-sim.")
    return str(pytesseract.get_tesseract_version())


def _predict(pixels: Pixels, config: str, page: int) -> dict[str, list[Any]]:
    try:
        answer: dict[str, list[Any]] = pytesseract.image_to_data(
            pixels, lang=LANGUAGE, config=config, output_type=pytesseract.Output.DICT, timeout=120
        )
    except (RuntimeError, pytesseract.TesseractError) as error:
        raise EngineError(f"page {page}: Tesseract failed: {error}") from error
    return answer


def _line_regions(data: dict[str, list[Any]], dpi: float) -> list[Region]:
    """One region per line of words that have text."""
    lines: dict[tuple[int, int, int], list[Box]] = {}
    for i, text in enumerate(data["text"]):
        if str(text).strip():
            key = (data["block_num"][i], data["par_num"][i], data["line_num"][i])
            lines.setdefault(key, []).append(_box(data, i).scaled(72 / dpi))
    return [Region(Box.around(boxes).grown(1.0)) for boxes in lines.values()]


def _box(data: dict[str, list[Any]], i: int) -> Box:
    left, top = float(data["left"][i]), float(data["top"][i])
    return Box(left, top, left + float(data["width"][i]), top + float(data["height"][i]))


def parse_characters(data: dict[str, list[Any]], box: Box, dpi: float) -> tuple[Character, ...]:
    """The words of one crop as characters spread evenly over each word's width."""
    found: list[Character] = []
    for i, text in enumerate(data["text"]):
        word = str(text).strip()
        if not word:
            continue
        place = _box(data, i).scaled(72 / dpi)
        step = place.width / len(word)
        left = box.left + place.left
        probability = max(0.0, float(data["conf"][i])) / 100
        found += [Character(c, probability, left + k * step, left + (k + 1) * step) for k, c in enumerate(word)]
    return tuple(found)
