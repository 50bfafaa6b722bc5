"""How fast the pipeline is, beside the stock engines on the same pages and the same cores.

    python -m benchmarks.speed [FOLDER] [-o OUT] [--rounds 5] [--documents N] [--pages 1-3] [--lengths 10,100,1000]

The pipeline's seconds are those of the whole command, ``qingzhang run -j 2``: start, rasterising, clean-up, reading,
tables, writing; once for each document, and once for the folder, as an archive is read. The peers' are those of their
reading alone (``benchmarks/peers.py``), with two threads. The systems take turns, document by document, and the median
of the rounds counts. Processor time stands beside wall clock: on a machine that does other work it is the fairer of the
two. The report is written anew after each round.

``--lengths`` measures the pipeline on one document whose pages are repeated, as long as the numbers say: cost a page
and memory must stay level. ``--profile`` tells where a page's time goes.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
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
TOGETHER = "all, by one command"
"""What the folder as a whole is called among the documents."""
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
    own = [line for line in lines if line.system == system and line.document != TOGETHER]
    pages = sum(line.pages for line in own)
    return (
        sum(line.seconds_a_page * line.pages for line in own) / pages,
        sum(line.processor_a_page * line.pages for line in own) / pages,
    )


def markdown(lines: Sequence[Line]) -> str:
    """The table: a row for each document, then two for all of them: by a command for each, and by one for all.

    Ratios are ours divided by the peer's, which has no start to be shared: its reading is the same in both.
    """
    peers = list(dict.fromkeys(line.system for line in lines if line.system != OURS))
    by_place = {(line.document, line.system): line for line in lines}
    heads = ["document", "pages", f"{OURS} s/page (processor)", "MiB"]
    for peer in peers:
        heads += [f"{peer} s/page (processor)", "MiB", "ratio (processor)"]
    rows = [heads, ["---"] * len(heads)]
    for document in dict.fromkeys(line.document for line in lines if line.document != TOGETHER):
        ours = by_place[document, OURS]
        row = [document, str(ours.pages), _pair(ours.seconds_a_page, ours.processor_a_page), f"{ours.peak_mib:.0f}"]
        for peer in peers:
            other = by_place[document, peer]
            row += [_pair(other.seconds_a_page, other.processor_a_page), f"{other.peak_mib:.0f}"]
            ratios = ours.seconds_a_page / other.seconds_a_page, ours.processor_a_page / other.processor_a_page
            row.append(_pair(*ratios))
        rows.append(row)
    pages = sum(line.pages for line in lines if line.system == OURS and line.document != TOGETHER)
    rows.append(_row_of_all("all, each by a command", pages, total(lines, OURS), "", lines, peers))
    if together := by_place.get((TOGETHER, OURS)):
        mine = together.seconds_a_page, together.processor_a_page
        rows.append(_row_of_all(TOGETHER, pages, mine, f"{together.peak_mib:.0f}", lines, peers))
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def _row_of_all(
    name: str, pages: int, mine: tuple[float, float], peak: str, lines: Sequence[Line], peers: Sequence[str]
) -> list[str]:
    row = [name, str(pages), _pair(*mine), peak]
    for peer in peers:
        theirs = total(lines, peer)
        row += [_pair(*theirs), "", _pair(mine[0] / theirs[0], mine[1] / theirs[1])]
    return row


def _pair(wall: float, processor: float) -> str:
    return f"{wall:.2f} ({processor:.2f})"


def measure_ours(
    scan: Path, out: Path, pages: str | None, options: Sequence[str], name: str | None = None
) -> Measurement:
    """The whole command on one scan, or on a folder of them; ``name`` is what it is called then."""
    command = [sys.executable, "-m", "commands.main", "run", str(scan), "-o", str(out), "--force", "-j", str(CORES)]
    command += [*(["--pages", pages] if pages else []), *options]
    call = _call(command, out / f"{scan.stem}.log")
    written = sorted(out.glob("*/run.json"))
    count = sum(json.loads(file.read_text(encoding="utf-8"))["pages"] for file in written)
    if call.exit_code or not count:
        raise SpeedError(f"{scan.name}: the pipeline failed (exit code {call.exit_code}), see {call.log}")
    return Measurement(OURS, name or scan.stem, count, call.seconds, call.processor, call.peak_mib)


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
) -> Iterator[tuple[Measurement, ...]]:
    """All systems on all documents, taking turns; after each round, all that was measured so far."""
    found: list[Measurement] = []
    folder = linked(scans, out / "together") if len(scans) > 1 else None
    for number in range(1, rounds + 1):
        for scan in scans:
            found.append(measure_ours(scan, out / OURS / scan.stem, pages, options))
            found += [measure_peer(peer, scan, out / peer, pages) for peer in peers]
            log.info(
                "round %d: %s", number, ", ".join(f"{m.system} {m.seconds:.1f} s" for m in found[-1 - len(peers) :])
            )
        if folder:
            found.append(measure_ours(folder, out / OURS / "together", pages, options, TOGETHER))
            log.info("round %d: all by one command %.1f s", number, found[-1].seconds)
        yield tuple(found)


def linked(scans: Sequence[Path], folder: Path) -> Path:
    """A folder with just these scans."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for scan in scans:
        (folder / scan.name).symlink_to(scan.resolve())
    return folder


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
    text = ""
    for text, measurements in _reports(given, scans, options):
        given.out.mkdir(parents=True, exist_ok=True)
        (given.out / "speed.md").write_text(text, encoding="utf-8")
        data = {"machine": machine(), "versions": versions(), "measurements": [asdict(m) for m in measurements]}
        (given.out / "speed.json").write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(text)
    return 0


def _reports(
    given: argparse.Namespace, scans: Sequence[Path], options: Sequence[str]
) -> Iterator[tuple[str, tuple[Measurement, ...]]]:
    """What was asked for, as a text and the measurements behind it; the later, the more rounds are in it."""
    if given.profile:
        yield stages.markdown(stages.profile(scans, given.pages)), ()
    elif given.lengths:
        measurements = lengths(scans[0], [int(n) for n in given.lengths.split(",")], given.out, options)
        yield lengths_markdown(measurements), measurements
    else:
        peers = [name for name in given.peers.split(",") if name]
        for measurements in compare(scans, given.out, given.rounds, given.pages, options, peers):
            yield markdown(medians(measurements)), measurements


if __name__ == "__main__":
    sys.exit(main())
