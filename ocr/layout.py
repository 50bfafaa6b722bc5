"""The layout of one page: what the printed lines outside tables are, and in which order they are read.

A page's rows are cut by its tables and columns; each column becomes paragraphs (``ocr.paragraphs``), each
paragraph a block; the lines above a table also say what the table is (``ocr.captions``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from pydantic import BaseModel, ConfigDict, Field

from document.geometry import Box
from document.types import Block, BlockKind, Page, Reading, Table, TextBlock, TextLine
from ocr import patterns
from ocr.captions import read_caption
from ocr.columns import Region, facing_pages, split_columns
from ocr.paragraphs import Margins, Paragraph, build_paragraphs, find_margins, is_centred
from ocr.rows import Row, Segment, build_rows, merged, segment
from ocr.types import FilledGrid, Rulings


class LayoutOptions(BaseModel):
    """How the lines of a page become blocks (版面)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_angle: float = Field(
        5.0, ge=0, le=45, description="degrees; a line turned further is no line of the text but a figure's"
    )
    margin_band: float = Field(
        0.1, ge=0, le=0.3, description="share of the page's longer side at top and bottom where page numbers stand"
    )
    speck_size: float = Field(
        0.45, ge=0, le=0.9, description="one or two characters lower than this are specks (heights of the page's type)"
    )
    edge: float = Field(8.0, ge=0, le=30, description="nearer to the paper's edge a scan has shadows only (points)")
    heading_length: int = Field(
        45, ge=5, le=200, description="characters; a longer text with an enumerator is a paragraph"
    )


DEFAULT_LAYOUT = LayoutOptions()


def lay_out(
    lines: Sequence[TextLine],
    tables: Sequence[FilledGrid],
    page: Page,
    rulings: Rulings | None = None,
    options: LayoutOptions = DEFAULT_LAYOUT,
) -> tuple[Block, ...]:
    """The blocks of a page in reading order, from its lines outside tables and its tables.

    Everything is in points of one system, origin top left. Every line is in exactly one text block. Ids are
    page-local. Running heads are told from the text later, when all pages are known; here only a lone page
    number is recognised. A table of contents keeps its page numbers in ``toc_page``.
    """
    level = [k for k in lines if k.text.strip() and abs(k.angle) <= options.max_angle]
    turned = [k for k in lines if k.text.strip() and abs(k.angle) > options.max_angle]
    blocks: list[Block] = []
    aside: list[Block] = [_block(BlockKind.FIGURE, (segment((k,)),), page) for k in turned]
    leaves = facing_pages(level, [t.grid.box for t in tables], Box(0.0, 0.0, page.width, page.height))
    for index, frame in enumerate(leaves):
        own = [k for k in level if _leaf(k.box, leaves) == index]
        text, rest = _leaf_blocks(own, [t for t in tables if _leaf(t.grid.box, leaves) == index], page, frame, options)
        blocks += text
        aside += rest
    return tuple(replace(b, id=f"p{page.number}-{i}") for i, b in enumerate([*blocks, *aside], 1))


def _leaf(box: Box, leaves: Sequence[Box]) -> int:
    """On which leaf of the sheet something stands."""
    return int(box.center[0] >= leaves[0].right) if len(leaves) > 1 else 0


def _leaf_blocks(
    lines: Sequence[TextLine], tables: Sequence[FilledGrid], page: Page, frame: Box, options: LayoutOptions
) -> tuple[list[Block], list[Block]]:
    """The blocks of one leaf of the sheet, ``frame``, in reading order; and those that are not read."""
    specks, rows = _take_specks(build_rows(lines), tables, page, frame, options)
    number, rows = _take_page_numbers(rows, tables, page, options)
    end = _toc_end(rows, tables)
    blocks = _toc_blocks(rows[:end], page, frame)
    if end < len(rows) or tables:
        for region in split_columns(rows[end:], [t.grid.box for t in tables], frame):
            blocks += _region_blocks(region, tables, page, options)
    return blocks, specks + number


def _take_specks(
    rows: Sequence[Row], tables: Sequence[FilledGrid], page: Page, frame: Box, options: LayoutOptions
) -> tuple[list[Block], tuple[Row, ...]]:
    """What was read in specks and in the shadow of the paper's edge, as figures, and the other rows.

    They stay on record, but neither end a table that goes on over the page nor stand in the clean text.
    """
    heights = [s.box.height for row in rows for s in row]
    heights += [k.box.height for t in tables for c in t.cells for k in c.lines]
    usual = median(heights) if heights else 0.0
    paper = frame.grown(-min(options.edge, frame.width / 4, frame.height / 4))
    found, others = [], []
    for row in rows:
        few = sum(len(s.text) for s in row)
        low = max(s.box.height for s in row) < options.speck_size * usual
        outside = not any(paper.contains(*s.box.center) for s in row)
        if (few <= 2 and low) or (few <= 3 and outside):
            found.append(_block(BlockKind.FIGURE, row, page))
        else:
            others.append(row)
    return list(found), tuple(others)


def _take_page_numbers(
    rows: Sequence[Row], tables: Sequence[FilledGrid], page: Page, options: LayoutOptions
) -> tuple[list[Block], tuple[Row, ...]]:
    """The page numbers among the rows as blocks, and the other rows."""
    band = options.margin_band * max(page.width, page.height)  # a sheet laid across keeps its margins
    found, others = [], []
    for index, row in enumerate(rows):
        outer = index in (0, 1, len(rows) - 2, len(rows) - 1)
        edge = row[0].box.bottom < band or row[0].box.top > page.height - band
        beside = any(t.grid.box.top < row[0].box.center[1] < t.grid.box.bottom for t in tables)
        text = "".join(s.text for s in row)
        if outer and edge and not beside and patterns.is_page_number(text):
            found.append(_block(BlockKind.PAGE_NUMBER, row, page))
        else:
            others.append(row)
    return list(found), tuple(others)


def _toc_end(rows: Sequence[Row], tables: Sequence[FilledGrid]) -> int:
    """How many rows at the top of the page are a table of contents: titled so, or most end in a page number.

    Under a title the leader is enough: of fine dots a recogniser reads the first few, and no digit alone after them.
    What follows the last entry belongs to it where that is only a line or two, whose number was not read.
    """
    first_table = min((t.grid.box.top for t in tables), default=float("inf"))
    above = [row for row in rows if row[0].box.center[1] < first_table]
    titled = any(patterns.is_toc_title("".join(s.text for s in row)) for row in above[:3])
    entries = [i for i, row in enumerate(above) if _toc_page(row) is not None or (titled and _has_leader(row))]
    if len(above) < 2 or len(entries) < (1 if titled else 4):
        return 0
    end = entries[-1] + 1
    if len(entries) < (0.4 if titled else 0.6) * end:
        return 0
    return end if tables or len(above) - end > 2 else len(above)


_LEADER_SPECKS = ".·•,，'`-—… "
"""Dots of the leader, and specks beside the number."""


_LEADER_DOTS = ".．·•…⋯"


def _has_leader(row: Row) -> bool:
    """Whether a row of a table of contents ends in dots that lead to a number which was not read."""
    return row[-1].text.rstrip().endswith(tuple(_LEADER_DOTS))


def _toc_page(row: Row) -> int | None:
    """The page number at the end of a row of a table of contents."""
    last = row[-1]
    apart = last.text.strip(_LEADER_SPECKS)
    if len(row) > 1 and patterns.is_bare_number(apart):
        return int(apart) if apart.isdigit() else None
    entry, number = patterns.split_toc_entry(last.text)
    return number if entry or len(row) > 1 else None


def _toc_blocks(rows: Sequence[Row], page: Page, frame: Box) -> list[Block]:
    """The rows of a page with a table of contents: its title, and a block for each entry."""
    blocks: list[Block] = []
    waiting: list[Segment] = []
    for row in rows:
        whole = merged(row)
        number = _toc_page(row)
        ends = number is not None or _has_leader(row)
        if not ends and (patterns.is_toc_title(whole.text) or _ends_toc_line(whole, frame)):
            blocks += [_toc_block(waiting, None, page)] if waiting else []
            kind = BlockKind.HEADING if patterns.is_toc_title(whole.text) else BlockKind.TOC
            blocks.append(replace(_block(kind, (whole,), page), level=1 if kind is BlockKind.HEADING else None))
            waiting = []
        elif not ends and waiting and patterns.enumerator_level(whole.text) is not None:
            blocks.append(_toc_block(waiting, None, page))
            waiting = [whole]
        elif not ends:
            waiting.append(whole)
        else:
            if waiting and patterns.enumerator_level(whole.text) is not None:  # whose number was not read
                blocks.append(_toc_block(waiting, None, page))
                waiting = []
            blocks.append(_toc_block([*waiting, whole], number, page))
            waiting = []
    return [*blocks, _toc_block(waiting, None, page)] if waiting else blocks


def _ends_toc_line(line: Segment, frame: Box) -> bool:
    """Whether a row without a page number is an entry of its own: it leaves half of its line free."""
    return line.box.right < frame.left + 0.55 * frame.width


def _toc_block(parts: Sequence[Segment], number: int | None, page: Page) -> TextBlock:
    """One entry; the leader and the page number go out of its text."""
    block = _block(BlockKind.TOC, parts, page)
    text = "".join(patterns.split_toc_entry(_without_number(s, number))[0] for s in parts)
    return replace(block, reading=replace(block.reading, text=text or block.reading.text), toc_page=number)


def _without_number(part: Segment, number: int | None) -> str:
    """The segment's text without a page number that stands apart at its end."""
    pieces = part.lines
    if number is not None and len(pieces) > 1 and patterns.plain(pieces[-1].text.strip(_LEADER_SPECKS)) == str(number):
        return "".join(p.text for p in pieces[:-1])
    return part.text


def _region_blocks(region: Region, tables: Sequence[FilledGrid], page: Page, options: LayoutOptions) -> list[Block]:
    """The blocks of one column: its paragraphs and tables from top to bottom."""
    inside = [t for t in tables if region.box.contains(*t.grid.box.center)]
    margins = _margins(region, inside)
    blocks: list[Block] = []
    rows, above = list(region.rows), float("-inf")
    for table in sorted(inside, key=lambda t: t.grid.box.top):
        before = [r for r in rows if r[0].box.center[1] < table.grid.box.center[1]]
        rows = [r for r in rows if r[0].box.center[1] >= table.grid.box.center[1]]
        paragraphs = build_paragraphs(_rejoined(before, margins), margins)
        filled = _table(table, [p.as_line for p in paragraphs if p.box.top >= above], page)
        blocks += [*_text_blocks(paragraphs, margins, page, options, filled.title), filled]
        above = table.grid.box.bottom - 1
    paragraphs = build_paragraphs(_rejoined(rows, margins), margins)
    return blocks + _text_blocks(paragraphs, margins, page, options, None)


def _margins(region: Region, tables: Sequence[FilledGrid]) -> Margins:
    """Margins of the column's text; a table's sides bound them where the text proves none."""
    parts = [s for row in region.rows for s in row]
    margins = find_margins(parts, region.box)
    if not tables:
        return margins
    left, right = min(t.grid.box.left for t in tables), max(t.grid.box.right for t in tables)
    return Margins(min(margins.left, max(left, region.box.left)), max(margins.right, min(right, region.box.right)))


def _rejoined(rows: Iterable[Row], margins: Margins) -> list[Segment]:
    """The rows' segments in reading order; a line of prose torn by a wide gap is one segment again."""
    parts: list[Segment] = []
    for row in rows:
        parts += [merged(row)] if len(row) > 1 and _is_torn_prose(row, margins) else list(row)
    return parts


def _is_torn_prose(row: Row, margins: Margins) -> bool:
    """Whether segments side by side are one line of prose of which a piece was not read."""
    em = median(s.em for s in row)
    gaps = [b.box.left - a.box.right for a, b in pairwise(row)]
    spans = row[0].box.left < margins.left + 4 * em and row[-1].box.right > margins.left + 0.5 * (
        margins.right - margins.left
    )
    written = sum(s.box.width for s in row) > 0.6 * (row[-1].box.right - row[0].box.left)
    return (
        spans
        and written
        and max(gaps) < 6 * em
        and sum(len(s.text) for s in row) >= 15
        and not any(patterns.is_caption(s.text) for s in row)
    )


def _text_blocks(
    paragraphs: Sequence[Paragraph], margins: Margins, page: Page, options: LayoutOptions, title: str | None
) -> list[Block]:
    """The paragraphs as blocks; ``title`` is the title of the table that follows them, if any."""
    usual = _usual_size([s for p in paragraphs for s in p.segments])
    return [_text_block(p, margins, usual, title, page, options) for p in paragraphs]


def _usual_size(parts: Sequence[Segment]) -> float:
    """Type size of most characters."""
    sizes = [s.size for s in parts for _ in range(min(len(s.text), 60))]
    return float(median(sizes)) if sizes else 0.0


def _text_block(
    paragraph: Paragraph,
    margins: Margins,
    usual: float,
    title: str | None,
    page: Page,
    options: LayoutOptions,
) -> TextBlock:
    """One paragraph as a block of its kind."""
    kind, level = _kind(paragraph, margins, usual, options)
    if kind is BlockKind.PARAGRAPH and title is not None and 0 <= paragraph.text.find(title) < 8:
        kind = BlockKind.HEADING
    return replace(_block(kind, paragraph.segments, page), level=level)


def _kind(paragraph: Paragraph, margins: Margins, usual: float, options: LayoutOptions) -> tuple[BlockKind, int | None]:
    """What a paragraph is, and its level if it is a numbered heading."""
    text = paragraph.text
    if not any(c.isalnum() for c in text):
        return BlockKind.FIGURE, None  # specks and bits of rules that were read as signs
    if patterns.is_note(text):
        return BlockKind.NOTE, None
    if patterns.is_caption(text):
        return BlockKind.PARAGRAPH, None
    level = patterns.enumerator_level(text)
    short = len(text) <= options.heading_length and not patterns.ends_sentence(text)
    if level is not None and level <= 4 and short and not _is_amount_item(text):
        return BlockKind.HEADING, level
    centred = is_centred(paragraph.box, margins, paragraph.first.em)
    if short and centred and (paragraph.first.size >= 1.1 * usual or len(paragraph.segments) == 1):
        return BlockKind.HEADING, None
    return BlockKind.PARAGRAPH, None


def _is_amount_item(text: str) -> bool:
    """Whether an enumerated line is an item with its amount (1.工资福利支出 120.50 万元) rather than a heading."""
    return "元" in text[-4:] or text[-1:] in "%％"


def _block(kind: BlockKind, parts: Sequence[Segment], page: Page) -> TextBlock:
    """A text block of segments, read as they stand."""
    text = Paragraph(tuple(parts)).text
    lines = tuple(k for s in parts for k in s.lines)
    weights = [max(len(k.text), 1) for k in lines]
    confidence = sum(k.confidence * w for k, w in zip(lines, weights, strict=True)) / sum(weights)
    return TextBlock(
        id="",
        kind=kind,
        pages=(page.number,),
        box=Box.around(s.box for s in parts),
        reading=Reading(text=text, raw=text, confidence=min(max(confidence, 0.0), 1.0)),
        lines=lines,
    )


def _table(table: FilledGrid, above: Sequence[Segment], page: Page) -> Table:
    """A page's part of a table, with what is printed above it."""
    caption = read_caption(above, table.grid.box)
    return Table(
        id="",
        pages=(page.number,),
        n_rows=table.grid.n_rows,
        n_cols=table.grid.n_cols,
        cells=table.cells,
        title=caption.title,
        number=caption.number,
        unit=caption.unit,
        entity=caption.entity,
        year=caption.year,
    )
