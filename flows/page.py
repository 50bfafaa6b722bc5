"""The way of one page: from the source to blocks, by its picture or by its text layer."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pymupdf

from cleanup.residue import drop_residue
from cleanup.seal import SEAL_DPI, Seal, seal_lines
from cleanup.watermark import CleanPage, remove_watermark
from cleanup.watermark_judge import Judgement, doubted, judged
from document.exceptions import InputError
from document.geometry import Box
from document.types import BLANK, Origin, Page, PageContent, PageWatermark, ReadAsScanned, Reading, TextLine
from flows.evidence import Evidence
from flows.options import Mode, RunOptions
from ocr.align import align_grids, without_lone_heads
from ocr.beside import parted_lines
from ocr.engine import Engine, Region
from ocr.grid import build_grids
from ocr.grounds import without_grounds
from ocr.ink import darkness, pixels_of, text_darkness
from ocr.layergrids import layer_grids
from ocr.layout import lay_out
from ocr.pdf import page_image, rasterise
from ocr.place import on_the_page, seal_block
from ocr.regions import regions_to_read
from ocr.rulings import find_rulings
from ocr.seams import with_hidden_columns
from ocr.specks import without_specks
from ocr.streaks import without_streaks
from ocr.tables import fill_grids
from ocr.textlayer import TextLayer, read_text_layer, trusted
from ocr.textmark import without_watermark
from ocr.types import Grid, PageImage, Pixels, Rulings
from ocr.unread import note_unread
from ocr.upright import best_turn, is_sideways, reads_badly, straighten, turned, work_copy

log = logging.getLogger(__name__)


def read_source_page(
    source_page: pymupdf.Page, number: int, evidence: Evidence, engine: Engine, options: RunOptions
) -> PageContent:
    """One page by the way that ``options.mode`` chooses: its text layer where that can be trusted, else its picture.

    Raises InputError in mode ``text`` when the page has no trustworthy text layer; PageTooLarge, EngineError.
    """
    if options.mode is not Mode.SCAN:
        layer = read_text_layer(source_page, number)
        trust = trusted(layer)
        if trust:
            return page_from_text(layer, evidence)
        if options.mode is Mode.TEXT:
            raise InputError(f"page {number}: no trustworthy text layer ({trust.reason}). Use --mode auto or scan.")
    raw = without_streaks(page_image(number, rasterise(source_page, options.dpi)))
    grey = work_copy(raw)
    if is_sideways(raw, grey):
        return page_from_picture(straighten(turned(raw, best_turn(raw, engine))), evidence, engine)
    return page_from_picture(straighten(raw, grey=grey), evidence, engine)


def read_shown(shown: TextLayer | PageImage, evidence: Evidence, engine: Engine) -> PageContent:
    """A page from its text layer, or from its picture, upright and straight. Raises EngineError."""
    if isinstance(shown, TextLayer):
        return page_from_text(shown, evidence)
    return page_from_picture(shown, evidence, engine)


def page_from_text(layer: TextLayer, evidence: Evidence) -> PageContent:
    """A born-digital page: its own characters and its own rules."""
    found = None
    if evidence.text_watermark is not None:
        layer, found = without_watermark(layer, evidence.text_watermark)
    page = Page(layer.number, Origin.TEXT_LAYER, layer.width, layer.height, layer.rotation, watermark=found)
    return put_together(page, layer.lines, layer.rulings, layer_grids(layer))


def page_from_picture(image: PageImage, evidence: Evidence, engine: Engine) -> PageContent:
    """A scanned page, straightened: clean, read, and its lines put into tables and blocks."""
    content, lines = _read_picture(image, evidence, engine)
    if reads_badly(lines) and best_turn(image, engine, (0, 2)) == 2:
        content, _ = _read_picture(straighten(turned(image, 2)), evidence, engine)
    return content


def _read_picture(image: PageImage, evidence: Evidence, engine: Engine) -> tuple[PageContent, tuple[TextLine, ...]]:
    clean = remove_watermark(image, evidence.watermark)
    level, grounds = without_grounds(clean.image)
    clean = replace(clean, image=level)
    rulings = find_rulings(clean.image, grounds)
    grids = with_hidden_columns(clean.image, build_grids(rulings), rulings)
    regions = regions_to_read(clean.image, grids, engine.find(without_specks(clean.image)))
    lines = with_darkness(with_cover(engine.read(clean.image, regions), clean), clean.image)
    lines, kept_as_scanned = _better_reads(lines, image, regions, evidence, engine)
    kept, residue = drop_residue(tuple(k for k in lines if k.text), evidence.phrases, look_alikes=evidence.look_alikes)
    log.debug("page %d: %d lines, %d pieces of watermark dropped", image.number, len(kept), len(residue))
    seals = tuple((seal.box, read_seal(seal, engine)) for seal in clean.seals)
    page = _page(image, clean, evidence, kept_as_scanned)
    sheet = replace(page, width=page.width / image.scale, height=page.height / image.scale)
    content = put_together(sheet, kept, rulings, grids, seals)
    missed = [r.box for r, line in zip(regions, lines, strict=True) if r.score == 0 and not line.text]
    content = note_unread(content, clean.image, (*(k for k in lines if not k.text), *residue), missed)
    return on_the_page(replace(content, page=page), image.on_page), lines


def _better_reads(
    lines: tuple[TextLine, ...], image: PageImage, regions: tuple[Region, ...], evidence: Evidence, engine: Engine
) -> tuple[tuple[TextLine, ...], tuple[Judgement, ...]]:
    """The lines of the cleaned page, the doubted ones as ``image``, the page as scanned, reads them where better."""
    unsure = doubted(lines)
    if not unsure:
        return lines, ()
    again = engine.read(image, tuple(regions[index] for index in unsure))
    lines, found = judged(lines, dict(zip(unsure, again, strict=True)), evidence.phrases, evidence.look_alikes)
    log.debug("page %d: %d lines read again, %d kept as scanned", image.number, len(unsure), len(found))
    return lines, found


def put_together(
    page: Page,
    lines: tuple[TextLine, ...],
    rulings: Rulings,
    grids: tuple[Grid, ...],
    seals: Sequence[tuple[Box, Reading]] = (),
) -> PageContent:
    """Lines and grids as blocks in reading order; tables without rules are found by alignment."""
    grids = without_lone_heads(grids, lines)
    filled, rest = fill_grids(grids, lines, page.number)
    aligned = align_grids(parted_lines(rest), rulings, tuple(g.box for g in grids))
    more, rest = fill_grids(aligned, parted_lines(rest, [g.box for g in aligned]), page.number)
    blocks = lay_out(rest, filled + more, page, rulings)
    return PageContent(page, blocks + tuple(seal_block(box, page, i, said) for i, (box, said) in enumerate(seals, 1)))


def read_seal(seal: Seal, engine: Engine) -> Reading:
    """What the seal says, ring before foot; blank where it cannot be read."""
    lines = [_read_strip(picture, engine) for picture in seal_lines(seal)]
    sure = [line for line in lines if line is not None]
    if not sure:
        return BLANK
    text = "".join(line.text for line in sure)
    return Reading(text=text, raw=text, confidence=min(line.confidence for line in sure))


_LEGIBLE = 0.6
"""Confidence from which a line of a seal is believed."""


def _read_strip(picture: Pixels, engine: Engine) -> TextLine | None:
    """The line that a picture of a seal's writing holds, read whole or piece by piece, whichever is surer."""
    height, width = (side * 72 / SEAL_DPI for side in picture.shape[:2])
    strip = PageImage(0, picture, SEAL_DPI, np.eye(3), width, height)
    (whole,) = engine.read(strip, (Region(Box(0, 0, width, height)),))
    found = sorted(engine.recognise(strip), key=lambda line: line.box.left)
    pieces = replace(
        whole,
        text="".join(line.text for line in found),
        confidence=min((line.confidence for line in found), default=0.0),
    )
    best = max((whole, pieces), key=lambda line: line.confidence)
    written = sum(character.isalnum() for character in best.text)
    return best if best.confidence >= _LEGIBLE and written >= 2 else None


def _page(image: PageImage, clean: CleanPage, evidence: Evidence, judgements: Sequence[Judgement]) -> Page:
    phrase = evidence.watermark.phrase if evidence.watermark else None
    kept = tuple(ReadAsScanned(image.on_page(j.box), j.cleaned, j.scanned) for j in judgements)
    mark = PageWatermark(phrase, clean.coverage, kept) if clean.coverage > 0 else None
    return Page(
        image.number, Origin.SCAN, image.width, image.height, image.rotation, image.skew_degrees, watermark=mark
    )


def with_cover(lines: tuple[TextLine, ...], clean: CleanPage) -> tuple[TextLine, ...]:
    """The lines, each with the share of its box that lay under the watermark."""
    if not clean.mask.any():
        return lines
    scale = clean.image.dpi / 72
    sums = cv2.integral(clean.mask.astype(np.uint8))
    return tuple(replace(line, watermark_cover=_share(sums, line, scale)) for line in lines)


def with_darkness(lines: tuple[TextLine, ...], image: PageImage) -> tuple[TextLine, ...]:
    """The lines, each with the darkness of its ink against the page's text."""
    unit = image.dpi / 72
    dark = darkness(image.grey, unit)
    usual = text_darkness(dark, [line.box for line in lines if line.watermark_cover == 0], unit)
    return tuple(
        replace(line, darkness=_relative(dark[pixels_of(line.box, unit, dark.shape)], usual)) for line in lines
    )


def _relative(pixels: Pixels, usual: float) -> float:
    """Darkness of a crop's strokes, its darkest twentieth, against the usual one."""
    return round(float(np.percentile(pixels, 95)) / max(usual, 1.0), 3) if pixels.size else 0.0


def _share(sums: np.ndarray, line: TextLine, scale: float) -> float:
    """Share of a line's box that is set, from the mask's summed-area table."""
    height, width = sums.shape[0] - 1, sums.shape[1] - 1
    box = line.box.scaled(scale)
    left, right = (int(np.clip(v, 0, width)) for v in (box.left, np.ceil(box.right)))
    top, bottom = (int(np.clip(v, 0, height)) for v in (box.top, np.ceil(box.bottom)))
    area = (right - left) * (bottom - top)
    inside = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    return round(float(inside) / area, 4) if area else 0.0
