"""Where the identities apply (勾稽关系): from the data's rows to equations over this document's cells.

Tables are read as grids of amounts; each kind of identity finds its totals and terms by the grid's own structure:
codes, heads, enumerators, labels. A structure that a bad scan broke gives equations that mostly fail; such a
family of equations is not believed (``cleanup.reconcile``).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from cleanup.amount_grid import PARTIAL, PLAIN, AmountGrid, Label, Panel, plain
from cleanup.equations import Equation, Place
from dictionaries.identities import Identities, Identity, IdentityKind
from document.types import Table

Grids = Mapping[int, tuple[Table, AmountGrid]]
"""By block index."""
_TITLE_LEAD = re.compile(
    r"^(?:20\d{2}年?度?|附?表(?:[一二三四五六七八九十]{1,3}|\d{1,2}(?=\D|20\d{2}))[、.．:：]?|[一二三四五六七八九十\d]{1,3}[、.．:：]"
    r"|(?:预算)?公开(?:表\d{1,2}|\d{1,2}表)|部门|单位|区级|市级|县级|本级)+"
)
"""Number, year and level before what a table is called."""
_BRACKETED_END = re.compile(r"（[^（）]{1,20}）$")
MAX_TERMS = 400
"""A sum of more terms is not looked at."""


def find_equations(grids: Grids, identities: Identities) -> tuple[Equation, ...]:
    """All equations of the document, each set of cells once."""
    found: list[Equation] = []
    for chain in _chains(grids):
        table = grids[chain.pieces[0][0]][0]
        for identity in identities.entries:
            coded = _CODE_FINDERS.get(identity.kind)
            if coded is not None and _applies(identity, table):
                found.extend(coded(chain, identity))
    for block, (table, grid) in grids.items():
        for identity in identities.entries:
            finder = _FINDERS.get(identity.kind)
            if finder is not None and _applies(identity, table):
                found.extend(finder(block, grid, identity))
    for identity in identities.of_kind(IdentityKind.ACROSS):
        found.extend(_across(grids, identity))
    return _distinct(e for e in found if all(_is_there(grids, place) for place in e.places()))


def _is_there(grids: Grids, place: Place) -> bool:
    """Whether the place is a cell of its own: in a table read badly it may be merged into a neighbour."""
    return (place.row, place.col) in grids[place.block][1].amounts


def _applies(identity: Identity, table: Table) -> bool:
    title = plain(table.title or "")
    return not identity.tables or any(plain(phrase) in title for phrase in identity.tables)


def _distinct(equations: Iterable[Equation]) -> tuple[Equation, ...]:
    kept: dict[object, Equation] = {}
    for equation in equations:
        if 1 <= len(equation.terms) <= MAX_TERMS and len(set(equation.places())) == len(equation.terms) + 1:
            equal = len(equation.terms) == 1 and equation.terms[0][1] == 1  # a = b is b = a
            total = None if equal else equation.total
            sides = frozenset(equation.places()) if equal else frozenset(equation.terms)
            kept.setdefault((total, sides), equation)
    return tuple(kept.values())


# --- codes ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chain:
    """Pieces of one printed table, in order; mostly one."""

    pieces: tuple[tuple[int, AmountGrid], ...]
    """Block index and grid."""
    is_cut: bool = False
    """More of it follows, read so badly that its codes cannot be told."""


CodePlace = tuple[int, int, Panel]
"""Block, row and panel of a code."""


def _chains(grids: Grids) -> list[Chain]:
    """The tables, those together that go on where the one before ended though they were not joined."""
    chains: list[Chain] = []
    before: Table | None = None
    for block, (table, grid) in grids.items():
        last = chains[-1] if chains else None
        if last is not None and before is not None and _goes_on(before, last.pieces[-1][1], table, grid):
            chains[-1] = Chain((*last.pieces, (block, grid)))
        else:
            if last is not None and before is not None and not grid.head_texts and table.n_cols == before.n_cols:
                chains[-1] = replace(last, is_cut=True)
            chains.append(Chain(((block, grid),)))
        before = table
    return chains


def _goes_on(before: Table, above: AmountGrid, table: Table, grid: AmountGrid) -> bool:
    """Whether a table continues the one before: no title and total of its own, the same heads, later codes."""
    same_head = sorted(above.head_texts.values()) == sorted(grid.head_texts.values()) or not grid.head_texts
    if not grid.codes or not above.codes or table.n_cols != before.n_cols or not same_head:
        return False
    if table.title not in (None, before.title) or len(grid.panels) != 1 or len(above.panels) != 1:
        return False
    first, last = grid.label(grid.body_rows[0], grid.panels[0]), above.label(above.body_rows[-1], above.panels[0])
    ends = any(label is not None and label.text in _TOTALS for label in (first, last))
    told_apart = len(set(grid.codes.values())) == len(grid.codes)
    return not ends and told_apart and min(grid.codes.values()) > max(above.codes.values())


def _code_places(chain: Chain) -> dict[str, CodePlace]:
    """Where each code is; a code printed twice is left out, its row cannot be told."""
    seen: dict[str, list[CodePlace]] = defaultdict(list)
    for block, grid in chain.pieces:
        panels = {panel.code_col: panel for panel in grid.panels if panel.code_col is not None}
        for (row, col), code in grid.codes.items():
            if col in panels:
                seen[code].append((block, row, panels[col]))
    return {code: places[0] for code, places in seen.items() if len(places) == 1}


def nearest_ancestor(code: str, codes: Mapping[str, object]) -> str | None:
    """The longest proper prefix of 5 or 3 digits that is present, or None."""
    return next((code[:n] for n in (5, 3) if n < len(code) and code[:n] in codes), None)


def _children(codes: Mapping[str, object]) -> dict[str | None, list[str]]:
    children: dict[str | None, list[str]] = defaultdict(list)
    for code in codes:
        children[nearest_ancestor(code, codes)].append(code)
    return children


def _code_tree(chain: Chain, identity: Identity) -> Iterator[Equation]:
    places = _code_places(chain)
    last = max(places, default="")
    for parent, below in _children(places).items():
        if parent is None or (chain.is_cut and last.startswith(parent)):
            continue
        block, row, panel = places[parent]
        for index, col in enumerate(panel.amount_cols):
            terms = _column_terms(below, places, index)
            yield Equation(
                identity.name, (chain.pieces[0][0], identity.name, index), Place(block, row, col), terms, True
            )


def _column_terms(codes: Sequence[str], places: Mapping[str, CodePlace], index: int) -> tuple[tuple[Place, int], ...]:
    at = [places[code] for code in codes]
    return tuple(
        (Place(block, row, panel.amount_cols[index]), 1) for block, row, panel in at if index < len(panel.amount_cols)
    )


def _code_total(chain: Chain, identity: Identity) -> Iterator[Equation]:
    places = _code_places(chain)
    roots = _children(places)[None]
    if not roots or chain.is_cut or not chain.pieces[0][1].head_texts:
        return  # without a head its first rows stand in another table
    for block, grid in chain.pieces:
        for row, label in _total_rows(grid, identity.total):
            for col in _amounts_of_label(grid, row, label):
                chosen = [c for c in roots if _under(label, col, places[c][2], grid)]
                panel = next((p for p in grid.panels if col in p.amount_cols), None)
                if panel is not None and chosen:
                    terms = _column_terms(chosen, places, panel.amount_cols.index(col))
                    yield Equation(identity.name, (block, identity.name, col), Place(block, row, col), terms, True)


def _total_rows(grid: AmountGrid, names: Sequence[str]) -> Iterator[tuple[int, Label]]:
    """Rows with a label that is one of ``names`` (each label cell once)."""
    wanted = {plain(name) for name in names}
    seen = set()
    for (row, _), label in sorted(grid.labels.items()):
        if label.text in wanted and (row, label.col) not in seen:
            seen.add((row, label.col))
            yield row, label


def _amounts_of_label(grid: AmountGrid, row: int, label: Label) -> list[int]:
    """The amount columns right of a label, up to the next label in its row."""
    others = sorted({other.col for (r, _), other in grid.labels.items() if r == row and other.col > label.col})
    end = others[0] if others else 10**6
    return sorted(c for (r, c) in grid.amounts if r == row and label.col < c < end)


def _under(label: Label, col: int, panel: Panel, grid: AmountGrid) -> bool:
    """Whether a total whose label begins at ``label.col`` and whose amount is in ``col`` sums this panel.

    In a wide table (公开06表) the label of 公用经费合计 spans the panels it sums, the amount stands in the last.
    """
    own = next((p for p in grid.panels if col in p.amount_cols), None)
    return own is not None and panel.amount_cols[0] >= label.col and panel.amount_cols[0] <= own.amount_cols[0]


# --- columns ----------------------------------------------------------------------------------------------


def _columns(block: int, grid: AmountGrid, identity: Identity) -> Iterator[Equation]:
    if identity.parts:
        rules = _named_columns(grid, identity)
    else:
        rules = [_as_the_rows_say(grid, rule, identity) for rule in _sister_columns(grid, identity)]
    for total, parts in rules:
        for row in grid.body_rows:
            places = [(row, total), *((row, col) for col, _ in parts)]
            if all(place in grid.amounts for place in places):
                terms = tuple((Place(block, row, col), sign) for col, sign in parts)
                yield Equation(identity.name, (block, identity.name, total), Place(block, row, total), terms)


_SUBTOTAL = "小计"
Columns = tuple[int, list[tuple[int, int]]]
"""A total column and its parts with signs."""


def _sister_columns(grid: AmountGrid, identity: Identity) -> list[Columns]:
    """For every head with columns below it, and for the table: the total column over its sisters."""
    wanted = {plain(name) for name in identity.total}
    rules: list[Columns] = []
    for columns, depth in _head_groups(grid):
        total, parts = _split_group(grid, columns, depth, wanted)
        if total is not None and parts:
            rules.append((total, [(col, 1) for col in parts]))
    return rules


def _as_the_rows_say(grid: AmountGrid, rule: Columns, identity: Identity) -> Columns:
    """The rule, or where most rows deny it another span of the head that all rows affirm.

    A head cell's span is easily misread; the amounts below tell what it must have been.
    """
    holding, real = _support(grid, rule)
    if 2 * holding >= real:
        return rule
    for other in _other_spans(grid, rule[0], identity):
        held, seen = _support(grid, other)
        if seen and held == seen:
            return other
    return rule


def _other_spans(grid: AmountGrid, total: int, identity: Identity) -> Iterator[Columns]:
    """What a total may sum if not what its head says, totals left out.

    小计: the next two, three or four columns; any other total: all up to the next total of its name.
    """
    wanted = {plain(name) for name in identity.total}
    name, run = grid.head(total), list[tuple[int, int]]()
    for col in sorted(grid.heads):
        if col > total and grid.head(col) == name:
            break
        if col > total and grid.head(col) not in wanted:
            run.append((col, 1))
    if name == _SUBTOTAL:
        yield from ((total, run[:n]) for n in (2, 3, 4) if n <= len(run))
    elif len(run) >= 2:
        yield total, run


def _support(grid: AmountGrid, rule: Columns) -> tuple[int, int]:
    """In how many rows with amounts the rule holds, and how many there are."""
    total, parts = rule
    holding = real = 0
    for row in grid.body_rows:
        cells = [grid.amounts.get((row, col)) for col in (total, *(col for col, _ in parts))]
        values = [cell.value for cell in cells if cell is not None]
        if len(values) == len(parts) + 1 and any(values):
            real += 1
            signed = sum(v * sign for v, (_, sign) in zip(values[1:], parts, strict=True))
            holding += signed == values[0]
    return holding, real


def _head_groups(grid: AmountGrid) -> list[tuple[tuple[int, ...], int]]:
    """Amount columns that stand under one head, with that head's depth (0: the panel itself)."""
    groups: dict[tuple[tuple[int, int], ...], list[int]] = defaultdict(list)
    for panel in grid.panels:
        for col in panel.amount_cols:
            chain = grid.heads.get(col, ())
            for depth in range(1, len(chain)):
                groups[chain[:depth]].append(col)
    found = [(tuple(cols), len(prefix)) for prefix, cols in groups.items()]
    found += [(panel.amount_cols, 0) for panel in grid.panels]
    if not grid.panels:
        found.append((tuple(sorted(grid.heads)), 0))
        for col, chain in grid.heads.items():
            for depth in range(1, len(chain)):
                groups[chain[:depth]].append(col)
        found += [(tuple(cols), len(prefix)) for prefix, cols in groups.items()]
    return found


def _split_group(
    grid: AmountGrid, columns: Sequence[int], depth: int, wanted: set[str]
) -> tuple[int | None, list[int]]:
    """The group's own total column, and one column (or all leaves) for each of its other members."""
    members: dict[tuple[int, int], list[int]] = defaultdict(list)
    if not all(grid.heads.get(col) for col in columns):
        return None, []  # a column without head: what it holds cannot be told
    for col in columns:
        chain = grid.heads.get(col, ())
        members[chain[depth] if depth < len(chain) else (-1, col)].append(col)
    own = [m[0] for m in members.values() if len(m) == 1 and _is_leaf_total(grid, m[0], depth, wanted)]
    if len(own) != 1:
        return None, []
    parts: list[int] = []
    for anchor, cols in members.items():
        text = grid.head_texts.get(anchor, "")
        if own[0] in cols or text.startswith("其中"):
            continue
        inner = [c for c in cols if len(cols) > 1 and _is_leaf_total(grid, c, depth + 1, wanted)]
        parts.extend(inner if len(inner) == 1 else cols)
    return own[0], parts


def _is_leaf_total(grid: AmountGrid, col: int, depth: int, wanted: set[str]) -> bool:
    chain = grid.heads.get(col, ())
    return len(chain) == depth + 1 and plain(grid.head_texts.get(chain[depth], "")) in wanted


def _named_columns(grid: AmountGrid, identity: Identity) -> list[Columns]:
    total = _column_named(grid, identity.total)
    parts = [(_column_named(grid, part.labels), part.sign) for part in identity.parts]
    if total is None or any(col is None for col, _ in parts):
        return []
    return [(total, [(col, sign) for col, sign in parts if col is not None])]


def _column_named(grid: AmountGrid, names: Sequence[str]) -> int | None:
    """The first amount column with one of these heads anywhere above it (a group's first is its total)."""
    wanted = {plain(name) for name in names}
    for col in sorted(grid.heads):
        if any(grid.head_texts.get(anchor) in wanted for anchor in grid.heads[col]):
            return col
    return None


# --- rows -------------------------------------------------------------------------------------------------

Item = tuple[int, Label]
"""A row with its label."""


def _sections(grid: AmountGrid, panel: Panel) -> Iterator[list[Item]]:
    """The panel's labelled rows, cut where a row holds one text over the whole table."""
    section: list[Item] = []
    for row in grid.body_rows:
        if row in grid.section_rows:
            yield section
            section = []
            continue
        label = grid.label(row, panel)
        if label is not None:
            section.append((row, label))
    yield section


def _uncoded(grid: AmountGrid) -> Iterator[Panel]:
    for panel in grid.panels:
        if panel.code_col is None or not grid.codes:
            yield panel


def _rows(block: int, grid: AmountGrid, identity: Identity) -> Iterator[Equation]:
    """Totals over the items before them (or after, where the total comes first)."""
    wanted = {plain(name) for name in identity.total}
    if not grid.head_texts or any(label.text in _CLASS_MARKS for label in grid.labels.values()):
        return  # without a head its first rows stand in another table; classes have their own rule
    for panel in _uncoded(grid):
        for section in _sections(grid, panel):
            readings = [
                [
                    equation
                    for row, items in _totals(read, wanted)
                    for equation in _summed(block, grid, panel, identity, row, items, 0)
                ]
                for read in _readings(section, wanted)
            ]
            yield from max(readings, key=lambda found: sum(_holds(grid, equation) for equation in found))


def _readings(section: list[Item], totals: set[str]) -> list[list[Item]]:
    """What a section may mean, the likelier first: 其中 breaks down in its own row alone, or in the next ones as well.

    公务用车购置及运行费, 其中：公务用车购置费, 公务用车运行维护费: that the last is a part its own words do not tell.
    """
    without: list[Item] = []
    within = False
    for item in section:
        label = item[1]
        within = label.rank == PARTIAL or (within and label.rank == PLAIN and label.text not in totals)
        if not within or label.rank == PARTIAL:
            without.append(item)
    plain_left = any(label.rank == PLAIN and label.text not in totals for _, label in without)
    return [section, without] if plain_left else [without, section]


def _holds(grid: AmountGrid, equation: Equation) -> bool:
    """Whether an equation inside one table holds."""
    return not equation.residual({place: grid.amounts[place.row, place.col].value for place in equation.places()})


def _totals(section: list[Item], wanted: set[str]) -> Iterator[tuple[int, list[int]]]:
    """Each total row with the rows it sums."""
    at = [i for i, (_, label) in enumerate(section) if label.text in wanted]
    if at[:1] == [0]:
        rest = section[1:]
        if len(at) == 1:
            yield section[0][0], _uppermost(rest)
        elif all(section[i][1].text == _SUBTOTAL for i in at[1:]):
            yield section[0][0], [section[i][0] for i in at[1:]]
            for index, end in pairwise([*at[1:], len(section)]):
                items = [row for row, label in section[index + 1 : end] if label.rank != PARTIAL]
                if items:
                    yield section[index][0], items
        return
    previous: list[int] = []
    for i, index in enumerate(at):
        between = section[at[i - 1] + 1 : index] if i else section[:index]
        rows = previous + (_uppermost(between) if not i else _loose(between))
        if rows:
            yield section[index][0], rows
        previous = [section[index][0]]


def _uppermost(items: list[Item]) -> list[int]:
    """Rows of the highest rank; a label that lost its enumerator counts among 一、二、三."""
    ranks = [label.rank for _, label in items if label.rank != PARTIAL]
    if not ranks:
        return []
    enumerated = [r for r in ranks if r != PLAIN]
    top = min(ranks)
    if enumerated and min(enumerated) == 1:
        return [row for row, label in items if label.rank in (1, PLAIN)]
    return [row for row, label in items if label.rank == top]


def _loose(items: list[Item]) -> list[int]:
    """Rows between two totals: 结转 and the like, without those that only break the one above down."""
    has_plain = any(label.rank == PLAIN for _, label in items)
    return [row for row, label in items if label.rank == PLAIN or (not has_plain and label.rank != PARTIAL)]


def _summed(
    block: int, grid: AmountGrid, panel: Panel, identity: Identity, row: int, rows: Sequence[int], group: int
) -> Iterator[Equation]:
    for col in panel.amount_cols:
        total = (row, col) if (row, col) in grid.amounts else _shifted_total(grid, row, col)
        rows_here = [r for r in rows if (r, col) in grid.amounts]
        if total is None or not rows_here:
            continue
        terms = tuple((Place(block, r, col), 1) for r in rows_here)
        yield Equation(identity.name, (block, identity.name, group, col), Place(block, *total), terms, True)


def _shifted_total(grid: AmountGrid, row: int, col: int) -> tuple[int, int] | None:
    """Where a total's amount stands in the next panel because the cells between are merged."""
    right = [c for (r, c) in grid.amounts if r == row and c > col]
    return (row, min(right)) if right else None


def _outline(block: int, grid: AmountGrid, identity: Identity) -> Iterator[Equation]:
    """Each item over its sub-items, one rank down at a time."""
    for panel in _uncoded(grid):
        for section in _sections(grid, panel):
            for row, below in _broken_down(section):
                yield from _summed(block, grid, panel, identity, row, below, 1)


def _broken_down(section: list[Item]) -> Iterator[tuple[int, list[int]]]:
    deepest_plain = not any(label.rank in (1, 2) for _, label in section)
    for i, (row, label) in enumerate(section):
        if label.rank == PARTIAL or (label.rank == PLAIN and not deepest_plain):
            continue
        below = []
        for other in section[i + 1 :]:
            if other[1].rank <= label.rank or other[1].rank == PLAIN:
                break
            below.append(other)
        if len(below) >= 2 and below[0][1].rank != PARTIAL and below[0][1].ordinal == 1:
            first = below[0][1].rank
            yield row, [r for r, other_label in below if other_label.rank == first]


_CLASS_MARKS = frozenset({"工资福利支出", "商品和服务支出"})


def _classes(block: int, grid: AmountGrid, identity: Identity) -> Iterator[Equation]:
    """Economic classes printed without codes: each class over the rows after it, the total over the classes."""
    names = {plain(name) for name in identity.total}
    for panel in _uncoded(grid):
        first = _first_labels(grid, panel)
        at = [i for i, (_, label) in enumerate(first) if label.text in names]
        if not _CLASS_MARKS.issubset(first[i][1].text for i in at):
            continue
        for i, index in enumerate(at):
            end = at[i + 1] if i + 1 < len(at) else len(first)
            below = [row for row, label in first[index + 1 : end] if label.text not in _TOTALS]
            yield from _summed(block, grid, panel, identity, first[index][0], below, 2)
        for row, label in first:
            if label.text in _TOTALS:
                yield from _summed(block, grid, panel, identity, row, [first[i][0] for i in at], 3)


_TOTALS = frozenset({"合计", "总计"})


def _first_labels(grid: AmountGrid, panel: Panel) -> list[Item]:
    """The leftmost label of each row that has amounts in the panel."""
    found: dict[int, Label] = {}
    for (row, col), label in sorted(grid.labels.items()):
        if col <= panel.label_col and row not in grid.section_rows:
            found.setdefault(row, label)
    return sorted(found.items())


def _same_row(block: int, grid: AmountGrid, identity: Identity) -> Iterator[Equation]:
    """收入总计 and 支出总计 in one row."""
    left = dict(_by_row(_total_rows(grid, identity.total)))
    right = [label for part in identity.parts for label in part.labels]
    for row, label in _total_rows(grid, right):
        other = left.get(row)
        if other is None or other.col >= label.col:
            continue
        a, b = _amounts_of_label(grid, row, other), _amounts_of_label(grid, row, label)
        if a and b:
            terms = ((Place(block, row, b[0]), 1),)
            yield Equation(identity.name, (block, identity.name), Place(block, row, a[0]), terms)


def _by_row(rows: Iterable[tuple[int, Label]]) -> Iterator[tuple[int, Label]]:
    seen: set[int] = set()
    for row, label in rows:
        if row not in seen:
            seen.add(row)
            yield row, label


def _form(block: int, grid: AmountGrid, identity: Identity) -> Iterator[Equation]:
    """Labelled amounts under each other: 资金总额 over the sources of money named below it in its column."""
    for row, label in _total_rows(grid, identity.total):
        total = _amounts_of_label(grid, row, label)[:1]
        below = {
            other.text: place
            for (r, col), other in sorted(grid.labels.items(), reverse=True)
            if col == other.col == label.col and row < r <= row + _FORM_ROWS
            for place in [(r, *_amounts_of_label(grid, r, other)[:1])]
        }
        found = [_first_of(below, part.labels) for part in identity.parts]
        terms = tuple(
            (Place(block, place[0], place[1]), part.sign)
            for place, part in zip(found, identity.parts, strict=True)
            if place is not None and len(place) == 2
        )
        if total and len(terms) >= 2:
            yield Equation(identity.name, (block, identity.name), Place(block, row, total[0]), terms)


_FORM_ROWS = 8
"""How far below its total a source of money stands."""


def _first_of(below: Mapping[str, tuple[int, ...]], names: Sequence[str]) -> tuple[int, ...] | None:
    return next((below[plain(name)] for name in names if plain(name) in below), None)


# --- across tables ----------------------------------------------------------------------------------------


def _across(grids: Grids, identity: Identity) -> Iterator[Equation]:
    places = [_named_place(grids, "|".join(identity.total))]
    places += [_named_place(grids, "|".join(part.labels)) for part in identity.parts]
    if any(place is None for place in places):
        return
    total, *rest = (place for place in places if place is not None)
    terms = tuple((place, part.sign) for place, part in zip(rest, identity.parts, strict=True))
    yield Equation(identity.name, (identity.name,), total, terms)


def _named_place(grids: Grids, address: str) -> Place | None:
    """``table!row!column``, each with alternatives; None unless exactly one table fits."""
    titles, rows, columns = ([plain(x) for x in piece.split("|")] for piece in address.split("!"))
    fitting = [(block, grid) for block, (table, grid) in grids.items() if _named(table) in titles]
    if len(fitting) != 1:
        return None
    block, grid = fitting[0]
    for row, label in _total_rows(grid, rows):
        for col in _amounts_of_label(grid, row, label):
            if grid.head(col) in columns:
                return Place(block, row, col)
    return None


def _named(table: Table) -> str:
    """The table's bare title without what stands in brackets at its end: （不含上年结转）."""
    return _BRACKETED_END.sub("", plain(bare_title(table.title or "")))


def bare_title(title: str) -> str:
    """A title without number, year and level: 表一2023年预算收支总表 → 预算收支总表."""
    return _TITLE_LEAD.sub("", re.sub(r"\s+", "", title[:200]))


_CODE_FINDERS: Mapping[IdentityKind, Callable[[Chain, Identity], Iterator[Equation]]] = {
    IdentityKind.CODE_TREE: _code_tree,
    IdentityKind.CODE_TOTAL: _code_total,
}
_FINDERS: Mapping[IdentityKind, Callable[[int, AmountGrid, Identity], Iterator[Equation]]] = {
    IdentityKind.COLUMNS: _columns,
    IdentityKind.ROWS: _rows,
    IdentityKind.OUTLINE: _outline,
    IdentityKind.CLASSES: _classes,
    IdentityKind.SAME_ROW: _same_row,
    IdentityKind.FORM: _form,
}
