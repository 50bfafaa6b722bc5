"""The story of one document, in plain functions: no Prefect, no processes.

file → evidence of a few pages → page after page → put together → corrected → judged
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cleanup.confidence import assess
from cleanup.correct import correct
from cleanup.numbers import clean_numbers
from cleanup.reconcile import reconcile
from cleanup.text import clean_texts
from cleanup.watermark import Watermark, find_watermark
from dictionaries.identities import load_identities
from dictionaries.loader import load_dictionary
from document.exceptions import EmptyDocument, QingzhangError
from document.types import Document, Origin, Page, PageContent, Source
from flows.options import Mode, RunOptions, chosen_pages
from flows.page import Evidence, read_source_page
from ocr.assemble import AssembleOptions, assemble
from ocr.engine import Engine, load_engine
from ocr.pdf import describe, open_source, page_image, rasterise
from ocr.textlayer import TextLayer, read_text_layer, trusted
from ocr.textmark import find_text_watermark
from ocr.types import PageImage
from ocr.upright import straighten

SAMPLE = 10
"""Pages that speak for the document's watermark: enough for a median that no page's text can move."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be read of a file, and what the whole of it says about each page."""

    path: Path
    source: Source
    numbers: tuple[int, ...]
    """1-based pages to read, in order."""
    options: RunOptions
    evidence: Evidence


def clean_document(path: Path, options: RunOptions | None = None, engine: Engine | None = None) -> Document:
    """The cleaned document of a PDF or picture, in this process, page after page.

    Raises InputError, EncryptedError, MissingDependencyError; a page that fails is in the document, with its error.
    """
    options = options or RunOptions()
    plan = prepare(path, options)
    engine = engine or load_engine(options.engine)
    return finish(plan, [read_page(plan, number, engine) for number in plan.numbers])


def prepare(path: Path, options: RunOptions) -> Plan:
    """Open the file and hear the evidence of a bounded sample of its pages.

    Raises InputError (no document, no pages, none of the pages asked for) and EncryptedError.
    """
    source = describe(path)
    numbers = chosen_pages(options.pages, source.page_count)
    if not numbers:
        raise EmptyDocument(f"{path}: has {source.page_count} pages, none of them in --pages {options.pages}.")
    return Plan(path, source, numbers, options, gather_evidence(path, numbers, options))


def read_page(plan: Plan, number: int, engine: Engine) -> PageContent:
    """One page. Never raises for what is wrong with the page: it comes back failed, with the error."""
    try:
        with open_source(plan.path) as source:
            return read_source_page(source[number - 1], number, plan.evidence, engine, plan.options)
    except QingzhangError as error:
        return failed_page(number, str(error))
    except Exception as error:  # a hostile page must not take the document along
        log.exception("page %d of %s failed", number, plan.source.name)
        return failed_page(number, f"page {number}: {type(error).__name__}: {error}")


def finish(plan: Plan, pages: Sequence[PageContent]) -> Document:
    """The pages as one document: tables and paragraphs over pages, texts corrected, doubts marked."""
    dictionary = load_dictionary()
    blocks, meta = assemble(pages, AssembleOptions(merge_tables=plan.options.merge_tables))
    document = Document(plan.source, tuple(content.page for content in pages), blocks, meta)
    document = clean_texts(document, dictionary)
    document = clean_numbers(document)
    document = correct(document, dictionary)
    document = reconcile(document, load_identities())
    return assess(document, dictionary)


def failed_page(number: int, error: str) -> PageContent:
    """A page that could not be read: visible, never an empty success."""
    return PageContent(Page(number, Origin.FAILED, width=0, height=0, error=error))


# --- evidence ---------------------------------------------------------------------------------------------


def gather_evidence(path: Path, numbers: Sequence[int], options: RunOptions) -> Evidence:
    """The watermark as a sample of the pages shows it, in pictures and in text layers."""
    dictionary = load_dictionary()
    known = tuple(dict.fromkeys(options.watermarks + dictionary.watermark_phrases))
    layers, images = _sampled(path, spread(numbers, SAMPLE), options)
    in_text = find_text_watermark(layers, known) if layers else None
    in_picture = find_watermark(images) if images else None
    found = tuple(p for p in (in_text.phrase if in_text else None, _phrase(in_picture)) if p)
    return Evidence(in_picture, in_text, tuple(dict.fromkeys(found + known)), dict(dictionary.look_alikes))


def _phrase(watermark: Watermark | None) -> str | None:
    return watermark.phrase if watermark else None


def _sampled(path: Path, numbers: Sequence[int], options: RunOptions) -> tuple[list[TextLayer], list[PageImage]]:
    """The sample's trustworthy text layers, and pictures of the other pages. Pages that fail are left out here."""
    layers: list[TextLayer] = []
    images: list[PageImage] = []
    with open_source(path) as source:
        for number in numbers:
            try:
                page = source[number - 1]
                layer = read_text_layer(page, number)
                if options.mode is not Mode.SCAN and (trusted(layer) or options.mode is Mode.TEXT):
                    layers.append(layer)
                else:
                    images.append(straighten(page_image(number, rasterise(page, options.dpi))))
            except Exception as error:  # the page's own reading will report it
                log.debug("page %d gives no evidence: %s", number, error)
    return layers, images


def spread(numbers: Sequence[int], count: int) -> tuple[int, ...]:
    """At most ``count`` of the numbers, evenly spread, the first and the last among them."""
    if len(numbers) <= count:
        return tuple(numbers)
    step = (len(numbers) - 1) / (count - 1)
    return tuple(numbers[round(i * step)] for i in range(count))
