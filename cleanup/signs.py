"""≥ and ≤ that lost their bar (指标值): what the document's other targets and the recogniser say."""

from __future__ import annotations

import re
from dataclasses import replace

from document.types import Cell, Correction, Document, Reading, Rule, Table

_SIGN = re.compile(r"\s*([<>＜＞≥≤≧≦])\s*\d")
_WITH_BAR = {"<": "≤", ">": "≥", "＜": "≤", "＞": "≥"}
_STROKE = re.compile(
    r"([≥≤<>]?\s?[\d,.]{1,12}万?[次人天家个套元辆份期场项批篇件户])[1lI|](年|月|天|季度|人|次|批|期|册|亩|户)"
)
_SURE = 0.98
_ODDS = 5.0
_MANY = 4
"""Signs with a bar that show what a document prints."""
_THOUGHT_OF = 0.04
"""Probability from which the recogniser thought of the bar: at a printed > it does not."""
_NO_PERCENT = re.compile(r"[≥≤<>]?\s?\d{1,3}(?:\.\d{1,2})?[号舍告多各含名8569gs]")
_NEVER_A_UNIT = frozenset("号舍告多各含gs")
"""Read where % is printed, and never after a number in a form: 95号 is no target."""
_PERCENT = 0.015
"""Least probability of the sign itself."""


def mend_signs(document: Document) -> Document:
    """The document with > and < before a number made ≥ and ≤ where the recogniser nearly read so.

    How often the document prints signs with a bar and, surely read, without one, is the prior. Where it prints only
    such with a bar, one that the recogniser thought of is enough, and a sign without one is said. Idempotent.
    """
    barred, plain = _printed(document)
    prior, bars = (barred + 1) / (plain + 0.2), _only_bars(barred, plain)
    blocks = tuple(
        replace(b, cells=tuple(_mended(c, prior, bars) for c in b.cells)) if isinstance(b, Table) else b
        for b in document.blocks
    )
    return replace(document, blocks=blocks)


def prints_bars(document: Document) -> bool:
    """Whether the document's targets have signs with a bar, and none surely without: a > there is a pale ≥."""
    return _only_bars(*_printed(document))


def _only_bars(barred: int, plain: int) -> bool:
    return barred >= _MANY and not plain


def _printed(document: Document) -> tuple[int, int]:
    """How many targets have a sign with a bar, and how many surely one without."""
    cells = [c for t in document.tables for c in t.cells if _SIGN.match(c.reading.text)]
    barred = sum(_sign(c) in "≥≤≧≦" for c in cells)
    return barred, sum(_sign(c) in _WITH_BAR and _probability(c) >= _SURE for c in cells)


def mend_percents(document: Document) -> Document:
    """95号, 1008 → 95%, 100% where the recogniser thought of the sign and 号 is no unit; where it may be one, said."""
    blocks = tuple(
        replace(b, cells=tuple(_with_percent(c) for c in b.cells)) if isinstance(b, Table) else b
        for b in document.blocks
    )
    return replace(document, blocks=blocks)


def mend_strokes(document: Document) -> Document:
    """17次1年 → 17次/年: a 1 between two units is the stroke between them."""
    blocks = tuple(
        replace(b, cells=tuple(_with_stroke(c) for c in b.cells)) if isinstance(b, Table) else b
        for b in document.blocks
    )
    return replace(document, blocks=blocks)


def _with_stroke(cell: Cell) -> Cell:
    text = cell.reading.text
    match = _STROKE.fullmatch(text)
    if match is None:
        return cell
    record = Correction(text, f"{match.group(1)}/{match.group(2)}", Rule.NUMBER_FORMAT, 0.97)
    reading = replace(cell.reading, text=record.after, corrections=(*cell.reading.corrections, record))
    return replace(cell, reading=reading)


def _with_percent(cell: Cell) -> Cell:
    text, characters = cell.reading.text, [c for line in cell.lines for c in line.characters if c.text.strip()]
    if not _NO_PERCENT.fullmatch(text) or not characters or characters[-1].text != text[-1]:
        return cell
    last = characters[-1]
    chance = dict(last.alternatives).get("%", 0.0)
    if chance < _PERCENT or last.probability > _SURE:
        return cell
    if text[-1] in _NEVER_A_UNIT:
        record = Correction(
            text, f"{text[:-1]}%", Rule.NUMBER_FORMAT, round(1 - last.probability * 0.1, 4), "recogniser"
        )
        reading = replace(cell.reading, text=record.after, corrections=(*cell.reading.corrections, record))
        return replace(cell, reading=reading)
    return replace(cell, reading=cell.reading.doubted(f"“{last.text}”可能是“%”"))


def _sign(cell: Cell) -> str:
    found = _SIGN.match(cell.reading.text)
    return found.group(1) if found else " "


def _probability(cell: Cell) -> float:
    characters = [c for line in cell.lines for c in line.characters if c.text.strip()]
    return characters[0].probability if characters else 1.0


def _mended(cell: Cell, prior: float, bars: bool) -> Cell:
    sign = _sign(cell)
    characters = [c for line in cell.lines for c in line.characters if c.text.strip()]
    if sign not in _WITH_BAR or not characters or characters[0].text != sign:
        return cell
    barred = _WITH_BAR[sign]
    chance = dict(characters[0].alternatives).get(barred, 0.0)
    odds = prior * chance / max(1e-6, characters[0].probability)
    if bars and chance >= _THOUGHT_OF:
        odds = max(odds, _ODDS)
    if odds < _ODDS:
        return replace(cell, reading=cell.reading.doubted(f"“{sign}”可能是“{barred}”")) if bars else cell
    return replace(cell, reading=_with_bar(cell.reading, sign, barred, odds / (1 + odds)))


def _with_bar(reading: Reading, sign: str, barred: str, score: float) -> Reading:
    text = reading.text.replace(sign, barred, 1)
    record = Correction(reading.text, text, Rule.NUMBER_FORMAT, round(score, 4), "document")
    return replace(reading, text=text, corrections=(*reading.corrections, record))
