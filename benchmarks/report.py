"""The benchmark's report, as a markdown table and as JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

from benchmarks.metrics import (
    NO_CORRECTIONS,
    Pair,
    calibration_error,
    corrections_by_rule,
    normalise,
    reliability,
)
from benchmarks.papers import Paper

if TYPE_CHECKING:
    from benchmarks.run import Result


def _part(value: float) -> str:
    return f"{value:.4f}"


def _speed(result: Result) -> str:
    return f"{seconds_per_page(result):.2f}" if result.effort else "–"


def seconds_per_page(result: Result) -> float:
    """Wall clock over pages, the program's start included; 0 where nothing was run."""
    return result.effort.seconds / max(1, result.truth.pages) if result.effort else 0.0


def _figure(name: str) -> Callable[[Result], str]:
    def shown(result: Result) -> str:
        value = getattr(result.score, name) if result.score else None
        return "–" if value is None else _part(value) if isinstance(value, float) else str(value)

    return shown


COLUMNS: tuple[tuple[str, Callable[[Result], str]], ...] = (
    ("document", lambda r: r.case.name),
    ("profile", lambda r: r.truth.profile),
    ("pages", lambda r: str(r.truth.pages)),
    ("amount_exact", _figure("amount_exact")),
    ("label_exact", _figure("label_exact")),
    ("rows_exact", _figure("rows_exact")),
    ("spans_exact", _figure("spans_exact")),
    ("TEDS", lambda r: _part(r.teds) if r.score else "–"),
    ("TEDS structure", lambda r: _part(r.teds_structure) if r.score else "–"),
    ("tables", lambda r: f"{r.score.tables_found}/{r.score.tables}" if r.score else "–"),
    ("extra_rows", _figure("extra_rows")),
    ("silent", _figure("silent_errors")),
    ("silent_per_10k", lambda r: f"{r.score.silent_per_10k:.1f}" if r.score else "–"),
    ("review_load", _figure("review_load")),
    ("review_useful", _figure("review_useful")),
    ("text_cer", _figure("text_cer")),
    ("paragraph_exact", _figure("paragraph_exact")),
    ("chars_extra", _figure("chars_extra")),
    ("watermark_bigrams", lambda r: f"{r.score.watermark_bigrams_per_page:.2f}" if r.score else "–"),
    ("s/page", _speed),
    ("MiB", lambda r: f"{r.effort.peak_mib:.0f}" if r.effort else "–"),
)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _effort(results: Sequence[Result]) -> str:
    ran = [r for r in results if r.effort]
    if not ran:
        return ""
    pace, peak = median(map(seconds_per_page, ran)), max(r.effort.peak_mib for r in ran if r.effort)
    return f"{pace:.2f} s a page (median over documents, start included), peak {peak:.0f} MiB in one process."


def _corrections(results: Sequence[Result]) -> str:
    kinds = (
        ("labels", sum((r.labels for r in results), NO_CORRECTIONS)),
        ("amounts", sum((r.amounts for r in results), NO_CORRECTIONS)),
        *((f"rule {name}", s) for name, s in corrections_by_rule(p for r in results for p in r.pairs).items()),
    )
    heads = ("corrections of", "read wrong", "changed", "made right", "made wrong", "precision", "recall")
    rows = (
        (name, *map(str, (s.misread, s.changed, s.mended, s.spoiled)), _part(s.precision), _part(s.recall))
        for name, s in kinds
    )
    return _table(heads, rows)


def _reliability(results: Sequence[Result]) -> str:
    bins = reliability(p for r in results for p in r.pairs)
    rows = ((str(b.count), _part(b.confidence), _part(b.right)) for b in bins)
    error = f"Expected calibration error {_part(calibration_error(bins))}."
    return _table(("fields", "mean confidence", "really right"), rows) + f"\n\n{error}"


def differences(truth: Paper, output: Paper, pairs: Iterable[Pair]) -> str:
    """Every wrong cell and lost paragraph, a line each, for the person who mends the pipeline."""
    lines = []
    for pair in pairs:
        if not pair.right or (pair.spans and not pair.spans_right):
            cell, found = pair.truth, pair.found
            span = f" span {cell.row_span}×{cell.col_span}, got {found.row_span}×{found.col_span}" if found else " lost"
            flag = " flagged" if pair.flagged else " excused" if pair.excused else ""
            place = f"row {pair.row} ({cell.row}, {cell.col})"
            lines.append(f"{place}: {pair.wanted!r} got {pair.got!r}{span}{flag}")
    body = {normalise(text.text) for text in output.texts}
    lost = (n for text in truth.texts if (n := normalise(text.text)) and n not in body)
    return "\n".join([*lines, *(f"text: {text}" for text in lost)]) + "\n"


def markdown(results: Sequence[Result], about: Mapping[str, Any]) -> str:
    """The report for people."""
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    parts = [
        f"# Benchmark, {about['date']}",
        f"{about['machine']}. {versions}. Options: `{' '.join(about['options'])}`.",
        _table([name for name, _ in COLUMNS], ([shown(r) for _, shown in COLUMNS] for r in results)),
        _effort(results),
        "## Corrections\n\nCells whose text differs from what was read; changes of form alone are not counted. "
        "A rule's recall is its share of all misread cells.",
        _corrections(results),
        "## Confidence\n\nFields in steps of the confidence that the output states.",
        _reliability(results),
    ]
    return "\n\n".join(p for p in parts if p) + "\n"


def _result_data(result: Result) -> dict[str, Any]:
    return {
        "name": result.case.name,
        "profile": result.truth.profile,
        "pages": result.truth.pages,
        "score": dataclasses.asdict(result.score) if result.score else None,
        "teds": result.teds,
        "teds_structure": result.teds_structure,
        "labels": dataclasses.asdict(result.labels),
        "amounts": dataclasses.asdict(result.amounts),
        "effort": dataclasses.asdict(result.effort) if result.effort else None,
    }


def means(results: Sequence[Result]) -> dict[str, float]:
    """The plain mean of each figure over the documents that came out."""
    scored = [dataclasses.asdict(r.score) for r in results if r.score]
    return {name: fmean(s[name] for s in scored) for name in scored[0]} if scored else {}


def data(results: Sequence[Result], about: Mapping[str, Any]) -> dict[str, Any]:
    """The report for programs."""
    bins = reliability(p for r in results for p in r.pairs)
    return {
        **about,
        "documents": [_result_data(r) for r in results],
        "mean": means(results),
        "reliability": [dataclasses.asdict(b) for b in bins],
        "calibration_error": calibration_error(bins),
    }
