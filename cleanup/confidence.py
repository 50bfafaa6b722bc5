"""How sure each field is, and which ones a person must look at (可信度与复核).

One calibrated figure from the recogniser's doubt, the dictionary, the sums, the watermark over the crop
(``cleanup.calibration``). Few flags, each with a reason an operator understands: what a character could also be, and
the least sure fields, as many as keep the expected silent errors below what the operator allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict, Field

from cleanup.calibration import FieldEvidence, confidence, least_sure
from cleanup.known_forms import is_form_note
from cleanup.label_form import asked_for
from cleanup.lexicon import Lexicon, any_year, key_of, lexicon, split_label
from cleanup.numbering import vouched_numbers
from cleanup.prose import Words, vouched, words_of
from cleanup.row_codes import row_codes
from cleanup.signs import prints_bars
from cleanup.table_roles import TableRoles, table_roles
from dictionaries.calibration import Calibration, load_calibration
from dictionaries.types import Dictionary
from document.amounts import parse_amount
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
_NO_LETTER: dict[int, str] = dict(zip(map(ord, "Oo〇lI|丨"), "0001111", strict=True))
"""What a digit may look like; in a number it is no other reading."""
_NO_BAR: dict[int, str] = dict(zip(map(ord, "><＞＜≧≦"), "≥≤≥≤≥≤", strict=True))
_UNSURE = "识别把握不足"


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
    silent_per_10k: float = Field(
        default=5,
        ge=0,
        le=10_000,
        description="wrong fields in 10,000 that nobody is told about, at most, as the confidences expect them; the "
        "least sure fields are flagged until so few are left",
    )
    worth_a_look: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="chance (0-1) to be wrong, for each silent error in 10,000 allowed, under which no field is "
        "flagged for that alone: with 5 allowed, fields surer than 0.9 are left",
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


@dataclass(frozen=True, slots=True)
class _Knowledge:
    """What is known beside a field itself."""

    words: Lexicon
    pairs: Words
    """What its own texts and the dictionary say side by side."""
    scanned: frozenset[int]
    """Numbers of the pages that were read from pictures."""
    options: ConfidenceOptions
    calibration: Calibration
    bars: bool
    """Whether its targets print ≥ and ≤, never > and <."""


@dataclass(frozen=True, slots=True)
class _TableKnowledge:
    """What a table says of its cells."""

    vouched: frozenset[tuple[int, int]]
    doubted: bool
    headless: bool


def assess(
    document: Document,
    dictionary: Dictionary,
    options: ConfidenceOptions | None = None,
    calibration: Calibration | None = None,
) -> Document:
    """The document with ``confidence`` and ``needs_review`` set on every cell and text block; texts stay.

    What earlier steps flagged stays flagged. Fields from a text layer have no recogniser to doubt.
    """
    knowledge = _knowledge(document, dictionary, options, calibration)
    blocks = tuple(
        _assess_table(b, knowledge) if isinstance(b, Table) else _assess_block(b, knowledge) for b in document.blocks
    )
    return _flag_least_sure(replace(document, blocks=blocks), knowledge.options)


def field_evidence(document: Document, dictionary: Dictionary) -> dict[tuple[int, int, int], FieldEvidence]:
    """The evidence for every table cell by block index, row and column; for text blocks row and column are -1."""
    knowledge = _knowledge(document, dictionary, None, None)
    found: dict[tuple[int, int, int], FieldEvidence] = {}
    for index, block in enumerate(document.blocks):
        if isinstance(block, Table):
            known = _table_knowledge(block, knowledge.words)
            for cell in block.cells:
                found[index, cell.row, cell.col] = _cell_evidence(cell, known, knowledge)[0]
        elif block.kind not in NOT_IN_TEXT and block.reading.text:
            found[index, -1, -1] = _block_evidence(block, knowledge)
    return found


def _knowledge(
    document: Document, dictionary: Dictionary, options: ConfidenceOptions | None, calibration: Calibration | None
) -> _Knowledge:
    scanned = frozenset(p.number for p in document.pages if p.origin is not Origin.TEXT_LAYER)
    words = lexicon(dictionary, document.meta.year)
    options, calibration = options or ConfidenceOptions(), calibration or load_calibration()
    pairs = words_of(document, dictionary)
    return _Knowledge(words, pairs, scanned, options, calibration, prints_bars(document))


def _table_knowledge(table: Table, words: Lexicon) -> _TableKnowledge:
    roles = table_roles(table)
    vouched = vouched_numbers(table, roles) | _vouched_codes(table, roles, words)
    return _TableKnowledge(vouched, any(not is_form_note(r) for r in table.reasons), _has_headless_column(table, roles))


def _has_headless_column(table: Table, roles: TableRoles) -> bool:
    """Whether some column of a table with a head stands under none: the sign of a column cut in two."""
    if not 0 < roles.header_rows < table.n_rows:
        return False
    under: set[int] = set()
    for cell in table.cells:
        if cell.row < roles.header_rows and cell.row not in roles.numbering_rows and cell.reading.text:
            under.update(range(cell.col, cell.col + min(cell.col_span, table.n_cols)))
    return len(under) < table.n_cols


def _assess_table(table: Table, knowledge: _Knowledge) -> Table:
    known = _table_knowledge(table, knowledge.words)
    return replace(table, cells=tuple(_assess_cell(cell, known, knowledge) for cell in table.cells))


def _vouched_codes(table: Table, roles: TableRoles, words: Lexicon) -> frozenset[tuple[int, int]]:
    """Places of codes that stand beside their name."""
    texts = {(c.row, c.col): c.reading.text for c in table.cells}
    found = set()
    for code in row_codes(table, roles):
        name = key_of(texts.get(code.name_at, "")) if code.name_at else ""
        if any(key_of(s.name) == name for s in words.names.get(code.code, ())):
            found.add((code.row, code.col))
    return frozenset(found)


def _cell_evidence(cell: Cell, table: _TableKnowledge, knowledge: _Knowledge) -> tuple[FieldEvidence, _Doubt]:
    reading = cell.reading
    is_number = parse_amount(reading.text) is not None
    scanned = cell.page in knowledge.scanned
    alike = _NO_LETTER if is_number else _NO_BAR if knowledge.bars else {}
    doubt = _least_sure(cell.lines, reading, is_number, alike) if scanned and reading.text else _Doubt(1.0)
    summed = is_number and bool(cell.verified_by)  # a misread digit does not add up
    vouched = (cell.row, cell.col) in table.vouched
    known = vouched or summed or (not is_number and _is_known(reading.text, knowledge.words))
    surer = _surest(cell.lines, reading, alike, knowledge.pairs) if doubt.text and not is_number else doubt.probability
    evidence = FieldEvidence(
        kind="amount" if is_number else "label" if reading.text else "blank",
        doubt=surer,
        mean=_mean(cell.lines, alike) if scanned else 1.0,
        sums=len(cell.verified_by),
        known=known,
        mended=_is_mended(reading),
        doubted=reading.needs_review,
        cover=_cover(cell.lines),
        table_doubted=table.doubted,
        headless=table.headless,
    )
    return evidence, doubt


def _assess_cell(cell: Cell, table: _TableKnowledge, knowledge: _Knowledge) -> Cell:
    evidence, doubt = _cell_evidence(cell, table, knowledge)
    figure = confidence(evidence, knowledge.calibration)
    is_number = evidence.kind == "amount"
    reason = _reason(doubt, evidence.cover, is_number, evidence.known, knowledge.options) if cell.reading.text else None
    return replace(cell, reading=_judged(cell.reading, figure, reason))


def _block_evidence(block: TextBlock, knowledge: _Knowledge) -> FieldEvidence:
    read = not knowledge.scanned.isdisjoint(block.pages)
    return FieldEvidence(
        kind="prose",
        doubt=_least_sure(block.lines, block.reading).probability if read else 1.0,
        mean=_mean(block.lines, {}) if read else 1.0,
        known=_is_known(block.reading.text, knowledge.words),
        mended=_is_mended(block.reading),
        doubted=block.reading.needs_review,
        cover=_cover(block.lines),
    )


def _assess_block(block: TextBlock, knowledge: _Knowledge) -> TextBlock:
    if block.kind in NOT_IN_TEXT or not block.reading.text:
        return block
    read = not knowledge.scanned.isdisjoint(block.pages)
    digits = _least_sure(block.lines, block.reading, digits_only=True) if read else _Doubt(1.0)
    reason = _said(digits) if digits.probability < knowledge.options.prose_doubt else None
    figure = confidence(_block_evidence(block, knowledge), knowledge.calibration)
    return replace(block, reading=_judged(block.reading, figure, reason))


def _flag_least_sure(document: Document, options: ConfidenceOptions) -> Document:
    """The least sure table cells flagged, until the expected silent errors are few enough."""
    open_ = [c.reading.confidence for t in document.tables for c in t.cells if not c.reading.needs_review]
    sure_enough = 1 - min(1.0, options.worth_a_look * options.silent_per_10k)
    limit = least_sure(open_, options.silent_per_10k, sure_enough)
    blocks = tuple(_flag_below(b, limit) if isinstance(b, Table) and limit else b for b in document.blocks)
    return replace(document, blocks=blocks)


def _flag_below(table: Table, limit: float) -> Table:
    cells = tuple(
        replace(c, reading=c.reading.doubted(_UNSURE))
        if c.reading.confidence < limit and not c.reading.needs_review
        else c
        for c in table.cells
    )
    return replace(table, cells=cells)


def _mean(lines: Sequence[TextLine], alike: Mapping[int, str]) -> float:
    """The lines' mean probability; other forms of a character are no doubt, as in ``_least_sure``."""
    said = [
        sum(_doubt_of(c, alike).probability for c in x.characters) / len(x.characters) if x.characters else x.confidence
        for x in lines
    ]
    return sum(said) / len(said) if said else 1.0


def _is_mended(reading: Reading) -> bool:
    return any(c.rule not in (Rule.WHITE_SPACE, Rule.WIDTH, Rule.TRADITIONAL) for c in reading.corrections)


def _least_sure(
    lines: Sequence[TextLine], reading: Reading, digits_only: bool = False, alike: Mapping[int, str] | None = None
) -> _Doubt:
    """The least sure character that is still in the text; other forms of it (（ and () are no doubt.

    ``digits_only`` for numbers: their marks can be read in one way only. ``alike``: characters that here mean the
    same, as for str.translate.
    """
    if any(c.rule in _DECIDED and c.score >= _CLEAR for c in reading.corrections):
        return _Doubt(1.0)
    left = key_of(reading.text)
    doubts = [
        _doubt_of(c, alike or {})
        for line in lines
        for c in line.characters
        if key_of(c.text) and key_of(c.text) in left and (not digits_only or c.text.isdigit())
    ]
    if doubts:
        return min(doubts, key=lambda d: d.probability)
    return _Doubt(1.0 if digits_only else reading.confidence)


def _surest(lines: Sequence[TextLine], reading: Reading, alike: Mapping[int, str], pairs: Words) -> float:
    """The probability of the least sure character still in a label, each heard together with its neighbours.

    Words go on over a line's end. What the form of its text asks for, a bracket that closes another or the comma of a
    grouped number, is as sure as a word that is said elsewhere.
    """
    left, lowest = key_of(reading.text), 1.0
    characters = [c for line in lines for c in line.characters if key_of(c.text)]
    texts = ["", *(key_of(c.text) for c in characters), ""]
    formed = asked_for(texts[1:-1])
    for i, character in enumerate(characters, start=1):
        if texts[i] in left:
            heard = pairs.surer(texts[i - 1], character, texts[i + 1])
            plain_doubt = _doubt_of(character, alike).probability
            lowest = min(lowest, max(heard, vouched(plain_doubt) if i - 1 in formed else plain_doubt))
    return lowest


def _doubt_of(character: Character, alike: Mapping[int, str]) -> _Doubt:
    same = key_of(character.text).translate(alike)
    others = [(a, p, key_of(a).translate(alike) == same) for a, p in character.alternatives]
    probability = character.probability + sum(p for _, p, is_same in others if is_same)
    other = next((a for a, _, is_same in others if not is_same), "")
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


def _judged(reading: Reading, figure: float, reason: str | None) -> Reading:
    reasons = reading.reasons if reason is None or reason in reading.reasons else (*reading.reasons, reason)
    review = reading.needs_review or reason is not None
    return replace(reading, confidence=round(figure, 4), needs_review=review, reasons=reasons)
