"""Pages put together into a document: running heads, tables and paragraphs over pages, ids, meta."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict, Field

from document.geometry import Box
from document.types import (
    Block,
    BlockKind,
    DocumentKind,
    Meta,
    Page,
    PageContent,
    Reading,
    Table,
    TextBlock,
)
from ocr import continued, patterns
from ocr.paragraphs import INDENT, Margins, find_margins, is_full
from ocr.rows import Segment, build_rows, join_texts, merged
from ocr.running import mark_page_numbers, mark_running_heads

SPECK = 2
"""Characters that may be read in specks above a table."""

OUTSIDE = frozenset({BlockKind.HEADER, BlockKind.FOOTER, BlockKind.PAGE_NUMBER, BlockKind.SEAL, BlockKind.FIGURE})
"""Kinds that may stand between two parts of a text or table that goes on."""

TITLE_PAGES = 2
"""Pages at the start of a document whose lines say what it is."""


class AssembleOptions(BaseModel):
    """How pages are put together (合并)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    merge_tables: bool = Field(True, description="join a table that goes on over the page into one table")
    merge_paragraphs: bool = Field(True, description="join a paragraph that goes on over the page")


DEFAULT_ASSEMBLE = AssembleOptions()


def assemble(
    pages: Sequence[PageContent], options: AssembleOptions = DEFAULT_ASSEMBLE
) -> tuple[tuple[Block, ...], Meta]:
    """The document's blocks in reading order, with ids ``b1``, ``b2`` …, and what it says of itself.

    ``pages`` in order of their numbers; pages that failed have no blocks and end what goes on.
    """
    marked = mark_running_heads(mark_page_numbers(pages))
    done = _Joined((), ())
    for content in marked:
        done = _with_page(done, content, options)
    blocks = tuple(replace(b, id=f"b{i}") for i, b in enumerate(done.blocks, 1))
    return blocks, read_meta(blocks)


@dataclass(frozen=True, slots=True)
class _Joined:
    """Blocks put together so far."""

    blocks: tuple[Block, ...]
    pages: tuple[PageContent, ...]


def _with_page(done: _Joined, content: PageContent, options: AssembleOptions) -> _Joined:
    """The blocks with one more page's; what goes on from the page before is joined to it."""
    before, blocks = list(done.blocks), list(content.blocks)
    last = _first_of(before, range(len(before) - 1, -1, -1))
    first = _first_of(blocks, range(len(blocks)))
    if last is not None and first is not None and before[last].pages[-1] == content.page.number - 1:
        upper, previous = before[last], done.pages[-1]
        if isinstance(upper, Table) and options.merge_tables:
            captions = _captions(before, last)
            before[last], blocks = _table_joined(upper, blocks, first, captions, (previous.page, content.page))
        elif isinstance(upper, TextBlock) and options.merge_paragraphs:
            lower = blocks[first]
            if isinstance(lower, TextBlock) and _goes_on(upper, lower, previous, content):
                before[last] = _joined(upper, lower)
                del blocks[first]
    return _Joined((*before, *blocks), (*done.pages, content))


def _first_of(blocks: Sequence[Block], order: Iterable[int]) -> int | None:
    """The first block in ``order`` that may go on. Before a table a stray digit (a page number, a speck) does not."""
    inside = [i for i in order if not _is_outside(blocks[i])]
    table = next((i for i in inside if not _is_stray(blocks[i])), None)
    return table if table is not None and isinstance(blocks[table], Table) else next(iter(inside), None)


def _is_stray(block: Block) -> bool:
    """Whether a block is a few digits or signs and no words."""
    return isinstance(block, TextBlock) and len(block.reading.text) <= 3 and not _WORDS.search(block.reading.text)


_WORDS = re.compile(r"[^\W\d_]")
"""A letter or a Chinese character."""


def _table_joined(
    upper: Table, blocks: list[Block], first: int, captions: Sequence[str], pages: tuple[Page, Page]
) -> tuple[Table, list[Block]]:
    """The table with its part on the next page, and that page's other blocks; unchanged if it does not go on.

    Captions that the next page repeats become running heads, so that the clean text has them once. Where it repeats the
    table's head, one or two characters above are specks: a fax and its watermark leave some on every page.
    """
    at = next((i for i, b in enumerate(blocks) if isinstance(b, Table)), len(blocks))
    above = [b for b in blocks[first:at] if isinstance(b, TextBlock) and not _is_outside(b)]
    lower = blocks[at] if at < len(blocks) else None
    if not isinstance(lower, Table):
        return upper, blocks
    specks = [b for b in above if len(b.reading.text) <= SPECK] if continued.repeated_rows(upper, lower) else []
    head = [b for b in above if not any(b is s for s in specks)]
    if not continued.continues(upper, head, lower, captions, pages):
        return upper, blocks
    kinds = {id(b): BlockKind.HEADER for b in head} | {id(b): BlockKind.FIGURE for b in specks}
    rest = [
        replace(b, kind=kinds[id(b)], level=None) if isinstance(b, TextBlock) and id(b) in kinds else b
        for b in blocks
        if b is not lower
    ]
    return continued.merge(upper, lower), rest


def _is_outside(block: Block) -> bool:
    return isinstance(block, TextBlock) and block.kind in OUTSIDE


def _captions(blocks: Sequence[Block], at: int) -> list[str]:
    """The texts printed above the table at index ``at``, up to the block that is no text."""
    texts: list[str] = []
    for block in reversed(blocks[max(0, at - 12) : at]):
        if isinstance(block, Table):
            break
        texts.append(block.reading.text)
    return texts


def _goes_on(upper: TextBlock, lower: TextBlock, before: PageContent, after: PageContent) -> bool:
    """Whether the first text of a page is the rest of the last one of the page before."""
    if upper.kind not in (BlockKind.PARAGRAPH, BlockKind.NOTE) or lower.kind is not BlockKind.PARAGRAPH:
        return False
    above, below = _segments(upper), _segments(lower)
    if not above or not below or max(above[-1].em, below[0].em) > 1.32 * min(above[-1].em, below[0].em):
        return False
    ended = patterns.ends_sentence(upper.reading.text)
    starts_item = patterns.enumerator_level(lower.reading.text) is not None
    if patterns.is_caption(upper.reading.text) or patterns.is_caption(lower.reading.text):
        return False
    first, second = _margins(before), _margins(after)
    left = min(first.left, second.left) if _same_size(before.page, after.page) else second.left
    at_margin = below[0].box.left - left < INDENT * below[0].em
    indented = above[0].box.left - first.left >= INDENT * above[0].em
    if not is_full(above[-1], below[0], first) or not at_margin:
        return False
    return not ended or (indented and not starts_item)


def _same_size(one: Page, other: Page) -> bool:
    return abs(one.width - other.width) < 0.03 * one.width and abs(one.height - other.height) < 0.03 * one.height


def _segments(block: TextBlock) -> list[Segment]:
    """The block's printed lines, top to bottom."""
    return [merged(row) for row in build_rows(block.lines)]


def _margins(content: PageContent) -> Margins:
    """The margins of a page's prose."""
    texts = [b for b in content.blocks if isinstance(b, TextBlock) and not _is_outside(b)]
    return find_margins([s for b in texts for s in _segments(b)], Box(0, 0, content.page.width, content.page.height))


def _joined(upper: TextBlock, lower: TextBlock) -> TextBlock:
    """Both blocks as one text."""
    one, other = upper.reading, lower.reading
    weights = max(len(one.text), 1), max(len(other.text), 1)
    reading = Reading(
        text=join_texts(one.text, other.text),
        raw=join_texts(one.raw, other.raw),
        confidence=(one.confidence * weights[0] + other.confidence * weights[1]) / sum(weights),
        needs_review=one.needs_review or other.needs_review,
        reasons=one.reasons + tuple(r for r in other.reasons if r not in one.reasons),
        corrections=one.corrections + other.corrections,
    )
    return replace(upper, reading=reading, pages=upper.pages + lower.pages, lines=upper.lines + lower.lines)


def read_meta(blocks: Sequence[Block]) -> Meta:
    """Entity, year and kind of the document, from its first pages, then from its tables."""
    front = [
        patterns.plain(b.reading.text)
        for b in blocks
        if isinstance(b, TextBlock) and b.pages[0] <= TITLE_PAGES and b.kind is not BlockKind.TOC
    ]
    tables = [b for b in blocks if isinstance(b, Table)]
    titles = [b.title or "" for b in tables]
    return Meta(entity=_entity(front, tables), year=_year(front, tables), kind=_kind(front, titles))


def _entity(front: Sequence[str], tables: Sequence[Table]) -> str | None:
    """The body most tables name; else what stands before the year on the title page."""
    names = Counter(_without_code(t.entity) for t in tables if t.entity)
    if names:
        return names.most_common(1)[0][0]
    for index, text in enumerate(front):
        found = re.match(r"(.{0,40}?)\s?20\d{2}\s?年.{0,20}[预决]算", text)
        if found:
            return found.group(1).strip() or (front[index - 1] if index else None)
    return None


def _without_code(name: str) -> str:
    """The name without a unit code before it: [055]某县水利局, 055001 某县水利局."""
    return re.sub(r"^(?:\[\d{1,12}\]|\d{3,12})\s?[-_]?\s?", "", patterns.plain(name))


def _year(front: Sequence[str], tables: Sequence[Table]) -> int | None:
    """The year on the title page beside 预算 or 决算; else the one most tables print."""
    for text in front:
        if re.search(r"[预决]算", text) and patterns.year(text):
            return patterns.year(text)
    years = Counter(t.year for t in tables if t.year)
    if years:
        return years.most_common(1)[0][0]
    return next((patterns.year(t) for t in front if patterns.year(t)), None)


def _kind(front: Sequence[str], titles: Sequence[str]) -> DocumentKind | None:
    """Budget or final account, by the word the title page, else the tables' titles, print more often."""
    for texts in (front, titles):
        text = "".join(texts).replace("预决算", "")
        budget, account = text.count("预算"), text.count("决算")
        # 一般公共预算财政拨款支出决算表 has both words: the last one of a title says what it is.
        if account:
            return DocumentKind.FINAL_ACCOUNT if account >= 0.4 * budget else DocumentKind.BUDGET
        if budget:
            return DocumentKind.BUDGET
    return None
