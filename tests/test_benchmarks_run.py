"""The benchmark finds scans and truths, scores what a program wrote, and reports it; the pipeline is faked."""

import json
import sys
from collections import Counter
from dataclasses import replace

import pytest

from benchmarks import papers, run
from benchmarks.metrics import Matched
from benchmarks.papers import Cell, Paper, Table, Text

TRUTH = Paper((Text("支出决算表"), Table((Cell(0, 0, "水费"), Cell(0, 1, "3.20")))), pages=2, profile="office")


@pytest.fixture
def folder(tmp_path):
    scans = tmp_path / "scans"
    scans.mkdir()
    (scans / "a.pdf").write_bytes(b"%PDF")
    (scans / "a.truth.json").write_text(papers.truth_json(TRUTH), encoding="utf-8")
    return scans


def output(paper: Paper) -> str:
    """The paper as a program would write it, with what it read and how sure it is."""
    data = json.loads(papers.truth_json(paper))
    data["pages"] = [{"number": n} for n in range(1, paper.pages + 1)]
    for block in data["blocks"]:
        for cell in block.get("cells", ()):
            cell |= {"raw": cell["text"], "confidence": 0.9, "needs_review": False, "corrections": []}
    return json.dumps(data, ensure_ascii=False)


def write(out, paper: Paper = TRUTH):
    target = out / "a" / "a"
    target.mkdir(parents=True)
    (target / "document.json").write_text(output(paper), encoding="utf-8")


def test_a_truth_is_found_beside_the_scan_and_beside_its_original(folder):
    assert run.truth_of(folder / "a.pdf") == folder / "a.truth.json"
    assert run.truth_of(folder / "a.original.pdf") == folder / "a.truth.json"
    assert run.truth_of(folder / "b.pdf") is None


def test_scans_without_a_truth_are_no_cases_and_names_stay_apart(folder, tmp_path):
    (folder / "b.pdf").write_bytes(b"%PDF")
    assert [c.name for c in run.cases([folder])] == ["a"]
    assert [c.name for c in run.cases([folder, folder])] == ["a", "scans-a"]


def test_a_perfect_output_is_scored_and_reported(folder, tmp_path, capsys):
    out = tmp_path / "out"
    write(out)
    assert run.main([str(folder), "-o", str(out), "--no-samples", "--score-only"]) == 0
    report = capsys.readouterr().out
    assert "| a | office | 2 | 1.0000 | 1.0000 | 1.0000 |" in report
    assert (out / "benchmark.md").read_text(encoding="utf-8") == report
    data = json.loads((out / "benchmark.json").read_text(encoding="utf-8"))
    assert data["documents"][0]["score"]["amount_exact"] == 1
    assert data["documents"][0]["teds"] == data["documents"][0]["teds_structure"] == 1
    assert data["reliability"] == [{"count": 2, "confidence": 0.9, "right": 1.0}]
    assert {"date", "machine", "versions", "mean"} <= set(data)


def test_a_wrong_output_is_scored_lower(folder, tmp_path):
    out = tmp_path / "out"
    wrong = Table((Cell(0, 0, "水费"), Cell(0, 1, "8.20")))
    write(out, replace(TRUTH, blocks=(TRUTH.blocks[0], wrong)))
    (result,) = run.bench(run.cases([folder]), out, [], run=False)
    assert (result.score.amount_exact, result.score.label_exact, result.score.silent_errors) == (0, 1, 1)
    assert result.teds < 1 == result.teds_structure
    listed = (out / "a" / "differences.txt").read_text(encoding="utf-8").splitlines()
    assert listed == ["row 0 (0, 1): '3.20' got '8.20' span 1×1, got 1×1"]


def test_a_document_that_does_not_come_out_fails_the_benchmark(folder, tmp_path, capsys):
    assert run.main([str(folder), "-o", str(tmp_path / "out"), "--no-samples", "--score-only"]) == 1
    assert "| a | office | 2 | – |" in capsys.readouterr().out


def test_the_program_is_called_and_its_time_and_memory_are_measured(folder, tmp_path, monkeypatch):
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\necho "$@"\nexit 7\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    (case,) = run.cases([folder])
    effort = run.call(case, tmp_path / "out", ["--jobs", "1"])
    assert effort.exit_code == 7
    assert effort.seconds > 0
    assert effort.peak_mib > 0
    said = (tmp_path / "out" / "log.txt").read_text(encoding="utf-8")
    assert said.split() == ["-m", "commands.main", "run", str(case.scan), "-o", str(tmp_path / "out"), "--force",
                            "--jobs", "1"]  # fmt: skip


def test_each_table_of_the_output_is_the_partner_of_one_table_only():
    matched = Matched((), 0, 0, {0: Counter({0: 5, 1: 1}), 1: Counter({0: 2, 1: 1})})
    assert run.partners(matched) == {0: 0, 1: 1}


def test_a_folder_that_there_is_not_is_named(capsys):
    with pytest.raises(SystemExit):
        run.main(["nowhere"])
    assert "no such folder: nowhere" in capsys.readouterr().err
