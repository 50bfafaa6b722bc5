"""What a performance form says twice (绩效表): its total score, and the project's sum in its fields and its sentences.

总分 is the sum of the scores above it, with what the 预算执行率 earns of its points where that row has no score of its
own. The sum of a project stands as a number in one field (元 or 万元) and in words in another: 共计1240.99万元. Where
the two agree both are verified; where they are one slip apart, or the scores do not add up, a person is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from cleanup.amount_grid import plain
from cleanup.misreadings import misreading_cost
from dictionaries.identities import Identities, Identity, IdentityKind
from document.amounts import parse_amount
from document.types import Cell, Document, Table

_SCORE = re.compile(r"(\d{1,3}(?:\.\d{1,2})?)分?")
_POINTS = re.compile(r"[（(](\d{1,3})分[）)]")
_RATE = re.compile(r"=\s?(\d{1,4}(?:\.\d{1,4})?)[%％]?[）)]?$|^(\d{1,4}(?:\.\d{1,4})?)[%％]$")
_SUM = re.compile(r"(?:共计|总计|合计|总额|总投资|安排|资金)[为约]?(\d[\d,]{0,20}(?:\.\d{1,6})?)(万元|元)")
_WAN = Decimal(10_000)
_TOLERANCE = Decimal("0.011")
"""A rate is printed rounded, and so is what it earns."""
LEAST_SCORES = 2
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Notes:
    """What is to be written into one table."""

    verified: dict[Place, str]
    doubts: dict[Place, str]


def check_forms(document: Document, identities: Identities) -> Document:
    """The document with total scores and project sums of its forms verified, or flagged with the sum in words."""
    kinds = (IdentityKind.SCORE, IdentityKind.FORM_PROSE, IdentityKind.RATE)
    scores, sums, rates = (identities.of_kind(kind) for kind in kinds)
    blocks = tuple(_checked(b, scores, sums, rates) if isinstance(b, Table) else b for b in document.blocks)
    return replace(document, blocks=blocks)


def _checked(table: Table, scores: Sequence[Identity], sums: Sequence[Identity], rates: Sequence[Identity]) -> Table:
    notes = _Notes({}, {})
    for identity in scores:
        _note_score(table, identity, notes)
    for identity in sums:
        _note_sum(table, identity, notes)
    for identity in rates:
        _note_rates(table, identity, notes)
    if not notes.verified and not notes.doubts:
        return table
    return replace(table, cells=tuple(_with_notes(c, notes) for c in table.cells))


def _with_notes(cell: Cell, notes: _Notes) -> Cell:
    at = cell.row, cell.col
    if at in notes.doubts:
        return replace(cell, reading=cell.reading.doubted(notes.doubts[at]))
    if at in notes.verified:
        return replace(cell, verified_by=tuple(dict.fromkeys((*cell.verified_by, notes.verified[at]))))
    return cell


# --- scores -----------------------------------------------------------------------------------------------


def _note_score(table: Table, identity: Identity, notes: _Notes) -> None:
    """总分 against the scores in its column, 产出指标 48分 and so on."""
    heads = _named(table, [label for part in identity.parts[:1] for label in part.labels])
    columns, totals = {c.col for c in heads}, {c.row for c in _named(table, identity.total)}
    if not columns or not totals:
        return
    total = next((c for c in table.cells if c.row in totals and c.col in columns and _score(c) is not None), None)
    if total is None:
        return
    first = min(c.row for c in heads)
    above = [c for c in table.cells if first < c.row < total.row and c.col == total.col and _score(c) is not None]
    if len(above) < LEAST_SCORES:
        return
    given, meant = sum((_score(c) or Decimal(0) for c in above), Decimal(0)), _score(total) or Decimal(0)
    earned = _earned_by_rate(table, identity, {c.row for c in above})
    places = [(c.row, c.col) for c in (*above, total)]
    if any(abs(given + extra - meant) <= _TOLERANCE for extra in (Decimal(0), *earned)):
        notes.verified.update(dict.fromkeys(places, identity.name))
        return
    best = min((given + extra for extra in (Decimal(0), *earned)), key=lambda s: abs(s - meant))
    words = f"{identity.name}：总分{meant}与合计{best:.2f}不符（差 {abs(best - meant):.2f}）"
    notes.doubts.update(dict.fromkeys(places, words))


def _named(table: Table, names: Iterable[str]) -> list[Cell]:
    """The cells that hold just one of the names."""
    wanted = {plain(name) for name in names}
    longest = max((len(name) for name in wanted), default=0) + 4
    return [c for c in table.cells if len(c.reading.text) <= longest and plain(c.reading.text) in wanted]


def _score(cell: Cell) -> Decimal | None:
    found = _SCORE.fullmatch(re.sub(r"\s+", "", cell.reading.text))
    return Decimal(found.group(1)) if found else None


def _earned_by_rate(table: Table, identity: Identity, scored: set[int]) -> Iterator[Decimal]:
    """What the rate earns of the points in its row's label, where that row has no score: 10 points at 76.30 %."""
    for rate in (c for c in table.cells if c.row not in scored):
        found = _RATE.search(re.sub(r"\s+", "", rate.reading.text)[-40:])
        named = any(plain(label) in plain(rate.reading.text) for part in identity.parts[1:] for label in part.labels)
        points = [_POINTS.search(c.reading.text) for c in table.cells if c.row == rate.row and c.col < rate.col]
        worth = next((Decimal(p.group(1)) for p in points if p), None)
        if found and worth is not None and (named or rate.col_span > 1):
            share = Decimal(found.group(1) or found.group(2)) / 100
            yield (worth * min(share, Decimal(1))).quantize(Decimal("0.01"))


# --- rates ------------------------------------------------------------------------------------------------


def _note_rates(table: Table, identity: Identity, notes: _Notes) -> None:
    """执行率 in a column against the columns of what was spent and what there was to spend; any budget will do."""
    if len(identity.parts) < 2:
        return
    heads = [_named(table, labels) for labels in (identity.parts[0].labels, identity.total, identity.parts[1].labels)]
    cells = {(c.row, c.col): c for c in table.cells}
    for rate_head in heads[0]:
        spent_cols = [h.col for h in heads[1] if h.row == rate_head.row]
        had_cols = [h.col for h in heads[2] if h.row == rate_head.row]
        for rate in (c for c in table.cells if c.col == rate_head.col and c.row > rate_head.row):
            spent = [(rate.row, c) for c in spent_cols[:1] if _money(cells.get((rate.row, c))) is not None]
            had = [(rate.row, c) for c in had_cols if _money(cells.get((rate.row, c)))]
            said = parse_amount(rate.reading.text)
            if said is not None and said.percent and spent and had:
                _note_rate(rate, said.value, spent[0], had, cells, identity, notes)


def _note_rate(
    rate: Cell,
    said: Decimal,
    spent: Place,
    had: Sequence[Place],
    cells: Mapping[Place, Cell],
    identity: Identity,
    notes: _Notes,
) -> None:
    step = Decimal(1).scaleb(int(said.as_tuple().exponent))
    paid = _money(cells[spent]) or Decimal(0)
    right = {place: 100 * paid / (_money(cells[place]) or Decimal(1)) for place in had}
    holding = [place for place, meant in right.items() if abs(meant - said) <= step]
    places = ((rate.row, rate.col), spent, *(holding or had))
    if holding:
        notes.verified.update(dict.fromkeys(places, identity.name))
        return
    best = min(right.values(), key=lambda meant: abs(meant - said))
    notes.doubts.update(dict.fromkeys(places, f"{identity.name}：{said}%与{best:.2f}%不符"))


def _money(cell: Cell | None) -> Decimal | None:
    amount = parse_amount(cell.reading.text) if cell is not None else None
    return amount.value if amount is not None and not amount.percent else None


# --- a project's sum ----------------------------------------------------------------------------------------


def _note_sum(table: Table, identity: Identity, notes: _Notes) -> None:
    """The number in the field of a project's sum against the sum that a sentence of the form says."""
    fields = list(_fields(table, identity))
    for cell in table.cells if fields else ():
        for number, unit in _SUM.findall(cell.reading.text[:2000]):
            said = Decimal(number.replace(",", "")) * (_WAN if unit == "万元" else 1)
            if said <= 0:
                continue
            agreeing = [c for c, value in fields if said in (value, value * _WAN)]
            if agreeing:
                notes.verified.update({(c.row, c.col): identity.name for c in agreeing})
                continue
            for c, value in fields:
                if _is_one_slip(number, value, said, unit):
                    words = f"{identity.name}：此处{value}，文字中为{number}{unit}"
                    notes.doubts[c.row, c.col] = notes.doubts[cell.row, cell.col] = words


def _fields(table: Table, identity: Identity) -> Iterable[tuple[Cell, Decimal]]:
    """The numbers right of the labels that the identity names, as printed."""
    cells = {(c.row, c.col): c for c in table.cells}
    labels = tuple(plain(t) for t in identity.total)
    for cell in table.cells:
        if not cell.reading.text or not plain(cell.reading.text[:30]).startswith(labels):
            continue
        beside = cells.get((cell.row, cell.col + cell.col_span))
        amount = parse_amount(beside.reading.text) if beside is not None else None
        if beside is not None and amount is not None and not amount.percent and amount.value > 0:
            yield beside, amount.value


def _is_one_slip(number: str, value: Decimal, said: Decimal, unit: str) -> bool:
    """Whether the words' number would be the field's after one misread character."""
    wanted = {value, value / _WAN, value * _WAN} if unit == "万元" else {value, value * _WAN}
    decimals = len(number.partition(".")[2])
    return any(0 < misreading_cost(number, w, decimals) <= 1 for w in wanted if w != said and w >= 1)
