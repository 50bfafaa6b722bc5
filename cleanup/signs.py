"""≥ and ≤ that lost their bar (指标值): what the document's other targets and the recogniser say."""

from __future__ import annotations

import re
from dataclasses import replace

from document.types import Cell, Correction, Document, Reading, Rule, Table

_SIGN = re.compile(r"\s*([<>＜＞≥≤≧≦])\s*\d")
_WITH_BAR = {"<": "≤", ">": "≥", "＜": "≤", "＞": "≥"}
_SURE = 0.98
_ODDS = 5.0


def mend_signs(document: Document) -> Document:
    """The document with > and < before a number made ≥ and ≤ where the recogniser nearly read so.

    How often the document prints signs with a bar and, surely read, without one, is the prior. Idempotent.
    """
    cells = [c for t in document.tables for c in t.cells if _SIGN.match(c.reading.text)]
    if not cells:
        return document
    barred = sum(_sign(c) in "≥≤≧≦" for c in cells)
    plain = sum(_sign(c) in _WITH_BAR and _probability(c) >= _SURE for c in cells)
    prior = (barred + 1) / (plain + 0.2)
    blocks = tuple(
        replace(b, cells=tuple(_mended(c, prior) for c in b.cells)) if isinstance(b, Table) else b
        for b in document.blocks
    )
    return replace(document, blocks=blocks)


def _sign(cell: Cell) -> str:
    found = _SIGN.match(cell.reading.text)
    return found.group(1) if found else " "


def _probability(cell: Cell) -> float:
    characters = [c for line in cell.lines for c in line.characters if c.text.strip()]
    return characters[0].probability if characters else 1.0


def _mended(cell: Cell, prior: float) -> Cell:
    sign = _sign(cell)
    characters = [c for line in cell.lines for c in line.characters if c.text.strip()]
    if sign not in _WITH_BAR or not characters or characters[0].text != sign:
        return cell
    barred = _WITH_BAR[sign]
    chance = dict(characters[0].alternatives).get(barred, 0.0)
    odds = prior * chance / max(1e-6, characters[0].probability)
    if odds < _ODDS:
        return cell
    return replace(cell, reading=_with_bar(cell.reading, sign, barred, odds / (1 + odds)))


def _with_bar(reading: Reading, sign: str, barred: str, score: float) -> Reading:
    text = reading.text.replace(sign, barred, 1)
    record = Correction(reading.text, text, Rule.NUMBER_FORMAT, round(score, 4), "document")
    return replace(reading, text=text, corrections=(*reading.corrections, record))
