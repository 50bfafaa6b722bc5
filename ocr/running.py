"""Running heads and feet (页眉页脚), page numbers (页码): what stands at one place near the edge of page after page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from rapidfuzz import fuzz

from document.types import Block, BlockKind, Page, PageContent, Table, TextBlock
from ocr import patterns

BAND = 0.13
"""Share of the page's longer side at top and bottom where running heads stand."""

DEPTH = 2
"""Blocks from the edge inwards that can be running heads."""

SAME_TEXT = 78.0
"""Similarity (0–100) of two readings of one running head: recognition and page numbers vary a little."""

SAME_PLACE = 0.02
"""Two lines nearer than this share of the page's longer side stand at one place."""

SAME_COLUMN = 0.08
"""Page numbers nearer than this share of the page's width stand below each other; left and right pages mirror them."""

LONGEST_NUMBER = 8
"""Characters of a misread page number at most: -3. for - 3 -."""

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
    """Middle of the line, as ``_height`` tells it."""
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


def mark_page_numbers(pages: Sequence[PageContent]) -> tuple[PageContent, ...]:
    """The pages with misread page numbers (-3. for - 3 -) marked ``page_number`` as well.

    Where the numbers of several pages go up with the pages, a short text at their place on another page is that
    page's number: it says the number that must stand there, or nothing that could be text. So is one anywhere that has
    the form and the right number and nothing above or below it: on a photograph the sheet ends before the page does.
    """
    known = [
        (page.page, b)
        for page in pages
        for b in page.blocks
        if isinstance(b, TextBlock) and b.kind is BlockKind.PAGE_NUMBER
    ]
    steps = Counter(int(n) - page.number for page, b in known if (n := _digits(b)))
    if not steps or (best := steps.most_common(1)[0])[1] < 2:
        return tuple(pages)
    counted = [(page, b) for page, b in known if _digits(b) == str(page.number + best[0])]
    height = median(_height(b, page) for page, b in counted)
    across = median(abs(b.box.center[0] / max(page.width, 1.0) - 0.5) for page, b in counted)
    return tuple(_with_number(page, str(page.page.number + best[0]), height, across) for page in pages)


def _height(block: TextBlock, page: Page) -> float:
    """Where a block's middle stands on the page: 0 at the top, 1 at the bottom, in shares of the longer side.

    From the nearer edge: a sheet laid across keeps its margins, and what stands in them.
    """
    middle, longer = block.box.center[1], max(page.width, page.height, 1.0)
    return middle / longer if middle < page.height / 2 else 1 - (page.height - middle) / longer


def _digits(block: TextBlock) -> str:
    """The digits of a page number; none where it has more than a number may have."""
    found = re.findall(r"\d{1,5}", block.reading.text)
    return found[0] if len(found) == 1 else ""


def _with_number(content: PageContent, number: str, height: float, across: float) -> PageContent:
    """The page with the text at the place of page numbers marked, if it has none yet."""
    page = content.page
    texts = [b for b in content.blocks if isinstance(b, TextBlock)]
    if any(b.kind is BlockKind.PAGE_NUMBER and _digits(b) == number for b in texts):
        return content

    boxes = [box for b in content.blocks for box in ([b.box] if isinstance(b, TextBlock) else [c.box for c in b.cells])]

    def is_it(block: TextBlock) -> bool:
        outermost = block.box.bottom >= max(b.bottom for b in boxes) or block.box.top <= min(b.top for b in boxes)
        if outermost and patterns.is_page_number(block.reading.text) and _digits(block) == number:
            return True
        if len(block.reading.text) > LONGEST_NUMBER:
            return False
        x, y = block.box.center[0] / max(page.width, 1.0), _height(block, page)
        says = number in _digits(block) or not any(c.isalnum() and not c.isascii() for c in block.reading.text)
        return says and abs(y - height) < SAME_PLACE and abs(abs(x - 0.5) - across) < SAME_COLUMN

    return replace(
        content,
        blocks=tuple(
            replace(b, kind=BlockKind.PAGE_NUMBER, level=None) if isinstance(b, TextBlock) and is_it(b) else b
            for b in content.blocks
        ),
    )


def _candidates(index: int, page: PageContent) -> list[_Candidate]:
    """The text blocks near the page's edges that could be running heads."""
    texts = [
        (i, b)
        for i, b in enumerate(page.blocks)
        if isinstance(b, TextBlock) and b.kind in (BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.NOTE)
    ]
    found = []
    for place, (i, block) in enumerate(sorted(texts, key=lambda pair: pair[1].box.top)):
        at = _height(block, page.page)
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
