"""How right an output is, against the truth: cells, rows, spans, prose, flags, corrections, confidence.

Texts are compared after NFKC with quotes and dashes made one kind and white space taken out. A truth row is
looked for among the rows of the output by likeness, in order (a longest common subsequence weighted by
likeness); its cells are then compared column by column, so a right text in the wrong column is wrong.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

from benchmarks.papers import NOT_BODY, Cell, Paper, Table

_AMOUNT = re.compile(r"[-+]?[\d,]*\d(\.\d+)?%?")
_ONE_KIND = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "—": "-", "–": "-", "−": "-", "∶": ":", "．": "."})
_LIKE_ENOUGH = 0.3
"""Rows less alike than this are never the same row."""
_PARAGRAPH = 12
"""Texts longer than this count as paragraphs."""


def normalise(text: str | None) -> str:
    """The text as it is compared."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", (text or "").translate(_ONE_KIND)))


def is_amount(text: str) -> bool:
    """Whether a normalised text is a number, with separators, decimals or a per cent sign."""
    return _AMOUNT.fullmatch(text) is not None


def share(part: float, whole: float) -> float:
    """``part`` of ``whole``; 0 of nothing is 0."""
    return part / max(1, whole)


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of one table."""

    table: int
    """Which table of the document, from 0."""
    cells: Mapping[int, Cell]
    """By column; only the cells that begin in this row."""

    @property
    def text(self) -> str:
        """The cells' texts in order, for finding the row again."""
        return "|".join(normalise(c.text) for _, c in sorted(self.cells.items()))


def rows_of(tables: Iterable[Table]) -> list[TableRow]:
    """The rows of all tables, in order; a row in which no cell begins is left out."""
    rows = []
    for number, table in enumerate(tables):
        by_row: dict[int, dict[int, Cell]] = {}
        for cell in table.cells:
            by_row.setdefault(cell.row, {})[cell.col] = cell
        rows += [TableRow(number, by_row[row]) for row in sorted(by_row)]
    return rows


def align(truth: Sequence[str], found: Sequence[str]) -> dict[int, int]:
    """For each text of ``truth`` its place in ``found``, in order, so that the likeness together is greatest."""
    if not truth or not found:
        return {}
    alike = process.cdist(truth, found, scorer=fuzz.ratio, dtype=np.float32) / 100
    best = np.zeros((len(truth) + 1, len(found) + 1), np.float32)
    for i in range(1, len(truth) + 1):
        with_match = best[i - 1, :-1] + np.where(alike[i - 1] > _LIKE_ENOUGH, alike[i - 1], -1)
        best[i, 1:] = np.maximum.accumulate(np.maximum(best[i - 1, 1:], with_match))
    return _walk_back(best)


def _walk_back(best: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> dict[int, int]:
    pairs = {}
    i, j = best.shape[0] - 1, best.shape[1] - 1
    while i and j:
        if best[i, j] == best[i, j - 1]:
            j -= 1
        elif best[i, j] == best[i - 1, j]:
            i -= 1
        else:
            i, j = i - 1, j - 1
            pairs[i] = j
    return pairs


@dataclass(frozen=True, slots=True)
class Pair:
    """A cell of the truth and what the output has in its place."""

    row: int
    """Number of the truth's row among all rows."""
    truth: Cell
    found: Cell | None
    excused: bool = False
    """The row is missing from the output, and the output says of a table near it that rows may be missing."""

    @property
    def wanted(self) -> str:
        """The right text, normalised."""
        return normalise(self.truth.text)

    @property
    def got(self) -> str:
        """The output's text, normalised; "" where it has no cell."""
        return normalise(self.found.text) if self.found else ""

    @property
    def right(self) -> bool:
        """Whether the text is right."""
        return self.wanted == self.got

    @property
    def flagged(self) -> bool:
        """Whether the output asks for review."""
        return bool(self.found and self.found.needs_review)

    @property
    def silent(self) -> bool:
        """Whether it is wrong and nothing says so."""
        return not self.right and not self.flagged and not self.excused

    @property
    def kind(self) -> str:
        """amount, label or blank."""
        return "amount" if is_amount(self.wanted) else "label" if self.wanted else "blank"

    @property
    def spans(self) -> bool:
        """Whether the truth's cell covers more than one place."""
        return self.truth.row_span > 1 or self.truth.col_span > 1

    @property
    def spans_right(self) -> bool:
        """Whether the output's cell covers as much."""
        t, f = self.truth, self.found
        return f is not None and (f.row_span, f.col_span) == (t.row_span, t.col_span)


@dataclass(frozen=True, slots=True)
class Matched:
    """The cells of a truth with their counterparts, and what is left over."""

    pairs: tuple[Pair, ...]
    rows: int
    """Rows of the truth."""
    extra_rows: int
    """Rows of the output that are none of the truth."""
    partners: Mapping[int, Counter[int]]
    """For each table of the truth, how many of its rows were found in which table of the output."""


def match(truth: Paper, output: Paper) -> Matched:
    """Find the truth's cells in the output."""
    wanted, found = rows_of(truth.tables), rows_of(output.tables)
    places = align([r.text for r in wanted], [r.text for r in found])
    partners: dict[int, Counter[int]] = {}
    for i, j in places.items():
        partners.setdefault(wanted[i].table, Counter())[found[j].table] += 1
    warned = {n for n, table in enumerate(output.tables) if table.needs_review}
    pairs = []
    for i, row in enumerate(wanted):
        other = found[places[i]].cells if i in places else {}
        excused = i not in places and bool(warned & set(partners.get(row.table, ())))
        pairs += [Pair(i, cell, other.get(col), excused) for col, cell in row.cells.items()]
    return Matched(tuple(pairs), len(wanted), len(found) - len(set(places.values())), partners)


@dataclass(frozen=True, slots=True)
class Score:
    """The figures of one document; shares are 0–1."""

    tables: int
    """Printed."""
    tables_found: int
    rows_exact: float
    """Whole rows right."""
    amount_exact: float
    """Cells with a number that are right, in the right column of the right row."""
    label_exact: float
    """Cells with a text, likewise."""
    spans_exact: float
    """Merged cells with the right spans."""
    extra_rows: int
    silent_errors: int
    """Wrong cells that nothing flags."""
    silent_per_10k: float
    fields: int
    """Cells of the truth, blank ones too."""
    review_load: float
    """Share of the cells that are flagged; a flagged table costs its rows."""
    review_useful: float
    """Share of the flagged that are really wrong."""
    text_cer: float
    """Character error rate of the prose."""
    paragraph_exact: float
    """Paragraphs that come out whole and exact."""
    chars_extra: float
    """Characters that no page has, as a share of those that the pages have."""
    watermark_bigrams_per_page: float
    """Pairs of neighbouring characters of the phrase that the output has too many of."""


def score(truth: Paper, output: Paper) -> Score:
    """Every figure of one document."""
    matched = match(truth, output)
    silent = sum(p.silent for p in matched.pairs)
    return Score(
        tables=len(truth.tables),
        tables_found=len(output.tables),
        extra_rows=matched.extra_rows,
        fields=len(matched.pairs),
        silent_errors=silent,
        silent_per_10k=10_000 * share(silent, len(matched.pairs)),
        **_cell_figures(matched),
        **_review_figures(matched.pairs, output),
        **_text_figures(truth, output),
    )


def _cell_figures(matched: Matched) -> dict[str, float]:
    kinds, right = Counter(p.kind for p in matched.pairs), Counter(p.kind for p in matched.pairs if p.right)
    spans = [p for p in matched.pairs if p.spans]
    wrong_rows = {p.row for p in matched.pairs if not p.right}
    return {
        "rows_exact": share(matched.rows - len(wrong_rows), matched.rows),
        "amount_exact": share(right["amount"], kinds["amount"]),
        "label_exact": share(right["label"], kinds["label"]),
        "spans_exact": share(sum(p.spans_right for p in spans), len(spans)),
    }


def _review_figures(pairs: Sequence[Pair], output: Paper) -> dict[str, float]:
    warned = sum(len({c.row for c in table.cells}) for table in output.tables if table.needs_review)
    flagged = warned + sum(p.flagged for p in pairs)
    needless = sum(p.flagged and p.right for p in pairs)
    return {"review_load": share(flagged, len(pairs)), "review_useful": 1 - share(needless, flagged)}


def _texts(paper: Paper, kinds: frozenset[str] | None = None) -> list[str]:
    """The texts of a truth, normalised; of some kinds only, where given."""
    return [n for t in paper.texts if (kinds is None or t.kind in kinds) and (n := normalise(t.text))]


def _cell_texts(paper: Paper) -> str:
    return "".join(normalise(c.text) for r in rows_of(paper.tables) for c in r.cells.values())


def _text_figures(truth: Paper, output: Paper) -> dict[str, float]:
    body = [normalise(t.text) for t in output.texts if t.kind not in NOT_BODY]
    out = "".join(body) + _cell_texts(output)
    wanted = _texts(truth, frozenset({"text", "toc"}))
    printed = "".join(wanted) + _cell_texts(truth)
    paragraphs = Counter(t for t in _texts(truth, frozenset({"text"})) if len(t) > _PARAGRAPH)
    return {
        "text_cer": character_error_rate(wanted, out),
        "paragraph_exact": share((paragraphs & Counter(body)).total(), paragraphs.total()),
        "chars_extra": (Counter(out) - Counter(printed)).total() / max(1, len(printed)),
        "watermark_bigrams_per_page": residue(truth.watermark, printed, out) / max(1, truth.pages),
    }


def character_error_rate(wanted: Iterable[str], out: str) -> float:
    """Edits from each text to the most like part of ``out``, per character; a lost text costs its length."""
    texts = list(wanted)
    return share(sum(_edits(text, out) for text in texts), sum(map(len, texts)))


def _edits(text: str, out: str) -> int:
    if text in out:
        return 0
    if len(text) > len(out):
        return Levenshtein.distance(text, out)
    found = fuzz.partial_ratio_alignment(text, out)
    if found is None:
        return len(text)
    return min(len(text), Levenshtein.distance(text, out[found.dest_start : found.dest_end]))


def residue(phrase: str | None, printed: str, out: str) -> int:
    """How many pairs of neighbouring characters of the watermark ``out`` has beyond those ``printed``."""
    mark = normalise(phrase)
    pairs = {mark[i : i + 2] for i in range(len(mark) - 1)}
    return sum(max(0, out.count(pair) - printed.count(pair)) for pair in pairs)


@dataclass(frozen=True, slots=True)
class CorrectionScore:
    """What the corrections of one kind of cell did. A change of form alone (white space, width) is none."""

    changed: int
    """Cells whose text is not what was read."""
    mended: int
    """Read wrong, now right."""
    spoiled: int
    """Read right, now wrong. The figure that must be 0."""
    misread: int
    """Cells that were read wrong."""

    @property
    def precision(self) -> float:
        """Share of the changes that made a wrong text right; 1 where nothing was changed."""
        return self.mended / self.changed if self.changed else 1.0

    @property
    def recall(self) -> float:
        """Share of the misread cells that were made right; 1 where nothing was misread."""
        return self.mended / self.misread if self.misread else 1.0

    def __add__(self, other: CorrectionScore) -> CorrectionScore:
        """Both documents together."""
        return CorrectionScore(
            self.changed + other.changed,
            self.mended + other.mended,
            self.spoiled + other.spoiled,
            self.misread + other.misread,
        )


NO_CORRECTIONS = CorrectionScore(0, 0, 0, 0)
"""What to begin a sum with."""


def corrections(matched: Matched, kind: str) -> CorrectionScore:
    """The corrections of the cells that are of ``kind`` (amount or label) in the truth."""
    cells = [
        (p.wanted, normalise(p.found.raw), p.got)
        for p in matched.pairs
        if p.kind == kind and p.found and p.found.raw is not None
    ]
    return CorrectionScore(
        changed=sum(raw != got for _, raw, got in cells),
        mended=sum(raw != wanted == got for wanted, raw, got in cells),
        spoiled=sum(raw == wanted != got for wanted, raw, got in cells),
        misread=sum(raw != wanted for wanted, raw, _ in cells),
    )


def corrections_by_rule(pairs: Iterable[Pair]) -> dict[str, CorrectionScore]:
    """What the corrections of each rule did, over cells of all kinds; a cell counts for every rule that changed it.

    ``misread`` is that of all cells: no rule is there for every misreading, and the recalls add up.
    """
    judged = [(p, normalise(p.found.raw)) for p in pairs if p.found and p.found.raw is not None]
    misread = sum(raw != p.wanted for p, raw in judged)
    cells: dict[str, list[tuple[Pair, str]]] = {}
    for pair, raw in judged:
        changes = pair.found.corrections if pair.found else ()
        for rule in dict.fromkeys(c.rule for c in changes if normalise(c.before) != normalise(c.after)):
            cells.setdefault(rule, []).append((pair, raw))
    return {
        rule: CorrectionScore(
            changed=sum(raw != p.got for p, raw in own),
            mended=sum(raw != p.wanted == p.got for p, raw in own),
            spoiled=sum(raw == p.wanted != p.got for p, raw in own),
            misread=misread,
        )
        for rule, own in sorted(cells.items())
    }


@dataclass(frozen=True, slots=True)
class Bin:
    """Fields of about the same confidence."""

    count: int
    confidence: float
    """Mean, as the output says."""
    right: float
    """Share that is really right."""


def reliability(pairs: Iterable[Pair], bins: int = 10) -> tuple[Bin, ...]:
    """Fields that are not blank both ways, in ``bins`` equal steps of confidence; empty steps are left out."""
    groups: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in _confidences(pairs):
        groups.setdefault(min(bins - 1, int(confidence * bins)), []).append((confidence, right))
    return tuple(
        Bin(len(g), sum(c for c, _ in g) / len(g), sum(r for _, r in g) / len(g)) for _, g in sorted(groups.items())
    )


def _confidences(pairs: Iterable[Pair]) -> Iterator[tuple[float, bool]]:
    for pair in pairs:
        if pair.found and pair.found.confidence is not None and (pair.wanted or pair.got):
            yield pair.found.confidence, pair.right


def calibration_error(table: Sequence[Bin]) -> float:
    """Expected calibration error: mean distance of confidence and share right, by the number of fields."""
    return share(sum(b.count * abs(b.confidence - b.right) for b in table), sum(b.count for b in table))
