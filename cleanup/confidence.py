"""How sure each field is, and which ones a person must look at (可信度与复核).

A first, uncalibrated figure from the recogniser's doubt, the dictionary, the form of numbers and the watermark
over the crop. Few flags, each with a reason an operator understands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict, Field

from cleanup.lexicon import Lexicon, any_year, key_of, lexicon, split_label
from cleanup.numbering import vouched_numbers
from cleanup.numbers import parse_amount
from cleanup.row_codes import row_codes
from cleanup.table_roles import TableRoles, table_roles
from dictionaries.types import Dictionary
from document.types import (
    NOT_IN_TEXT,
    Cell,
    Character,
    Document,
    Origin,
    Reading,
    Rule,
    Table,
    TextBlock,
    TextLine,
)

_DECIDED = frozenset(
    {Rule.SUBJECT_NAME, Rule.SUBJECT_CODE, Rule.FIXED_LABEL, Rule.PHRASE, Rule.IDENTITY, Rule.REVIEWER}
)
"""Rules that weighed the recogniser's doubt already, and decided."""
_CLEAR = 0.9


class ConfidenceOptions(BaseModel):
    """From which doubt on a field is flagged."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number_doubt: float = Field(
        default=0.75, ge=0, le=1, description="probability (0-1) of a digit under which its number is flagged"
    )
    label_doubt: float = Field(
        default=0.5, ge=0, le=1, description="probability (0-1) of a character under which a free label is flagged"
    )
    prose_doubt: float = Field(
        default=0.5, ge=0, le=1, description="probability (0-1) of a digit under which its paragraph is flagged"
    )
    covered: float = Field(
        default=0.5, ge=0, le=1, description="share (0-1) of a box under the watermark that makes doubt count double"
    )


@dataclass(frozen=True, slots=True)
class _Doubt:
    """The least sure character of a field."""

    probability: float
    text: str = ""
    other: str = ""
    """The likeliest other reading; "" where nothing else was likely."""


def assess(document: Document, dictionary: Dictionary, options: ConfidenceOptions | None = None) -> Document:
    """The document with ``confidence`` and ``needs_review`` set on every cell and text block; texts stay.

    What earlier steps flagged stays flagged. Fields from a text layer have no recogniser to doubt.
    """
    options = options or ConfidenceOptions()
    words = lexicon(dictionary, document.meta.year)
    scanned = frozenset(p.number for p in document.pages if p.origin is not Origin.TEXT_LAYER)
    blocks = tuple(
        _assess_table(b, words, scanned, options) if isinstance(b, Table) else _assess_block(b, words, scanned, options)
        for b in document.blocks
    )
    return replace(document, blocks=blocks)


def _assess_table(table: Table, words: Lexicon, scanned: frozenset[int], options: ConfidenceOptions) -> Table:
    roles = table_roles(table)
    vouched = vouched_numbers(table, roles) | _vouched_codes(table, roles, words)
    cells = (_assess_cell(c, (c.row, c.col) in vouched, words, scanned, options) for c in table.cells)
    return replace(table, cells=tuple(cells))


def _vouched_codes(table: Table, roles: TableRoles, words: Lexicon) -> frozenset[tuple[int, int]]:
    """Places of codes that stand beside their name."""
    texts = {(c.row, c.col): c.reading.text for c in table.cells}
    found = set()
    for code in row_codes(table, roles):
        name = key_of(texts.get(code.name_at, "")) if code.name_at else ""
        if any(key_of(s.name) == name for s in words.names.get(code.code, ())):
            found.add((code.row, code.col))
    return frozenset(found)


def _assess_cell(
    cell: Cell, vouched: bool, words: Lexicon, scanned: frozenset[int], options: ConfidenceOptions
) -> Cell:
    reading = cell.reading
    if not reading.text:
        return cell
    is_number = parse_amount(reading.text) is not None
    doubt = _least_sure(cell.lines, reading, is_number) if cell.page in scanned else _Doubt(1.0)
    summed = is_number and bool(cell.verified_by)  # a misread digit does not add up
    known = vouched or summed or (not is_number and _is_known(reading.text, words))
    reason = _reason(doubt, _cover(cell.lines), is_number, known, options)
    confidence = _confidence(doubt.probability, is_number, known, reading)
    return replace(cell, reading=_judged(reading, confidence, reason))


def _assess_block(block: TextBlock, words: Lexicon, scanned: frozenset[int], options: ConfidenceOptions) -> TextBlock:
    if block.kind in NOT_IN_TEXT or not block.reading.text:
        return block
    read = not scanned.isdisjoint(block.pages)
    doubt = _least_sure(block.lines, block.reading) if read else _Doubt(1.0)
    known = _is_known(block.reading.text, words)
    digits = _least_sure(block.lines, block.reading, digits_only=True) if read else _Doubt(1.0)
    reason = _said(digits) if digits.probability < options.prose_doubt else None
    confidence = _confidence(doubt.probability, False, known, block.reading)
    return replace(block, reading=_judged(block.reading, confidence, reason))


def _least_sure(lines: Sequence[TextLine], reading: Reading, digits_only: bool = False) -> _Doubt:
    """The least sure character that is still in the text; other forms of it (（ and () are no doubt.

    ``digits_only`` for numbers: their marks can be read in one way only.
    """
    if any(c.rule in _DECIDED and c.score >= _CLEAR for c in reading.corrections):
        return _Doubt(1.0)
    left = key_of(reading.text)
    doubts = [
        _doubt_of(c)
        for line in lines
        for c in line.characters
        if key_of(c.text) and key_of(c.text) in left and (not digits_only or c.text.isdigit())
    ]
    if doubts:
        return min(doubts, key=lambda d: d.probability)
    return _Doubt(1.0 if digits_only else reading.confidence)


def _doubt_of(character: Character) -> _Doubt:
    same = key_of(character.text)
    probability = character.probability + sum(p for a, p in character.alternatives if key_of(a) == same)
    other = next((a for a, _ in character.alternatives if key_of(a) != same), "")
    return _Doubt(min(1.0, probability), character.text, other)


def _is_known(text: str, words: Lexicon) -> bool:
    """Whether the text, or what follows its enumeration, is a dictionary entry."""
    return words.is_known(key_of(text)) or words.is_known(any_year(key_of(split_label(text).core)))


def _cover(lines: Sequence[TextLine]) -> float:
    return max((line.watermark_cover for line in lines), default=0.0)


def _reason(doubt: _Doubt, cover: float, is_number: bool, known: bool, options: ConfidenceOptions) -> str | None:
    """Why a person must look at the field, or None."""
    if known:
        return None
    limit = options.number_doubt if is_number else options.label_doubt
    if cover >= options.covered:
        limit = 1 - (1 - limit) / 2
    return _said(doubt) if doubt.probability < limit else None


def _said(doubt: _Doubt) -> str:
    if doubt.text and doubt.other:
        return f"“{doubt.text}”可能是“{doubt.other}”"
    return f"“{doubt.text}”识别不清" if doubt.text else "识别不清"


def _confidence(least: float, is_number: bool, known: bool, reading: Reading) -> float:
    """0–1: what is known stands on the dictionary, the rest on the recogniser; corrections on their score."""
    changed = [c.score for c in reading.corrections if c.rule not in (Rule.WHITE_SPACE, Rule.WIDTH, Rule.TRADITIONAL)]
    base = 0.998 if known else 1 - (0.7 if is_number else 0.5) * (1 - least) - 0.002
    return max(0.0, min([base, *changed]))


def _judged(reading: Reading, confidence: float, reason: str | None) -> Reading:
    reasons = reading.reasons if reason is None or reason in reading.reasons else (*reading.reasons, reason)
    review = reading.needs_review or reason is not None
    rounded = round(min(confidence, 0.6) if review else confidence, 4)
    return replace(reading, confidence=rounded, needs_review=review, reasons=reasons)
