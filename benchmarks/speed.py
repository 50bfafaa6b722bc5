"""How fast the pipeline is, beside the stock engines on the same pages and the same cores.

    python -m benchmarks.speed [FOLDER] [-o OUT] [--rounds 5] [--documents N] [--pages 1-3] [--lengths 10,100,1000]

The pipeline's seconds are those of the whole command, ``qingzhang run -j 2``: start, rasterising, clean-up, reading,
tables, writing. The peers' are those of their reading alone (``benchmarks/peers.py``), with two threads. The systems
take turns, document by document, and the median of the rounds counts. Processor time stands beside wall clock: on a
machine that does other work it is the fairer of the two.

``--lengths`` measures the pipeline on one document whose pages are repeated, as long as the numbers say: cost a page
and memory must stay level. ``--profile`` tells where a page's time goes.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import pymupdf

from benchmarks import stages
from benchmarks.machine import machine, versions
from benchmarks.memory import peak_of_tree
from benchmarks.peers import READERS
from benchmarks.run import SAMPLES
from ocr.pdf import open_source

OURS = "qingzhang"
CORES = 2
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One system, one document, one round."""

    system: str
    document: str
    pages: int
    seconds: float
    """Wall clock; of a peer, of its reading alone."""
    processor: float
    """Seconds of processor time over all cores, counted like ``seconds``."""
    peak_mib: float
    """Of the whole process tree, shared pages counted once; 0 where the system does not tell."""


@dataclass(frozen=True, slots=True)
class Line:
    """One system on one document over all rounds: medians."""

    system: str
    document: str
    pages: int
    seconds_a_page: float
    processor_a_page: float
    peak_mib: float


class SpeedError(Exception):
    """A system did not come through: the message says which, and where its log lies."""


def medians(measurements: Iterable[Measurement]) -> tuple[Line, ...]:
    """A line for each system and document, in the order they came."""
    groups: dict[tuple[str, str], list[Measurement]] = {}
    for m in measurements:
        groups.setdefault((m.document, m.system), []).append(m)
    return tuple(
        Line(
            system=system,
            document=document,
            pages=group[0].pages,
            seconds_a_page=median(m.seconds / m.pages for m in group),
            processor_a_page=median(m.processor / m.pages for m in group),
            peak_mib=median(m.peak_mib for m in group),
        )
        for (document, system), group in groups.items()
    )


def total(lines: Sequence[Line], system: str) -> tuple[float, float]:
    """Seconds of wall clock and processor a page of one system over all documents."""
    own = [line for line in lines if line.system == system]
    pages = sum(line.pages for line in own)
    return (
        sum(line.seconds_a_page * line.pages for line in own) / pages,
        sum(line.processor_a_page * line.pages for line in own) / pages,
    )


def markdown(lines: Sequence[Line]) -> str:
    """The table: a row for each document, and one for all; ratios are ours divided by the peer's."""
    peers = list(dict.fromkeys(line.system for line in lines if line.system != OURS))
    by_place = {(line.document, line.system): line for line in lines}
    heads = ["document", "pages", f"{OURS} s/page (processor)", "MiB"]
    for peer in peers:
        heads += [f"{peer} s/page (processor)", "MiB", "ratio (processor)"]
    rows = [heads, ["---"] * len(heads)]
    for document in dict.fromkeys(line.document for line in lines):
        ours = by_place[document, OURS]
        row = [document, str(ours.pages), _pair(ours.seconds_a_page, ours.processor_a_page), f"{ours.peak_mib:.0f}"]
        for peer in peers:
            other = by_place[document, peer]
            row += [_pair(other.seconds_a_page, other.processor_a_page), f"{other.peak_mib:.0f}"]
            ratios = ours.seconds_a_page / other.seconds_a_page, ours.processor_a_page / other.processor_a_page
            row.append(_pair(*ratios))
        rows.append(row)
    mine = total(lines, OURS)
    row = ["all", str(sum(line.pages for line in lines if line.system == OURS)), _pair(*mine), ""]
    for peer in peers:
        theirs = total(lines, peer)
        row += [_pair(*theirs), "", _pair(mine[0] / theirs[0], mine[1] / theirs[1])]
    rows.append(row)
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def _pair(wall: float, processor: float) -> str:
    return f"{wall:.2f} ({processor:.2f})"


def measure_ours(scan: Path, out: Path, pages: str | None, options: Sequence[str]) -> Measurement:
    """The whole command on one scan."""
    command = [sys.executable, "-m", "commands.main", "run", str(scan), "-o", str(out), "--force", "-j", str(CORES)]
    command += [*(["--pages", pages] if pages else []), *options]
    call = _call(command, out / f"{scan.stem}.log")
    written = sorted(out.glob("*/run.json"))
    count = max((json.loads(file.read_text(encoding="utf-8"))["pages"] for file in written), default=0)
    if call.exit_code or not count:
        raise SpeedError(f"{scan.name}: the pipeline failed (exit code {call.exit_code}), see {call.log}")
    return Measurement(OURS, scan.stem, count, call.seconds, call.processor, call.peak_mib)


def measure_peer(system: str, scan: Path, out: Path, pages: str | None) -> Measurement:
    """A stock engine on the same pages; its seconds are those it tells of its reading."""
    command = [sys.executable, "-m", "benchmarks.peers", system, str(scan), "--threads", str(CORES)]
    call = _call([*command, *(["--pages", pages] if pages else [])], out / f"{scan.stem}-{system}.log")
    told = [line for line in call.log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    if call.exit_code or not told:
        raise SpeedError(f"{scan.name}: {system} failed (exit code {call.exit_code}), see {call.log}")
    answer = json.loads(told[-1])
    return Measurement(system, scan.stem, int(answer["pages"]), answer["seconds"], answer["processor"], call.peak_mib)


@dataclass(frozen=True, slots=True)
class _Call:
    exit_code: int
    seconds: float
    processor: float
    peak_mib: float
    log: Path


def _call(command: Sequence[str], log_file: Path) -> _Call:
    """Run a command on ``CORES`` cores; processor time and memory are those of all its processes."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    start, before = time.perf_counter(), os.times()
    with log_file.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        peak = peak_of_tree(process)
    after = os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return _Call(process.returncode, time.perf_counter() - start, processor, peak, log_file)


def compare(
    scans: Sequence[Path], out: Path, rounds: int, pages: str | None, options: Sequence[str], peers: Sequence[str]
) -> tuple[Measurement, ...]:
    """All systems on all documents, taking turns."""
    found: list[Measurement] = []
    for number in range(1, rounds + 1):
        for scan in scans:
            found.append(measure_ours(scan, out / OURS / scan.stem, pages, options))
            found += [measure_peer(peer, scan, out / peer, pages) for peer in peers]
            log.info(
                "round %d: %s", number, ", ".join(f"{m.system} {m.seconds:.1f} s" for m in found[-1 - len(peers) :])
            )
    return tuple(found)


def repeated(scan: Path, count: int, target: Path) -> Path:
    """A document of so many pages: those of the scan, again and again."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with open_source(scan) as source, pymupdf.open() as document:
        while document.page_count < count:
            last = min(source.page_count, count - document.page_count) - 1
            document.insert_pdf(source, from_page=0, to_page=last)
        document.save(target, garbage=4)
    return target


def lengths(scan: Path, counts: Sequence[int], out: Path, options: Sequence[str]) -> tuple[Measurement, ...]:
    """The pipeline on a document of each length."""
    found = []
    for count in counts:
        long = repeated(scan, count, out / "lengths" / f"pages-{count:05}.pdf")
        found.append(measure_ours(long, out / "lengths" / str(count), None, options))
        log.info("%d pages: %.2f s/page, %.0f MiB", count, found[-1].seconds / count, found[-1].peak_mib)
    return tuple(found)


def lengths_markdown(measurements: Sequence[Measurement]) -> str:
    """A row for each length."""
    rows = ["| pages | s/page | processor s/page | MiB, all processes |", "| --- | --- | --- | --- |"]
    for m in measurements:
        rows.append(f"| {m.pages} | {m.seconds / m.pages:.2f} | {m.processor / m.pages:.2f} | {m.peak_mib:.0f} |")
    return "\n".join(rows) + "\n"


def _arguments(arguments: Sequence[str] | None) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed", description="Time the pipeline. Unknown options go to qingzhang run."
    )
    parser.add_argument("folder", nargs="?", type=Path, default=SAMPLES, help="folder of scans; default: the samples")
    parser.add_argument("-o", "--out", type=Path, default=Path("out/speed"), help="folder for outputs and report")
    parser.add_argument("--rounds", type=int, default=5, help="times that each system reads each document")
    parser.add_argument("--documents", type=int, help="only the first so many documents")
    parser.add_argument("--pages", help="only these pages of each document, as of qingzhang run")
    parser.add_argument("--peers", default=",".join(READERS), help="stock engines to compare with; '' for none")
    parser.add_argument("--lengths", default="", help="numbers of pages, e.g. 10,100,1000: instead of comparing")
    parser.add_argument("--profile", action="store_true", help="where a page's time goes: instead of comparing")
    given, passed_on = parser.parse_known_args(arguments)
    if not sorted(given.folder.glob("*.pdf")):
        parser.error(f"no PDF in {given.folder}")
    return given, passed_on


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, and write it with the single measurements beside it."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("paddlex").setLevel(logging.ERROR)
    given, options = _arguments(arguments)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    scans = sorted(given.folder.glob("*.pdf"))[: given.documents]
    measurements: tuple[Measurement, ...] = ()
    if given.profile:
        text = stages.markdown(stages.profile(scans, given.pages))
    elif given.lengths:
        measurements = lengths(scans[0], [int(n) for n in given.lengths.split(",")], given.out, options)
        text = lengths_markdown(measurements)
    else:
        peers = [name for name in given.peers.split(",") if name]
        measurements = compare(scans, given.out, given.rounds, given.pages, options, peers)
        text = markdown(medians(measurements))
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "speed.md").write_text(text, encoding="utf-8")
    data = {"machine": machine(), "versions": versions(), "measurements": [asdict(m) for m in measurements]}
    (given.out / "speed.json").write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
