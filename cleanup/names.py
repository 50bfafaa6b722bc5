"""Names that a document says many times (文内反复出现的名称): entries of its own, beside the dictionary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from cleanup.lexicon import YEAR, YEAR_MARK, Lexicon, any_year, key_of, split_label
from document.types import Document, Table

LEAST = 3
"""Times a name must occur to vouch for another line."""
_SHORTEST, _LONGEST = 4, 60


@dataclass(frozen=True, slots=True)
class RepeatedNames:
    """Keys of labels with how often they occur, and how they are written (``{年}`` for a year)."""

    counts: dict[str, int]
    texts: dict[str, str]

    def vouches(self, key: str, other: str) -> bool:
        """Whether ``key`` occurs so much more often than ``other`` that it may mend it."""
        return self.counts.get(key, 0) >= max(LEAST, 3 * self.counts.get(other, 0))

    @property
    def targets(self) -> tuple[str, ...]:
        """Keys that occur often enough, in a fixed order."""
        return tuple(sorted(k for k, n in self.counts.items() if n >= LEAST))


def repeated_names(document: Document, words: Lexicon) -> RepeatedNames:
    """The labels of the document that are no dictionary entries, counted."""
    counts: Counter[str] = Counter()
    written: dict[str, Counter[str]] = {}
    for text in _texts(document):
        core = split_label(text).core
        key = any_year(key_of(core))
        if not _SHORTEST <= len(key) <= _LONGEST or words.is_known(key) or not any(c.isalpha() for c in key):
            continue
        counts[key] += 1
        written.setdefault(key, Counter())[YEAR.sub(YEAR_MARK, core)] += 1
    return RepeatedNames(dict(counts), {k: forms.most_common(1)[0][0] for k, forms in written.items()})


def _texts(document: Document) -> Iterable[str]:
    for block in document.blocks:
        if isinstance(block, Table):
            yield from (c.reading.text for c in block.cells if c.amount is None and c.reading.text)
        else:
            yield block.reading.text
