"""Watermarks in the text layer (文字水印): found by repetition and by how they look, never by their words.

审核, 内部 and 仅供 are ordinary words of the prose. So a line is a watermark's only when the same text
stands again and again (on most pages at one place, or on a lattice over one page) *and* looks unlike
print: slanted, pale, see-through, oversized over other text, an annotation, a layer named so. A known
phrase may lower how much of that is asked for, but never replaces it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from pydantic import BaseModel, ConfigDict, Field

from document.geometry import Box
from document.types import PageWatermark, TextLine
from ocr.glyphs import Style
from ocr.textlayer import WHITE, TextLayer


class TextWatermarkOptions(BaseModel):
    """What counts as a watermark in a text layer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_page_share: float = Field(0.5, ge=0, le=1, description="share of the pages that carry the text, at least")
    min_tiles: int = Field(3, ge=2, le=100, description="repetitions on one page that stand for a second page")
    pale: float = Field(0.35, ge=0.05, le=1, description="lightness (0 black, 1 white) from which print counts as pale")
    oversize: float = Field(1.6, ge=1, le=10, description="type size, as a multiple of the page's usual one")
    min_evidence: float = Field(
        1.0,
        ge=0,
        le=5,
        description="sum of evidence asked for; slant, paleness and the like give up to 1 each",
    )


DEFAULT_OPTIONS = TextWatermarkOptions()


@dataclass(frozen=True, slots=True)
class Look:
    """One recurring text and how it looks; lines of this look are the watermark's."""

    text: str
    """Without white space, NFKC."""
    angle: int
    """Degrees counter-clockwise, rounded."""
    size: float
    """Points, rounded to a half."""
    style: Style


@dataclass(frozen=True, slots=True)
class TextWatermark:
    """A watermark found in a document's text layer."""

    phrase: str
    """What it says; stacked lines are divided by line feeds."""
    looks: frozenset[Look]
    pages: tuple[int, ...]
    """Numbers of the pages that carry it."""


def find_text_watermark(
    layers: Sequence[TextLayer],
    phrases: Sequence[str] = (),
    options: TextWatermarkOptions = DEFAULT_OPTIONS,
) -> TextWatermark | None:
    """The watermark that the layers of one document share, or None.

    ``phrases`` are known watermark phrases (a prior, no more). Give a sample of pages or all of them.
    """
    seen: defaultdict[Look, list[tuple[TextLayer, TextLine]]] = defaultdict(list)
    for layer in layers:
        for line, style in zip(layer.lines, layer.styles, strict=True):
            seen[_look(line, style)].append((layer, line))
    sizes = {layer.number: _usual_size(layer) for layer in layers}
    known = {_plain(p) for p in phrases}
    looks = frozenset(
        look
        for look, places in seen.items()
        if look.text
        and _recurs(places, len(layers), options)
        and _evidence(look, places, sizes, known, options) >= options.min_evidence
    )
    if not looks:
        return None
    pages = sorted({layer.number for look in looks for layer, _ in seen[look]})
    return TextWatermark(_phrase(looks, seen), looks, tuple(pages))


def without_watermark(layer: TextLayer, watermark: TextWatermark) -> tuple[TextLayer, PageWatermark | None]:
    """The layer without the watermark's lines, and what was taken off (None: this page has none)."""
    pairs = list(zip(layer.lines, layer.styles, strict=True))
    gone = [line for line, style in pairs if _look(line, style) in watermark.looks]
    if not gone:
        return layer, None
    kept = [(line, style) for line, style in pairs if _look(line, style) not in watermark.looks]
    cover = sum(line.box.area for line in gone) / max(layer.width * layer.height, 1.0)
    left = replace(layer, lines=tuple(line for line, _ in kept), styles=tuple(style for _, style in kept))
    return left, PageWatermark(watermark.phrase, min(cover, 1.0))


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def _look(line: TextLine, style: Style) -> Look:
    return Look(_plain(line.text), round(line.angle), round(line.size * 2) / 2, style)


def _usual_size(layer: TextLayer) -> float:
    """The type size most characters of the page's level, dark text have; 0 without any."""
    sizes: Counter[float] = Counter()
    for line, style in zip(layer.lines, layer.styles, strict=True):
        if style.lightness < 0.3 and abs(line.angle) < 2:
            sizes[round(line.size)] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _recurs(places: Sequence[tuple[TextLayer, TextLine]], n_pages: int, options: TextWatermarkOptions) -> bool:
    """Whether the text comes back as a watermark does: on most pages, or tiled over a page."""
    on_page = Counter(layer.number for layer, _ in places)
    if n_pages == 1 or len(on_page) == 1:
        return max(on_page.values()) >= options.min_tiles
    return len(on_page) >= max(2, options.min_page_share * n_pages) or (
        len(on_page) >= 2 and max(on_page.values()) >= options.min_tiles
    )


def _evidence(
    look: Look,
    places: Sequence[tuple[TextLayer, TextLine]],
    sizes: Mapping[int, float],
    known: set[str],
    options: TextWatermarkOptions,
) -> float:
    """How unlike print the text looks; 1 is enough on its own, and a known phrase is half of it."""
    slanted = min(abs(look.angle), abs(abs(look.angle) - 90)) > 3
    named = bool(re.search(r"watermark|水印", look.style.layer, re.IGNORECASE))
    size = median([sizes[layer.number] for layer, _ in places]) or look.size
    oversize = look.size >= options.oversize * size
    pale = options.pale <= look.style.lightness < WHITE
    over = _lies_over_text(look, places)
    return (
        1.0 * slanted
        + 1.0 * named
        + 0.8 * look.style.annotation
        + 0.7 * pale
        + 0.3 * (look.style.opacity < 0.95)
        + 0.4 * oversize
        + 0.5 * over
        + 0.5 * any(look.text in phrase for phrase in known if len(look.text) > 1)
        + 0.3 * (_tiles(places) >= options.min_tiles)
    )


def _tiles(places: Sequence[tuple[TextLayer, TextLine]]) -> int:
    """The most repetitions on one page."""
    return max(Counter(layer.number for layer, _ in places).values())


def _lies_over_text(look: Look, places: Sequence[tuple[TextLayer, TextLine]]) -> bool:
    """Whether one in five of the lines, at least, overlaps other text: print never does."""
    hits = sum(_overlaps(look, layer, line) for layer, line in places[:60])
    return hits >= 0.2 * len(places[:60])


def _overlaps(look: Look, layer: TextLayer, line: TextLine) -> bool:
    core = line.box.grown(-0.1 * line.box.width, -0.2 * line.box.height)
    return any(
        core.intersection(other.box) is not None
        for other, style in zip(layer.lines, layer.styles, strict=True)
        if other is not line and _look(other, style).style != look.style
    )


def _phrase(looks: Iterable[Look], seen: Mapping[Look, Sequence[tuple[TextLayer, TextLine]]]) -> str:
    """What the watermark says: the longest text, or the stack of texts that stand under each other."""
    ordered = sorted(looks, key=lambda k: (-len(seen[k]), -len(k.text), k.text))
    page = seen[ordered[0]][0][0].number
    first = min(_on_page(seen[ordered[0]], page), key=lambda b: (b.top, b.left))
    stack = {ordered[0].text: first.top}
    for look in ordered[1:]:
        for box in _on_page(seen[look], page):
            near = abs(box.center[0] - first.center[0]) < first.width and abs(box.top - first.top) < 6 * first.height
            if near and look.text not in stack and abs(look.size - ordered[0].size) < 1:
                stack[look.text] = box.top
                break
    return "\n".join(sorted(stack, key=lambda text: stack[text]))


def _on_page(places: Sequence[tuple[TextLayer, TextLine]], page: int) -> list[Box]:
    return [line.box for layer, line in places if layer.number == page]
