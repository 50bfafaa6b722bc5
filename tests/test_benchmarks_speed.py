"""The speed benchmark: medians and ratios by hand, nested clocks, long documents, stock settings, memory of a tree."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pymupdf
import pytest

from benchmarks import memory, speed, stages
from benchmarks.memory import peak_of_tree, tree
from benchmarks.peers import stock_configuration
from benchmarks.speed import Line, Measurement, SpeedError, lengths_markdown, markdown, medians, repeated, total
from flows.options import RunOptions
from ocr.engine import EngineName, EngineOptions
from ocr.engines.models import DETECTION, RECOGNITION, bundled_model, read_configuration


def measured(system: str, seconds: float, document: str = "a", pages: int = 2) -> Measurement:
    return Measurement(system, document, pages, seconds, 2 * seconds, 100.0)


def test_the_median_of_the_rounds_counts_not_the_slow_one() -> None:
    lines = medians([measured("qingzhang", s) for s in (2.0, 90.0, 3.0)])
    assert lines == (Line("qingzhang", "a", 2, 1.5, 3.0, 100.0),)


def test_all_pages_weigh_the_same() -> None:
    lines = medians([measured("qingzhang", 2.0, "a", 2), measured("qingzhang", 24.0, "b", 8)])
    assert total(lines, "qingzhang") == pytest.approx((2.6, 5.2))


def test_the_ratio_is_ours_divided_by_theirs() -> None:
    table = markdown(medians([measured("qingzhang", 1.0), measured("rapidocr", 4.0)]))
    row = next(line for line in table.splitlines() if line.startswith("| a "))
    assert row == "| a | 2 | 0.50 (1.00) | 100 | 2.00 (4.00) | 100 | 0.25 (0.25) |"
    assert table.splitlines()[-1].endswith("| 0.25 (0.25) |")


def test_one_command_for_all_has_a_row_of_its_own_and_weighs_nothing_in_the_others() -> None:
    lines = medians(
        [measured("qingzhang", 1.0), measured("rapidocr", 4.0), measured("qingzhang", 0.5, speed.TOGETHER, 2)]
    )
    assert total(lines, "qingzhang") == pytest.approx((0.5, 1.0))
    *_, each, together = markdown(lines).splitlines()
    assert each == "| all, each by a command | 2 | 0.50 (1.00) |  | 2.00 (4.00) |  | 0.25 (0.25) |"
    assert together == "| all, by one command | 2 | 0.25 (0.50) | 100 | 2.00 (4.00) |  | 0.12 (0.12) |"


def test_all_scans_are_read_by_one_command_too_and_each_round_reports(scan: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.pdf"
    other.write_bytes(scan.read_bytes())
    rounds = list(speed.compare([scan, other], tmp_path / "out", 2, None, ["--engine", "null"], []))
    assert [(m.document, m.pages) for m in rounds[0]] == [("two", 2), ("other", 2), (speed.TOGETHER, 4)]
    assert rounds[1][:3] == rounds[0]
    assert len(rounds[1]) == 6


def test_a_row_for_each_length() -> None:
    assert "| 2 | 0.50 | 1.00 | 100 |" in lengths_markdown([measured("qingzhang", 1.0)])


def test_a_system_that_fails_is_named(tmp_path: Path) -> None:
    (tmp_path / "no.pdf").write_bytes(b"no document")
    with pytest.raises(SpeedError, match=r"no\.pdf: the pipeline failed"):
        speed.measure_ours(tmp_path / "no.pdf", tmp_path / "out", None, ["--engine", "null"])


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """Two pages; the second has a table of two columns."""
    document = pymupdf.open()
    document.new_page(width=200, height=100).insert_text((20, 50), "one")
    page = document.new_page(width=200, height=100)
    for x in (20, 100, 180):
        page.draw_line((x, 20), (x, 80))
    for y in (20, 50, 80):
        page.draw_line((20, y), (180, y))
    document.save(tmp_path / "two.pdf")
    return tmp_path / "two.pdf"


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_long_document_repeats_the_pages_in_order(scan: Path, count: int, tmp_path: Path) -> None:
    with pymupdf.open(repeated(scan, count, tmp_path / "long" / "long.pdf")) as document:
        assert ["one" in page.get_text() for page in document] == [i % 2 == 0 for i in range(count)]


def test_the_whole_command_is_timed(scan: Path, tmp_path: Path) -> None:
    found = speed.measure_ours(scan, tmp_path / "out", "2", ["--engine", "null"])
    assert (found.system, found.document, found.pages) == ("qingzhang", "two", 1)
    assert found.processor > 0
    assert found.seconds > 0
    if sys.platform == "linux":
        assert found.peak_mib > 20  # a Python with the libraries


def test_stock_settings_pad_to_320_and_change_nothing_else() -> None:
    ours = read_configuration(bundled_model(RECOGNITION))
    stock = stock_configuration(ours)
    assert {"RecResizeImg": {"image_shape": [3, 48, 320]}} in stock["PreProcess"]["transform_ops"]
    assert stock["PostProcess"] == ours["PostProcess"]
    assert stock_configuration(read_configuration(bundled_model(DETECTION)))["PostProcess"]["max_candidates"] == 1000


def test_time_within_a_stage_is_taken_off_the_outer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    def busy(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(stages, "time", SimpleNamespace(process_time=lambda: now))
    clock = stages.Clock()
    inner = clock.timed("inner", busy)
    with clock.time("outer"):
        busy(0.05)
        inner(0.2)
        inner(0.1)
    assert clock.seconds["inner"] == pytest.approx(0.3)
    assert clock.seconds["outer"] == pytest.approx(0.05)


def test_every_stage_of_a_page_is_found_and_the_shares_add_up(scan: Path) -> None:
    found = stages.profile([scan], None, RunOptions(mode="scan", engine=EngineOptions(name=EngineName.NULL)))
    assert found.pages == 2
    assert {"rasterising", "rules and grids", "tables and layout", "document.json"} <= set(found.seconds)
    assert all(seconds >= 0 for seconds in found.seconds.values())
    assert found.share_of_models == 0
    assert "| all, 2 pages |" in stages.markdown(found)


def test_the_networks_are_told_apart_from_what_is_around_them(scan: Path) -> None:
    found = stages.profile([scan], "1", RunOptions(mode="scan"))
    assert 0 < found.share_of_models < 1
    assert set(stages.MODELS) <= set(found.seconds)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the memory of other processes")
def test_memory_is_that_of_the_whole_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    child = "import sys; x = bytearray(80_000_000); print(flush=True); sys.stdin.read()"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin
    assert process.stdout
    process.stdout.readline()  # it has its memory now, and keeps it until its input ends: when it was looked at
    held, end = memory._held, process.stdin

    def look(pid: int, proc: Path) -> float:
        found = held(pid, proc)
        if pid != process.pid:
            end.close()
        return found

    monkeypatch.setattr(memory, "_held", look)
    assert peak_of_tree(process) > 80
    assert process.returncode == 0
    assert list(tree(process.pid)) == [process.pid]
