"""The smallest change that makes the sums hold (最小改动): search for repairs of misread amounts.

Works on values alone. Every amount in an equation that fails proposes the value with which it would hold; a
proposal counts when it makes several independent equations hold and breaks none. It is a repair only when it is
unique and a likely misreading; everything else is left to be flagged. All loops are bounded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from cleanup.copies import Copies
from cleanup.equations import Equation, Place, rounding
from cleanup.misreadings import IMPOSSIBLE

MAX_ROUNDS = 60
"""Repairs in one document; a document with more damage than this is for a person."""
MANY_SUMS = 30
"""Sums of two or more amounts that must hold exactly before a difference of a cent counts as a misreading."""
MAX_PAIRS = 3000
"""Pairs of cells whose exchange is looked at in one round."""
MAX_PLACES = 4000
"""Amounts in failing equations that are looked at in one round."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What besides the sums speaks for a value."""

    cost: Callable[[Place, Decimal], int]
    """Slips of the recogniser from a value to what it read at a place."""
    malformed: Callable[[Place, Decimal], bool]
    """Whether what was read at a place is no amount in the table's form, and the value is what it must have been."""
    recogniser: Mapping[Place, Mapping[Decimal, float]]
    """Other values the recogniser thought of, with probabilities."""
    heard: Callable[[Place, Decimal], float]
    """How likely a value is under the recogniser's own steps, against what it read there, 0–1."""
    copies: Copies
    blank: frozenset[Place]
    """Places without any text."""
    unread: frozenset[Place]
    """Places with a text that is no number."""
    odd: frozenset[Place]
    """Places whose text is no amount in the table's form: their values prove nothing for others."""
    printed: Mapping[Decimal, tuple[Place, ...]]
    """Where else in the document each amount of four digits or more was read."""


@dataclass(frozen=True, slots=True)
class Repair:
    """New values for one cell, or for two that were exchanged."""

    changes: tuple[tuple[Place, Decimal], ...]
    fixed: tuple[Equation, ...]
    """Equations that failed and hold now."""
    copy_of: Place | None = None
    """A cell of another table that holds the same value."""
    likelihood: float = 0.0
    """The recogniser's own probability for this value, 0 where it did not think of it."""
    cost: int = 0

    @property
    def support(self) -> int:
        """Independent reasons: equations fixed, a copy, the recogniser's own second thought."""
        return len(self.fixed) + (self.copy_of is not None) + (self.likelihood >= 0.05)


@dataclass(frozen=True, slots=True)
class Ledger:
    """Equations with the values as they stand, and which of them hold."""

    equations: tuple[Equation, ...]
    values: Mapping[Place, Decimal]
    units: Mapping[int, Decimal]
    """For each table the smallest step of its amounts, 0.01 for two decimals."""
    rounds: bool
    """Whether the document's sums are off by rounding (尾数误差)."""
    is_exact: bool = False
    """Whether so many sums hold to the last digit that a small difference is no rounding."""
    by_place: Mapping[Place, tuple[Equation, ...]] = field(default_factory=dict)

    def residual(self, equation: Equation) -> Decimal:
        """How far the terms are above the total."""
        return equation.residual(self.values)

    def is_small(self, equation: Equation) -> bool:
        """Whether the difference is one that rounding makes."""
        unit = self.units.get(equation.total.block, Decimal("0.01"))
        return 0 < abs(self.residual(equation)) <= rounding(equation, unit)

    def fails(self, equation: Equation) -> bool:
        """Whether the equation fails, rounding tolerated where the document has it."""
        return self.residual(equation) != 0 and not (self.rounds and self.is_small(equation))

    def speaks_for(self, equation: Equation, place: Place) -> bool:
        """Whether the equation holds in a way that clears this cell: exactly, and not only zeros for a number."""
        if self.residual(equation) != 0:
            return False
        return not self.values[place] or any(self.values[p] for p in equation.places() if p != place)

    def with_values(self, changes: Iterable[tuple[Place, Decimal]]) -> Ledger:
        """The ledger after some changes."""
        return replace(self, values={**self.values, **dict(changes)})


def ledger(
    equations: Sequence[Equation], values: Mapping[Place, Decimal], units: Mapping[int, Decimal], rounds: bool
) -> Ledger:
    """A ledger with its index from cells to equations."""
    index: dict[Place, list[Equation]] = defaultdict(list)
    for equation in equations:
        for place in equation.places():
            index[place].append(equation)
    by_place = {place: tuple(found) for place, found in index.items()}
    books = Ledger(tuple(equations), values, units, rounds, by_place=by_place)
    exact = sum(books.residual(e) == 0 and sum(values[p] != 0 for p in e.places()) >= 3 for e in equations)
    return replace(books, is_exact=not rounds and exact >= MANY_SUMS)


def repair_all(books: Ledger, evidence: Evidence) -> tuple[Ledger, tuple[Repair, ...]]:
    """Repair what is beyond doubt, the best supported first; the books after it, and what was done."""
    done: list[Repair] = []
    touched: set[Place] = set()
    for _ in range(MAX_ROUNDS):
        chosen = best_repair(books, evidence, touched)
        if chosen is None:
            break
        books = books.with_values(chosen.changes)
        touched.update(place for place, _ in chosen.changes)
        done.append(chosen)
    return books, tuple(done)


def best_repair(books: Ledger, evidence: Evidence, touched: set[Place]) -> Repair | None:
    """The best supported repair that nothing rivals, or None."""
    proposals = [*_single(books, evidence), *exchanges(books, least=2)]
    proposals.sort(key=lambda r: (-r.support, r.cost, -r.likelihood, r.changes))
    for repair in proposals:
        own = {place for place, _ in repair.changes}
        if own & touched or not _beyond_doubt(repair, books, evidence):
            continue
        if not any(_rivals(repair, other) for other in proposals):
            return repair
    return None


def _single(books: Ledger, evidence: Evidence) -> Iterator[Repair]:
    """One cell changed: every value that makes all its failing equations hold and breaks none."""
    failing = [e for e in books.equations if books.residual(e) != 0]
    places = list(dict.fromkeys(place for e in failing for place in e.places()))[:MAX_PLACES]
    for place in places:
        wrong = [e for e in books.by_place[place] if books.residual(e) != 0]
        right = [e for e in books.by_place[place] if books.speaks_for(e, place)]
        if right and books.values[place]:
            continue
        if len(right) > 0 and place in evidence.blank:
            continue
        for value in dict.fromkeys(e.solved(place, books.values) for e in wrong):
            fixed = tuple(e for e in wrong if e.solved(place, books.values) == value)
            if value < 0 and abs(value) != abs(books.values[place]):
                continue  # a lost minus is a slip; a negative amount out of nothing is none
            if value == books.values[place]:
                continue
            proposal = _proposal(((place, value),), fixed, evidence, books)
            if len(fixed) == len(wrong) or _stands_alone(proposal, evidence, books):
                yield proposal


def _stands_alone(repair: Repair, evidence: Evidence, books: Ledger) -> bool:
    """Whether a repair is proved though other sums of its cell still fail: they may hold a second error.

    One sum asks for the value, the same row of another table prints it, and one slip explains the reading.
    """
    ((place, value),) = repair.changes
    same_row = evidence.copies.twins.get(place, ())
    return 0 < repair.cost <= 1 and bool(value) and any(books.values[p] == value for p in same_row)


def _proposal(
    changes: tuple[tuple[Place, Decimal], ...],
    fixed: tuple[Equation, ...],
    evidence: Evidence,
    books: Ledger,
) -> Repair:
    (place, value), *_ = changes
    others = evidence.copies.same_key.get(place, ())
    copy = next((p for p in others if value and books.values[p] == value), None)
    if copy is None and len(fixed) >= 2:
        involved = {p for e in fixed for p in e.places()}
        copy = next((p for p in evidence.printed.get(value, ()) if p not in involved), None)
    likelihood = max(evidence.recogniser.get(place, {}).get(value, 0.0), evidence.heard(place, value))
    return Repair(changes, fixed, copy, likelihood, evidence.cost(place, value))


def exchanges(books: Ledger, least: int) -> Iterator[Repair]:
    """Two cells of one row, or of one column, whose values changed places; at least ``least`` sums say so."""
    residuals = {id(e): books.residual(e) for e in books.equations}
    failing = [e for e in books.equations if residuals[id(e)] and books.fails(e)]
    shares: dict[Place, dict[int, int]] = {}

    def share(place: Place) -> dict[int, int]:
        if place not in shares:
            shares[place] = {id(e): e.coefficient(place) for e in books.by_place[place]}
        return shares[place]

    for a, b in _exchange_pairs(failing, books):
        change = books.values[b] - books.values[a]
        if not change:
            continue
        of_a, of_b = share(a), share(b)
        around = {*of_a, *of_b}
        if any(residuals[e] + (of_a.get(e, 0) - of_b.get(e, 0)) * change for e in around):
            continue
        wrong = tuple(e for e in (*books.by_place[a], *books.by_place[b]) if residuals[id(e)])
        if len({id(e) for e in wrong}) >= least:
            changes = ((a, books.values[b]), (b, books.values[a]))
            yield Repair(changes, tuple(dict.fromkeys(wrong)), cost=1)


def _exchange_pairs(failing: Sequence[Equation], books: Ledger) -> Iterator[tuple[Place, Place]]:
    """A cell of a failing equation with any in its row, or in its column where both are in some sum; bounded."""
    suspects = list(dict.fromkeys(place for e in failing for place in e.places()))
    rows: dict[tuple[int, int], list[Place]] = defaultdict(list)
    columns: dict[tuple[int, int], list[Place]] = defaultdict(list)
    for place in books.by_place:
        rows[place.block, place.row].append(place)
    for place in suspects:
        columns[place.block, place.col].append(place)
    pairs: dict[tuple[Place, Place], None] = {}
    for a in suspects:
        summed = (p for e in books.by_place[a] for p in e.places() if (p.block, p.col) == (a.block, a.col))
        for b in (*rows[a.block, a.row], *summed, *columns[a.block, a.col]):
            if a != b and len(pairs) < MAX_PAIRS:
                pairs[min(a, b), max(a, b)] = None
    yield from pairs


def _beyond_doubt(repair: Repair, books: Ledger, evidence: Evidence) -> bool:
    """Whether the repair is a likely misreading with enough independent reasons."""
    if len(repair.changes) == 2:
        return _exchange_beyond_doubt(repair, books, evidence)
    (place, value), *_ = repair.changes
    if repair.cost >= IMPOSSIBLE or value < 0:
        return False
    if any(p in evidence.odd and p != place for e in repair.fixed for p in e.places()):
        return False
    outside = repair.copy_of is not None or repair.likelihood >= 0.05
    if any(books.is_small(e) for e in repair.fixed) and not (len(repair.fixed) >= 2 and books.is_exact):
        return outside and len(repair.fixed) >= 2
    if place in evidence.blank or repair.cost >= 2:
        return repair.support >= 3 or (outside and len(repair.fixed) >= 1 and repair.cost <= 1)
    if len(repair.fixed) >= 2:
        return True
    return repair.copy_of is not None or repair.likelihood >= 0.2 or evidence.malformed(place, value)


def _exchange_beyond_doubt(repair: Repair, books: Ledger, evidence: Evidence) -> bool:
    """Whether two cells changed places for certain.

    Within a row the sums of two columns tell. Down a column the rows' own sums would be as content with an exchange
    in any other column of the two rows: only copies of both amounts in another table tell.
    """
    (a, _), (b, _) = repair.changes
    if a.row == b.row:
        return len(repair.fixed) >= 2
    return all(
        any(books.values[p] == value for p in evidence.copies.twins.get(place, ())) for place, value in repair.changes
    )


def _is_speck(repair: Repair) -> bool:
    """Whether the repair takes away a digit or two that stand where nothing is printed."""
    return len(repair.changes) == 1 and not repair.changes[0][1] and repair.cost <= 1


def _rivals(repair: Repair, other: Repair) -> bool:
    """Whether the other proposal explains the same failures about as well with other cells."""
    if {p for p, _ in repair.changes} & {p for p, _ in other.changes}:
        return repair.changes != other.changes and other.support >= repair.support
    if not set(repair.fixed) & set(other.fixed) or other.cost >= IMPOSSIBLE:
        return False
    if _is_speck(repair) and other.cost > repair.cost:
        return False
    return other.support >= repair.support
