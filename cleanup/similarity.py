"""How alike two texts are, when taking one character for its look-alike costs little.

Edit distance with weights (Wagner and Fischer 1974): inserting or deleting costs 1, substituting costs 1 less
the weight of the look-alike pair. A few hundred short pairs a document: plain Python is enough, the broad
search is rapidfuzz's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from rapidfuzz.distance import Levenshtein

MAX_LENGTH = 120
"""Texts are compared by their first so many characters: the work is bounded."""

_NO_LOOK_ALIKES: Mapping[tuple[str, str], float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class EditCosts:
    """What each edit costs; a substitution is cheap between look-alikes."""

    look_alikes: Mapping[tuple[str, str], float] = field(default_factory=lambda: _NO_LOOK_ALIKES)

    def substitute(self, before: str, after: str) -> float:
        """0 for the same character, 1 for strangers, between for look-alikes."""
        return 0.0 if before == after else 1.0 - self.look_alikes.get((before, after), 0.0)


@dataclass(frozen=True, slots=True)
class Edit:
    """One difference: ``before`` at ``position`` of the first text is ``after`` in the second; "" for none."""

    position: int
    before: str
    after: str


def distance(left: str, right: str, costs: EditCosts) -> float:
    """The weighted edit distance between two texts."""
    return _table(left[:MAX_LENGTH], right[:MAX_LENGTH], costs)[-1][-1]


@lru_cache(maxsize=1 << 16)
def edits(left: str, right: str) -> tuple[Edit, ...]:
    """A shortest way from ``left`` to ``right`` (rapidfuzz), as the differences from the start to the end."""
    return tuple(
        Edit(
            op.src_pos,
            "" if op.tag == "insert" else left[op.src_pos],
            "" if op.tag == "delete" else right[op.dest_pos],
        )
        for op in Levenshtein.editops(left, right)
    )


def _table(left: str, right: str, costs: EditCosts) -> list[list[float]]:
    rows = [[float(j) for j in range(len(right) + 1)]]
    for i, a in enumerate(left, start=1):
        above, row = rows[-1], [float(i)]
        for j, b in enumerate(right, start=1):
            row.append(min(above[j - 1] + costs.substitute(a, b), above[j] + 1, row[j - 1] + 1))
        rows.append(row)
    return rows


def piece_similarity(text: str, phrase: str, costs: EditCosts) -> float:
    """How well ``text`` is some piece of ``phrase`` said over and over: 1 for a piece of it, 0 for a stranger.

    Semi-global alignment: the text against any stretch of the repeated phrase (Sellers 1980).
    """
    text = text[:MAX_LENGTH]
    if not text or not phrase:
        return 0.0
    repeated = phrase * (len(text) // len(phrase) + 2)
    above = [0.0] * (len(repeated) + 1)
    for i, a in enumerate(text, start=1):
        row = [float(i)]
        for j, b in enumerate(repeated, start=1):
            row.append(min(above[j - 1] + costs.substitute(a, b), above[j] + 1, row[j - 1] + 1))
        above = row
    return max(0.0, 1 - min(above) / len(text))
