"""PaddleOCR behind the engine interface: the only file that imports paddleocr.

``TextDetection`` and ``TextRecognition`` are PaddleOCR's two models alone. The recogniser's last step is
replaced by one that keeps the per-step probabilities (``paddlex_predictor.post_op``, not public API: the version
is pinned and tests/test_ocr_engines.py holds it to the contract).
"""

from __future__ import annotations

import importlib.metadata
import logging
import math
import os
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from document.exceptions import EngineError, MissingDependencyError
from document.geometry import Box
from document.types import Character, TextLine
from ocr.crops import crop, has_ink
from ocr.ctc import Alphabet, DecodedCharacter, allowed_alphabet, decode
from ocr.engine import CharacterSet, Device, Engine, EngineOptions, Region, Runtime
from ocr.engines.models import DETECTION, RECOGNITION, Model, chosen_model, fingerprint
from ocr.types import PageImage, Pixels

_LEVEL = 8.0
"""Degrees up to which a region counts as level: cells are short, and a short region's angle is rough."""


class PaddleEngine(Engine):
    """PP-OCRv6 small by default, from local files, on ONNX Runtime."""

    def __init__(self, options: EngineOptions) -> None:
        self._options = options
        self._detection = chosen_model(options.detection_model, DETECTION)
        self._recognition = chosen_model(options.recognition_model, RECOGNITION)
        self._detector = _load("TextDetection", self._detection, options)
        self._recogniser = _load("TextRecognition", self._recognition, options)
        self._keeper = _keep_probabilities(self._recogniser.paddlex_predictor, options)

    @property
    def name(self) -> str:
        """Always ``paddle``."""
        return "paddle"

    @property
    def version(self) -> str:
        """PaddleOCR's version, the runtime, and the two models with the hash of their files."""
        models = "+".join(_model_version(m) for m in (self._detection, self._recognition))
        return f"paddleocr-{importlib.metadata.version('paddleocr')}/{self._options.runtime}/{models}"

    def find(self, image: PageImage) -> tuple[Region, ...]:
        """Text regions of the page; level ones as boxes, turned ones with their corners."""
        pixels = _three_channels(image.pixels)
        try:
            answer = self._detector.predict(pixels, limit_side_len=self._options.detection_height, limit_type="max")[0]
        except Exception as error:
            raise EngineError(f"page {image.number}: PaddleOCR could not look for text: {error}") from error
        return parse_regions(answer["dt_polys"], answer["dt_scores"], image.dpi)

    def read(self, image: PageImage, regions: tuple[Region, ...]) -> tuple[TextLine, ...]:
        """One line per region. Crops go in batches of like width, so that few are padded much."""
        crops = [_three_channels(crop(image, region)) for region in regions]
        lines = {i: to_line(regions[i], ()) for i, c in enumerate(crops) if not has_ink(c)}
        order = sorted(set(range(len(crops))) - set(lines), key=lambda i: crops[i].shape[1] / crops[i].shape[0])
        size = self._options.batch_size
        for batch in (order[i : i + size] for i in range(0, len(order), size)):
            decoded = self._predict([crops[i] for i in batch], image.number)
            for index, characters in zip(batch, decoded, strict=True):
                lines[index] = to_line(regions[index], characters)
        return tuple(lines[i] for i in range(len(regions)))

    def _predict(self, crops: list[Pixels], page: int) -> list[tuple[DecodedCharacter, ...]]:
        self._keeper.expect([c.shape[1] / c.shape[0] for c in crops])
        try:
            self._recogniser.predict(crops, batch_size=len(crops))
        except Exception as error:
            raise EngineError(f"page {page}: PaddleOCR could not read a batch of text lines: {error}") from error
        return self._keeper.take()


class _Keeper:
    """Takes the place of PaddleX's CTC decoder: decodes, and keeps the characters with their doubts."""

    def __init__(self, alphabet: Alphabet) -> None:
        self._alphabet = alphabet
        self._ratios: list[float] = []
        self._decoded: list[tuple[DecodedCharacter, ...]] = []

    def expect(self, ratios: list[float]) -> None:
        """Width ÷ height of the crops of the next batch, in order."""
        self._ratios, self._decoded = ratios, []

    def take(self) -> list[tuple[DecodedCharacter, ...]]:
        """The characters of each crop of the batch."""
        if len(self._decoded) != len(self._ratios):
            raise EngineError("PaddleOCR answered for another number of text lines than it was given")
        return self._decoded

    def __call__(self, predictions: list[NDArray[np.float32]], **_: Any) -> tuple[list[str], list[float]]:
        scores = np.asarray(predictions[0])
        widest = max(1.0, *self._ratios)  # PaddleX pads each crop to the widest, at least to a square
        for row, ratio in zip(scores, self._ratios, strict=True):
            self._decoded.append(decode(row, self._alphabet, used=min(1.0, ratio / widest)))
        return [""] * len(scores), [0.0] * len(scores)


def _keep_probabilities(predictor: Any, options: EngineOptions) -> _Keeper:
    """Put a keeper where the decoder was."""
    characters = ("", *predictor.post_op.character[1:])
    keeper = _Keeper(allowed_alphabet(characters, options.characters is CharacterSet.SIMPLIFIED))
    predictor.post_op = keeper
    return keeper


def _load(kind: str, model: Model, options: EngineOptions) -> Any:
    """One of PaddleOCR's models. Raises MissingDependencyError when it, or the runtime, is not there."""
    # PaddleX asks its model hubs whether they are reachable unless told otherwise, at import
    os.environ.setdefault("PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK", "True")
    try:
        import paddleocr

        logging.getLogger("paddlex").setLevel(logging.ERROR)
        folder = str(model.folder) if model.folder else None
        arguments = {"device": options.device.value, **_runtime_arguments(options)}
        return getattr(paddleocr, kind)(model_name=model.name, model_dir=folder, **arguments)
    except Exception as error:
        raise MissingDependencyError(
            f"PaddleOCR could not load {model.name} ({options.runtime}, {options.device}): {error}. "
            "`qingzhang doctor` shows what is missing."
        ) from error


def _runtime_arguments(options: EngineOptions) -> dict[str, Any]:
    if options.runtime is Runtime.PADDLE:
        return {"engine": "paddle", "cpu_threads": options.threads}
    config: dict[str, Any] = {"intra_op_num_threads": options.threads, "inter_op_num_threads": 1}
    if options.device is Device.CPU:
        config["providers"] = ["CPUExecutionProvider"]
        # shapes differ from batch to batch: the arena would only grow
        config["enable_cpu_mem_arena"] = False
    return {"engine": "onnxruntime", "engine_config": config}


def _model_version(model: Model) -> str:
    if model.folder is None:
        return model.name
    files = sorted(p for p in model.folder.iterdir() if p.suffix in {".onnx", ".pdiparams", ".yml"})
    return f"{model.name}@{'.'.join(fingerprint(p) for p in files)}"


def _three_channels(pixels: Pixels) -> Pixels:
    if pixels.ndim == 3:
        return pixels
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR), dtype=np.uint8)


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
