"""The table of contents in text without pictures (目录): lines broken into cells, blurred at the cuts, or run together.

A bad OCR cuts a line of the contents where its watermark crosses it, reads a character on both sides of the cut, and
joins what belongs to the next line. The titles that the text says again further down, with their numerals, tell what
was printed; a line becomes a title only where one of them is clearly it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rapidfuzz.distance import Levenshtein

from cleanup.enumeration import numeral, value_of
from cleanup.lexicon import YEAR_MARK, Lexicon, any_year, key_of, nearest
from cleanup.plain_lines import Line
from dictionaries.types import LabelKind
from document.types import Rule

_NUMERALS = "一二三四五六七八九十"
_NUMBERED = rf"(?:[{_NUMERALS}]{{1,3}}、|第[{_NUMERALS}]{{1,3}}部分)"
_ENTRY = re.compile(rf"({_NUMBERED})?(.{{4,60}}?)[.…·\-—]*(\d{{1,3}})?")
_NEXT = re.compile(rf"(?<=.){_NUMBERED}")
_YEAR = re.compile(r"(?<!\d)20\d{2}年")
_PAGE = re.compile(r"\t(\d{1,3})$")
_ENDS_IN_WORDS = re.compile(r"[\u3400-\u9fff）)]$")
_LIKE_A_TITLE = 0.75
_SAID = 0.9
"""Likeness from which a line of its own, itself misread perhaps, says a title of the dictionary."""
_CUT = 2
"""Characters beside a cut that may be wrong."""
_MARGIN = 2
"""Edits by which the next title must be farther off."""
_LONGEST_TITLE = 60
_REACH = 2
"""Lines of the contents that may lie between two that are plainly of it."""


@dataclass(frozen=True, slots=True)
class _Title:
    """A title that the text says on a line of its own."""

    number: str
    """Its numeral with its mark, "" where it has none."""
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class _Known:
    """Every title that an entry may be."""

    said: tuple[_Title, ...]
    entries: frozenset[str]
    """Keys of the dictionary's titles and headings, years as any year."""
    years: frozenset[str] = frozenset()
    """Years that the text says: 2026年."""

    def has(self, key: str) -> bool:
        """Whether the text or the dictionary has this title."""
        return any_year(key) in self.entries or any(t.key == key for t in self.said)


def with_contents(lines: Sequence[Line], words: Lexicon) -> tuple[Line, ...]:
    """The lines of the table of contents as title and page, where titles said further down tell which they are."""
    region = frozenset(_region(lines))
    known = _known([x for i, x in enumerate(lines) if i not in region and not x.gone], words)
    result = list(lines)
    for i in sorted(region):
        if "\t" in lines[i].text and lines[i].text.strip() and not lines[i].gone:
            result[i] = _mended(i, result, known)
    places = [i for i in sorted(region) if result[i].text.strip() and not result[i].gone]
    result = [_without_trace(x) if i in region else x for i, x in enumerate(result)]
    for before, at, after in zip(places, places[1:], places[2:], strict=False):
        result[at] = _with_page(result[before], result[at], result[after])
    for before, at in pairwise(places):
        if _repeats(result[before].text, result[at].text):
            result[at] = replace(result[at].becomes("", Rule.FIXED_LABEL, 0.9), gone=True)
    return tuple(result)


def _without_trace(line: Line) -> Line:
    """A line that was nothing but the watermark's is gone, its tabs with it."""
    return replace(line, gone=True) if line.changes and not line.text.strip() else line


def _with_page(before: Line, line: Line, after: Line) -> Line:
    """The entry with its lost page: its neighbours stand on the same one, and pages only go up."""
    pages = [_PAGE.search(x.text.strip()) for x in (before, after)]
    title = line.text.rstrip("\t ")
    if None in pages or "\t" in title or not _ENDS_IN_WORDS.search(title) or "\n" in line.text:
        return line
    first, last = (m.group(1) for m in pages if m)
    return line.becomes(f"{title}\t{first}", Rule.FIXED_LABEL, 0.95) if first == last else line


def _repeats(before: str, text: str) -> bool:
    """Whether an entry without a page is the one above it, read twice."""
    title = text.rstrip("\t ")
    return bool(title) and "\t" not in title and _PAGE.sub("", before.strip()).strip() == title.strip()


def _region(lines: Sequence[Line]) -> Sequence[int]:
    """Indices of the contents: from a line 目录 on, as long as lines look like its entries; blanks count."""
    starts = [i for i, x in enumerate(lines) if key_of(x.text) == "目录" and not x.gone]
    found: list[int] = []
    for start in starts[:1]:
        last = start
        for i in range(start + 1, len(lines)):
            text = lines[i].text
            if lines[i].gone or not text.strip():
                found += [i] if lines[i].changes and "\t" in text and i - last <= _REACH else []
                continue
            if "\t" in text and text.count("\t") <= 2:
                last = i
                found.append(i)
            elif i - last > _REACH * 2:
                break
    return found


def _known(lines: Sequence[Line], words: Lexicon) -> _Known:
    """Titles on lines of their own: with a numeral, or nearly an entry of the dictionary; and those entries."""
    entries = {k: words.texts[k] for kind in (LabelKind.TITLE, LabelKind.HEADING) for k in words.targets.get(kind, ())}
    years = frozenset(y for x in lines for y in _YEAR.findall(x.text))
    found: dict[tuple[str, str], _Title] = {}
    for line in lines:
        text = line.text.strip()
        if "\t" in text or not 4 < len(text) <= _LONGEST_TITLE or text.endswith(("。", "；", ";", "，", ",")):
            continue
        match = re.match(_NUMBERED, text)
        number = match.group() if match else ""
        core = text[len(number) :].strip()
        key = any_year(key_of(core))
        near = [e for e in nearest([key], tuple(entries), _SAID).get(key, ()) if Levenshtein.distance(key, e) <= 1]
        if number:
            found.setdefault((number, key_of(core)), _Title(number, key_of(core), core))
        if near and YEAR_MARK not in entries[near[0]]:
            found.setdefault(("", near[0]), _Title("", near[0], entries[near[0]]))
    return _Known(tuple(found.values()), frozenset(entries), years)


def _mended(at: int, lines: Sequence[Line], known: _Known) -> Line:
    line = lines[at]
    cells = [c.strip() for c in line.text.split("\t")]
    _, core, _ = _parts(cells[0])
    if known.has(key_of(core)) and len(_pieces(key_of(cells[0]))) == 1 and (len(cells) > 1 and not _says(cells[1])):
        return line
    whole = _uncut(cells, known)
    entries = [whole] if whole else _entries(re.sub(r"\s+", "", line.text), at, lines, known)
    text = "\n".join(e for e in entries or () if not _is_above(e, at, lines))
    return line.becomes(text, Rule.FIXED_LABEL, 0.9) if text and text != line.text else line


def _says(cell: str) -> bool:
    """Whether a cell holds more than a page number."""
    return any(c.isalpha() for c in cell)


def _parts(text: str) -> tuple[str, str, str | None]:
    """Numeral with its mark, title and page of an entry; what is not there is empty."""
    match = _ENTRY.fullmatch(text)
    return (match.group(1) or "", match.group(2), match.group(3)) if match else ("", text, None)


def _uncut(cells: Sequence[str], known: _Known) -> str | None:
    """A title cut in two, one or two characters beside the cut read twice or wrongly: the only such title there is."""
    if len(cells) != 2 or not _says(cells[1]):
        return None
    numbered = re.match(_NUMBERED, cells[0])
    number = numbered.group() if numbered else ""
    left = cells[0][len(number) :]
    match = re.fullmatch(r"(\d{0,5}\D*)(\d{1,3})?", cells[1])
    if match is None:
        return None
    right, page = match.groups()
    cuts = [(i, j) for i in range(_CUT + 1) for j in range(_CUT + 1 - i)]
    found = {t for i, j in cuts if known.has(key_of(t := left[: len(left) - i] + right[j:]))}
    found = found or {left[: len(left) - i] + right[j:] for i, j in cuts if _joins_year(left, right, i, j, known.years)}
    if len(found) != 1:
        return None
    (title,) = found
    space = " " if number.startswith("第") else ""
    return f"{number}{space}{title.strip()}" + (f"\t{page}" if page else "")


def _joins_year(left: str, right: str, i: int, j: int, years: frozenset[str]) -> bool:
    """Whether a year of the text goes over the cut once a character on one side is left out: 2026 | 6年度决算表."""
    seam = len(left) - i
    over = [m for m in _YEAR.finditer(left[:seam] + right[j:]) if m.start() < seam <= m.end()]
    return i + j == 1 and any(m.group() in years for m in over)


def _entries(joined: str, at: int, lines: Sequence[Line], known: _Known) -> list[str] | None:
    """The entries that a line without white space holds; None where one of them is no title for sure."""
    entries = [_entry(piece, at, lines, known) for piece in _pieces(joined)]
    return None if None in entries else [e for e in entries if e is not None]


def _pieces(joined: str) -> list[str]:
    """The entries that a line holds: it is cut before each further numeral."""
    cuts = [m.start() for m in _NEXT.finditer(joined)]
    return [joined[a:b] for a, b in zip([0, *cuts], [*cuts, len(joined)], strict=True)]


def _is_above(entry: str, at: int, lines: Sequence[Line]) -> bool:
    """Whether the line before has this title already, with its page: it was read twice."""
    before = next((lines[i].text for i in range(at - 1, -1, -1) if lines[i].text.strip()), "")
    return "\t" not in entry and key_of(before.split("\t")[0]) == key_of(entry)


def _entry(piece: str, at: int, lines: Sequence[Line], known: _Known) -> str | None:
    """The entry that a piece is, as numeral, title, tab and page; None where no title is clearly it."""
    number, core, page = _parts(piece)
    titles = known.said
    title = _title(number, key_of(core), titles) if number else _lost_head(key_of(core), at, lines, titles)
    if title is None:
        return None
    space = " " if title.number.startswith("第") else ""
    return f"{title.number}{space}{title.text}" + (f"\t{page}" if page else "")


def _title(number: str, core: str, titles: Sequence[_Title]) -> _Title | None:
    """The title that is clearly it: with this numeral if there is one like it, else with none of its own."""
    scored = sorted(
        (
            (Levenshtein.distance(core, t.key), t.key, t)
            for t in titles
            if t.number in ("", number) and Levenshtein.normalized_similarity(core, t.key) >= _LIKE_A_TITLE
        ),
        key=lambda item: item[:2],
    )
    others = [d for d, key, _ in scored[1:] if key != scored[0][1]]
    if not scored or (others and others[0] - scored[0][0] < _MARGIN and scored[0][0] > 0):
        return None
    return _Title(number, scored[0][1], scored[0][2].text)


def _lost_head(core: str, at: int, lines: Sequence[Line], titles: Sequence[_Title]) -> _Title | None:
    """本支出决算明细表 between 五、 and 七、: the one title that ends so, with the numeral between its neighbours'."""
    before, after = _number_beside(at, lines, -1), _number_beside(at, lines, 1)
    ending = {t.key: t for t in titles if t.key.endswith(core) and len(core) >= 5 and t.key != core}
    if before is None or after != before + 2 or len(ending) != 1:
        return None
    (title,) = ending.values()
    return _Title(f"{numeral(before + 1)}、", title.key, title.text)


def _number_beside(at: int, lines: Sequence[Line], step: int) -> int | None:
    """The number of the nearest entry above (the last on its line) or below (the first)."""
    i = at + step
    while 0 <= i < len(lines) and (lines[i].gone or not lines[i].text.strip()):
        i += step
    if not 0 <= i < len(lines):
        return None
    found = re.findall(rf"([{_NUMERALS}]{{1,3}})、", lines[i].text)
    return value_of(found[-1 if step < 0 else 0]) if found else None
