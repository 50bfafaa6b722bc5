"""Corrects labels, codes and titles against the dictionary (科目名称与固定文字的改正).

For each label: candidates by rapidfuzz, narrowed by the code in the row, the year and the place; then the
recogniser's own probabilities decide (``cleanup.evidence``). Only clear evidence changes a text; what is close
but not clear is flagged; what is no dictionary word stays. Code and name are witnesses for each other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log

from pydantic import BaseModel, ConfigDict, Field

from cleanup.captions import mend_captions
from cleanup.class_order import names_by_order
from cleanup.codes import correct_codes, join_split_codes
from cleanup.debris import amount_columns, is_stray, without_strokes
from cleanup.enumeration import counted_points, mend_mark, mend_sequence
from cleanup.evidence import Witness, guesses, log_odds, probability, says_otherwise, witnesses
from cleanup.heard import heard
from cleanup.label_form import with_bracket, without_echo, without_ends, without_specks
from cleanup.lexicon import (
    ANY_YEAR,
    YEAR,
    YEAR_MARK,
    LabelParts,
    Lexicon,
    any_year,
    key_of,
    lexicon,
    nearest,
    split_label,
)
from cleanup.names import RepeatedNames, repeated_names
from cleanup.numbering import mend_numbering
from cleanup.periodic_heads import mend_heads
from cleanup.prose import mend_prose
from cleanup.row_codes import RowCode, row_codes
from cleanup.signs import mend_percents, mend_signs, mend_strokes
from cleanup.similarity import EditCosts, edits
from cleanup.table_roles import TableRoles, table_roles
from dictionaries.types import Dictionary, LabelKind
from document.types import (
    Block,
    BlockKind,
    Cell,
    Correction,
    Document,
    Origin,
    Reading,
    Rule,
    Table,
    TextBlock,
    TextLine,
)

_NEARLY_AN_ENTRY = 0.7
_SHORT_NAME = 7
_IN_TABLE: tuple[LabelKind | None, ...] = (LabelKind.COLUMN, LabelKind.ROW, LabelKind.FORM, None)
_IN_TEXT: tuple[LabelKind | None, ...] = (
    LabelKind.TITLE,
    LabelKind.HEADING,
    LabelKind.NOTE,
    LabelKind.TERM,
    LabelKind.CAPTION,
)
_TEXT_KINDS = frozenset({BlockKind.HEADING, BlockKind.TOC, BlockKind.NOTE, BlockKind.PARAGRAPH})
_DUST = frozenset(".,·'`’‘_|~^:;$，。、：；")
_LOST_NUMERAL = "“、”前的编号没有读出"
_GOES_ON = re.compile(r"[，,。；;]|、$")
"""What a sentence has, and no label: it is a piece of one that begins with a mark."""
_TARGET = re.compile(rf"[≥≤<>]\s?[\d{ANY_YEAR[0]}]")
"""≥1900人次 is a figure, and no entry misread."""
_BRACKETS = dict.fromkeys(map(ord, "()\"'"))
_TAIL = 2
_MANY = 10
"""Names of subjects that an ending must have in common for it to tell nothing."""
_PREFIX = 5
"""A shorter label is often a word of its own that an entry begins with."""
_LONGEST = 160
"""Longer paragraphs are prose of their own: no fixed sentence is so long."""


class CorrectOptions(BaseModel):
    """When evidence is clear enough to change a text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    similarity: float = Field(
        default=0.5, ge=0.3, le=1, description="plain likeness (0-1) from which an entry becomes a candidate"
    )
    odds: float = Field(
        default=6.0, ge=1, le=1e6, description="odds in favour of the candidate from which a text is corrected"
    )
    margin: float = Field(
        default=20.0, ge=1, le=1e6, description="times as likely as the next candidate the best one must be"
    )
    unsure: float = Field(
        default=0.85,
        ge=0,
        le=1,
        description="probability (0-1) of a character under which a label like an entry is flagged",
    )
    doubt: float = Field(
        default=0.3, gt=0, le=1e6, description="odds from which a label that was not corrected is flagged"
    )


@dataclass(frozen=True, slots=True)
class _Search:
    """Everything that the decisions look things up in."""

    lexicon: Lexicon
    own: RepeatedNames
    """The document's own entries."""
    scanned: frozenset[int]
    """Pages that were read from a picture."""
    printed: frozenset[int]
    """Pages whose text layer says exactly what is printed: nothing there is a misreading."""
    in_tables: frozenset[str]
    """Entries that stand in tables."""
    costs: EditCosts
    near: Mapping[str, tuple[str, ...]]
    tails: frozenset[str]
    """One and two characters that many names end with."""
    options: CorrectOptions


@dataclass(frozen=True, slots=True)
class _Place:
    """What a label's place in its table says of it."""

    points: frozenset[int]
    """The numbers that the labels of its column begin with."""
    name: str | None = None
    """Key of the class that its neighbours leave room for."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What a label becomes: a text with a score, or a reason to look at it."""

    key: str | None = None
    score: float = 1.0
    reason: str | None = None


_KEEP = _Verdict()


def correct(document: Document, dictionary: Dictionary, options: CorrectOptions | None = None) -> Document:
    """The document with labels, codes and titles corrected where the evidence is clear, doubts flagged.

    Idempotent; amounts and free prose stay as they are. Each change is a ``Correction`` whose source names the
    dictionary with its version.
    """
    options = options or CorrectOptions()
    words = lexicon(dictionary, document.meta.year)
    targets = tuple(dict.fromkeys(t for place in (*_IN_TABLE, *_IN_TEXT) for t in words.targets.get(place, ())))
    document = mend_captions(mend_strokes(mend_percents(mend_signs(document))))
    own = repeated_names(document, words)
    # a name that is itself nearly an entry may be the same misreading many times: it vouches for nothing
    short = [t for t in own.targets if len(t) < _SHORT_NAME]
    doubtful = {*nearest(own.targets, targets, _NEARLY_AN_ENTRY), *nearest(short, targets, _NEARLY_AN_ENTRY - 0.2)}
    targets = tuple(dict.fromkeys((*targets, *(t for t in own.targets if t not in doubtful))))
    near = nearest(sorted(_unknown_keys(document, words)), targets, options.similarity)
    scanned = frozenset(p.number for p in document.pages if p.origin is not Origin.TEXT_LAYER)
    printed = frozenset(p.number for p in document.pages if p.origin is Origin.TEXT_LAYER)
    in_tables = frozenset(t for place in _IN_TABLE for t in words.targets.get(place, ()))
    search = _Search(
        words, own, scanned, printed, in_tables, EditCosts(dictionary.look_alikes), near, _tails(words), options
    )
    return mend_prose(
        replace(document, blocks=tuple(_correct_block(block, search) for block in document.blocks)), dictionary
    )


def _tails(words: Lexicon) -> frozenset[str]:
    ends = Counter(name[-length:] for name in words.codes for length in range(1, _TAIL + 1))
    return frozenset(end for end, count in ends.items() if count >= _MANY)


def _unknown_keys(document: Document, words: Lexicon) -> set[str]:
    """Keys of the cores of all labels that are no entry."""
    found: set[str] = set()
    for reading in _label_readings(document):
        core = any_year(key_of(split_label(reading.text).core))
        if len(core) >= 2 and not words.is_known(core) and not words.is_known(key_of(reading.text)):
            found.add(core)
    return found


def _label_readings(document: Document) -> Iterable[Reading]:
    for block in document.blocks:
        if isinstance(block, Table):
            yield from (c.reading for c in block.cells if c.amount is None and c.reading.text)
        elif _is_fixed_text(block):
            yield block.reading


def _is_fixed_text(block: TextBlock) -> bool:
    return block.kind in _TEXT_KINDS and 0 < len(block.reading.text) <= _LONGEST


def _correct_block(block: Block, search: _Search) -> Block:
    if search.printed.issuperset(block.pages):
        return block
    if isinstance(block, Table):
        return _correct_table(block, search)
    if not _is_fixed_text(block):
        return block
    reading = _correct_label(block.reading, block.lines, None, search)
    return block if reading is block.reading else replace(block, reading=reading)


def _correct_table(table: Table, search: _Search) -> Table:
    roles = table_roles(table)
    table = join_split_codes(_without_strays(table, roles, search), search.lexicon)
    table = mend_numbering(mend_sequence(correct_codes(table, roles, search.lexicon), roles, search.lexicon), roles)
    places = _places(table, search.lexicon)
    codes = row_codes(table, roles)
    by_name = {c.name_at: c for c in codes if c.name_at is not None}
    names_in = frozenset(at[1] for at in by_name)
    lost = {(c.row, c.col + 1): c for c in codes if c.name_at is None}
    cells = tuple(
        _nameless(cell, lost[cell.row, cell.col], names_in, places[cell.row, cell.col], search)
        if (cell.row, cell.col) in lost
        else _correct_cell(cell, by_name.get((cell.row, cell.col)), places[cell.row, cell.col], search)
        for cell in table.cells
    )
    mended = mend_heads(replace(table, cells=cells), roles, search.lexicon)
    if cells != table.cells:
        # names that are right now know codes, and their place in the count
        mended = mend_sequence(correct_codes(mended, roles, search.lexicon), roles, search.lexicon)
    if table.title:
        title = _correct_label(Reading(table.title, table.title), (), None, search).text
        mended = replace(mended, title=title)
    return mended


def _places(table: Table, words: Lexicon) -> dict[tuple[int, int], _Place]:
    labels: dict[int, list[str]] = {c.col: [] for c in table.cells}
    for cell in table.cells:
        labels[cell.col].append(cell.reading.text)
    points = {col: counted_points(texts) for col, texts in labels.items()}
    names = names_by_order(table, words)
    return {(c.row, c.col): _Place(points[c.col], names.get((c.row, c.col))) for c in table.cells}


def _nameless(cell: Cell, code: RowCode, names_in: frozenset[int], place: _Place, search: _Search) -> Cell:
    """A blank beside a code, in a column of names: the name was lost, or is not printed; said."""
    named = search.lexicon.standard_names(code.code)
    if cell.reading.text or cell.col not in names_in or not named:
        return _correct_cell(cell, None, place, search)
    reason = f"名称空缺，编码{code.code}的标准名称是“{search.lexicon.texts[named[0]]}”"
    return replace(cell, reading=cell.reading.doubted(reason))


def _correct_cell(cell: Cell, code: RowCode | None, place: _Place, search: _Search) -> Cell:
    if not cell.reading.text or cell.amount is not None:
        return cell
    if _is_plain_number(cell.reading.text):
        return _without_dust(cell)
    reading = _correct_label(cell.reading, cell.lines, code, search, place)
    return cell if reading is cell.reading else replace(cell, reading=reading)


def _without_dust(cell: Cell) -> Cell:
    """A cell that holds nothing but one or two specks is blank; dashes and strokes are printed for nil."""
    text = cell.reading.text
    return _blanked(cell) if len(text) <= 2 and all(c in _DUST for c in text) else cell


def _without_strays(table: Table, roles: TableRoles, search: _Search) -> Table:
    """The table without single strange characters in its columns of amounts, where a picture was read."""
    if not search.scanned.intersection(table.pages):
        return table
    columns = amount_columns(table, roles)
    cells = tuple(
        _blanked(c)
        if c.col in columns
        and c.col_span == 1
        and roles.is_amount_place(c)
        and is_stray(c.reading.text)
        and not search.lexicon.is_known(key_of(without_ends(c.reading.text)))
        else c
        for c in table.cells
    )
    return replace(table, cells=cells)


def _blanked(cell: Cell) -> Cell:
    record = Correction(cell.reading.text, "", Rule.DEBRIS, 0.9)
    return replace(cell, reading=replace(cell.reading, text="", corrections=(*cell.reading.corrections, record)))


def _is_plain_number(text: str) -> bool:
    return not any(c.isalpha() for c in text)


def _correct_label(
    reading: Reading,
    lines: Sequence[TextLine],
    code: RowCode | None,
    search: _Search,
    place: _Place | None = None,
) -> Reading:
    """One label, decided once; flagged where of its numeral only the mark was read: 、机关运行经费.

    ``place``: None in running text.
    """
    found = _decided(reading, lines, code, search, place)
    if not reading.text.startswith("、") or _GOES_ON.search(reading.text) or split_label(found.text).prefix:
        return found
    return found.doubted(_LOST_NUMERAL)


def _decided(
    reading: Reading,
    lines: Sequence[TextLine],
    code: RowCode | None,
    search: _Search,
    place: _Place | None,
) -> Reading:
    """The label kept, corrected with a record, or flagged with a reason; or both, where the correction is bold."""
    reading = with_bracket(without_echo(without_specks(reading, search.lexicon), search.lexicon), search.lexicon)
    bare = without_strokes(reading, lines, search.lexicon)
    reading = (
        mend_mark(reading, search.lexicon, place.points if place else None)
        if code is None and bare is reading
        else bare
    )
    parts = split_label(reading.text)
    verdict = _judge(reading, parts, lines, code, search, place.name if place and code is None else None)
    if verdict.key is not None:
        reading = _corrected(reading, parts, verdict, code, search)
    return reading.doubted(verdict.reason) if verdict.reason else reading


def _judge(
    reading: Reading,
    parts: LabelParts,
    lines: Sequence[TextLine],
    code: RowCode | None,
    search: _Search,
    by_place: str | None,
) -> _Verdict:
    words, core = search.lexicon, any_year(key_of(parts.core))
    named = words.standard_names(code.code) if code else ()
    if core in named or not core:
        return _KEEP
    if code and len(named) == 1 and _is_tail(core, named[0], search):
        return _Verdict(named[0], 0.9, f"名称只读出“{parts.core}”，按编码{code.code}补全")
    if words.is_known(core) or words.is_known(key_of(reading.text)):
        return _mismatch(core, code, named, search)
    near = (c for c in search.near.get(core, ()) if _may_aim(c, core, search))
    agreed = named or ((by_place,) if by_place else ())
    candidates = tuple(dict.fromkeys((*agreed, *near)))
    same = [c for c in named if _has_lost_brackets(core, c)]
    if len(same) == 1:
        return _Verdict(same[0], 0.97)
    if not candidates or len(core) < 2 or _TARGET.match(core):
        return _KEEP
    sounds = _heard(reading, parts, lines, candidates)
    verdict = _weigh(core, candidates, agreed, _seen(reading, parts, lines), sounds, search)
    # a name that the code beside it denies is no correction: what is printed was probably cut
    denied = _mismatch(verdict.key, code, named, search) if verdict.key is not None else _KEEP
    return denied if denied.reason else verdict


def _has_lost_brackets(core: str, entry: str) -> bool:
    """Whether the label is the entry without some of its brackets or quotation marks: 因公出国境费."""
    bare = entry.translate(_BRACKETS)
    return len(core) < len(entry) and len(bare) >= 4 and core.translate(_BRACKETS) == bare


def _is_tail(core: str, entry: str, search: _Search) -> bool:
    """Whether one or two characters are the end of a name, and of so many names that they tell nothing: 出, 费."""
    lost = len(entry) - len(core)
    return len(core) <= _TAIL and lost >= _TAIL and entry.endswith(core) and core in search.tails


def _may_aim(candidate: str, core: str, search: _Search) -> bool:
    """Dictionary entries always; a name of the document's own only where it is said far more often."""
    if candidate in search.lexicon.texts:
        return True
    return candidate != core and search.own.vouches(candidate, core)


def _written(key: str, search: _Search) -> str:
    return search.lexicon.texts.get(key) or search.own.texts[key]


def _seen(reading: Reading, parts: LabelParts, lines: Sequence[TextLine]) -> tuple[Witness, ...] | None:
    """The recogniser's witnesses for the core, where its text has not been changed since."""
    whole = witnesses(lines, key_of(reading.text)) if lines else None
    if whole is None:
        return None
    start = len(key_of(parts.prefix))
    return whole[start : start + len(key_of(parts.core))]


def _heard(
    reading: Reading, parts: LabelParts, lines: Sequence[TextLine], candidates: Sequence[str]
) -> Mapping[str, float]:
    """How much likelier the recogniser's own steps make each candidate for the core than what was read (log)."""
    years, whole = YEAR.findall(parts.core), {}
    for candidate in candidates:
        text = candidate
        for year in years:
            text = text.replace(ANY_YEAR, year, 1)
        whole[candidate] = key_of(parts.prefix) + text + key_of(parts.suffix)
    said = heard(lines, key_of(reading.text), tuple(whole.values()))
    return {candidate: said[text] for candidate, text in whole.items() if text in said}


def _mismatch(core: str, code: RowCode | None, named: Sequence[str], search: _Search) -> _Verdict:
    """A name that is an entry, but not the code's: printed so, or the code misread; kept and said."""
    words = search.lexicon
    if code is None or not named or core not in words.codes:
        return _KEEP
    if any(key_of(s.name) == core for s in words.names.get(code.code, ())):
        return _KEEP
    return _Verdict(reason=f"编码{code.code}的标准名称是“{words.texts[named[0]]}”，与印出的名称不同")


def _weigh(
    core: str,
    candidates: Sequence[str],
    named: Sequence[str],
    seen: Sequence[Witness] | None,
    sounds: Mapping[str, float],
    search: _Search,
) -> _Verdict:
    """The best candidate if it is clear, a reason if it is close, else nothing."""
    options = search.options
    scored = sorted(
        ((log_odds(core, c, seen, search.costs, c in named, sounds.get(c)), c) for c in candidates), reverse=True
    )
    (best, key), rest = scored[0], scored[1:]
    clear = not rest or best - rest[0][0] >= log(options.margin)
    clear = clear and not guesses(core, key, [c for _, c in rest]) and (key in named or not _cuts(core, key))
    if best >= log(options.odds) and clear:
        return _Verdict(key, probability(best))
    if best >= log(options.doubt):
        return _doubtful(key, search)
    cut = next((c for c in candidates if c in search.in_tables and _has_lost(core, c)), None)
    unsure = seen is not None and min((w.probability for w in seen), default=1.0) < options.unsure
    unsure = unsure and not says_otherwise(core, key)
    return _doubtful(cut or key, search) if cut or unsure else _KEEP


def _doubtful(key: str, search: _Search) -> _Verdict:
    return _Verdict(reason=f"与“{_written(key, search).replace(YEAR_MARK, '某')}”相近，未能确定")


def _cuts(core: str, entry: str) -> bool:
    """Whether the entry leaves out two or more characters that were read as Han: they stand for something."""
    return sum("一" <= e.before <= "龥" for e in edits(core, entry) if not e.after) >= 2


def _has_lost(core: str, entry: str) -> bool:
    """Whether the label is the entry without up to three of its characters, inside or in front, or without its last."""
    lost = len(entry) - len(core)
    if lost == 1 and len(core) >= _PREFIX and entry.startswith(core):
        return True
    if not 1 <= lost <= 3 or len(core) < 8 or entry.startswith(core):
        return False
    rest = iter(entry)
    return all(c in rest for c in core)


def _corrected(
    reading: Reading, parts: LabelParts, verdict: _Verdict, code: RowCode | None, search: _Search
) -> Reading:
    assert verdict.key is not None
    entry = _written(verdict.key, search)
    for year in YEAR.findall(parts.core):
        entry = entry.replace(YEAR_MARK, year, 1)
    is_name = code is not None and verdict.key in search.lexicon.standard_names(code.code)
    space = " " if parts.prefix.endswith(" ") else "." if parts.prefix.isdecimal() else ""
    # 1.会经费 beside 30228: a name beside its code is not numbered, the mark is what was made of its first character
    prefix = "" if is_name else f"{parts.prefix.rstrip()}{space}"
    text = f"{prefix}{entry}{parts.suffix}"
    if YEAR_MARK in text or text == reading.text:
        return reading
    rule = Rule.SUBJECT_NAME if is_name or verdict.key in search.lexicon.codes else Rule.FIXED_LABEL
    source = search.lexicon.source
    if verdict.key not in search.lexicon.texts:
        rule, source = Rule.PHRASE, "document"
    record = Correction(reading.text, text, rule, round(verdict.score, 4), source)
    return replace(reading, text=text, corrections=(*reading.corrections, record))
