"""Amounts add up (勾稽): verify, repair what is beyond doubt, flag the rest.

The identities of ``dictionaries`` become equations over the document's cells. Cells in equations that hold are
verified; where equations fail, the smallest likely misreading that makes all hold is repaired; what stays in doubt
is flagged with the equation in words. A document that is wrong in print is left as it is, and says so.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

from pydantic import BaseModel, ConfigDict, Field

from cleanup.amount_grid import AmountGrid, read_grid
from cleanup.completeness import note_missing
from cleanup.copies import Copies, digits, find_copies
from cleanup.equations import Equation, Place, rounding
from cleanup.form_checks import check_forms
from cleanup.identities import Grids, find_equations
from cleanup.misreadings import (
    grouped,
    is_malformed,
    misreading_cost,
    printed,
    recogniser_likelihood,
    recogniser_values,
)
from cleanup.neighbours import note_odd_ones
from cleanup.numbers import number_style
from cleanup.prose_amounts import check_prose
from cleanup.prose_tables import check_prose_tables
from cleanup.repair import Evidence, Ledger, Repair, exchanges, ledger, repair_all
from cleanup.shifts import note_shifts
from dictionaries.identities import Identities
from document.types import Block, Cell, Correction, Document, Rule, Table, TextBlock

ROUNDING_NOTE = "尾数误差"
_LEADING_ZERO = re.compile(r"0[\d,]")


class ReconcileOptions(BaseModel):
    """How sums are used."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repair: bool = Field(default=True, description="repair amounts that the sums put beyond doubt")
    family_share: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="share (0-1) of a rule's equations in one table that must hold for the rule to be believed there",
    )
    max_suspects: int = Field(
        default=6, ge=1, le=100, description="most cells of one failing equation that are flagged"
    )


@dataclass(frozen=True, slots=True)
class _Verdicts:
    """What is to be written into the document."""

    reasons: Mapping[Place, tuple[str, ...]]
    verified: Mapping[Place, tuple[str, ...]]
    repairs: Mapping[Place, tuple[Decimal, str, float]]
    """New value, equation, score."""
    tables: Mapping[int, tuple[str, ...]]
    """Reasons by block index."""
    incomplete: frozenset[int]
    """Tables that may lack rows."""
    denied: frozenset[Place]
    """Cells in some sum that does not hold."""


def reconcile(document: Document, identities: Identities, options: ReconcileOptions | None = None) -> Document:
    """The document with amounts verified, repaired and flagged by what must add up."""
    options = options or ReconcileOptions()
    grids = _grids(document)
    values = {Place(b, *at): a.value for b, (_, grid) in grids.items() for at, a in grid.amounts.items()}
    equations = find_equations(grids, identities)
    units = {b: _unit(table) for b, (table, _) in grids.items()}
    books = ledger(equations, values, units, rounds=False)
    believed, broken = _believed(books, options)
    books = ledger(believed, values, units, _rounds(document, ledger(believed, values, units, rounds=True)))
    evidence = _evidence(grids, find_copies(grids, values))
    repairs: tuple[Repair, ...] = ()
    if options.repair:
        books, repairs = repair_all(books, evidence)
    verdicts = _judge(books, evidence, grids, repairs, broken, options)
    written = _written(document, grids, verdicts, identities)
    noted = note_odd_ones(note_shifts(note_missing(written)))
    return check_forms(check_prose_tables(check_prose(noted, identities), identities), identities)


def _grids(document: Document) -> dict[int, tuple[Table, AmountGrid]]:
    found = {}
    for index, block in enumerate(document.blocks):
        if isinstance(block, Table):
            grid = read_grid(block)
            if grid is not None:
                found[index] = (block, grid)
    return found


def _unit(table: Table) -> Decimal:
    """The smallest step of the table's amounts: one in the last decimal it prints."""
    style = number_style(c.reading.text for c in table.cells if c.amount is not None)
    decimals = 2 if style.decimals is None else style.decimals
    return Decimal(1).scaleb(-decimals)


def _believed(books: Ledger, options: ReconcileOptions) -> tuple[list[Equation], list[Equation]]:
    """Equations of rules that mostly hold in their table, and the failing ones of rules that do not."""
    families: dict[tuple[object, ...], list[Equation]] = defaultdict(list)
    for equation in books.equations:
        families[equation.family].append(equation)
    believed: list[Equation] = []
    doubted: list[Equation] = []
    for members in families.values():
        real = [e for e in members if any(books.values[p] for p in e.places())]
        holding = sum(books.residual(e) == 0 or books.is_small(e) for e in real)
        if len(real) >= 4 and holding < options.family_share * len(real):
            doubted.extend(e for e in real if books.residual(e) != 0)
        else:
            believed.extend(members)
    return believed, doubted


def _rounds(document: Document, books: Ledger) -> bool:
    """Whether sums are off by rounding: equations that no one cell explains are, and the note eases the proof.

    The note alone is not enough: most documents that print it add up to the last digit, and there a small
    difference is a misread digit.
    """
    small = [e for e in books.equations if books.is_small(e)]
    lone = [e for e in small if all(_cleared_by_sum(books, p) for p in e.places() if books.values[p])]
    noted = any(isinstance(b, TextBlock) and ROUNDING_NOTE in b.reading.text for b in document.blocks)
    return len(lone) >= (1 if noted else 2)


def _cleared_by_sum(books: Ledger, place: Place) -> bool:
    return any(books.speaks_for(e, place) for e in books.by_place.get(place, ()))


def _decimals(grids: Grids) -> dict[int, int | None]:
    """Digits after the point in each table; where a table is too small to tell, as in all tables together."""
    texts = {b: [c.reading.text for c in table.cells if c.amount is not None] for b, (table, _) in grids.items()}
    overall = number_style(text for found in texts.values() for text in found).decimals
    own = {block: number_style(found, 0.6).decimals for block, found in texts.items()}
    return {block: overall if found is None else found for block, found in own.items()}


def _is_odd(cell: Cell, decimals: int | None) -> bool:
    """Whether a cell's text is no number, or has other digits behind the point than its table."""
    zero = cell.amount is not None and not Decimal(cell.amount)
    return decimals is not None and not zero and not _has_form(cell.reading.text, decimals)


def _holds_counts(table: Table) -> bool:
    """Whether a table prints whole numbers among its amounts (辆, 人), so that one is no sign of a lost point."""
    whole = [c for c in table.cells if c.amount is not None and "." not in c.amount and c.amount.strip("-0")]
    return len(whole) >= 2


def _evidence(grids: Grids, copies: Copies) -> Evidence:
    cells: dict[Place, Cell] = {}
    decimals = _decimals(grids)
    counts = {block for block, (table, _) in grids.items() if _holds_counts(table)}
    blank: set[Place] = set()
    unread: set[Place] = set()
    for block, (table, grid) in grids.items():
        for cell in table.cells:
            amount = grid.amounts.get((cell.row, cell.col))
            if amount is not None:
                place = Place(block, cell.row, cell.col)
                cells[place] = cell
                blank.update([place] if amount.blank else [])
                unread.update([place] if amount.unread else [])

    def cost(place: Place, value: Decimal) -> int:
        return misreading_cost(cells[place].reading.text, value, decimals[place.block])

    def malformed(place: Place, value: Decimal) -> bool:
        form = None if place.block in counts else decimals[place.block]
        return is_malformed(cells[place].reading.text, value, form)

    @cache
    def likelihood(place: Place, value: Decimal) -> float:
        return recogniser_likelihood(cells[place], value, decimals[place.block])

    thought = {place: found for place, cell in cells.items() if (found := recogniser_values(cell))}
    elsewhere: dict[Decimal, list[Place]] = defaultdict(list)
    for block, (_, grid) in grids.items():
        for at, amount in grid.amounts.items():
            if digits(amount.value) >= TELLING:
                elsewhere[amount.value].append(Place(block, *at))
    printed_at = {value: tuple(places) for value, places in elsewhere.items()}
    odd = frozenset(
        place
        for place, cell in cells.items()
        if place not in blank and place.block not in counts and _is_odd(cell, decimals[place.block])
    )
    return Evidence(cost, malformed, thought, likelihood, copies, frozenset(blank), frozenset(unread), odd, printed_at)


# --- judging ----------------------------------------------------------------------------------------------


def _judge(
    books: Ledger,
    evidence: Evidence,
    grids: Grids,
    repairs: Sequence[Repair],
    doubted: Sequence[Equation],
    options: ReconcileOptions,
) -> _Verdicts:
    reasons: dict[Place, list[str]] = defaultdict(list)
    tables: dict[int, list[str]] = defaultdict(list)
    incomplete: set[int] = set()
    for equation in (e for e in books.equations if books.fails(e)):
        words = in_words(equation, books, grids)
        suspects, missing = _suspects(equation, books, evidence, options)
        for place in suspects:
            reasons[place].append(words)
        tables[equation.total.block].append(words)
        if missing:
            incomplete.add(equation.total.block)
    for equation in doubted:
        tables[equation.total.block].append("多数勾稽关系不成立，行列可能错位：" + in_words(equation, books, grids))
        incomplete.add(equation.total.block)
    for place, words in (*_copy_doubts(books, evidence, grids), *_exchange_doubts(books)):
        reasons[place].append(words)
    return _Verdicts(
        {place: tuple(dict.fromkeys(found)) for place, found in reasons.items()},
        _verified(books, evidence, grids),
        _changes(repairs, books, grids),
        {block: tuple(dict.fromkeys(found))[:20] for block, found in tables.items()},
        frozenset(incomplete),
        frozenset(p for e in books.equations if books.fails(e) for p in e.places()),
    )


def _suspects(
    equation: Equation, books: Ledger, evidence: Evidence, options: ReconcileOptions
) -> tuple[list[Place], bool]:
    """The cells that may be to blame, and whether a missing row is the better explanation."""
    places = equation.places()
    uncleared = [p for p in places if not _cleared_by_sum(books, p)]
    numbers = [p for p in uncleared if p not in evidence.blank]
    apart = [p for p in numbers if not evidence.copies.agreeing(p, books.values)]
    chosen = apart or numbers
    if chosen:
        lost = [p for p in uncleared if p == equation.total and p in evidence.blank]  # parts with no whole above them
        return [*lost, *_likeliest(equation, chosen, books, evidence, options)], False
    blanks = [p for p in uncleared if p in evidence.blank and equation.solved(p, books.values) > 0]
    printed = [p for p in places if p not in evidence.blank]
    lacking = equation.open_ended and books.residual(equation) < 0
    if blanks and len(blanks) <= 2:
        return [equation.total, *blanks], False
    if len(printed) <= 4 and not lacking:
        return printed, False
    return [equation.total], lacking


def _likeliest(
    equation: Equation, places: list[Place], books: Ledger, evidence: Evidence, options: ReconcileOptions
) -> list[Place]:
    """All suspects if they are few; else those that one slip explains; all where two must be wrong."""
    if len(places) <= options.max_suspects:
        return places
    slips = {p: evidence.cost(p, equation.solved(p, books.values)) for p in places}
    likely = [p for p in places if slips[p] <= 1]
    return likely or places


def _copy_doubts(books: Ledger, evidence: Evidence, grids: Grids) -> Iterable[tuple[Place, str]]:
    """Amounts that differ from their copy where no sum vouches for them."""
    for place in books.values:
        others = evidence.copies.differing(place, books.values)
        if not others or evidence.copies.agreeing(place, books.values):
            continue
        verified = _cleared_by_sum(books, place)
        if not verified or _crossed(place, others, books, evidence):
            other = others[0]
            title = grids[other.block][0].title or grids[other.block][0].number or "另一张表"
            yield place, f"与《{title}》同一科目的数字不同（{_shown(books.values[other])}）"


def _exchange_doubts(books: Ledger) -> Iterable[tuple[Place, str]]:
    """Two cells that would make their failing sums hold if they changed places: possible, not beyond doubt."""
    for repair in exchanges(books, least=1):
        for place, value in repair.changes:
            yield place, f"可能与另一格的数字{_shown(value)}互换了位置"


def _crossed(place: Place, others: Sequence[Place], books: Ledger, evidence: Evidence) -> bool:
    """Whether another row of this column holds what the copy holds here, and the other way round."""
    here = books.values[place]
    for equation in books.by_place.get(place, ()):
        for sister in equation.places():
            if sister == place or sister.col != place.col or sister.block != place.block:
                continue
            copies = evidence.copies.twins.get(sister, ())
            if any(books.values[c] == here and here != books.values[sister] for c in copies) and any(
                books.values[o] == books.values[sister] for o in others
            ):
                return True
    return False


def _verified(books: Ledger, evidence: Evidence, grids: Grids) -> dict[Place, tuple[str, ...]]:
    found: dict[Place, tuple[str, ...]] = {}
    for place, value in books.values.items():
        if place in evidence.unread:
            continue
        names = [
            e.name
            for e in books.by_place.get(place, ())
            if books.speaks_for(e, place) and any(books.values[p] for p in e.places())
        ]
        if value:
            copies = evidence.copies.agreeing(place, books.values)
            titles = (grids[p.block][0].title or grids[p.block][0].number for p in copies[:3])
            names += [f"同《{title}》" if title else "与另一张表相同" for title in titles]
        if names:
            found[place] = tuple(dict.fromkeys(names))
    return {**found, **_nothing_below(books, evidence, found)}


def _nothing_below(
    books: Ledger, evidence: Evidence, verified: Mapping[Place, tuple[str, ...]]
) -> dict[Place, tuple[str, ...]]:
    """Blanks under a blank total that a sum vouches for: where the whole is nothing, so is each of its parts."""
    found: dict[Place, tuple[str, ...]] = {}
    fresh = [place for place in verified if place in evidence.blank]
    while fresh:
        parts: list[Place] = []
        for total in fresh:
            sums = (e for e in books.by_place.get(total, ()) if e.total == total and books.residual(e) == 0)
            for equation in sums:
                below = [p for p, sign in equation.terms if sign == 1]
                if len(below) == len(equation.terms) and all(p in evidence.blank for p in below):
                    parts += [p for p in below if p not in verified and p not in found]
                    found |= {p: (equation.name,) for p in below if p not in verified and p not in found}
        fresh = list(dict.fromkeys(parts))
    return found


def _changes(repairs: Sequence[Repair], books: Ledger, grids: Grids) -> dict[Place, tuple[Decimal, str, float]]:
    changes: dict[Place, tuple[Decimal, str, float]] = {}
    for repair in repairs:
        words = "；".join(in_words(e, books, grids) for e in repair.fixed[:3])
        score = min(0.999, 1 - 0.05 ** min(3, repair.support))
        for place, value in repair.changes:
            changes[place] = (value, words, score)
    return changes


# --- words ------------------------------------------------------------------------------------------------


def in_words(equation: Equation, books: Ledger, grids: Grids) -> str:
    """The equation for an operator: 与下级科目合计不符…（差 0.30）, or = where it holds."""
    total = books.values[equation.total]
    summed = total + books.residual(equation)
    name = f"“{_called(equation.total, grids)}”{_shown(total)}"
    if summed == total:
        return f"{equation.name}：{name}相符"
    return f"{equation.name}：{name}与合计{_shown(summed)}不符（差 {_shown(abs(summed - total))}）"


def _called(place: Place, grids: Grids) -> str:
    """What a cell is called: the row's label and the column's head."""
    grid = grids[place.block][1]
    panel = next((p for p in grid.panels if place.col in p.amount_cols), None)
    label = grid.label(place.row, panel) if panel else None
    head = grid.head(place.col)
    return " ".join(x for x in (label.text[:40] if label else f"第{place.row + 1}行", head[:30]) if x)


def _shown(value: Decimal) -> str:
    return format(value, "f")


# --- writing ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Form:
    """How a table prints its amounts."""

    decimals: int | None
    like: str | None
    """A comma where thousands are separated, "" where they are not, None where nothing tells."""
    zero: str
    """What stands for nothing: a blank, or 0.00."""
    places: int | None = None
    """Digits after the point that most of its amounts have, for a table without a form of its own."""


def _form_of(table: Table, decimals: int | None) -> _Form:
    texts = [c.reading.text for c in table.cells if c.amount is not None]
    zero = printed(Decimal(0), decimals)
    like = {True: ",", False: "", None: None}[number_style(texts).separators]
    return _Form(decimals, like, zero if texts.count(zero) >= MANY_ZEROS else "", _usual_places(texts))


TELLING = 4
"""Digits an amount must have for its repetition anywhere in the document to be more than chance."""
MANY_ZEROS = 3
"""Printed zeros that show that a table leaves nothing blank."""


def _has_form(text: str, decimals: int | None) -> bool:
    """Whether a number has as many digits behind the point as its table."""
    return decimals is not None and len(text.partition(".")[2]) == decimals


def _written(document: Document, grids: Grids, verdicts: _Verdicts, identities: Identities) -> Document:
    blocks: list[Block] = list(document.blocks)
    decimals = _decimals(grids)
    for block, (table, grid) in grids.items():
        form = _form_of(table, decimals[block])
        cells = tuple(
            _written_cell(cell, Place(block, cell.row, cell.col), verdicts, identities, form)
            if (cell.row, cell.col) in grid.amounts
            else cell
            for cell in table.cells
        )
        reasons = tuple(dict.fromkeys((*table.reasons, *verdicts.tables.get(block, ()))))
        review = table.needs_review or block in verdicts.incomplete
        blocks[block] = replace(table, cells=cells, reasons=reasons, needs_review=review)
    return replace(document, blocks=tuple(blocks))


def _ends_differ(text: str, decimals: int | None) -> bool:
    """Whether a number has a plus or a zero too many in front, or too few digits behind the point."""
    if text.startswith("+"):
        return True
    whole, point, fraction = text.lstrip("-").partition(".")
    if not point:
        return False  # 027001 is some code
    lacking = decimals is not None and 0 < len(fraction) < decimals
    return bool(_LEADING_ZERO.match(whole)) or lacking


def _usual_places(texts: Iterable[str]) -> int | None:
    """Digits after the point that most amounts with a point have; None where none has one."""
    found = Counter(len(text.partition(".")[2]) for text in texts if "." in text and not text.endswith("%"))
    return found.most_common(1)[0][0] if found else None


def _written_cell(cell: Cell, place: Place, verdicts: _Verdicts, identities: Identities, form: _Form) -> Cell:
    decimals = form.decimals
    verified = verdicts.verified.get(place, ())
    reasons = verdicts.reasons.get(place, ())
    change = verdicts.repairs.get(place)
    if change is None and cell.amount and _ends_differ(cell.reading.text, decimals):
        proved = len(verified) >= 2 and place not in verdicts.denied  # one sum may hold by two errors
        change = (Decimal(cell.amount), "数字前后多读或少读了符号或0", 0.99) if proved else None
        reasons = reasons if proved else (*reasons, "数字前后的0与同表其他金额不同")
    if not verified and not reasons and change is None:
        return cell
    reading = cell.reading
    amount = cell.amount
    proved_blank = not reading.text and form.zero == ""  # ink there is residue: an amount would not add up
    if verified and place not in verdicts.denied and (proved_blank or _has_form(reading.text, decimals)):
        reading = replace(reading, needs_review=False, reasons=())  # how it was read does not matter: it adds up
    if change is not None:
        value, words, score = change
        places = form.places if decimals is None else decimals
        text = grouped(value, reading.text if form.like is None else form.like, places) if value else form.zero
        record = Correction(reading.text, text, Rule.IDENTITY, score, f"{identities.source} {words}")
        reading = replace(
            reading, text=text, corrections=(*reading.corrections, record), needs_review=False, reasons=()
        )
        amount = format(Decimal(text.replace(",", "")), "f") if text else None
    if reasons:
        reading = reading.doubted(*reasons)
    return replace(cell, reading=reading, amount=amount, verified_by=verified)


# --- for the review desk ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BelievedSum:
    """An equation of a rule that is believed in its table, with how its table prints amounts."""

    equation: Equation
    decimals: int
    """Digits behind the point."""
    tolerance: Decimal
    """The difference that rounding explains, in a document whose sums are off by it; else 0."""


def believed_sums(
    document: Document, identities: Identities, options: ReconcileOptions | None = None
) -> tuple[BelievedSum, ...]:
    """What must add up in a document, as ``reconcile`` would use it; nothing is judged or changed."""
    grids = _grids(document)
    values = {Place(b, *at): a.value for b, (_, grid) in grids.items() for at, a in grid.amounts.items()}
    units = {b: _unit(table) for b, (table, _) in grids.items()}
    equations = find_equations(grids, identities)
    believed, _ = _believed(ledger(equations, values, units, rounds=False), options or ReconcileOptions())
    rounds = _rounds(document, ledger(believed, values, units, rounds=True))
    return tuple(_believed_sum(equation, units[equation.total.block], rounds) for equation in believed)


def _believed_sum(equation: Equation, unit: Decimal, rounds: bool) -> BelievedSum:
    decimals = max(0, -int(unit.as_tuple().exponent))
    return BelievedSum(equation, decimals, rounding(equation, unit) if rounds else Decimal(0))
