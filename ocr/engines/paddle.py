"""PaddleOCR behind the engine interface: PP-OCR's two networks, by the runtime that the options name."""

from __future__ import annotations

import importlib
import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from document.exceptions import EngineError
from document.geometry import Box
from document.types import Character, TextLine
from ocr.crops import crop, has_ink
from ocr.ctc import DecodedCharacter
from ocr.engine import Engine, EngineOptions, Region, Runtime
from ocr.engines.choice import chosen_runtime
from ocr.engines.models import DETECTION, RECOGNITION, Model, chosen_model, fingerprint
from ocr.engines.ppocr import Found, Networks
from ocr.ink import character_height
from ocr.types import PageImage, Pixels

_LEVEL = 8.0
"""Degrees up to which a region counts as level: cells are short, and a short region's angle is rough."""
_AFAR = 1056
"""Pixels of the longer side at which the detector looks first at type that is not small: a third of the time of a look
at 1800, and 10 point type of an A4 page is 13 pixels high."""
_LOW = 10.2
"""Height in pixels of the page's usual character, its ink alone, from afar: where it is lower the first look is nearer,
since a second would be needed (on 34 of 42 such pages of five shared documents, and on 2 of 32 others)."""
_NEARER = 1280
"""Pixels of the longer side of such a first look, at least."""
_PLAIN = 10.0
"""Height in pixels that it gives the usual character, its ink alone."""
_LEGIBLE = 13.0
"""Height in pixels, as the detector draws its boxes, from which it misses nothing: where a tenth of a page's boxes
is lower, lines begin to run into each other (on the shared scans' tables in 6 and 7 point type, one in forty)."""
_LEGIBLE_NEAR = 12.0
"""The same where the first look was nearer, and the ink known to be high enough: crisp type gets lower boxes."""
_CLEAR = 15.0
"""Height in pixels that a second look gives the smallest tenth: of 20 pages seen at 1216 to 1504 pixels, each found
what 1800 finds from about this height on."""
_STEP = 64
"""Pixels; looks have a multiple of this, since each new size has to be prepared."""
_NETWORKS = {
    Runtime.OPENVINO: ("ocr.engines.openvino_networks", "OpenVinoNetworks"),
    Runtime.ONNXRUNTIME: ("ocr.engines.paddleocr_networks", "PaddleOcrNetworks"),
    Runtime.PADDLE: ("ocr.engines.paddleocr_networks", "PaddleOcrNetworks"),
}


class PaddleEngine(Engine):
    """PP-OCRv6 small by default, from local files."""

    def __init__(self, options: EngineOptions) -> None:
        self._options = options
        self._models = (
            chosen_model(options.detection_model, DETECTION),
            chosen_model(options.recognition_model, RECOGNITION),
        )
        self.networks = _load(self._models, options)

    @property
    def name(self) -> str:
        """Always ``paddle``."""
        return "paddle"

    @property
    def version(self) -> str:
        """The runtime with its version, and the two models with the hash of their files."""
        return f"{self.networks.runtime}/{'+'.join(_model_version(m) for m in self._models)}"

    def find(self, image: PageImage) -> tuple[Region, ...]:
        """Text regions of the page; level ones as boxes, turned ones with their corners."""
        try:
            found = self._look(_three_channels(image.pixels))
        except Exception as error:
            raise EngineError(f"page {image.number}: PaddleOCR could not look for text: {error}") from error
        return parse_regions(found.polygons, found.scores, image.dpi)

    def _look(self, pixels: Pixels) -> Found:
        """Once, as near as the height of the characters asks for; where small type still is too small, again."""
        near = min(self._options.detection_height, max(pixels.shape[:2]))
        if near <= _AFAR:
            return self.networks.find(pixels, near)
        first = first_look(character_height(pixels) * _AFAR / max(pixels.shape[:2]), near)
        found = self.networks.find(pixels, first)
        needed = second_look(small_type(found) * first / max(pixels.shape[:2]), near, first)
        return found if needed is None else self.networks.find(pixels, needed)

    def read(self, image: PageImage, regions: tuple[Region, ...]) -> tuple[TextLine, ...]:
        """One line per region."""
        crops = [crop(image, region) for region in regions]
        inked = [i for i, c in enumerate(crops) if has_ink(c)]
        try:
            decoded = self.networks.read([crops[i] for i in inked])
        except Exception as error:
            raise EngineError(f"page {image.number}: PaddleOCR could not read its text lines: {error}") from error
        characters = dict(zip(inked, decoded, strict=True))
        return tuple(to_line(region, characters.get(i, ())) for i, region in enumerate(regions))


def _load(models: tuple[Model, Model], options: EngineOptions) -> Networks:
    """The networks on the runtime that was chosen; its library is imported only now."""
    module, adapter = _NETWORKS[chosen_runtime(options)]
    networks: Networks = getattr(importlib.import_module(module), adapter)(*models, options)
    return networks


def _model_version(model: Model) -> str:
    if model.folder is None:
        return model.name
    files = sorted(p for p in model.folder.iterdir() if p.suffix in {".onnx", ".pdiparams", ".yml"})
    return f"{model.name}@{'.'.join(fingerprint(p) for p in files)}"


def _three_channels(pixels: Pixels) -> Pixels:
    if pixels.ndim == 3:
        return pixels
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR), dtype=np.uint8)


def small_type(found: Found) -> float:
    """Height of a page's small type, its tenth percentile, in pixels of the picture; 0 where there is no text."""
    if len(found.polygons) == 0:
        return 0.0
    return float(np.percentile(np.linalg.norm(found.polygons[:, 3] - found.polygons[:, 0], axis=1), 10))


def first_look(height: float, near: int) -> int:
    """Pixels of the longer side, at most ``near``, at which the page is looked at first.

    ``height``: of the usual character from afar, its ink alone, in pixels; 0 where it is not known.
    """
    if height <= 0 or height >= _LOW:
        return _AFAR
    if height <= _AFAR * _PLAIN / near:
        return near
    return min(near, max(_NEARER, _STEP * math.ceil(_AFAR * _PLAIN / height / _STEP)))


def second_look(height: float, near: int, first: int = _AFAR) -> int | None:
    """Pixels of the longer side, at most ``near``, at which small type is clear; None where it is so already.

    ``height``: of the small type as the look at ``first`` pixels saw it, in the detector's own pixels; 0 where it saw
    none.
    """
    if height >= (_LEGIBLE if first == _AFAR else _LEGIBLE_NEAR) or first >= near:
        return None
    if height <= first * _CLEAR / near:
        return near
    return min(near, _STEP * math.ceil(first * _CLEAR / height / _STEP))


def parse_regions(polygons: Any, scores: Any, dpi: float) -> tuple[Region, ...]:
    """PaddleOCR's polygons, (n, 4, 2) pixels, as regions in straight points."""
    return tuple(
        _region(np.asarray(p, dtype=np.float64) * 72 / dpi, float(s)) for p, s in zip(polygons, scores, strict=True)
    )


def _region(corners: NDArray[np.float64], score: float) -> Region:
    """A region from four corners, clockwise from the text's top left."""
    box = Box(*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist())
    along = corners[1] - corners[0]
    angle = -math.degrees(math.atan2(along[1], along[0]))
    angle = (angle + 90) % 180 - 90 if abs(angle) > 90 else angle
    if abs(angle) <= _LEVEL:
        return Region(_level_box(corners), score=score)
    return Region(box, tuple((float(x), float(y)) for x, y in corners), angle, score)


def _level_box(corners: NDArray[np.float64]) -> Box:
    """The box of nearly level text: its own height, not that of the box around the turned corners."""
    left, right = corners[:, 0].min(), corners[:, 0].max()
    top, bottom = corners[:2, 1].mean(), corners[2:, 1].mean()
    return Box(float(left), float(min(top, bottom)), float(right), float(max(top, bottom)))


def to_line(region: Region, decoded: tuple[DecodedCharacter, ...]) -> TextLine:
    """A text line from decoded characters; their places are spread over the region's width."""
    box = region.box
    characters = tuple(
        Character(
            text=c.text,
            probability=round(c.probability, 4),
            left=box.left + c.start * box.width,
            right=box.left + c.end * box.width,
            alternatives=c.alternatives,
            steps=c.steps,
        )
        for c in decoded
    )
    text = "".join(c.text for c in characters)
    stripped = text.strip()
    lead = len(text) - len(text.lstrip())
    characters = characters[lead : lead + len(stripped)]
    confidence = float(np.mean([c.probability for c in characters])) if characters else 0.0
    return TextLine(stripped, box, confidence, characters, region.angle, _size(region))


def _size(region: Region) -> float:
    """Height of the type: of the box, or of the turned quadrilateral."""
    if not region.corners:
        return region.box.height
    (x0, y0), *_, (x3, y3) = region.corners
    return math.hypot(x3 - x0, y3 - y0)
