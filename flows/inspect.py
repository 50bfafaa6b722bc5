"""What was found of a watermark, page by page, for whoever wants to see it before trusting it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from cleanup.watermark import Watermark, remove_watermark
from document.types import PageWatermark
from flows.document import Plan
from flows.evidence import Evidence
from flows.options import Mode
from ocr.pdf import open_source, page_image, rasterise
from ocr.streaks import without_streaks
from ocr.textlayer import read_text_layer, trusted
from ocr.textmark import without_watermark
from ocr.types import PageImage, Pixels
from ocr.upright import straighten


@dataclass(frozen=True, slots=True)
class PageFinding:
    """What one page shows."""

    number: int
    coverage: float
    """Share of the page's area under the watermark, 0–1; 0 where it has none."""
    seals: int
    in_text: bool
    """Whether it was found in the text layer, and not in the picture."""
    before: Pixels | None = None
    mask: Pixels | None = None
    """255 where watermark or seal was."""
    after: Pixels | None = None


def findings(plan: Plan) -> Iterator[PageFinding]:
    """Page after page what was found; one page's pictures are held at a time. Raises PageTooLarge."""
    with open_source(plan.path) as source:
        for number in plan.numbers:
            page = source[number - 1]
            layer = read_text_layer(page, number) if plan.options.mode is not Mode.SCAN else None
            if layer is not None and trusted(layer):
                found = without_watermark(layer, plan.evidence.text_watermark) if plan.evidence.text_watermark else None
                yield _in_text(number, found[1] if found else None)
            else:
                image = straighten(without_streaks(page_image(number, rasterise(page, plan.options.dpi))))
                yield _in_picture(image, plan.evidence.watermark)


def _in_text(number: int, found: PageWatermark | None) -> PageFinding:
    return PageFinding(number, found.coverage if found else 0.0, 0, in_text=True)


def _in_picture(image: PageImage, watermark: Watermark | None) -> PageFinding:
    clean = remove_watermark(image, watermark)
    mask = np.where(clean.mask, np.uint8(255), np.uint8(0))
    return PageFinding(image.number, clean.coverage, len(clean.seals), False, image.pixels, mask, clean.image.pixels)


def description(evidence: Evidence) -> dict[str, object]:
    """The watermark in words and numbers, for a table or JSON; empty when there is none."""
    if evidence.watermark is None and evidence.text_watermark is None:
        return {}
    if evidence.watermark is None:
        return {"phrase": evidence.text_watermark.phrase if evidence.text_watermark else None, "where": "text layer"}
    mark = evidence.watermark
    blue, green, red = mark.colour
    return {
        "phrase": mark.phrase,
        "where": "picture, over the text" if mark.over else "picture, under the text",
        "angle_degrees": round(mark.angle, 1),
        "colour": f"#{red:02x}{green:02x}{blue:02x}",
        "opacity": round(mark.opacity, 2),
        "tiled": mark.lattice is not None,
        "pages_heard": mark.pages,
    }


def write_preview(finding: PageFinding, folder: Path) -> tuple[Path, ...]:
    """Before, mask and after of a page as PNG; nothing for a page that was read from its text layer."""
    pictures = {"before": finding.before, "mask": finding.mask, "after": finding.after}
    written = []
    for name, pixels in pictures.items():
        if pixels is not None:
            path = folder / f"page-{finding.number:04d}-{name}.png"
            path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
            written.append(path)
    return tuple(written)
