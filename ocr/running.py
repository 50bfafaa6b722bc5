"""Running heads and feet (页眉页脚): lines that stand at one place near the edge of page after page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from document.types import Block, BlockKind, PageContent, Table, TextBlock
from ocr import patterns

BAND = 0.13
"""Share of the page's height at top and bottom where running heads stand."""

DEPTH = 2
"""Blocks from the edge inwards that can be running heads."""

SAME_TEXT = 78.0
"""Similarity (0–100) of two readings of one running head: recognition and page numbers vary a little."""

SAME_PLACE = 0.02
"""Two lines nearer than this share of the page's height stand at one place."""

MIN_PAGES = 3
MIN_SHARE = 0.25
"""A running head is on three pages and on a quarter of all, at least (left and right pages may differ)."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    page: int
    """Index into the pages."""
    block: int
    """Index into the page's blocks."""
    text: str
    at: float
    """Middle of the line, as a share of the page's height."""
    top: bool


def mark_running_heads(pages: Sequence[PageContent]) -> tuple[PageContent, ...]:
    """The pages with running heads and feet marked ``header`` and ``footer``.

    Captions of tables recur at the top of pages as well; they are never running heads.
    """
    groups: list[list[_Candidate]] = []
    for candidate in (c for i, page in enumerate(pages) for c in _candidates(i, page)):
        home = next((g for g in groups if _alike(g[0], candidate)), None)
        if home is None:
            groups.append([candidate])
        else:
            home.append(candidate)
    needed = max(MIN_PAGES, MIN_SHARE * sum(bool(p.blocks) for p in pages))
    running = [c for g in groups if len({c.page for c in g}) >= needed for c in g]
    kinds = {(c.page, c.block): BlockKind.HEADER if c.top else BlockKind.FOOTER for c in running}
    return tuple(_marked(i, page, kinds) for i, page in enumerate(pages))


def _candidates(index: int, page: PageContent) -> list[_Candidate]:
    """The text blocks near the page's edges that could be running heads."""
    height = max(page.page.height, 1.0)
    texts = [
        (i, b)
        for i, b in enumerate(page.blocks)
        if isinstance(b, TextBlock) and b.kind in (BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.NOTE)
    ]
    found = []
    for place, (i, block) in enumerate(sorted(texts, key=lambda pair: pair[1].box.top)):
        at = block.box.center[1] / height
        outer = place < DEPTH if at < 0.5 else place >= len(texts) - DEPTH
        text = block.reading.text
        if outer and min(at, 1 - at) < BAND and not _is_content(text):
            found.append(_Candidate(index, i, _bare(text), at, at < 0.5))
    return found


def _is_content(text: str) -> bool:
    """Whether the line is a caption, an item or a note, which recur without being running heads."""
    return (
        len(text) > 60
        or patterns.is_caption(text)
        or patterns.table_number(text) is not None
        or patterns.is_note(text)
        or patterns.enumerator_level(text) is not None
        or patterns.is_table_title(text)
    )


def _bare(text: str) -> str:
    """The text without a page number at either end."""
    return re.sub(r"^[\s\d\-—–]{1,8}|[\s\d\-—–]{1,8}$", "", patterns.plain(text)) or patterns.plain(text)


def _alike(one: _Candidate, other: _Candidate) -> bool:
    return (
        one.top == other.top
        and abs(one.at - other.at) < SAME_PLACE
        and fuzz.ratio(one.text, other.text, score_cutoff=SAME_TEXT) > 0
    )


def _marked(index: int, page: PageContent, kinds: dict[tuple[int, int], BlockKind]) -> PageContent:
    """The page with the blocks at ``kinds`` marked; a table that took a running head for its title has none."""
    heads = {b.reading.text for i, b in enumerate(page.blocks) if (index, i) in kinds and isinstance(b, TextBlock)}
    blocks: list[Block] = []
    for i, block in enumerate(page.blocks):
        kind = kinds.get((index, i))
        if isinstance(block, Table):
            blocks.append(replace(block, title=None) if block.title in heads else block)
        else:
            blocks.append(replace(block, kind=kind, level=None) if kind else block)
    return replace(page, blocks=tuple(blocks))
