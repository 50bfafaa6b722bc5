"""Cleans text that someone else recognised (已识别文本的清理): lines, tabs and form feeds, no pictures.

The same rules as for pages, as far as text alone can carry them: the watermark as a family of misreadings,
numbers, and labels by dictionary and code. Every change has its line; what cannot be known is flagged.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rapidfuzz.distance import Levenshtein

from cleanup.correct import correct
from cleanup.lexicon import Lexicon, any_year, key_of, lexicon, nearest, split_label
from cleanup.numbers import clean_numbers
from cleanup.plain_checks import doubtful_names, doubtful_shares
from cleanup.plain_watermark import ALIKE, Family, Unit, find_family, fragments, stacked, units_alone
from cleanup.text import TextOptions, simplifier, traditional_share
from dictionaries.types import Dictionary, LabelKind
from document.geometry import Box
from document.types import (
    Block,
    BlockKind,
    Cell,
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

_WHITE = re.compile(r"\s+")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN_JUNK = re.compile(r"[A-Za-z.,'’*<>/~|\\_^•·»《》%=!\-\s]{1,12}")
_YEAR = re.compile(r"(20\d{2})\s*年")
_CONTENTS = re.compile(r"((?:[一二三四五六七八九十]{1,3}、))(\D{6,60}?)(\d{1,3})?")
_LIKE_A_TITLE = 0.75
_NOWHERE = Box(0, 0, 0, 0)
_SOLITARY = frozenset(("栏次", "合计", "小计", "总计"))
_EDGE_JUNK = 8
"""Characters a cell at a table's edge may have and still be debris."""


@dataclass(frozen=True, slots=True)
class TextChange:
    """One change to a line or cell, or, where ``reason`` says why, one doubt without a change."""

    line: int
    """1-based, in the text as it came."""
    before: str
    after: str
    rule: str
    """A ``Rule``, or "flag"."""
    score: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CleanText:
    """The cleaned text with everything that was done to it."""

    text: str
    changes: tuple[TextChange, ...]

    def corrections_csv(self) -> str:
        """``corrections.csv``: line, before, after, rule, score, reason; formulas made harmless."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["line", "before", "after", "rule", "score", "reason"])
        for c in self.changes:
            row = [c.line, *map(_harmless, (c.before, c.after, c.rule)), f"{c.score:.4f}", _harmless(c.reason)]
            writer.writerow(row)
        return out.getvalue()


@dataclass(frozen=True, slots=True)
class _Line:
    """One line on its way: its number in the source, its text, and what was done."""

    number: int
    text: str
    changes: tuple[TextChange, ...] = ()
    gone: bool = False

    def becomes(self, text: str, rule: str, score: float, before: str | None = None, after: str = "") -> _Line:
        """The line with a new text; ``before`` and ``after`` name the piece that changed, default the line."""
        piece = (self.text, text) if before is None else (before, after)
        change = TextChange(self.number, *piece, rule, round(score, 4))
        return replace(self, text=text, changes=(*self.changes, change))


def clean_text(text: str, dictionary: Dictionary, phrases: Sequence[str] = ()) -> CleanText:
    """The text without its watermark, with numbers and labels mended, and a record of every change.

    ``phrases``: the operator's own watermark phrases, beside the dictionary's.
    """
    source = text.replace("\r\n", "\n").split("\n")
    found = _YEAR.search(text)
    words = lexicon(dictionary, int(found.group(1)) if found else None)
    lines = tuple(_Line(i, x) for i, x in enumerate(source, start=1))
    family = find_family(source, (*phrases, *dictionary.watermark_phrases), dictionary.look_alikes)
    if family is not None:
        lines = _without_watermark(lines, family, words)
    lines = _simplified(lines, dictionary)
    lines = _with_contents(lines, words)
    lines = _corrected(lines, dictionary, words, family is not None)
    lines = _flagged(lines, words)
    return CleanText("\n".join(x.text for x in lines if not x.gone), tuple(c for x in lines for c in x.changes))


# --- watermark -------------------------------------------------------------------------------------------


def _without_watermark(lines: Sequence[_Line], family: Family, words: Lexicon) -> tuple[_Line, ...]:
    texts = [x.text for x in lines]
    gone = stacked(texts, family.phrase) | _lines_alone(texts, family, words)
    kept = [_dropped(x) if i in gone else x for i, x in enumerate(lines)]
    kept = [x if x.gone or "\t" in x.text else _without_fragments(x, family, words) for x in kept]
    return _without_debris(kept, family, words)


def _dropped(line: _Line) -> _Line:
    return replace(line.becomes("", Rule.WATERMARK_RESIDUE, 1.0), gone=True)


def _lines_alone(texts: Sequence[str], family: Family, words: Lexicon) -> frozenset[int]:
    """Numbers of the lines of units that are the watermark, or strangers between two of its marks."""
    whole = "".join(texts)
    units = units_alone(texts)
    marks = {i for u in units if _is_mark(u, family, words) for i in _places(u)}
    strangers = {
        i
        for u in units
        if len(u.text) <= 6 and whole.count(u.text) == 1 and not _is_known(u.text, words)
        if all(_shows_mark(texts, at, marks, family) for at in _beside(texts, u))
        for i in _places(u)
    }
    return frozenset(marks | strangers)


def _is_mark(unit: Unit, family: Family, words: Lexicon) -> bool:
    least = ALIKE if len(unit.text) >= 4 else 0.9
    return family.likeness(unit.text) >= least and not _is_known(unit.text, words)


def _places(unit: Unit) -> range:
    return range(unit.first, unit.first + len(unit.lines))


def _beside(texts: Sequence[str], unit: Unit) -> tuple[int, int]:
    """The nearest lines with text above and below the unit; -1 and the number of lines where there are none."""
    above, below = unit.first - 1, unit.first + len(unit.lines)
    while above >= 0 and not texts[above].strip():
        above -= 1
    while below < len(texts) and not texts[below].strip():
        below += 1
    return above, below


def _shows_mark(texts: Sequence[str], at: int, marks: set[int], family: Family) -> bool:
    return at in marks or (0 <= at < len(texts) and bool(fragments(texts[at], family, ())))


def _is_known(text: str, words: Lexicon) -> bool:
    return words.is_known(key_of(text)) or words.is_known(any_year(key_of(split_label(text).core)))


def _without_fragments(line: _Line, family: Family, words: Lexicon) -> _Line:
    """A line of prose without pieces of the watermark that are set off by spaces."""
    keep = [t for t in line.text.split(" ") if _is_known(t, words)]
    for piece in fragments(line.text, family, keep):
        rest = _WHITE.sub(" ", f" {line.text} ".replace(f" {piece} ", " ", 1)).strip(" ")
        line = line.becomes(rest, Rule.WATERMARK_RESIDUE, 0.9, piece)
    return line


def _without_debris(lines: Sequence[_Line], family: Family, words: Lexicon) -> tuple[_Line, ...]:
    """Tables without cells that are pieces of the watermark, and without what it left at their edges."""
    result = list(lines)
    for rows in _tables(lines):
        edges = _edge_columns([lines[i].text.split("\t") for i in rows], family, words)
        for i in rows:
            result[i] = _swept(lines[i], edges, family, words)
    return tuple(result)


def _tables(lines: Sequence[_Line]) -> list[list[int]]:
    """Runs of lines with cells."""
    runs: list[list[int]] = []
    last = -2
    for i, line in enumerate(lines):
        if line.gone or "\t" not in line.text:
            continue
        if i == last + 1:
            runs[-1].append(i)
        else:
            runs.append([i])
        last = i
    return runs


def _edge_columns(rows: Sequence[Sequence[str]], family: Family, words: Lexicon) -> frozenset[int]:
    """The first and last columns where they hold nothing but debris, some of it plainly the watermark's.

    Columns are counted from the left, and from the right as negative numbers.
    """
    if len(rows) < 4:
        return frozenset()
    found = []
    for column in (0, -1):
        cells = [r[column].strip() for r in rows if len(r) > 2 and r[column].strip()]
        plain = [c for c in cells if _is_residue(c, family, words)]
        debris = [c for c in cells if c in plain or _may_be_debris(c, words)]
        if plain and len(debris) == len(cells) and len(cells) <= 0.5 * len(rows):
            found.append(column)
    return frozenset(found)


def _is_residue(cell: str, family: Family, words: Lexicon) -> bool:
    compact = _WHITE.sub("", cell)
    if _is_known(cell, words) or any(c.isdigit() for c in compact) or len(compact) > len(family.phrase) + 2:
        return False
    if len(compact) < 2 or family.likeness(compact) < 0.6:
        return False
    own = sum(c in family.phrase for c in compact)
    # 部軍, 軍於: characters that a simplified text has not, and the family puts for its own
    foreign = any(not _is_simplified(c) for c in compact)
    return (len(compact) >= 3 and own >= 2) or foreign


def _is_simplified(character: str) -> bool:
    try:
        return bool(character.encode("gb2312"))
    except UnicodeEncodeError:
        return False


def _may_be_debris(cell: str, words: Lexicon) -> bool:
    short = len(_WHITE.sub("", cell)) <= _EDGE_JUNK and not any(c.isdigit() for c in cell)
    return short and not _is_known(cell, words)


def _swept(line: _Line, edges: frozenset[int], family: Family, words: Lexicon) -> _Line:
    cells = line.text.split("\t")
    junk_row = not any(_has_content(c, family, words) for c in cells)
    hit = any(family.likeness(c) >= 0.6 and sum(x in family.phrase for x in c) >= 2 for c in cells if c.strip())
    for at, cell in enumerate(cells):
        at_edge = (at == 0 and 0 in edges) or (at == len(cells) - 1 and -1 in edges)
        if not cell.strip():
            continue
        rest = _cell_without_debris(cell, family, words)
        stray = junk_row and len(_HAN.findall(cell)) != 1
        near = hit and len(cell.strip()) <= 6 and family.likeness(cell) >= ALIKE and not _is_known(cell, words)
        if at_edge or stray or (near and len(cell.strip()) >= 4) or _is_residue(cell, family, words):
            rest = ""
        if rest != cell:
            cells = [*cells[:at], rest, *cells[at + 1 :]]
            line = line.becomes("\t".join(cells), Rule.WATERMARK_RESIDUE, 0.9, cell, rest)
    return line


def _has_content(cell: str, family: Family, words: Lexicon) -> bool:
    """Whether a cell holds anything but debris: a digit, an entry, or Chinese that is not the watermark's."""
    text = cell.strip()
    if not text or _is_residue(text, family, words):
        return False
    if any(c.isdigit() for c in text) or _is_known(text, words):
        return True
    return len(_HAN.findall(text)) >= 3


def _cell_without_debris(cell: str, family: Family, words: Lexicon) -> str:
    """The cell without strange words before a fixed one (党人 栏次), or without Latin debris (N HEVS)."""
    pieces = cell.split()
    if len(pieces) == 2 and pieces[1] in _SOLITARY and not _is_known(cell, words):
        return pieces[1]
    text = cell.strip()
    letters = sum(c.isascii() and c.isalpha() for c in text)
    if _LATIN_JUNK.fullmatch(text) and letters and not text.isalpha() and not _is_known(text, words):
        return ""
    bare = _without_prefix(text, family, words)
    if bare:
        return bare
    own = fragments(text, family, [p for p in pieces if _is_known(p, words)])
    return _WHITE.sub(" ", text.replace(own[0], "", 1)).strip() if own and own[0] != text else cell


def _without_prefix(cell: str, family: Family, words: Lexicon) -> str | None:
    """发供内部第五部分 附件 → 第五部分 附件: a piece of the watermark right before an entry, else None."""
    for length in range(len(family.phrase) + 1, 2, -1):
        head, rest = cell[:length], cell[length:].strip()
        own = sum(c in family.phrase for c in head)
        if len(rest) >= 2 and own >= 2 and family.likeness(head) >= 0.6 and _is_known(rest, words):
            return None if _is_known(cell, words) else rest
    return None


# --- characters ------------------------------------------------------------------------------------------


def _simplified(lines: Sequence[_Line], dictionary: Dictionary) -> tuple[_Line, ...]:
    """The lines with traditional look-alikes simplified, unless the text is in traditional characters."""
    if traditional_share((x.text for x in lines if not x.gone), dictionary) > TextOptions().traditional_share:
        return tuple(lines)
    simplify = simplifier(dictionary)
    return tuple(
        x.becomes(simplify(x.text), Rule.TRADITIONAL, 1.0) if simplify(x.text) != x.text and not x.gone else x
        for x in lines
    )


# --- labels and numbers ----------------------------------------------------------------------------------


def _with_contents(lines: Sequence[_Line], words: Lexicon) -> tuple[_Line, ...]:
    """The lines of the table of contents, broken into cells and blurred at the cuts, as title and page.

    A line becomes a title only where the text says that title again on a line of its own.
    """
    said = {any_year(key_of(split_label(x.text).core)) for x in lines if not x.gone and "\t" not in x.text}
    titles = tuple(
        t for k in (LabelKind.TITLE, LabelKind.HEADING) for t in words.targets.get(k, ()) if t in said and len(t) > 5
    )
    result = list(lines)
    for i, line in enumerate(lines):
        match = _CONTENTS.fullmatch(line.text.replace("\t", "").replace(" ", ""))
        if line.gone or match is None or "\t" not in line.text or len(line.text.split("\t")) > 3:
            continue
        core = key_of(match.group(2).rstrip(".…·"))
        near = nearest([core], titles, _LIKE_A_TITLE).get(core, ())
        if not near or words.is_known(core) or (len(near) > 1 and _too_close(core, near)):
            continue
        title = f"{match.group(1)}{words.texts[near[0]]}"
        result[i] = line.becomes(f"{title}\t{match.group(3)}" if match.group(3) else title, Rule.FIXED_LABEL, 0.9)
    return tuple(result)


def _too_close(core: str, near: Sequence[str]) -> bool:
    best, second = (Levenshtein.distance(core, n) for n in near[:2])
    return second - best < 2


def _corrected(lines: Sequence[_Line], dictionary: Dictionary, words: Lexicon, marked: bool) -> tuple[_Line, ...]:
    """The lines after the rules for documents: each run of rows is a table, each other line a block."""
    tables = _tables(lines)
    in_table = {i for rows in tables for i in rows}
    blocks: list[Block] = [_table_of(f"t{rows[0]}", [lines[i].text for i in rows]) for rows in tables]
    blocks += [
        TextBlock(f"b{i}", BlockKind.PARAGRAPH, (1,), _NOWHERE, Reading(x.text.strip(), x.text.strip()))
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


def _table_of(name: str, rows: Sequence[str]) -> Table:
    cells = tuple(
        Cell(r, c, 1, _NOWHERE, Reading(text, text))
        for r, row in enumerate(rows)
        for c, text in enumerate(row.split("\t"))
    )
    return Table(name, (1,), len(rows), max(c.col for c in cells) + 1, cells)


def _write_rows(table: Table, lines: list[_Line]) -> None:
    first = int(table.id[1:])
    for cell in table.cells:
        at = first + cell.row
        lines[at] = _with_reading(lines[at], cell.reading, cell.col)


def _without_flags(reading: Reading) -> Reading:
    """A line of prose is often cut by its margin: that it is part of an entry says nothing."""
    return replace(reading, needs_review=False, reasons=())


def _with_reading(line: _Line, reading: Reading, column: int | None = None) -> _Line:
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


def _flagged(lines: Sequence[_Line], words: Lexicon) -> tuple[_Line, ...]:
    """The lines with doubts about percentages and names noted; texts stay."""
    texts = {x.number: x.text for x in lines if not x.gone}
    doubts = (*doubtful_shares(texts), *doubtful_names(texts, lambda name: _is_known(name, words)))
    noted: dict[int, list[TextChange]] = {}
    for number, piece, reason in doubts:
        noted.setdefault(number, []).append(TextChange(number, piece, piece, "flag", 0.0, reason))
    return tuple(replace(x, changes=(*x.changes, *noted.get(x.number, ()))) for x in lines)


def _harmless(text: str) -> str:
    """Text that a spreadsheet would take for a formula, with a quotation mark before it."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
