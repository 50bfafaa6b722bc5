"""What the pages of a document share: brought into register, then a low quantile of their darkness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from cleanup.registration import (
    Affine,
    Shift,
    best_shift,
    correlation,
    halved,
    refine,
    seen_from,
    spectrum,
    transform_size,
)
from cleanup.watermark_evidence import Evidence
from cleanup.watermark_fold import OUTSIDE, low_quantile
from ocr.types import Pixels


@dataclass(frozen=True, slots=True)
class Aligned:
    """Pages in register: indices into the sample, and maps from page to reference pixels at ``WORK_DPI``."""

    reference: int
    members: tuple[tuple[int, Affine], ...]
    ceiling: int = OUTSIDE
    """Darkness (0–255) from which a pixel is taken for ink that hides the watermark."""


_CLEAR = 15.0
"""Clarity of a correlation peak from which two pages have something in common; chance stays below 8."""
_REACH = 40
"""Pixels at ``WORK_DPI`` (10 mm) that a scan may lie off another."""


def align(shown: Sequence[Pixels]) -> Aligned:
    """The pages that agree with one of three of them: the one that most agree with.

    ``shown`` is darkness of pages of one size. Blank pages agree with nothing, not even with themselves.
    """
    coarse = [halved(dark) for dark in shown]
    size = transform_size(*(dark.shape for dark in coarse))
    spectra = [spectrum(dark, size) for dark in coarse]
    middle = len(shown) // 2
    agreeing: dict[int, list[tuple[int, Shift]]] = {}
    for reference in sorted({k % len(shown) for k in range(middle, middle + 3)}):
        shifts = [best_shift(correlation(spectra[reference], other), (_REACH // 2, _REACH // 2)) for other in spectra]
        agreeing[reference] = [(i, shift) for i, shift in enumerate(shifts) if shift.clarity >= _CLEAR]
        if len(agreeing[reference]) == len(shown):
            break
    reference = max(agreeing, key=lambda k: len(agreeing[k]))
    members = [(i, _map(shown[i], shown[reference], shift)) for i, shift in agreeing[reference]]
    return Aligned(reference, tuple(members))


def _map(dark: Pixels, reference: Pixels, shift: Shift) -> Affine:
    start = np.array([[1, 0, 2 * shift.x], [0, 1, 2 * shift.y]], dtype=np.float64)
    return refine(dark, seen_from(reference, start, dark.shape), start).to_model


_COMMON_QUANTILE = 0.3


def common(shown: Sequence[Evidence], aligned: Aligned) -> Pixels:
    """What the registered pages share, in the reference's pixels: a low quantile of their darkness.

    Rules hide what lies beneath them: there a page does not count.
    """
    shape = shown[aligned.reference].dark.shape
    stack = np.stack([_in_reference(shown[i], affine, shape) for i, affine in aligned.members])
    return np.asarray(low_quantile(stack, _COMMON_QUANTILE), dtype=np.uint8)


def _in_reference(page: Evidence, affine: Affine, shape: tuple[int, ...]) -> Pixels:
    """A page's darkness in the reference's pixels, ``OUTSIDE`` where it has a rule."""
    back = cv2.invertAffineTransform(affine)
    dark = np.minimum(seen_from(page.dark, back, shape), np.uint8(OUTSIDE - 1))
    hidden = seen_from(page.rules.astype(np.uint8) * 255, back, shape) > 64
    return np.where(hidden, np.uint8(OUTSIDE), dark)
