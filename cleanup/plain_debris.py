"""Takes a watermark out of text without pictures (水印残留): its lines, its pieces in lines and cells, its debris.

In a narrow cell the strokes of a watermark become Latin capitals, other scripts, marks, and words that nothing else in
the text says (KEBA, \\XI., 海椒). The column they stand in decides: one of numbers holds no words. Where a strange word
may be one (a person's name among names), it stays, or is said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import pairwise

from cleanup.debris import NIL, UNITS
from cleanup.lexicon import Lexicon, any_year, key_of, split_label
from cleanup.numbers import repair_number
from cleanup.plain_lines import Line, table_of, table_runs
from cleanup.plain_watermark import ALIKE, Family, Unit, fragments, glued, stacked, units_alone
from cleanup.table_roles import TableRoles, table_roles
from dictionaries.types import LabelKind
from document.types import Rule

_WHITE = re.compile(r"\s+")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN_JUNK = re.compile(r"[A-Za-z.,'’*<>/~|\\_^•·»《》%=!\-\s]{1,12}")
_OTHER_SCRIPT = re.compile(
    r"[\u0400-\u052f\u0590-\u06ff\u1100-\u11ff\u3040-\u30ff\uac00-\ud7af\ufb50-\ufdff]|<[^<>]{1,12}>|\$\\"
)
"""Cyrillic, Hebrew, Arabic, Hangul, Kana; what is left of HTML and LaTeX."""
_LIKE_PRINT = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
"""Kana and Hangul: printed characters are misread as these, too."""
_ALL_HAN = re.compile(r"[\u3400-\u9fff]+")
_AROUND = re.compile(r"^[^\w（(]+|[^\w）)]+$|[A-Za-z]+$")
"""What strange words have at their ends: 竺 /, "位置", 异 Z."""
_NEVER = re.compile(r'[\\_~*<>{}"|^]')
"""Marks that no number is printed with."""
_SCORE = re.compile(r"\d{1,3}\s?[/5]?\s?\)")
"""88 /) may be a score, 88分."""
_STRAY = re.compile(r"\d{1,2}[.\-]|-\s?\d{1,2}")
"""A number as a stroke leaves it."""
_LETTERS = re.compile(r"[A-Za-z][A-Za-z\s]*")
_CAPITALS = re.compile(r"[A-Z]{1,8}")
_COUNT = re.compile(r"(\d{1,2})\D.*")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
_WITH_DIGITS = re.compile(
    r"\d{2,4}[-./]\d{1,2}(?:[-./]\d{1,2})?|\d{3,4}-\d{7,8}|[≥≤<>≪≫＞＜=±]?[\d,.]+[A-Za-z%‰℃㎡]{0,4}(?:/[A-Za-z]{1,3})?"
    r"|[\d.,×÷+\-/()（）%]*[×=][\d.,×÷+\-/()（）%=]*|[A-Za-z]{1,4}-?\d{1,12}|\d{1,2}[:：]\d{1,2}|[(（]\d{1,2}[)）]|[①-⑳]|\d{1,3}[.、]?|\d[\d-]{4,20}"
)
"""Dates, telephone numbers, amounts with a unit, names of models and projects, enumerations."""
_NUMBERS_UNDER = re.compile(r"(?:收入|支出|拨款|合计|小计|总计|金额|数|费|结余|结转|资金|补助|分|次|率|%)$")
_PEOPLE = re.compile(r"姓名|负责人|联系人|签字|签名|填报人|填表人|经办|组长|成员|职务")
_SOLITARY = frozenset(("栏次", "合计", "小计", "总计"))
_LONGEST = 16
"""Characters a cell may have and still be debris."""
_LONGEST_LATIN = 40
_LONGEST_WORD = 6
"""Han characters a strange word may have and still be debris."""
_SHORTEST_STRANGER = 3
_IN_SENTENCE, _NOT_READ = 12, 300
"""Characters between which a text is thought to be a sentence; a longer one is a whole table read as one cell."""
_NEAR = 2
"""Rows around a piece that is surely the watermark's in which its other strokes lie."""
_FEW_WORDS = 2
"""Chinese words that make a column one of them."""
_FEW = 3
"""Numbers that make a column one of numbers in spite of a stray word."""
_TAINTED = 3
"""Cells with debris from which a table counts as written over."""
DOUBT = "可能是水印残留，无法确定"
Place = tuple[int, int]
"""Row and column within a run."""


class _Sort(Enum):
    """What a cell holds."""

    BLANK = auto()
    NUMBER = auto()
    WORD = auto()
    """An entry, or Chinese of which the dictionary or the text's own sentences hold a pair of characters."""
    MARKS = auto()
    """Nothing but marks that no table prints alone."""
    SCRIPT = auto()
    """Letters of a script that no account is written in."""
    LATIN = auto()
    """Latin letters, or digits between marks, that are no unit, no number and no word of the text."""
    STRANGE = auto()
    """Two to six Chinese characters that nothing else says."""
    SINGLE = auto()
    """One Chinese character."""
    RESIDUE = auto()
    """A piece of the watermark, surely."""


_MAY_BE_DEBRIS = frozenset({_Sort.MARKS, _Sort.SCRIPT, _Sort.LATIN, _Sort.STRANGE, _Sort.SINGLE, _Sort.RESIDUE})


class _Column(Enum):
    """What a column is for."""

    NUMBERS = auto()
    NOTHING = auto()
    """No head and no content: what a table's edge becomes."""
    WORDS = auto()


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What a cell is judged by."""

    family: Family
    words: Lexicon
    pairs: Mapping[str, int]
    """Pairs of Chinese characters in entries and in the text's own sentences, with how often they stand there."""
    latin: frozenset[str]
    """Latin words inside Chinese text: PPP工作经费."""

    def knows(self, text: str) -> bool:
        """Whether a text is an entry, with or without its enumeration."""
        return is_known(text, self.words)

    def is_familiar(self, text: str) -> bool:
        """Whether any two neighbouring Chinese characters stand side by side elsewhere."""
        return any(a + b in self.pairs for a, b in pairwise(text))


def is_known(text: str, words: Lexicon) -> bool:
    """Whether a text is an entry of the dictionary, with or without its enumeration."""
    return words.is_known(key_of(text)) or words.is_known(any_year(key_of(split_label(text).core)))


def without_watermark(lines: Sequence[Line], family: Family, words: Lexicon) -> tuple[Line, ...]:
    """The lines without the watermark: its own lines gone, its pieces and debris out of the others, doubts noted."""
    texts = [x.text for x in lines]
    gone = stacked(texts, family.phrase) | _lines_alone(texts, family, words)
    kept = [_dropped(x) if i in gone else x for i, x in enumerate(lines)]
    evidence = _evidence([x for x in kept if not x.gone], family, words)
    kept = [x if x.gone or "\t" in x.text else _without_fragments(x, evidence) for x in kept]
    for rows in table_runs(kept):
        for at, line in zip(rows, _swept_table([kept[i] for i in rows], evidence), strict=True):
            kept[at] = line
    return _settled(kept)


def _settled(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines without what is in doubt in one cell and was surely the watermark's in another."""
    taken = {c.before for x in lines for c in x.changes if c.rule == Rule.WATERMARK_RESIDUE and "\t" not in c.before}
    result = []
    for line in lines:
        for doubt in [c for c in line.changes if c.reason == DOUBT and c.before in taken and len(c.before) > 1]:
            if doubt.before in line.text.split("\t"):
                line = replace(line, changes=tuple(c for c in line.changes if c is not doubt))
                line = line.with_cell(line.text.split("\t").index(doubt.before), "", Rule.WATERMARK_RESIDUE, 0.9)
        result.append(line)
    return tuple(result)


def _evidence(lines: Sequence[Line], family: Family, words: Lexicon) -> _Evidence:
    sentences = [t for line in lines for t in line.text.split("\t") if _IN_SENTENCE < len(t) < _NOT_READ]
    said = (*words.known, *(_WHITE.sub("", t) for t in sentences))
    pairs = Counter(a + b for t in said for a, b in pairwise(t) if _HAN.match(a) and _HAN.match(b))
    pairs -= Counter(a + b for t in sentences for s in _strangers(t, family, pairs) for a, b in pairwise(s))
    mixed = (t for line in lines for t in line.text.split("\t") if len(_HAN.findall(t)) >= 3)
    return _Evidence(family, words, pairs, frozenset(w for t in mixed for w in _LATIN_WORD.findall(t)))


def _strangers(sentence: str, family: Family, pairs: Mapping[str, int]) -> Iterator[str]:
    """Pieces of a sentence, set off by spaces, that may be the watermark's: 阳泉 以异评审 月正式挂牌.

    One ends in a character that stands for the phrase's own at that end, and neither it nor what it makes with the
    words on its two sides is said anywhere else.
    """
    pieces = sentence.split(" ")
    for before, piece, after in zip(pieces, pieces[1:], pieces[2:], strict=False):
        if not (before and after and _SHORTEST_STRANGER <= len(piece) <= _LONGEST_WORD and _ALL_HAN.fullmatch(piece)):
            continue
        seams = (before[-1] + piece[0], piece[-1] + after[0])
        inner = [a + b for a, b in pairwise(piece)]
        once = sum(pairs.get(p, 0) <= 1 for p in inner)
        ends = family.begins_with(piece[0]) or family.ends_with(piece[-1])
        if ends and once * 2 > len(inner) and all(pairs.get(s, 0) <= 1 for s in seams):
            yield piece


# --- lines of their own ----------------------------------------------------------------------------------


def _dropped(line: Line) -> Line:
    return replace(line.becomes("", Rule.WATERMARK_RESIDUE, 1.0), gone=True)


def _lines_alone(texts: Sequence[str], family: Family, words: Lexicon) -> frozenset[int]:
    """Numbers of the lines of units that are the watermark, or strangers between two of its marks."""
    whole = "".join(texts)
    units = units_alone(texts)
    marks = {i for u in units if _is_mark(u, family, words) for i in _places(u)}
    strangers = {
        i
        for u in units
        if len(u.text) <= 6 and whole.count(u.text) == 1 and not is_known(u.text, words)
        if all(_shows_mark(texts, at, marks, family) for at in _beside(texts, u))
        for i in _places(u)
    }
    return frozenset(marks | strangers)


def _is_mark(unit: Unit, family: Family, words: Lexicon) -> bool:
    least = ALIKE if len(unit.text) >= 4 else 0.9
    return family.likeness(unit.text) >= least and not is_known(unit.text, words)


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


# --- pieces inside lines ---------------------------------------------------------------------------------


def _without_fragments(line: Line, evidence: _Evidence) -> Line:
    """A line of prose without pieces of the watermark: set off by spaces, or garbled between two words."""
    keep = [t for t in line.text.split(" ") if evidence.knows(t)]
    for piece in fragments(line.text, evidence.family, keep):
        rest = _WHITE.sub(" ", f" {line.text} ".replace(f" {piece} ", " ", 1)).strip(" ")
        line = line.becomes(rest, Rule.WATERMARK_RESIDUE, 0.9, piece)
    for piece in glued(line.text, evidence.family, evidence.pairs):
        line = line.becomes(line.text.replace(piece, "", 1), Rule.WATERMARK_RESIDUE, 0.9, piece)
    for piece in _strangers(line.text, evidence.family, evidence.pairs):
        line = line.doubted(piece, DOUBT)
    return line


# --- tables ----------------------------------------------------------------------------------------------


def _swept_table(lines: Sequence[Line], evidence: _Evidence) -> list[Line]:
    """The lines of one table without pieces and debris of the watermark in their cells."""
    lines = [_without_pieces(line, evidence) for line in lines]
    rows = [line.text.split("\t") for line in lines]
    sorts = _sorts(rows, evidence)
    heads = frozenset(evidence.words.targets.get(LabelKind.COLUMN, ()))
    said = Counter(c.strip() for row in rows for c in row)
    roles = table_roles(table_of("t", [line.text for line in lines]))
    columns = {c: _column(c, rows, sorts, roles, heads) for c in range(max(map(len, rows)))}
    touched = {r for r, (line, row) in enumerate(zip(lines, rows, strict=True)) if _is_touched(line, row, evidence)}
    sorts |= {p: _Sort.RESIDUE for p in sorts if p[0] in touched and _is_like_it(rows[p[0]][p[1]], evidence)}
    sure = touched | {r for (r, _), sort in sorts.items() if sort in (_Sort.RESIDUE, _Sort.SCRIPT)}
    tainted = sum(s in _MAY_BE_DEBRIS - {_Sort.SINGLE, _Sort.STRANGE} for s in sorts.values()) >= _TAINTED
    junk = {r for r in range(len(rows)) if _is_junk({c: sorts[r, c] for c in range(len(rows[r]))}, rows[r])}
    result = []
    for r, line in enumerate(lines):
        for c, cell in enumerate(rows[r]):
            near = any(abs(r - s) <= _NEAR for s in sure) or (tainted and sorts[r, c] is _Sort.LATIN)
            verdict = _verdict((r, c), rows, sorts, columns[c], roles, near)
            verdict = True if verdict is None and _is_kin(cell, sorts[r, c], evidence.family, near) else verdict
            rest = _counted(r, c, rows, roles) if verdict else ""
            once = said[cell.strip()] == 1
            if cell.strip() and (r in junk or verdict is True) and rest != cell:
                line = line.with_cell(c, rest, Rule.WATERMARK_RESIDUE, 0.9)
            elif verdict is None and (near or sorts[r, c] is _Sort.LATIN or r < roles.header_rows) and once:
                line = line.doubted(cell, DOUBT)
        result.append(line)
    return result


def _without_pieces(line: Line, evidence: _Evidence) -> Line:
    """The line without what plainly is no part of its cells: a piece of the watermark before an entry (党人 栏次)."""
    for c, cell in enumerate(line.text.split("\t")):
        rest = _cell_without_debris(cell, evidence)
        if rest != cell:
            line = line.with_cell(c, rest, Rule.WATERMARK_RESIDUE, 0.9)
    return line


def _is_touched(line: Line, row: Sequence[str], evidence: _Evidence) -> bool:
    """Whether a piece of the watermark was taken out of the row, or most of one is left in it."""
    pieces = any(c.rule == Rule.WATERMARK_RESIDUE and len(_HAN.findall(c.before)) >= 3 for c in line.changes)
    return pieces or any(
        evidence.family.likeness(c) >= 0.6 and _own(c, evidence.family) >= 2 and not evidence.knows(c)
        for c in row
        if c.strip()
    )


def _is_like_it(cell: str, evidence: _Evidence) -> bool:
    """Whether a cell beside a sure piece of the watermark is half of one: 过性内部."""
    compact, family = _WHITE.sub("", cell), evidence.family
    short = 3 <= len(compact) <= len(family.phrase) and len(_HAN.findall(compact)) == len(compact)
    return short and family.likeness(compact) >= ALIKE and _own(compact, family) >= 2 and not evidence.knows(cell)


def _own(text: str, family: Family) -> int:
    return sum(c in family.phrase for c in text)


def _sorts(rows: Sequence[Sequence[str]], evidence: _Evidence) -> dict[Place, _Sort]:
    sorts = {(r, c): _sort(cell, evidence) for r, row in enumerate(rows) for c, cell in enumerate(row)}
    for (r, c), sort in sorts.items():
        if sort in (_Sort.STRANGE, _Sort.SINGLE) and _goes_on(r, c, rows, evidence):
            sorts[r, c] = _Sort.WORD
    return sorts


def _goes_on(r: int, c: int, rows: Sequence[Sequence[str]], evidence: _Evidence) -> bool:
    """Whether a word goes on over the cell's edge: 绩 over 效, 项 | 目名称."""
    text = rows[r][c].strip()
    left = rows[r][c - 1].strip() if c else ""
    right = rows[r][c + 1].strip() if c + 1 < len(rows[r]) else ""
    column = [row[c].strip() if c < len(row) else "" for row in rows]
    above = next((t for t in reversed(column[:r]) if t), "")
    below = next((t for t in column[r + 1 :] if t), "")
    seams = (left[-1:] + text[:1], text[-1:] + right[:1], above[-1:] + text[:1], text[-1:] + below[:1])
    return any(seam in evidence.pairs for seam in seams)


def _sort(cell: str, evidence: _Evidence) -> _Sort:
    """What a cell holds, looked at alone."""
    text = cell.strip()
    compact = _WHITE.sub("", text)
    if not compact:
        return _Sort.BLANK
    if compact in NIL or repair_number(text) is not None:
        return _Sort.NUMBER
    han = len(_HAN.findall(text))
    if UNITS.fullmatch(text) or len(text) > (_LONGEST if han else _LONGEST_LATIN) or evidence.knows(text):
        return _Sort.WORD
    if _is_residue(text, evidence):
        return _Sort.RESIDUE
    if _OTHER_SCRIPT.search(text) and han < 2:
        return _Sort.SCRIPT
    if han == 0:
        return _without_han(compact, text, evidence)
    bare = _AROUND.sub("", compact)
    if not _ALL_HAN.fullmatch(bare) or han > _LONGEST_WORD:
        return _Sort.WORD
    if evidence.is_familiar(bare) and len(set(bare)) > 1:
        return _Sort.WORD
    return _Sort.SINGLE if han == 1 else _Sort.STRANGE


def _without_han(compact: str, text: str, evidence: _Evidence) -> _Sort:
    if not any(c.isalnum() for c in compact):
        return _Sort.MARKS
    if any(c.isdigit() for c in compact):
        return _Sort.NUMBER if _WITH_DIGITS.fullmatch(compact) else _Sort.LATIN
    said = _LATIN_WORD.findall(text)
    return _Sort.WORD if said and all(w in evidence.latin for w in said) else _Sort.LATIN


def _is_residue(cell: str, evidence: _Evidence) -> bool:
    compact, family = _WHITE.sub("", cell), evidence.family
    if any(c.isdigit() for c in compact) or len(compact) > len(family.phrase) + 2:
        return False
    if len(compact) < 2 or family.likeness(compact) < 0.6:
        return False
    own = _own(compact, family)
    if own == 1 and len(compact) >= 3:
        own = sum(family.stands_for(c) for c in compact)
    # 部軍, 軍於: characters that a simplified text has not, and the family puts for its own
    foreign = any(not _is_simplified(c) for c in compact)
    return (len(compact) >= 3 and own >= 2) or foreign


def _is_simplified(character: str) -> bool:
    try:
        return bool(character.encode("gb2312"))
    except UnicodeEncodeError:
        return False


def _column(
    column: int,
    rows: Sequence[Sequence[str]],
    sorts: Mapping[Place, _Sort],
    roles: TableRoles,
    heads: frozenset[str],
) -> _Column:
    """What a column is for, by its head and by what most of it holds; heads may stand again further down."""
    places = [(r, column) for r in range(len(rows)) if column < len(rows[r])]
    body = [sorts[p] for p in places if p[0] >= roles.header_rows and p[0] not in roles.numbering_rows]
    head = "".join(rows[r][c] for r, c in places if r < roles.header_rows and sorts[r, c] is _Sort.WORD)
    numbers = body.count(_Sort.NUMBER)
    words = sum(
        sorts[r, c] is _Sort.WORD and len(rows[r][c]) < _NOT_READ and any_year(key_of(rows[r][c])) not in heads
        for r, c in places
        if r >= roles.header_rows and r not in roles.numbering_rows
    )
    counted = any(sorts[p] is _Sort.NUMBER for p in places if p[0] in roles.numbering_rows)
    if words > (max(1, 0.15 * numbers) if numbers >= _FEW else 0):  # a misread word or two are none of its own
        return _Column.WORDS
    if numbers or counted or _NUMBERS_UNDER.search(_WHITE.sub("", head)):
        return _Column.NUMBERS
    return _Column.WORDS if head else _Column.NOTHING


def _is_junk(sorts: Mapping[int, _Sort], row: Sequence[str]) -> bool:
    """Whether a row holds nothing but debris: two pieces or more, and beside them at most a stray digit or two."""
    kinds = [s for s in sorts.values() if s is not _Sort.BLANK]
    if _Sort.RESIDUE in kinds and all(s in _MAY_BE_DEBRIS for s in kinds):
        return True
    debris = sum(s in _MAY_BE_DEBRIS - {_Sort.SINGLE, _Sort.STRANGE} for s in kinds)
    strange = sum(s in (_Sort.SINGLE, _Sort.STRANGE) for s in kinds)
    numbers = [row[c].strip() for c, s in sorts.items() if s is _Sort.NUMBER]
    return (
        debris >= 2
        and _Sort.WORD not in kinds
        and strange <= debris
        and len(numbers) <= debris + 1
        and not any(re.fullmatch(r"[\d,]+\.\s?\d{2}", n) or n in NIL for n in numbers)
    )


def _counted(r: int, c: int, rows: Sequence[Sequence[str]], roles: TableRoles) -> str:
    """What is left of a cell with debris: the number that a row of column numbers goes on with (2 * 44), or ""."""
    match = _COUNT.fullmatch(rows[r][c].strip())
    if match is None or r not in roles.numbering_rows:
        return ""
    before = [int(t) for t in rows[r][:c] if t.strip().isdecimal()]
    return match.group(1) if before and int(match.group(1)) == before[-1] + 1 else ""


def _verdict(
    place: Place,
    rows: Sequence[Sequence[str]],
    sorts: Mapping[Place, _Sort],
    column: _Column,
    roles: TableRoles,
    near: bool,
) -> bool | None:
    """Whether a cell is debris; None where it may be and nothing tells."""
    sort, (r, c) = sorts[place], place
    if sort is _Sort.RESIDUE or (rows[r][c].strip() == "*" and column is not _Column.NUMBERS):
        return True
    if sort is _Sort.NUMBER and column is _Column.WORDS and _STRAY.fullmatch(rows[r][c].strip()):
        return None
    if sort not in _MAY_BE_DEBRIS:
        return False
    if r < roles.header_rows and column is not _Column.NOTHING:
        # what is strange in a head may be its own words misread
        capitals = sort is _Sort.LATIN and near and rows[r][c].isascii() and not any(x.isdigit() for x in rows[r][c])
        return True if sort is _Sort.MARKS or capitals else None
    if _SCORE.fullmatch(rows[r][c].strip()):
        return None
    if sort is _Sort.MARKS or (column is not _Column.WORDS and sort in (_Sort.SCRIPT, _Sort.LATIN)):
        return True
    if column is _Column.NUMBERS and c not in roles.code_columns:
        return True
    beside = [sorts.get((r + step, c), _Sort.BLANK) for step in (-1, 1)]
    apart = not any(s in (_Sort.WORD, _Sort.NUMBER) for s in beside)
    if sort is _Sort.SINGLE and not _is_simplified(rows[r][c].strip()):
        return None
    if sort is _Sort.SINGLE:
        return column is _Column.NOTHING and near and apart
    words_above = (rows[i][c] for i in range(r - 1, -1, -1) if sorts.get((i, c)) is _Sort.WORD)
    people = any(_PEOPLE.search(t) for t in (*rows[r][:c], next(words_above, "")))
    if sort is _Sort.LATIN and any(ch.isdigit() for ch in rows[r][c]) and not _NEVER.search(rows[r][c]):
        return None
    if column is _Column.NOTHING and (c == 0 or not any(t.strip() for t in rows[r][c + 1 :])):
        return True
    if people and sort is _Sort.STRANGE:
        return False  # a name; its spellings are compared elsewhere
    if near and apart and not _LIKE_PRINT.search(rows[r][c]):
        return True
    return True if near and sort is _Sort.LATIN and _is_foreign(place, rows, sorts) else None


def _is_kin(cell: str, sort: _Sort, family: Family, near: bool) -> bool:
    """Whether a strange cell is of characters put for the phrase's, or of one the text is not written in."""
    text = _WHITE.sub("", cell)
    if sort is _Sort.SINGLE:
        return near and not _is_simplified(text)
    return sort is _Sort.STRANGE and 2 <= sum(map(family.stands_for, text)) >= len(text) / 2


def _is_foreign(place: Place, rows: Sequence[Sequence[str]], sorts: Mapping[Place, _Sort]) -> bool:
    """Whether capitals stand in a column of Chinese words that holds no other Latin, and right of a blank."""
    r, c = place
    column = [row[c].strip() if c < len(row) else "" for row in rows]
    words = sum(sorts.get((i, c)) is _Sort.WORD for i in range(len(rows)))
    alone = words >= _FEW_WORDS and sum(_LETTERS.fullmatch(t) is not None for t in column) == 1
    unsaid = c == 0 or sorts[r, c - 1] in _MAY_BE_DEBRIS | {_Sort.BLANK}
    return alone and unsaid and _CAPITALS.fullmatch(rows[r][c].strip()) is not None


def _cell_without_debris(cell: str, evidence: _Evidence) -> str:
    """The cell without strange words before a fixed one (党人 栏次), or without Latin debris (N HEVS)."""
    pieces = cell.split()
    if len(pieces) == 2 and pieces[1] in _SOLITARY and not evidence.knows(cell):
        return pieces[1]
    text = cell.strip()
    letters = sum(c.isascii() and c.isalpha() for c in text)
    if _LATIN_JUNK.fullmatch(text) and letters and not text.isalpha() and not evidence.knows(text):
        return ""
    bare = _without_prefix(text, evidence)
    if bare:
        return bare
    own = fragments(text, evidence.family, [p for p in pieces if evidence.knows(p)])
    own = own or tuple(p for p in glued(text, evidence.family, evidence.pairs) if p != text)
    return _WHITE.sub(" ", text.replace(own[0], "", 1)).strip() if own and own[0] != text else cell


def _without_prefix(cell: str, evidence: _Evidence) -> str | None:
    """发供内部第五部分 附件 → 第五部分 附件: a piece of the watermark right before an entry, else None."""
    family = evidence.family
    for length in range(len(family.phrase) + 1, 2, -1):
        head, rest = cell[:length], cell[length:].strip()
        if len(rest) >= 2 and _own(head, family) >= 2 and family.likeness(head) >= 0.6 and evidence.knows(rest):
            return None if evidence.knows(cell) else rest
    return None
