"""Cleans text that someone else recognised (已识别文本的清理): lines, tabs and form feeds, no pictures.

The same rules as for pages, as far as text alone can carry them: the watermark as a family of misreadings,
numbers, and labels by dictionary and code. Every change has its line; what cannot be known is flagged.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cleanup.correct import correct
from cleanup.lexicon import Lexicon, lexicon
from cleanup.numbers import clean_numbers
from cleanup.plain_cells import with_bars, with_joined_cells
from cleanup.plain_checks import doubtful_names, doubtful_repeats, doubtful_shares
from cleanup.plain_codes import with_whole_codes
from cleanup.plain_contents import with_contents
from cleanup.plain_debris import is_known, without_watermark
from cleanup.plain_lines import NOWHERE, Line, TextChange, table_of, table_runs
from cleanup.plain_lists import with_counted_items, with_opened_brackets
from cleanup.plain_watermark import find_family
from cleanup.text import TextOptions, simplifier, traditional_share
from dictionaries.types import Dictionary
from document.types import (
    Block,
    BlockKind,
    Document,
    Meta,
    Origin,
    Page,
    Reading,
    Rule,
    Source,
    Table,
    TextBlock,
)

_BULLET = re.compile(r"^[-•*] (?=\S)")
_YEAR = re.compile(r"(20\d{2})\s*年")


@dataclass(frozen=True, slots=True)
class CleanText:
    """The cleaned text with everything that was done to it."""

    text: str
    changes: tuple[TextChange, ...]
    numbers: tuple[int, ...] = ()
    """For each line of ``text`` the number of the line it was, 1-based."""

    def corrections_csv(self) -> str:
        """``corrections.csv``: line, before, after, rule, score, reason; formulas made harmless."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["line", "before", "after", "rule", "score", "reason"])
        for c in self.changes:
            row = [c.line, *map(_harmless, (c.before, c.after, c.rule)), f"{c.score:.4f}", _harmless(c.reason)]
            writer.writerow(row)
        return out.getvalue()


def clean_text(text: str, dictionary: Dictionary, phrases: Sequence[str] = ()) -> CleanText:
    """The text without its watermark, with numbers and labels mended, and a record of every change.

    ``phrases``: the operator's own watermark phrases, beside the dictionary's.
    """
    source = text.replace("\r\n", "\n").split("\n")
    found = _YEAR.search(text)
    words = lexicon(dictionary, int(found.group(1)) if found else None)
    lines = tuple(Line(i, x) for i, x in enumerate(source, start=1))
    family = find_family(source, (*phrases, *dictionary.watermark_phrases), dictionary.look_alikes)
    if family is not None:
        lines = without_watermark(lines, family, words)
    lines = _simplified(lines, dictionary)
    lines = with_contents(lines, words)
    lines = with_bars(with_joined_cells(lines, words))
    lines = with_opened_brackets(with_counted_items(lines))
    lines = _corrected(lines, dictionary, words, family is not None)
    lines = with_whole_codes(lines, words)
    lines = _flagged(lines, words, family is not None)
    kept = [(x.number, piece) for x in lines if not x.gone for piece in x.text.split("\n")]
    changes = tuple(c for x in lines for c in x.changes)
    return CleanText("\n".join(piece for _, piece in kept), changes, tuple(number for number, _ in kept))


# --- characters ------------------------------------------------------------------------------------------


def _simplified(lines: Sequence[Line], dictionary: Dictionary) -> tuple[Line, ...]:
    """The lines with traditional look-alikes simplified, unless the text is in traditional characters."""
    if traditional_share((x.text for x in lines if not x.gone), dictionary) > TextOptions().traditional_share:
        return tuple(lines)
    simplify = simplifier(dictionary)
    return tuple(x if x.gone else _with_cells(x, simplify) for x in lines)


def _with_cells(line: Line, simplify: Callable[[str], str]) -> Line:
    for column, cell in enumerate(line.text.split("\t")):
        if simplify(cell) != cell:
            line = line.with_cell(column, simplify(cell), Rule.TRADITIONAL, 1.0)
    return line


# --- labels and numbers ----------------------------------------------------------------------------------


def _corrected(lines: Sequence[Line], dictionary: Dictionary, words: Lexicon, marked: bool) -> tuple[Line, ...]:
    """The lines after the rules for documents: each run of rows is a table, each other line a block."""
    tables = table_runs(lines)
    in_table = {i for rows in tables for i in rows}
    blocks: list[Block] = [table_of(f"t{rows[0]}", [lines[i].text for i in rows]) for rows in tables]
    blocks += [
        TextBlock(f"b{i}", BlockKind.PARAGRAPH, (1,), NOWHERE, Reading(_bare(x.text), _bare(x.text)))
        for i, x in enumerate(lines)
        if i not in in_table and not x.gone and x.text.strip()
    ]
    # a watermark means that a picture was read: only then may its strokes be swept from the columns of amounts
    pages = (Page(1, Origin.SCAN, 0, 0),) if marked else ()
    document = Document(Source("text", "0" * 64, 0), pages, tuple(blocks), Meta(year=words.year))
    cleaned = correct(clean_numbers(document), dictionary)
    result = list(lines)
    for block in cleaned.blocks:
        if isinstance(block, Table):
            _write_rows(block, result)
        else:
            at = int(block.id[1:])
            result[at] = _with_reading(result[at], _without_flags(block.reading))
    return tuple(result)


def _bare(text: str) -> str:
    """A line without the bullet that marks it as one of a list."""
    return _BULLET.sub("", text.strip())


def _write_rows(table: Table, lines: list[Line]) -> None:
    first = int(table.id[1:])
    for cell in table.cells:
        at = first + cell.row
        lines[at] = _with_reading(lines[at], cell.reading, cell.col)


def _without_flags(reading: Reading) -> Reading:
    """A line of prose is often cut by its margin: that it is part of an entry says nothing."""
    return replace(reading, needs_review=False, reasons=())


def _with_reading(line: Line, reading: Reading, column: int | None = None) -> Line:
    """The line with one reading written back into its place, and its changes and doubts noted."""
    for record in reading.corrections:
        change = TextChange(line.number, record.before, record.after, record.rule, record.score)
        line = replace(line, changes=(*line.changes, change))
    if reading.text != reading.raw:
        cells = line.text.split("\t")
        text = (
            line.text.replace(reading.raw, reading.text, 1)
            if column is None
            else "\t".join([*cells[:column], reading.text, *cells[column + 1 :]])
        )
        line = replace(line, text=text)
    for reason in reading.reasons:
        line = replace(
            line, changes=(*line.changes, TextChange(line.number, reading.raw, reading.text, "flag", 0.0, reason))
        )
    return line


# --- doubts ----------------------------------------------------------------------------------------------


def _flagged(lines: Sequence[Line], words: Lexicon, marked: bool) -> tuple[Line, ...]:
    """The lines with doubts about percentages, names and, under a watermark, repeated rows noted; texts stay."""
    texts = {x.number: x.text for x in lines if not x.gone}
    doubts = (*doubtful_shares(texts), *doubtful_names(texts, lambda name: is_known(name, words)))
    doubts += tuple(doubtful_repeats(texts)) if marked else ()
    noted: dict[int, list[TextChange]] = {}
    for number, piece, reason in doubts:
        noted.setdefault(number, []).append(TextChange(number, piece, piece, "flag", 0.0, reason))
    return tuple(replace(x, changes=(*x.changes, *noted.get(x.number, ()))) for x in lines)


def _harmless(text: str) -> str:
    """Text that a spreadsheet would take for a formula, with a quotation mark before it."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
