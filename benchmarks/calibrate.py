"""Fits and measures the calibration of confidences (可信度校准).

    python -m benchmarks.calibrate refit FOLDER [--documents N]          all of it: draw, read, fit, measure on others

    python -m benchmarks.calibrate collect FIELDS.jsonl FILE.pdf …      read documents that have a truth beside them
    python -m benchmarks.calibrate fit FIELDS.jsonl … [--to WEIGHTS.csv]  the logistic model's weights
    python -m benchmarks.calibrate measure FIELDS.jsonl …               reliability table, expected calibration error

Measure on other documents than those that were fitted on; ``refit`` does: of the documents that it draws every third is
held out. Confidences depend on the networks (models, numbers they compute in), so that these call for ``refit`` when
they change. The fit is a ridge-penalised logistic regression by
Newton's method (iteratively reweighted least squares); the penalty stands for a few fields of either kind, so that
a feature that was never wrong in the sample gets no infinite weight.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import make_samples, papers
from benchmarks.calibration_set import sample
from benchmarks.metrics import align, normalise, rows_of
from cleanup.calibration import FieldEvidence, confidence
from cleanup.confidence import field_evidence
from dictionaries.calibration import FILE, KINDS, Calibration, load_calibration
from dictionaries.loader import SHIPPED, load_dictionary
from document.json import to_json
from document.types import Document, TextBlock

PENALTY = 1.0
"""Ridge penalty on all weights but the bias, in fields."""
STEPS = 60
HELD_OUT = 3
"""Of the documents that ``refit`` draws every third is measured on, not fitted on."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a read document with its evidence and whether it is right."""

    document: str
    kind: str
    features: dict[str, float]
    right: bool


def fields_of(document: Document, truth: papers.Paper) -> Iterator[Field]:
    """The fields of a document that was read up to the reconciliation, judged by its truth.

    Cells in rows that the truth has not, or that were not read at all, are left out.
    """
    evidence = field_evidence(document, load_dictionary())
    output = papers.from_json(to_json(document))
    indices = [i for i, b in enumerate(document.blocks) if not isinstance(b, TextBlock)]
    wanted, found = rows_of(truth.tables), rows_of(output.tables)
    for i, j in align([r.text for r in wanted], [r.text for r in found]).items():
        for col, cell in wanted[i].cells.items():
            other = found[j].cells.get(col)
            if other is not None:
                known = evidence[indices[found[j].table], other.row, other.col]
                yield _field(document, known, normalise(cell.text) == normalise(other.text))
    texts = {normalise(t.text) for t in truth.texts}
    for (index, row, _), known in evidence.items():
        block = document.blocks[index]
        if row < 0 and isinstance(block, TextBlock):
            yield _field(document, known, normalise(block.reading.text) in texts)


def _field(document: Document, known: FieldEvidence, right: bool) -> Field:
    return Field(document.source.name, known.kind, known.features(), right)


def fit(fields: Sequence[Field]) -> dict[str, dict[str, float]]:
    """The weights by kind and feature; a kind of which there are no fields has none."""
    weights: dict[str, dict[str, float]] = {}
    for kind in KINDS:
        own = [f for f in fields if f.kind == kind]
        if own:
            names = list(own[0].features)
            inputs = np.array([[f.features[n] for n in names] for f in own], dtype=np.float64)
            right = np.array([f.right for f in own], dtype=np.float64)
            fitted = logistic(inputs, right)
            weights[kind] = {n: round(float(w), 3) for n, w in zip(names, fitted, strict=True)}
    return weights


def logistic(inputs: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights for ``inputs`` (fields, features; the first is the bias) that make ``right`` (fields,) likeliest."""
    penalty = np.full(inputs.shape[1], PENALTY)
    penalty[0] = 0.1  # the bias is free but for keeping a sample without errors finite
    weights = np.zeros(inputs.shape[1])
    for _ in range(STEPS):
        said = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        gradient = inputs.T @ (right - said) - penalty * weights
        curvature = (inputs * (said * (1 - said))[:, None]).T @ inputs + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        weights = weights + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-6:
            break
    return np.asarray(weights, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a reliability table."""

    low: float
    high: float
    count: int
    said: float
    """Mean confidence."""
    right: float
    """Share that is right."""


EDGES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 1.0001)
"""Steps of confidence: fine near 1, where nearly all fields are."""


def reliability(fields: Sequence[Field], calibration: Calibration) -> tuple[Line, ...]:
    """How often fields of each confidence are right."""
    said = [(_said(f, calibration), f.right) for f in fields]
    lines = []
    for low, high in pairwise(EDGES):
        inside = [(c, r) for c, r in said if low <= c < high]
        if inside:
            mean = sum(c for c, _ in inside) / len(inside)
            lines.append(Line(low, min(high, 1.0), len(inside), mean, sum(r for _, r in inside) / len(inside)))
    return tuple(lines)


def _said(field: Field, calibration: Calibration) -> float:
    f = field.features
    evidence = FieldEvidence(
        kind=field.kind,
        doubt=_from_logit(f["doubt"]),
        mean=_from_logit(f["mean"]),
        sums=int(f["one_sum"] + f["two_sums"]),
        known=bool(f["known"]),
        mended=bool(f["mended"]),
        doubted=bool(f["doubted"]),
        cover=f["cover"],
        table_doubted=bool(f["table_doubted"]),
        headless=bool(f["headless"]),
    )
    return confidence(evidence, calibration)


def _from_logit(feature: float) -> float:
    return float(1 / (1 + np.exp(-8 * feature)))


def calibration_error(lines: Sequence[Line]) -> float:
    """Expected calibration error: mean distance of what is said from what is right, weighted by fields."""
    total = sum(line.count for line in lines)
    return sum(line.count * abs(line.said - line.right) for line in lines) / max(1, total)


def write_weights(weights: dict[str, dict[str, float]], path: Path) -> None:
    """The weights as the CSV file that ``dictionaries.calibration`` reads."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("kind", "feature", "weight"))
        writer.writerows((kind, name, weight) for kind, own in weights.items() for name, weight in own.items())


def read_fields(paths: Iterable[Path]) -> list[Field]:
    """The fields that ``collect`` wrote."""
    lines = (line for path in paths for line in path.read_text(encoding="utf-8").splitlines())
    return [Field(**json.loads(line)) for line in lines if line.strip()]


def _collect(target: Path, sources: Sequence[Path]) -> None:
    from flows.document import prepare, put_together, read_page  # here only: they bring the engine
    from flows.options import RunOptions
    from ocr.engine import load_engine

    options = RunOptions()
    engine = load_engine(options.engine)
    with target.open("w", encoding="utf-8") as stream:
        for source in sources:
            plan = prepare(source, options, engine)
            document = put_together(plan, [read_page(plan, number, engine) for number in plan.numbers])
            for field in fields_of(document, papers.read(source.with_suffix(".truth.json"))):
                row = {n: getattr(field, n) for n in ("document", "kind", "features", "right")}
                stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def _refit(folder: Path, documents: int, first: int, target: Path) -> None:
    """Draw documents, read them, fit the weights on two thirds of them and print how they do on the others."""
    sources = [make_samples.write(sample(seed), folder) for seed in range(first, first + documents)]
    rows = folder / "fields.jsonl"
    _collect(rows, sources)
    fields = read_fields([rows])
    held_out = {path.name for path in sources[HELD_OUT - 1 :: HELD_OUT]}
    write_weights(fit([f for f in fields if f.document not in held_out]), target)
    sys.stdout.write(f"measured on {len(held_out)} documents that were not fitted on\n")
    _print_table([f for f in fields if f.document in held_out], load_calibration(target.parent))


def _print_table(fields: Sequence[Field], calibration: Calibration) -> None:
    for kind in KINDS:
        lines = reliability([f for f in fields if f.kind == kind], calibration)
        sys.stdout.write(f"{kind}: expected calibration error {calibration_error(lines):.4f}\n")
        for line in lines:
            span = f"{line.low:.3f}-{line.high:.3f}"
            sys.stdout.write(f"  {span} {line.count:6d} fields, said {line.said:.4f}, right {line.right:.4f}\n")


def main() -> None:
    """Collect, fit or measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    refitting = commands.add_parser("refit")
    refitting.add_argument("folder", type=Path, help="for the drawn documents and their fields")
    refitting.add_argument("--documents", type=int, default=24)
    refitting.add_argument("--first", type=int, default=7000, help="seed of the first document")
    refitting.add_argument("--to", type=Path, default=SHIPPED / FILE, help=f"the weights, a file named {FILE}")
    collect = commands.add_parser("collect")
    collect.add_argument("target", type=Path)
    collect.add_argument("sources", nargs="+", type=Path)
    fitting = commands.add_parser("fit")
    fitting.add_argument("fields", nargs="+", type=Path)
    fitting.add_argument("--to", type=Path, default=SHIPPED / FILE)
    measure = commands.add_parser("measure")
    measure.add_argument("fields", nargs="+", type=Path)
    arguments = parser.parse_args()
    if arguments.command == "refit":
        _refit(arguments.folder, arguments.documents, arguments.first, arguments.to)
    elif arguments.command == "collect":
        _collect(arguments.target, arguments.sources)
    elif arguments.command == "fit":
        write_weights(fit(read_fields(arguments.fields)), arguments.to)
    else:
        _print_table(read_fields(arguments.fields), load_calibration())


if __name__ == "__main__":
    main()
