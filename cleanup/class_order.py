"""The order of the classes (类的次序): 十一、节能环保支出, ?, 十三、农林水支出 leaves room for one class.

A list of classes without codes goes through them in the order of their codes. What stands between two that are sure,
with as many rows between them as there are classes, is named by its place; the text must still be like that name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from cleanup.lexicon import Lexicon, any_year, key_of, split_label
from dictionaries.types import Scheme, Standing
from document.types import Cell, Table

Place = tuple[int, int]
"""Row and column."""
_CLASS = 3
_MOST = 3
"""Rows beside each other whose names may be lost."""


def names_by_order(table: Table, words: Lexicon) -> Mapping[Place, str]:
    """For labels that are no entry the key of the class name that their place among the others says."""
    columns: dict[int, list[Cell]] = defaultdict(list)
    for cell in table.cells:
        if cell.reading.text and cell.amount is None:
            columns[cell.col].append(cell)
    classes = _classes(words)
    order = sorted(set(classes.values()))
    found: dict[Place, str] = {}
    for cells in columns.values():
        found |= _in_column(sorted(cells, key=lambda c: c.row), classes, order, words)
    return found


def _classes(words: Lexicon) -> dict[str, str]:
    """Key of a class name → its code, of the functional classification in the document's year."""
    return {
        key: subject.code
        for key, subjects in words.codes.items()
        for subject in subjects
        if subject.scheme is Scheme.FUNCTIONAL and len(subject.code) == _CLASS and subject.standing is Standing.STANDARD
    }


def _in_column(
    cells: Sequence[Cell], classes: Mapping[str, str], order: Sequence[str], words: Lexicon
) -> dict[Place, str]:
    keys = [any_year(key_of(split_label(c.reading.text).core)) for c in cells]
    sure = [i for i, key in enumerate(keys) if key in classes]
    found: dict[Place, str] = {}
    for i, j in pairwise(sure):
        between = [code for code in order if classes[keys[i]] < code < classes[keys[j]]]
        rows = cells[j].row - cells[i].row
        if not 1 <= len(between) <= _MOST or not j - i == rows == len(between) + 1:
            continue
        for cell, code in zip(cells[i + 1 : j], between, strict=True):
            names = words.standard_names(code)
            if len(names) == 1:
                found[cell.row, cell.col] = names[0]
    return found
