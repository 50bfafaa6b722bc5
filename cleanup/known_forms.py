"""Column edges that a known form has and the print does not show (表样补列).

In the form 项目支出绩效目标表 every row has one cell over the third and fourth columns: their edge shows only where the
level rules are pieced (``ocr.seams``), and on a fax, or under a watermark, not even there. The form's catalogue
(``dictionaries.forms``) knows it. Where a table is that form beyond doubt, with all its columns but such, its cells get
the columns of the form, so that a value stands in the same column whatever the scan. This is knowledge of the form and
not of the print: the table says so in its reasons. No text, box or doubt changes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations

from pydantic import BaseModel, ConfigDict, Field
from rapidfuzz.distance import Levenshtein

from cleanup.lexicon import key_of, nearest
from dictionaries.forms import FormLabel, KnownForm, KnownForms
from document.types import Document, Origin, Table

MOST_HIDDEN = 6
"""Forms with more columns that do not show are not looked for: too many ways to lose them."""
_NOTE = "线未印出，按表样"
_TAIL = re.compile(r"\([^()]{0,16}\)$")
"""（2024年度） after a title."""


class FormOptions(BaseModel):
    """When a table is a known form beyond doubt."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    found: float = Field(
        0.7, gt=0.5, le=1, description="share of the form's labels that stand where the form has them (0-1)"
    )
    untitled: float = Field(0.9, gt=0.5, le=1, description="the same for a table whose title was not found (0-1)")
    elsewhere: float = Field(
        0.05, ge=0, le=0.5, description="at most this share of its labels stands where the form has none (0-1)"
    )
    likeness: float = Field(0.6, ge=0.5, le=1, description="plain likeness from which a text is a misread label (0-1)")
    title: int = Field(1, ge=0, le=3, description="characters of the title's end that may be misread")


DEFAULT = FormOptions()


def with_form_columns(document: Document, forms: KnownForms, options: FormOptions = DEFAULT) -> Document:
    """The document with the unprinted columns of known forms in the tables of its scanned pages.

    A born-digital page draws what it has: its tables stay as they are.
    """
    drawn = {page.number for page in document.pages if page.origin is Origin.TEXT_LAYER}
    year = document.meta.year
    known = tuple(f for f in forms.entries if f.years.covers(year) and 0 < len(f.hidden) <= MOST_HIDDEN)
    blocks = tuple(
        _completed(block, known, options) if isinstance(block, Table) and drawn.isdisjoint(block.pages) else block
        for block in document.blocks
    )
    return replace(document, blocks=blocks)


def is_form_note(reason: str) -> bool:
    """Whether a table's reason only says that columns are known from its form: no doubt."""
    return _NOTE in reason


def _completed(table: Table, forms: Sequence[KnownForm], options: FormOptions) -> Table:
    """The table with the columns of the one form that it is; else as it was."""
    fitting = [(form, edges) for form in forms for edges in _fits(table, form, options)]
    if len(fitting) != 1:
        return table
    form, edges = fitting[0]
    cells = tuple(replace(c, col=edges[c.col], col_span=edges[c.col + c.col_span] - edges[c.col]) for c in table.cells)
    return replace(table, n_cols=form.columns, cells=cells, reasons=(*table.reasons, _said(form, edges)))


def _said(form: KnownForm, edges: Sequence[int]) -> str:
    """第3、4列之间的线未印出，按表样“项目支出绩效目标表”为6列."""
    between = "，".join(f"第{edge}、{edge + 1}列之间" for edge in form.hidden if edge not in edges)
    return f"{between}的{_NOTE}“{form.name}”为{form.columns}列"


def _fits(table: Table, form: KnownForm, options: FormOptions) -> Iterable[tuple[int, ...]]:
    """The ways in which the table's column edges are the form's without some that do not show."""
    missing = form.columns - table.n_cols
    if not 0 < missing <= len(form.hidden) or (table.title and not _is_titled(table.title, form, options)):
        return
    labels = _labels_of(table, form, options)
    least = options.found if table.title else options.untitled
    for lost in combinations(form.hidden, missing):
        edges = tuple(edge for edge in range(form.columns + 1) if edge not in lost)
        if _agrees(table, form, edges, labels, least, options.elsewhere):
            yield edges


def _is_titled(title: str, form: KnownForm, options: FormOptions) -> bool:
    """Whether the title ends as the form's does, but for ``options.title`` characters and a （2024年度）."""
    key = _TAIL.sub("", key_of(title)[-200:])
    for wanted in map(key_of, form.titles):
        tails = {key[-n:] for n in range(len(wanted) - options.title, len(wanted) + options.title + 1) if n > 0}
        if any(Levenshtein.distance(tail, wanted, score_cutoff=options.title) <= options.title for tail in tails):
            return True
    return False


def _plain(text: str) -> str:
    return key_of(text).rstrip(":")


def _labels_of(table: Table, form: KnownForm, options: FormOptions) -> dict[tuple[int, int], tuple[str, ...]]:
    """For cells by row and column the label each is, first, or those that it may be misread from."""
    wanted = tuple(dict.fromkeys(_plain(text) for label in form.labels for text in label.texts))
    longest = 2 * max(map(len, wanted), default=0)
    keys = {(c.row, c.col): _plain(c.reading.text) for c in table.cells if 0 < len(c.reading.text) <= 2 * longest}
    near = nearest([key for key in keys.values() if key not in wanted], wanted, options.likeness)
    return {at: (key,) if key in wanted else near.get(key, ()) for at, key in keys.items()}


def _agrees(
    table: Table,
    form: KnownForm,
    edges: Sequence[int],
    labels: dict[tuple[int, int], tuple[str, ...]],
    least: float,
    elsewhere: float,
) -> bool:
    """Whether most labels stand in the columns and the order of the form, and hardly any elsewhere."""
    places: dict[tuple[str, int, int], list[FormLabel]] = {}
    for label in form.labels:
        for text in label.texts:
            places.setdefault((_plain(text), label.start, label.end), []).append(label)
    written = {key for key, _, _ in places}
    rows: list[int] = []
    seen: set[FormLabel] = set()
    wrong = 0
    for cell in sorted(table.cells, key=lambda c: (c.row, c.col)):
        texts = labels.get((cell.row, cell.col), ())
        span = edges[cell.col], edges[cell.col + cell.col_span]
        here = [label for text in texts for label in places.get((text, *span), ()) if label not in seen]
        if here:
            seen.add(here[0])
            rows.append(here[0].row)
        elif len(texts) == 1 and _plain(cell.reading.text) in written and not _stands(texts[0], span, places):
            wrong += 1
    return _in_order(rows) >= least * len(form.labels) and wrong <= elsewhere * len(rows)


def _stands(text: str, span: tuple[int, int], places: dict[tuple[str, int, int], list[FormLabel]]) -> bool:
    return (text, *span) in places


def _in_order(rows: Iterable[int]) -> int:
    """The most of the rows that go down the form: the longest run that never goes back."""
    ends: list[int] = []
    for row in rows:
        at = bisect_right(ends, row)
        ends[at : at + 1] = [row]
    return len(ends)
