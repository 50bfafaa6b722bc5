"""Runs the pipeline over scans whose truth is known, and scores what comes out.

    python -m benchmarks [FOLDER ...] [-o OUT] [-j N]      the samples, and any folder of scans with truth files

A scan counts when ``NAME.truth.json`` lies beside ``NAME.pdf`` (or beside ``NAME.anything.pdf``). Every
document is a call of the command line of its own, so that its time and memory are its own; the program's
start is part of its time. Writes ``benchmark.md``, ``benchmark.json`` and, for each document, the output, the
program's log and ``differences.txt``: what is wrong in it.
"""

from __future__ import annotations

import argparse
import datetime
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import papers, report
from benchmarks.machine import machine, versions
from benchmarks.metrics import NO_CORRECTIONS, CorrectionScore, Matched, Pair, Score, corrections, match, score
from benchmarks.papers import Paper
from benchmarks.teds import mean_teds

log = logging.getLogger(__name__)
SAMPLES = Path(__file__).parent / "samples"


@dataclass(frozen=True, slots=True)
class Case:
    """A scan and its truth."""

    name: str
    scan: Path
    truth: Path


@dataclass(frozen=True, slots=True)
class Effort:
    """What one call of the program cost."""

    seconds: float
    """Wall clock, the start included."""
    peak_mib: float
    """Of the largest single process."""
    exit_code: int


@dataclass(frozen=True, slots=True)
class Result:
    """One scored document."""

    case: Case
    truth: Paper
    effort: Effort | None
    """None where only what lay there was scored."""
    score: Score | None
    """None where no document came out."""
    teds: float = 0.0
    teds_structure: float = 0.0
    """TEDS of the cells and their spans, whatever they say."""
    labels: CorrectionScore = NO_CORRECTIONS
    amounts: CorrectionScore = NO_CORRECTIONS
    pairs: tuple[Pair, ...] = ()


def truth_of(scan: Path) -> Path | None:
    """The truth file beside a scan: NAME.truth.json for NAME.pdf and for NAME.anything.pdf."""
    name = scan.name
    while "." in name:
        name = name.rpartition(".")[0]
        truth = scan.with_name(f"{name}.truth.json")
        if truth.is_file():
            return truth
    return None


def cases(folders: Iterable[Path]) -> tuple[Case, ...]:
    """The scans with a truth in the folders, by name; a name that comes twice gets its folder's before it."""
    found: list[Case] = []
    for folder in folders:
        for scan in sorted(folder.glob("*.pdf")):
            truth = truth_of(scan)
            if truth:
                taken = {c.name for c in found}
                name = f"{folder.name}-{scan.stem}" if scan.stem in taken else scan.stem
                found.append(Case(name, scan, truth))
    return tuple(found)


def call(case: Case, out: Path, options: Sequence[str]) -> Effort:
    """Run the program on one scan, into ``out``."""
    command = [sys.executable, "-m", "commands.main", "run", str(case.scan), "-o", str(out), "--force", *options]
    out.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    with (out / "log.txt").open("w", encoding="utf-8") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    kibibytes = used.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return Effort(seconds, kibibytes / 1024, process.returncode)


def partners(matched: Matched) -> dict[int, int]:
    """For each table of the truth the table of the output that has most of its rows, each used once."""
    counted = [(count, t, o) for t, others in matched.partners.items() for o, count in others.items()]
    chosen: dict[int, int] = {}
    for _, t, o in sorted(counted, key=lambda x: (-x[0], x[1], x[2])):
        if t not in chosen and o not in chosen.values():
            chosen[t] = o
    return chosen


def assess(case: Case, out: Path, effort: Effort | None) -> Result:
    """Score what the program wrote into ``out``."""
    truth = papers.read(case.truth)
    written = sorted(out.glob("*/document.json"))
    if len(written) != 1:
        log.error("%s: %d documents came out, see %s", case.name, len(written), out / "log.txt")
        return Result(case, truth, effort, None)
    output = papers.read(written[0])
    matched = match(truth, output)
    chosen = partners(matched)
    (out / "differences.txt").write_text(report.differences(truth, output, matched.pairs), encoding="utf-8")
    return Result(
        case=case,
        truth=truth,
        effort=effort,
        score=score(truth, output),
        teds=mean_teds(truth.tables, output.tables, chosen),
        teds_structure=mean_teds(truth.tables, output.tables, chosen, texts=False),
        labels=corrections(matched, "label"),
        amounts=corrections(matched, "amount"),
        pairs=matched.pairs,
    )


def bench(found: Iterable[Case], out: Path, options: Sequence[str], *, run: bool = True) -> tuple[Result, ...]:
    """Run and score the documents one after another; with ``run`` False score what lies in ``out``."""
    results = []
    for case in found:
        effort = call(case, out / case.name, options) if run else None
        results.append(assess(case, out / case.name, effort))
        log.info("%s %s", case.name, f"{effort.seconds:.1f} s" if effort else "scored")
    return tuple(results)


def _arguments(arguments: Sequence[str] | None) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Score the pipeline. Unknown options go to qingzhang run."
    )
    parser.add_argument("folders", nargs="*", type=Path, help="folders of scans with truth files, beside the samples")
    parser.add_argument("-o", "--out", type=Path, default=Path("out/bench"), help="folder for outputs and report")
    parser.add_argument("-j", "--jobs", type=int, default=min(2, os.cpu_count() or 1), help="processes a document")
    parser.add_argument("--no-samples", action="store_true", help="only the folders")
    parser.add_argument("--score-only", action="store_true", help="score what lies in OUT; run nothing")
    given, passed_on = parser.parse_known_args(arguments)
    missing = [str(f) for f in given.folders if not f.is_dir()]
    if missing:
        parser.error(f"no such folder: {', '.join(missing)}")
    return given, passed_on


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, score, write the report; 1 when a document did not come out or there is none."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    given, passed_on = _arguments(arguments)
    found = cases([*([] if given.no_samples else [SAMPLES]), *given.folders])
    options = ["--jobs", str(given.jobs), *passed_on]
    results = bench(found, given.out, options, run=not given.score_only)
    about = {
        "date": datetime.date.today().isoformat(),
        "options": options,
        "machine": machine(),
        "versions": versions(),
    }
    given.out.mkdir(parents=True, exist_ok=True)
    text = report.markdown(results, about)
    (given.out / "benchmark.md").write_text(text, encoding="utf-8")
    data = json.dumps(report.data(results, about), ensure_ascii=False, indent=1)
    (given.out / "benchmark.json").write_text(data + "\n", encoding="utf-8")
    sys.stdout.write(text)
    return 0 if results and all(r.score for r in results) else 1


if __name__ == "__main__":
    sys.exit(main())
