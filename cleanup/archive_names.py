"""Names that an archive says in several documents (档案里反复出现的名称): bodies and projects, for one's own use.

What several documents print alike is no misreading; as an entry of the user's own dictionary it mends the one line of a
further document that was misread. Only texts that nothing doubts count; a name that is nearly an entry, or nearly a
commoner name, may be its misreading many times over and is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from cleanup.lexicon import Lexicon, nearest
from cleanup.names import repeated_names
from document.types import Document, Reading, Table

_NEARLY = 0.7
"""Likeness (0–1) to an entry or a commoner name from which a name may be its misreading."""
_SHORTEST, _LONGEST = 4, 40


@dataclass(frozen=True, slots=True)
class ArchiveName:
    """One name, and how many documents say it."""

    text: str
    """As most documents write it; ``{年}`` for a year."""
    documents: int


def archive_names(documents: Iterable[Document], words: Lexicon, least: int = 3) -> tuple[ArchiveName, ...]:
    """The names that at least ``least`` of the documents say, the commonest first; entries of ``words`` left out.

    Documents are looked at one after the other: memory holds the names, not the documents.
    """
    counts: Counter[str] = Counter()
    texts: dict[str, str] = {}
    for document in documents:
        names = repeated_names(_sure(document), words)
        counts.update(names.counts.keys())
        for key, text in names.texts.items():
            texts.setdefault(key, text)
    often = [k for k, n in counts.most_common() if n >= least and _SHORTEST <= len(k) <= _LONGEST]
    doubtful = nearest(often, tuple(words.texts), _NEARLY)
    found: list[str] = []
    for key in often:
        if key not in doubtful and not nearest([key], tuple(found), _NEARLY):
            found.append(key)
    return tuple(ArchiveName(texts[k], counts[k]) for k in found)


def _sure(document: Document) -> Document:
    """The document's tables with only the labels that nothing doubts; running text says no names."""
    tables = (b for b in document.blocks if isinstance(b, Table))
    blank = Reading("", "")
    return replace(
        document,
        blocks=tuple(
            replace(t, cells=tuple(replace(c, reading=blank) if c.reading.needs_review else c for c in t.cells))
            for t in tables
        ),
    )
