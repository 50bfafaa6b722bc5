"""The dictionary prepared for look-up: keys without form, places, codes and names (词典索引)."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from dictionaries.types import Dictionary, LabelKind, Standing, Subject

YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
YEAR_MARK = "{年}"
ANY_YEAR = "\ue000" * 4
"""Stands in a key for the four digits of a year."""
_NUMERALS = "一二三四五六七八九十"
_ENUMERATION = re.compile(
    rf"第[{_NUMERALS}]{{1,3}}(?:部分|章|节)|[{_NUMERALS}]{{1,3}}[、，,.．]|[（(][{_NUMERALS}]{{1,3}}[）)]"
    rf"|[（(]\d{{1,2}}[）)]|\d{{1,2}}[.、．](?!\d)|(?:附?表|附件)(?:[{_NUMERALS}]{{1,3}}|\d{{1,2}})[：:、]?"
    r"|[①-⑳][、.]?|[\[【]\d{3,9}[\]】]|[1-9](?=[\u4e00-\u9fff]{4})"
)
_CAPTION = re.compile(
    r"(?:部门|单位|预算单位|编制单位|编制部门|填报单位|公开部门|项目)(?:名称)?[（(]?(?:盖章)?[）)]?[：:]"
)
_TOC_TAIL = re.compile(r"[.…·\-—\s]{2,}\d{1,3}$")
_SAME_MARKS = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "—": "-", "–": "-", "−": "-", "∶": ":", "．": "."})
_CHUNK = 512
"""Labels compared at once: bounds the score table to a few megabytes."""
MAX_KEY = 200


@lru_cache(maxsize=1 << 15)
def key_of(text: str) -> str:
    """The text without white space and without differences of width and quotation marks: what is compared."""
    return "".join(unicodedata.normalize("NFKC", text).translate(_SAME_MARKS).split())


def any_year(key: str) -> str:
    """The key with every year as ``ANY_YEAR``, the form in which entries with a year mark are indexed."""
    return YEAR.sub(ANY_YEAR, key)


def _entry_key(text: str) -> str:
    return key_of(text).replace(YEAR_MARK, ANY_YEAR)


@dataclass(frozen=True, slots=True)
class LabelParts:
    """A label as enumeration, core and page-number tail: 三、 | 支出决算表 | ....5."""

    prefix: str
    core: str
    suffix: str


def split_label(text: str) -> LabelParts:
    """The parts of a label; prefix and suffix are empty where there are none."""
    tail = _TOC_TAIL.search(text)
    suffix = tail.group() if tail else ""
    body = text[: len(text) - len(suffix)]
    start = _ENUMERATION.match(body.lstrip()) or _CAPTION.match(body.lstrip())
    at = start.end() + (len(body) - len(body.lstrip())) if start else 0
    while at < len(body) and body[at].isspace():
        at += 1
    return LabelParts(body[:at], body[at:], suffix)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """A dictionary indexed for one year."""

    source: str
    """Dictionary with version, for the records."""
    texts: Mapping[str, str]
    """Key → text as it is written, for every entry a correction may aim at."""
    known: frozenset[str]
    """Keys of every entry, also those that are never aimed at."""
    targets: Mapping[LabelKind | None, tuple[str, ...]]
    """Keys to aim at by place; None: names of subjects."""
    names: Mapping[str, tuple[Subject, ...]]
    """Code → its subjects, standard first."""
    codes: Mapping[str, tuple[Subject, ...]]
    """Key of a name → the subjects that bear it."""
    year: int | None = None
    """The year whose entries these are; None for every year's."""

    def is_known(self, key: str) -> bool:
        """Whether the key is an entry, any year standing where an entry has its year mark."""
        bare = any_year(key).rstrip(":")
        return key in self.known or bare in self.known or f"{bare}:" in self.known

    def standard_names(self, code: str) -> tuple[str, ...]:
        """Keys of the names that the classification gives the code in this year."""
        return tuple(dict.fromkeys(key_of(s.name) for s in self.names.get(code, ()) if s.standing is Standing.STANDARD))


@lru_cache(maxsize=16)
def lexicon(dictionary: Dictionary, year: int | None) -> Lexicon:
    """The index of ``dictionary`` for documents of ``year`` (None: every year's entries)."""
    subjects = tuple(s for s in dictionary.subjects if s.years.covers(year))
    labels = tuple(x for x in dictionary.labels if x.years.covers(year))
    standard = tuple(s for s in subjects if s.standing is Standing.STANDARD)
    others = tuple(s for s in subjects if s.standing is not Standing.STANDARD)
    places: dict[LabelKind | None, dict[str, None]] = defaultdict(dict)
    texts: dict[str, str] = {}
    for place, text in [*((x.kind, x.text) for x in labels), *((None, s.name) for s in standard)]:
        places[place][_entry_key(text)] = None
        texts.setdefault(_entry_key(text), text)
    known = frozenset(key_of(s.name) for s in dictionary.subjects) | frozenset(
        _entry_key(x.text) for x in dictionary.labels
    )
    return Lexicon(
        dictionary.source,
        texts,
        known,
        {place: tuple(keys) for place, keys in places.items()},
        _grouped((s.code, s) for s in (*standard, *others)),
        _grouped((key_of(s.name), s) for s in standard),
        year,
    )


def _grouped(pairs: Iterable[tuple[str, Subject]]) -> dict[str, tuple[Subject, ...]]:
    found: dict[str, list[Subject]] = defaultdict(list)
    for key, subject in pairs:
        found[key].append(subject)
    return {key: tuple(values) for key, values in found.items()}


def nearest(
    keys: Sequence[str], targets: Sequence[str], cutoff: float = 0.6, most: int = 6
) -> dict[str, tuple[str, ...]]:
    """For each key the up to ``most`` targets with a plain edit similarity of ``cutoff`` (0–1) or more.

    Best first. Batched over rapidfuzz's C++ loop, in chunks, so that memory stays flat.
    """
    found: dict[str, tuple[str, ...]] = {}
    wanted = [key for key in dict.fromkeys(keys) if 0 < len(key) <= MAX_KEY]
    if not targets:
        return {}
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        scores = process.cdist(
            chunk, targets, scorer=Levenshtein.normalized_similarity, score_cutoff=cutoff, dtype=np.float32
        )
        for key, row in zip(chunk, scores, strict=True):
            best = np.flatnonzero(row)
            order = best[np.argsort(-row[best], kind="stable")][:most]
            if len(order):
                found[key] = tuple(targets[i] for i in order)
    return found
