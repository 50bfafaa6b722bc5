"""The story of one document, in plain functions: no Prefect, no processes.

file → evidence of a few pages → page after page → put together → corrected → judged
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cleanup.confidence import ConfidenceOptions, assess
from cleanup.correct import correct
from cleanup.known_forms import with_form_columns
from cleanup.lost_borders import part_joined_cells
from cleanup.numbers import clean_numbers
from cleanup.overlaps import without_doubles
from cleanup.reconcile import reconcile
from cleanup.split_columns import join_split_columns
from cleanup.split_heads import join_split_heads
from cleanup.text import clean_texts
from dictionaries.calibration import load_calibration
from dictionaries.forms import load_forms
from dictionaries.identities import load_identities
from dictionaries.loader import load_dictionary
from document.exceptions import EmptyDocument, QingzhangError
from document.types import Document, Origin, Page, PageContent, Source
from flows.evidence import Evidence, evidence_of, sampled
from flows.glance import SAMPLE_DPI, Glance, glance
from flows.options import RunOptions, chosen_pages
from flows.page import read_shown, read_source_page
from ocr.assemble import AssembleOptions, assemble
from ocr.engine import Engine, load_engine
from ocr.pdf import MAX_DPI, describe, open_source

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outline:
    """What is to be read of a file, before any page was looked at."""

    path: Path
    source: Source
    numbers: tuple[int, ...]
    """1-based pages to read, in order."""
    options: RunOptions
    sample: tuple[int, ...]
    """Those of them that speak for the whole document."""


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
    engine = engine or load_engine(options.engine)
    plan = prepare(path, options, engine)
    return finish(plan, [read_page(plan, number, engine) for number in plan.numbers])


def prepare(path: Path, options: RunOptions, engine: Engine) -> Plan:
    """Open the file and hear the evidence of a bounded sample of its pages; the engine reads the watermark's phrase.

    Raises InputError (no document, no pages, none of the pages asked for) and EncryptedError.
    """
    found = outline(path, options)
    return conclude(found, [look(found, number) for number in found.sample], engine)


def outline(path: Path, options: RunOptions) -> Outline:
    """Open the file and choose its pages, and those that speak for it. Raises as ``prepare``."""
    source = describe(path)
    numbers = chosen_pages(options.pages, source.page_count)
    if not numbers:
        raise EmptyDocument(f"{path}: has {source.page_count} pages, none of them in --pages {options.pages}.")
    return Outline(path, source, numbers, options, sampled(path, numbers))


def look(found: Outline, number: int) -> Glance | None:
    """What one page shows, be it of the sample or another; None where that fails, which reading it will report."""
    return glance(found.path, number, found.options, SAMPLE_DPI if number in found.sample else MAX_DPI)


def conclude(found: Outline, sample: Sequence[Glance | None], engine: Engine) -> Plan:
    """The plan, from what the pages of the sample show, in their order."""
    evidence = evidence_of(sample, found.options, engine)
    return Plan(found.path, found.source, found.numbers, found.options, evidence)


def read_page(plan: Plan, number: int, engine: Engine, seen: Glance | None = None) -> PageContent:
    """One page, from what was ``seen`` of it before where that is at hand.

    Never raises for what is wrong with the page: it comes back failed, with the error.
    """
    try:
        if seen is not None and seen.as_read:
            return read_shown(seen.shown, plan.evidence, engine)
        with open_source(plan.path) as source:
            return read_source_page(source[number - 1], number, plan.evidence, engine, plan.options)
    except QingzhangError as error:
        return failed_page(number, str(error))
    except Exception as error:  # a hostile page must not take the document along
        log.exception("page %d of %s failed", number, plan.source.name)
        return failed_page(number, f"page {number}: {type(error).__name__}: {error}")


def finish(plan: Plan, pages: Sequence[PageContent]) -> Document:
    """The pages as one document: tables and paragraphs over pages, texts corrected, doubts marked."""
    dictionary, budget = load_dictionary(plan.options.dictionaries), plan.options.silent_per_10k
    return assess(put_together(plan, pages), dictionary, ConfidenceOptions(silent_per_10k=budget), load_calibration())


def put_together(plan: Plan, pages: Sequence[PageContent]) -> Document:
    """As ``finish``, but for the confidences: what they are computed from, and what calibration learns from."""
    dictionary = load_dictionary(plan.options.dictionaries)
    blocks, meta = assemble(pages, AssembleOptions(merge_tables=plan.options.merge_tables))
    document = Document(plan.source, tuple(content.page for content in pages), blocks, meta)
    document = join_split_heads(join_split_columns(part_joined_cells(document)), dictionary)
    document = clean_texts(without_doubles(document), dictionary)
    document = clean_numbers(document)
    document = with_form_columns(correct(document, dictionary), load_forms(plan.options.dictionaries))
    return reconcile(document, load_identities(plan.options.dictionaries))


def failed_page(number: int, error: str) -> PageContent:
    """A page that could not be read: visible, never an empty success."""
    return PageContent(Page(number, Origin.FAILED, width=0, height=0, error=error))
