"""The command line: what weighs more than what, what it says, and how it exits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from timing import TRIES

import commands.run
from commands.main import COMMANDS, exit_code
from commands.run import command, summary
from document.exceptions import ExitCode
from flows.batch import BatchOptions, BatchReport, DocumentResult, Outcome, usable_cores
from flows.options import Mode, RunOptions
from flows.outputs import PageFailure
from ocr.engine import EngineName

ROOT = Path(__file__).parent.parent


class Call:
    """What ``run`` was asked for, instead of a run."""

    options: RunOptions
    batch: BatchOptions
    inputs: tuple[Path, ...]

    def __call__(self, inputs: tuple[Path, ...], out: Path, options: RunOptions, batch: BatchOptions, _: Any) -> Any:
        self.inputs, self.options, self.batch = inputs, options, batch
        return BatchReport((DocumentResult(Path("a.pdf"), Outcome.CLEAN, out / "a", pages=3),), out)


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Call:
    call = Call()
    monkeypatch.setattr(commands.run, "run_batch", call)
    return call


def run(*arguments: object) -> int:
    return exit_code(["run", "a.pdf", "-o", "out", *map(str, arguments)])


def test_defaults(call: Call) -> None:
    assert run() == ExitCode.OK
    assert call.options == RunOptions()
    assert call.batch == BatchOptions(jobs=usable_cores())


def test_every_option_arrives(call: Call, tmp_path: Path) -> None:
    run("--pages", "2,13-end", "--mode", "scan", "--dpi", 150, "--engine", "tesseract", "-j", 3, "--force")
    assert (call.options.pages, call.options.mode, call.options.dpi) == ("2,13-end", Mode.SCAN, 150)
    assert call.options.engine.name is EngineName.TESSERACT
    assert (call.batch.jobs, call.batch.force) == (3, True)
    run("--watermark", "内部资料 严禁外传", "--watermark", "征求意见稿", "--no-merge-tables", "--keep-temporary-files")
    assert call.options.watermarks == ("内部资料 严禁外传", "征求意见稿")
    assert not call.options.merge_tables
    assert call.batch.keep_temporary_files
    run("--detection-model", tmp_path, "--threads", 2, "--runtime", "paddle", "--page-seconds", 9)
    assert call.options.engine.detection_model == str(tmp_path)
    assert (call.options.engine.threads, call.options.engine.runtime.value, call.batch.page_seconds) == (2, "paddle", 9)


def test_options_weigh_more_than_the_environment_and_that_more_than_the_file(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "qingzhang.toml"
    config.write_text(
        'dpi = 100\nmode = "text"\nwatermark = ["甲", "乙"]\njobs = 5\nforce = true\nmerge_tables = false'
    )
    run("--config", config)
    assert (call.options.dpi, call.options.mode, call.options.watermarks) == (100, Mode.TEXT, ("甲", "乙"))
    assert (call.batch.jobs, call.batch.force, call.options.merge_tables) == (5, True, False)
    monkeypatch.setenv("QINGZHANG_DPI", "200")
    monkeypatch.setenv("QINGZHANG_WATERMARK", "内部资料 严禁外传，丁")
    monkeypatch.setenv("QINGZHANG_MERGE_TABLES", "true")
    run("--config", config)
    assert (call.options.dpi, call.options.watermarks) == (200, ("内部资料 严禁外传", "丁"))
    assert call.options.merge_tables
    run("--config", config, "--dpi", 300, "--watermark", "戊")
    assert (call.options.dpi, call.options.mode, call.options.watermarks) == (300, Mode.TEXT, ("戊",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dpi = ", "no TOML"),
        ("resolution = 100", "unknown option 'resolution'"),
        ('dpi = "high"', "--dpi"),
        ("dpi = 9", "--dpi"),
        (b"\xff\xfe", "no TOML"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used(
    call: Call, tmp_path: Path, text: str | bytes | None, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "qingzhang.toml"
    if text is not None:
        config.write_bytes(text.encode() if isinstance(text, str) else text)
    assert run("--config", config) in {ExitCode.BAD_ARGS, ExitCode.INVALID_CONFIG}
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong", [("--dpi", "9"), ("--dpi", "x"), ("--pages", "2;3"), ("--mode", "fast"), ("-j", "0"), ("--nonsense",)]
)
def test_a_wrong_option_is_named(call: Call, wrong: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*wrong) == ExitCode.BAD_ARGS
    assert wrong[0].lstrip("-").replace("j", "jobs", wrong[0] == "-j") in capsys.readouterr().err


def test_the_summary_names_what_came_out_how() -> None:
    report = BatchReport(
        (
            DocumentResult(Path("a.pdf"), Outcome.CLEAN, Path("out/a"), 3, for_review=4),
            DocumentResult(Path("b.pdf"), Outcome.PARTIAL, Path("out/b"), 2, (PageFailure(page=2, error="too large"),)),
            DocumentResult(Path("c.pdf"), Outcome.FAILED, message="c.pdf: encrypted.", exit_code=ExitCode.ENCRYPTED),
        ),
        Path("out"),
    )
    assert summary(report).splitlines() == [
        "3 documents: 1 clean, 1 partial, 1 failed; 5 pages read.",
        "  b.pdf, page 2: too large",
        "4 cells and texts are marked needs_review, with their reasons, in document.json.",
        "Clean text: out/*/document.txt, for parsers: out/*/document.json",
    ]
    assert report.exit_code is ExitCode.ENCRYPTED


def test_what_fails_goes_to_stderr_and_the_run_goes_on(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7 and then nothing")
    (tmp_path / "empty").mkdir()
    code = exit_code(
        [
            "run",
            str(tmp_path / "a.pdf"),
            str(tmp_path / "empty"),
            "-o",
            str(tmp_path / "out"),
            "--engine",
            "null",
            "-j1",
        ]
    )
    said = capfd.readouterr()
    assert code == ExitCode.INPUT_FILE
    assert [line.split(":")[0] for line in said.err.splitlines()] == ["qingzhang"] * 2
    assert str(tmp_path / "a.pdf") in said.err
    assert str(tmp_path / "empty") in said.err
    assert said.out.startswith("2 documents: 2 failed")


@pytest.mark.parametrize("arguments", [[], *([name] for name in COMMANDS)])
def test_every_command_has_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code([*arguments, "--help"]) == ExitCode.OK
    assert "Usage: qingzhang" in capsys.readouterr().out


def test_every_command_is_listed_and_every_option_is_explained() -> None:
    assert set(COMMANDS) == {
        p.stem
        for p in (ROOT / "commands").glob("*.py")
        if "command = " in p.read_text() or "def command(" in p.read_text()
    }
    assert all(getattr(option, "help", "") for option in command.params if option.param_type_name == "option")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["--version"]) == ExitCode.OK
    assert capsys.readouterr().out.startswith("qingzhang ")


def test_the_command_line_starts_quickly_and_imports_no_model() -> None:
    """In processor time: other programs on the machine do not count."""
    program = (
        "import sys, time; from commands.main import exit_code; exit_code(['run', '--help'])\n"
        "assert not {'cv2', 'paddleocr', 'onnxruntime', 'prefect', 'pymupdf'} & set(sys.modules)\n"
        "print(time.process_time())"
    )
    took: list[float] = []
    while len(took) < TRIES and min(took, default=2.0) >= 1.5:
        done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
        took.append(float(done.stdout.splitlines()[-1]))
    assert min(took) < 1.5
