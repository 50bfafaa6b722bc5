"""What the two PP-OCR networks take and give, apart from what runs them: sizes, buckets, maps into polygons.

The steps and their figures are PaddleOCR's own (PaddleX 3.7, Apache-2.0: ``DetResizeForTest``, ``DBPostProcess``,
``OCRReisizeNormImg``); here they work on arrays alone, so that any runtime can stand between them.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.ctc import DecodedCharacter
from ocr.types import Pixels

LINE_HEIGHT = 48
"""Pixels that the recogniser wants a line of text to be high."""
_STRIDE = 32
"""The detector's sides are multiples of this."""
_BUCKETS = (*range(48, 193, 16), *range(224, 385, 32), *range(448, 769, 64), *range(896, 1281, 128))
_LONG_BUCKETS = (1536, 1792, 2048, 2560, 3200)
BUCKETS: tuple[int, ...] = _BUCKETS + _LONG_BUCKETS
"""Widths that crops are padded to: few, since each new shape has to be prepared; near, since padding costs as much
as text (6 % on the shared scans' pages). The last is PaddleOCR's own limit."""
_GREY = 127
"""What crops are padded with: nothing, after the recogniser's normalisation to -1 … 1."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where the detector sees text."""

    polygons: NDArray[np.float64]
    """(n, 4, 2), pixels of the picture that was given; clockwise from the text's own top left."""
    scores: NDArray[np.float64]
    """(n,), 0–1."""


class Networks(ABC):
    """The detector and the recogniser, by one runtime. Not thread-safe."""

    @property
    @abstractmethod
    def runtime(self) -> str:
        """What runs them, with its version and what else changes their numbers."""

    @abstractmethod
    def find(self, pixels: Pixels, longest: int) -> Found:
        """Text of a picture (height, width, 3), seen with its longer side at most ``longest`` pixels."""

    @abstractmethod
    def read(self, crops: Sequence[Pixels]) -> list[tuple[DecodedCharacter, ...]]:
        """The characters of each crop (height, width, 3), in the same order."""


def detector_size(shape: Sequence[int], longest: int) -> tuple[int, int]:
    """Height and width for the detector: the longer side at most ``longest``, both multiples of 32."""
    height, width = shape[:2]
    factor = min(1.0, longest / max(height, width))
    return _to_stride(height * factor), _to_stride(width * factor)


def _to_stride(side: float) -> int:
    return max(_STRIDE, round(int(side) / _STRIDE) * _STRIDE)


@dataclass(frozen=True, slots=True)
class DetectionSettings:
    """PaddleOCR's ``DBPostProcess``: how a map of probabilities becomes boxes (Liao et al. 2020)."""

    threshold: float = 0.3
    """Probability of a pixel from which it is text."""
    box_threshold: float = 0.6
    """Mean probability of a box from which it stays."""
    unclip_ratio: float = 1.5
    """The network marks the middle of a line; its box grows by area · ratio / perimeter."""
    max_candidates: int = 1000

    @classmethod
    def of(cls, configuration: dict[str, Any]) -> DetectionSettings:
        """From a model's ``inference.yml``."""
        given, usual = configuration.get("PostProcess", {}), cls()
        return cls(
            float(given.get("thresh", usual.threshold)),
            float(given.get("box_thresh", usual.box_threshold)),
            float(given.get("unclip_ratio", usual.unclip_ratio)),
            int(given.get("max_candidates", usual.max_candidates)),
        )


_LEAST_SIDE = 3.0
"""Pixels of the map; thinner marks are noise."""


def found_in(chances: NDArray[np.float32], shape: Sequence[int], settings: DetectionSettings) -> Found:
    """The text that a map of probabilities (rows, columns) shows, in pixels of a picture of ``shape``."""
    ink = (chances > settings.threshold).astype(np.uint8)
    contours, _ = cv2.findContours(ink, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    boxes = list(_boxes(chances, contours[: settings.max_candidates], settings))
    if not boxes:
        return Found(np.empty((0, 4, 2)), np.empty(0))
    height, width = shape[:2]
    polygons = np.array([corners for corners, _ in boxes], dtype=np.float64)
    polygons *= (width / chances.shape[1], height / chances.shape[0])
    return Found(np.clip(np.rint(polygons), 0, (width, height)), np.array([score for _, score in boxes]))


def _boxes(
    chances: NDArray[np.float32], contours: Sequence[Any], settings: DetectionSettings
) -> Iterator[tuple[NDArray[np.float32], float]]:
    """Corners and score of each mark that is text, grown to the size of its line."""
    for contour in contours:
        centre, (width, height), angle = cv2.minAreaRect(contour)
        if min(width, height) < _LEAST_SIDE:
            continue
        score = _mean_within(chances, cv2.boxPoints((centre, (width, height), angle)))
        if score < settings.box_threshold:
            continue
        grown = width * height * settings.unclip_ratio / (width + height)  # on both sides
        corners = cv2.boxPoints((centre, (width + grown, height + grown), angle))
        yield _clockwise(np.asarray(corners, dtype=np.float32)), score


def _mean_within(chances: NDArray[np.float32], corners: Any) -> float:
    """Mean probability inside four corners."""
    height, width = chances.shape
    left, top = np.clip(np.floor(corners.min(axis=0)), 0, (width - 1, height - 1)).astype(int).tolist()
    right, bottom = np.clip(np.ceil(corners.max(axis=0)), 0, (width - 1, height - 1)).astype(int).tolist()
    mask = np.zeros((bottom - top + 1, right - left + 1), np.uint8)
    cv2.fillPoly(mask, [(corners - (left, top)).astype(np.int32)], 1)
    return float(cv2.mean(chances[top : bottom + 1, left : right + 1], mask)[0])


def _clockwise(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    """Four corners from the top left on: of the two left ones the upper first."""
    one, two, three, four = corners[np.argsort(corners[:, 0], kind="stable")]
    top_left, bottom_left = (one, two) if two[1] > one[1] else (two, one)
    top_right, bottom_right = (three, four) if four[1] > three[1] else (four, three)
    return np.array([top_left, top_right, bottom_right, bottom_left])


def line_width(crop: Pixels) -> int:
    """Pixels that a crop is wide when it is 48 high; at most the widest bucket."""
    height, width = (int(side) for side in crop.shape[:2])
    return min(BUCKETS[-1], max(1, math.ceil(LINE_HEIGHT * width / height)))


def bucket(width: int) -> int:
    """The narrowest bucket that holds a line of this width."""
    return next(b for b in BUCKETS if b >= width)


def line_image(crop: Pixels, padded: int) -> Pixels:
    """A crop at the recogniser's height, at the left of ``(48, padded, 3)``."""
    width = line_width(crop)
    image = np.full((LINE_HEIGHT, padded, 3), _GREY, np.uint8)
    image[:, :width] = cv2.resize(crop, (width, LINE_HEIGHT))
    return image


def batches(widths: Sequence[int], pixels: int) -> Iterator[tuple[int, list[int]]]:
    """Crops that go through the network together: a bucket and the places of its crops in ``widths``.

    ``pixels``: width of a batch, all its crops side by side; a wider crop goes alone. Counts are powers of four, so
    that few shapes have to be prepared: 20 ms each, a call more costs 2.
    """
    by_bucket: dict[int, list[int]] = {}
    for place, width in enumerate(widths):
        by_bucket.setdefault(bucket(width), []).append(place)
    for padded, places in sorted(by_bucket.items()):
        most = max(1, pixels // padded)
        while places:
            size = 4 ** ((min(most, len(places)).bit_length() - 1) // 2)
            yield padded, places[:size]
            places = places[size:]
