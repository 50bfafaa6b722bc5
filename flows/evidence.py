"""What a whole document says about each of its pages: the watermark, heard from a bounded sample of pages."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rapidfuzz import fuzz, process

from cleanup.watermark import Watermark, find_watermark
from cleanup.watermark_tile import watermark_tile
from dictionaries.loader import load_dictionary
from flows.glance import SAMPLE_DPI, Glance, glance
from flows.options import RunOptions
from ocr.engine import Engine
from ocr.pdf import open_source
from ocr.textlayer import TextLayer
from ocr.textmark import TextWatermark, find_text_watermark
from ocr.types import PageImage

SAMPLE = 10
"""Pages that speak for the document's watermark: enough for a median that no page's text can move."""
_LEGIBLE = 0.6
"""Confidence from which a line of the watermark's own picture is believed."""
_NEARLY = 70.0
"""Similarity (0–100, rapidfuzz ratio) from which what was read is taken for a known phrase: 又供内部军核."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the whole document says about each of its pages: the watermark, found on a sample of pages."""

    watermark: Watermark | None
    """In the pictures."""
    text_watermark: TextWatermark | None
    """In the text layers."""
    phrases: tuple[str, ...]
    """Words that may be a watermark's: found, given by the user, or on the shipped list."""
    look_alikes: dict[tuple[str, str], float]
    """How easily a recogniser takes one character for the other, 0–1."""


def gather_evidence(path: Path, numbers: Sequence[int], options: RunOptions, engine: Engine) -> Evidence:
    """The watermark as a sample of the pages shows it, in pictures and in text layers."""
    return evidence_of([glance(path, n, options, SAMPLE_DPI) for n in sampled(path, numbers)], options, engine)


def evidence_of(glances: Sequence[Glance | None], options: RunOptions, engine: Engine) -> Evidence:
    """The watermark that the pages of the sample have in common; None stands for a page that shows nothing."""
    dictionary = load_dictionary(options.dictionaries)
    known = tuple(dict.fromkeys(options.watermarks + dictionary.watermark_phrases))
    shown = [seen.shown for seen in glances if seen is not None]
    layers = [layer for layer in shown if isinstance(layer, TextLayer)]
    images = [image for image in shown if isinstance(image, PageImage)]
    in_text = find_text_watermark(layers, known) if layers else None
    in_picture = find_watermark(images) if images else None
    if in_picture is not None:
        in_picture = replace(in_picture, phrase=read_phrase(in_picture, engine, known))
    found = tuple(p for p in (in_text.phrase if in_text else None, in_picture.phrase if in_picture else None) if p)
    # what was found speaks alone: the shipped list has 审核专用 and the like, whose words begin honest labels
    phrases = tuple(dict.fromkeys(found + options.watermarks)) if found else known
    return Evidence(in_picture, in_text, phrases, dict(dictionary.look_alikes))


def read_phrase(watermark: Watermark, engine: Engine, known: Sequence[str]) -> str | None:
    """What the watermark says, as the engine reads one clean copy of it; a known phrase where it is nearly that.

    None when it cannot be read: the watermark comes off all the same.
    """
    tile = watermark_tile(watermark)
    if min(tile.shape) < 8:
        return None
    picture = PageImage(0, tile, 100.0, np.eye(3), tile.shape[1] * 0.72, tile.shape[0] * 0.72)
    lines = sorted(engine.recognise(picture), key=lambda line: (line.box.center[1], line.box.left))
    text = once("".join(letters(line.text) for line in lines if line.confidence >= _LEGIBLE))
    nearest = process.extractOne(text, known, scorer=fuzz.ratio, score_cutoff=_NEARLY)
    if nearest:
        return str(nearest[0])
    return text if 2 <= len(text) <= 40 else None


def letters(text: str) -> str:
    """The letters and Han characters of a text: what else a tile shows is the edge of another copy."""
    return "".join(c for c in text if c.isalnum())


def once(text: str) -> str:
    """A phrase that a tile shows several times, once: 内部资料内部资料内 is 内部资料."""
    for length in range(2, len(text) // 2 + 1):
        unit = text[:length]
        if (unit * (len(text) // length + 1)).startswith(text):
            return unit
    return text


Size = tuple[int, int]
"""Width and height of a page, whole points."""


def sampled(path: Path, numbers: Sequence[int]) -> tuple[int, ...]:
    """The pages that speak for the document. Raises as ``open_source``."""
    return sample(_page_sizes(path, numbers))


def _page_sizes(path: Path, numbers: Sequence[int]) -> dict[int, Size]:
    """The size of each page; pages that cannot be opened are left out."""
    sizes: dict[int, Size] = {}
    with open_source(path) as source:
        for number in numbers:
            try:
                box = source[number - 1].rect
                sizes[number] = round(box.width), round(box.height)
            except Exception as error:  # the page's own reading will report it
                log.debug("page %d has no size: %s", number, error)
    return sizes


def sample(sizes: Mapping[int, Size]) -> tuple[int, ...]:
    """At most ``SAMPLE`` page numbers, evenly spread; a watermark is laid out anew for each size of page, so the
    two most frequent other sizes (a turned 公开06表) are heard as well."""
    groups: dict[Size, list[int]] = defaultdict(list)
    for number, size in sorted(sizes.items()):
        groups[size].append(number)
    usual, *others = sorted(groups.values(), key=len, reverse=True) or [[]]
    chosen = [number for group in others[:2] for number in spread(group, 3)]
    return tuple(sorted([*chosen, *spread(usual, SAMPLE - len(chosen))]))


def spread(numbers: Sequence[int], count: int) -> tuple[int, ...]:
    """At most ``count`` of the numbers, evenly spread, the first and the last among them."""
    if len(numbers) <= count:
        return tuple(numbers)
    step = (len(numbers) - 1) / (count - 1)
    return tuple(numbers[round(i * step)] for i in range(count))
