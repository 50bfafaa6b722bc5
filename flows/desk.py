"""What the review desk needs of the rest: other readings, sums and suggestions; and decisions into the outputs."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cleanup.equations import Place
from cleanup.evidence import log_odds, probability
from cleanup.lexicon import YEAR, YEAR_MARK, Lexicon, any_year, key_of, lexicon, nearest, split_label
from cleanup.reconcile import BelievedSum, believed_sums
from cleanup.row_codes import row_codes
from cleanup.similarity import EditCosts
from cleanup.table_roles import table_roles
from dictionaries.identities import load_identities
from dictionaries.loader import DictionaryError as BadRows
from dictionaries.loader import load_dictionary
from dictionaries.types import Dictionary
from document.exceptions import DictionaryError, OutputError
from document.types import Document, Reading, Table, TextBlock, TextLine
from review.decisions import HeldDecision, apply_decisions, in_force, read_decisions
from review.fields import FieldKey
from review.insight import Insight, InsightOf
from review.sidecar import FILE as SIDECAR
from review.sidecar import Alternatives, Sidecar, dump, machine_readings
from review.sums import Sum
from review.types import Suggestion, SuggestionKind

log = logging.getLogger(__name__)

LEAST = 0.02
"""Probability from which a character's other reading is kept."""
MOST_READINGS = 6
"""Other readings of one field."""
_AROUND = 5
"""Characters on either side by which a place within a longer text is told."""
_LIKE = 0.5
"""Plain likeness (0-1) from which an entry is suggested, as in ``cleanup.correct``."""
_MOST_ENTRIES = 5
_LONGEST_CORE = 120
"""Characters of a label that are weighed: more is prose."""
_COPY = re.compile(r"^与《(.+)》同一科目的数字不同（(-?[\d.]+)）$")


# --- what a run leaves for the desk ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A document with people's decisions in it, and what is kept beside it."""

    document: Document
    sidecar: Sidecar


def with_decisions(document: Document, folder: Path | None, dictionaries: Path | None = None) -> Reviewed:
    """The machine's document with the decisions that lie in its output ``folder``, if any; nothing replaces them.

    Raises InputError where ``decisions.json`` is there and cannot be read: what people decided is not passed over.
    """
    file = read_decisions(folder) if folder is not None else None
    decisions = in_force(file, document.source.sha256)
    return reviewed(document, alternatives(document), decisions, dictionaries)


def reviewed(
    machine: Document, others: tuple[Alternatives, ...], decisions: Sequence[HeldDecision], dictionaries: Path | None
) -> Reviewed:
    """The machine's document with these decisions in it, and the sums, flags and amounts that follow."""
    sums = sums_of(machine, dictionaries) if decisions else ()
    document = apply_decisions(machine, decisions, sums)
    return Reviewed(document, Sidecar(others, machine_readings(machine, document)))


def write_sidecar(sidecar: Sidecar, folder: Path) -> dict[str, str]:
    """Write ``review.json`` into a draft of the outputs; its SHA-256 by name, nothing where there is nothing to say.

    Raises OutputError.
    """
    if sidecar == Sidecar():
        return {}
    data = dump(sidecar).encode()
    try:
        (folder / SIDECAR).write_bytes(data)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror}). Make room.") from error
    return {SIDECAR: hashlib.sha256(data).hexdigest()}


def alternatives(document: Document) -> tuple[Alternatives, ...]:
    """What else the recogniser thought of, for every field of a document fresh from its pages."""
    found = []
    for key, reading, lines in _readings(document):
        readings = other_readings(reading.text, lines)
        if readings:
            found.append(Alternatives(block=key.block, row=key.row, col=key.col, readings=readings))
    return tuple(found)


def _readings(document: Document) -> Iterator[tuple[FieldKey, Reading, tuple[TextLine, ...]]]:
    for index, block in enumerate(document.blocks):
        if isinstance(block, TextBlock):
            yield FieldKey(index), block.reading, block.lines
        else:
            for cell in block.cells:
                yield FieldKey(index, cell.row, cell.col), cell.reading, cell.lines


def other_readings(text: str, lines: Sequence[TextLine]) -> tuple[tuple[str, float], ...]:
    """The text with one character read otherwise, likeliest first; only where its place in the text is certain."""
    found: dict[str, float] = {}
    for line in lines:
        read = "".join(c.text for c in line.characters)
        starts = _starts(line)
        for start, character in zip(starts, line.characters, strict=True):
            for other, chance in character.alternatives:
                if chance < LEAST or other == character.text:
                    continue
                changed = _changed(text, read, start, character.text, other)
                if changed is not None and changed != text:
                    found[changed] = max(chance, found.get(changed, 0.0))
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return tuple((reading, round(chance, 4)) for reading, chance in ranked[:MOST_READINGS])


def _starts(line: TextLine) -> list[int]:
    """Where each character begins in the line's text; one may stand for several letters."""
    starts, at = [], 0
    for character in line.characters:
        starts.append(at)
        at += len(character.text)
    return starts


def _changed(text: str, read: str, start: int, before: str, after: str) -> str | None:
    left, end = max(0, start - _AROUND), start + len(before)
    window = read[left : end + _AROUND]
    if not window or text.count(window) != 1:
        return None
    at = text.index(window) + start - left
    return text[:at] + after + text[at + len(before) :]


# --- sums and suggestions ----------------------------------------------------------------------------------


def insight_for(dictionaries: Path | None = None) -> InsightOf:
    """What the desk asks on import: sums by the identities, suggestions by dictionary and recogniser."""

    def insight(document: Document, sidecar: Sidecar) -> Insight:
        known = _dictionary(dictionaries)
        found: dict[FieldKey, list[Suggestion]] = {}
        for other in sidecar.alternatives:
            found.setdefault(other.key, []).extend(_heard(other))
        for key, suggestion in (*_from_dictionary(document, known), *_from_copies(document)):
            found.setdefault(key, []).append(suggestion)
        ranked = {key: tuple(sorted(items, key=lambda s: -s.score)) for key, items in found.items()}
        return Insight(sums_of(document, dictionaries), ranked)

    return insight


def sums_of(document: Document, dictionaries: Path | None = None) -> tuple[Sum[FieldKey], ...]:
    """What must add up, over the document's fields. Raises DictionaryError."""
    try:
        identities = load_identities(dictionaries)
    except BadRows as error:
        raise DictionaryError(str(error)) from error
    return tuple(_sum(believed) for believed in believed_sums(document, identities))


def _sum(believed: BelievedSum) -> Sum[FieldKey]:
    equation = believed.equation
    terms = tuple((_key(place), sign) for place, sign in equation.terms)
    return Sum(equation.name, _key(equation.total), terms, believed.decimals, believed.tolerance)


def _key(place: Place) -> FieldKey:
    return FieldKey(place.block, place.row, place.col)


def _dictionary(folder: Path | None) -> Dictionary:
    try:
        return load_dictionary(folder)
    except BadRows as error:
        raise DictionaryError(str(error)) from error


def _heard(other: Alternatives) -> Iterator[Suggestion]:
    for text, chance in other.readings:
        yield Suggestion(text, SuggestionKind.READING, chance, f"识别的另一可能（{chance:.0%}）")


def _from_copies(document: Document) -> Iterator[tuple[FieldKey, Suggestion]]:
    """The amount that the same row of another table prints, as the reasons say."""
    for key, reading, _ in _readings(document):
        for reason in reading.reasons if reading.needs_review else ():
            if copy := _COPY.match(reason):
                like = "," if "," in reading.text else ""
                value = f"{float(copy[2]):,.2f}" if like and "." in copy[2] else copy[2]
                yield key, Suggestion(value, SuggestionKind.COPY, 0.5, f"《{copy[1]}》同一科目的数字")


def _from_dictionary(document: Document, known: Dictionary) -> Iterator[tuple[FieldKey, Suggestion]]:
    """Entries like the flagged labels, those that the row's code names first."""
    words = lexicon(known, document.meta.year)
    costs = EditCosts(known.look_alikes)
    names = dict(_names_by_code(document, words))
    labels = {key: reading for key, reading, _ in _readings(document) if _is_doubted_label(reading)}
    cores = {key: any_year(key_of(split_label(r.text).core)) for key, r in labels.items()}
    targets = tuple(dict.fromkeys(t for found in words.targets.values() for t in found))
    near = nearest(sorted(set(cores.values())), targets, _LIKE, _MOST_ENTRIES)
    for key, reading in labels.items():
        named = names.get(key, ())
        core = cores[key]
        for entry in dict.fromkeys((*named, *near.get(core, ()))):
            if entry == core or entry not in words.texts:
                continue
            odds = log_odds(core, entry, None, costs, entry in named) if len(core) <= _LONGEST_CORE else 0.0
            why = f"科目编码在本行（{known.source}）" if entry in named else f"词典（{known.source}）"
            score = 0.25 + 0.7 * probability(odds)
            yield key, Suggestion(_written(reading.text, words.texts[entry]), SuggestionKind.DICTIONARY, score, why)


def _is_doubted_label(reading: Reading) -> bool:
    return reading.needs_review and 2 <= len(reading.text) <= 160 and any(c.isalpha() for c in reading.text)


def _names_by_code(document: Document, words: Lexicon) -> Iterator[tuple[FieldKey, tuple[str, ...]]]:
    for index, block in enumerate(document.blocks):
        if isinstance(block, Table):
            for code in row_codes(block, table_roles(block)):
                if code.name_at is not None:
                    yield FieldKey(index, *code.name_at), words.standard_names(code.code)


def _written(text: str, entry: str) -> str:
    """The entry in the label's place: its enumerator, its years and what follows stay."""
    parts = split_label(text)
    for year in YEAR.findall(parts.core):
        entry = entry.replace(YEAR_MARK, year, 1)
    return f"{parts.prefix}{entry}{parts.suffix}"
