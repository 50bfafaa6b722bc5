"""Opening and closing along rows or columns with kernels of any length, in time that hardly grows with it.

The least of a run of 140 pixels is the least of two runs of 128 that overlap, each the least of two of 64, and so on
(van Herk's problem, by doubling): eight minima of whole images where a kernel would take 140.
"""

from __future__ import annotations

import cv2
import numpy as np

from ocr.types import Pixels


def opened(image: Pixels, length: int, across: bool) -> Pixels:
    """``image`` (height, width) opened with a level (``across``) or upright kernel of ``length`` pixels.

    The same as ``cv2.morphologyEx`` with it: what lies beyond the image does not count.
    """
    return _along(_along(image, length, across, least=True), length, across, least=False)


def closed(image: Pixels, length: int, across: bool) -> Pixels:
    """``image`` closed with such a kernel, likewise."""
    return _along(_along(image, length, across, least=False), length, across, least=True)


def _along(image: Pixels, length: int, across: bool, least: bool) -> Pixels:
    """The least or the greatest of the ``length`` pixels about each one."""
    before, after = length // 2, length - 1 - length // 2
    sides = (0, 0, before, after) if across else (before, after, 0, 0)
    padded = cv2.copyMakeBorder(image, *sides, cv2.BORDER_CONSTANT, value=255 if least else 0)
    better = np.minimum if least else np.maximum
    # laid out flat: the border keeps what wraps around to the next row out of every pixel that is used
    runs, spare = padded.reshape(-1), np.empty(padded.size, np.uint8)
    width, reach = padded.shape[1], 1
    while reach < length:
        step = min(reach, length - reach)
        offset = step if across else step * width
        better(runs[:-offset], runs[offset:], out=spare[:-offset])
        runs, spare = spare, runs
        reach += step
    return np.asarray(runs.reshape(padded.shape)[: image.shape[0], : image.shape[1]], dtype=np.uint8)
