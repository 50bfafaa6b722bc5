"""Formats written later, from document.json as it then is; and what a run does when other formats are asked for."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
from fake_story import fake_steps
from writers_sample import document, scan

from commands.main import exit_code
from document.exceptions import ExitCode, InputError
from document.types import Origin, Page
from document.writers.formats import DEFAULT_FORMATS, WRITERS, Format
from flows.batch import BatchOptions, Outcome, run_batch
from flows.export import document_folders, export, find_source, read_document
from flows.options import RunOptions
from flows.original import original_of, upright
from flows.outputs import file_hash, read_manifest, write_outputs
from ocr.engine import EngineName, EngineOptions
from review.decisions import DecisionFile, HeldDecision, Place, dump
from review.types import Action, FieldKind

NULL = EngineOptions(name=EngineName.NULL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A document's folder beside its scan."""
    (tmp_path / "scans").mkdir()
    source = scan(tmp_path / "scans" / "a.pdf", document())
    read = replace(document(), source=replace(document().source, name="a.pdf", sha256=file_hash(source)))
    (tmp_path / "out").mkdir()
    write_outputs(read, tmp_path / "out" / "a", [Format.JSON])
    return tmp_path / "out" / "a"


def names(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_every_format_has_a_writer_and_its_own_files(folder: Path) -> None:
    assert set(WRITERS) == set(Format)
    original = original_of(folder.parent.parent / "scans" / "a.pdf", read_document(folder))
    assert set(export(folder, read_document(folder), list(Format), original)) | {"document.json"} == {
        "document.json",
        "document.txt",
        "amounts.csv",
        "tables/01-公开01表-收入支出决算总表.csv",
        "tables/02-收入-支出-总-表.csv",
        "document.xlsx",
        "document.pdf",
        "document.md",
        "document.html",
        "document.alto.xml",
        "report.html",
    }


def test_the_command_writes_what_is_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scans = folder.parent.parent / "scans"
    assert exit_code(["export", str(folder.parent), "--output", "xlsx,pdf", "--source", str(scans)]) == ExitCode.OK
    assert names(folder) == {"document.json", "document.xlsx", "document.pdf"}
    assert [Path(line).name for line in capsys.readouterr().out.splitlines()] == ["document.pdf", "document.xlsx"]


def test_the_reviewers_value_comes_out(folder: Path) -> None:
    data = json.loads((folder / "document.json").read_text(encoding="utf-8"))
    (cell,) = [c for c in data["blocks"][2]["cells"] if c["text"] == "820.66"]
    cell.update(text="820.96", amount="820.96", needs_review=False)
    (folder / "document.json").write_text(json.dumps(data), encoding="utf-8")
    assert exit_code(["export", str(folder), "--output", "xlsx"]) == ExitCode.OK
    assert openpyxl.load_workbook(folder / "document.xlsx").worksheets[1]["C5"].value == 820.96


def decide(folder: Path, after: str, sha256: str | None = None) -> None:
    """A person's decision about 820.66, beside the document."""
    read = read_document(folder)
    (cell,) = [c for c in read.tables[0].cells if c.reading.text == "820.66"]
    place = Place(FieldKind.AMOUNT, cell.page, cell.box, row=cell.row, col=cell.col)
    decision = HeldDecision("0" * 32, Action.EDIT, "820.66", after, place, datetime(2026, 1, 1, tzinfo=UTC))
    text = dump(DecisionFile(sha256 or read.source.sha256, (decision,)))
    (folder / "decisions.json").write_text(text, encoding="utf-8")


def test_decisions_beside_the_document_come_out_in_every_format(folder: Path) -> None:
    decide(folder, "820.96")
    formats = "txt,csv,xlsx,md,html,alto,report"
    assert exit_code(["export", str(folder), "--output", formats]) == ExitCode.OK
    assert openpyxl.load_workbook(folder / "document.xlsx").worksheets[1]["C5"].value == 820.96
    for name in ("document.txt", "amounts.csv", "document.md", "document.html", "document.alto.xml"):
        text = (folder / name).read_text(encoding="utf-8")
        assert "820.96" in text, name
        assert "820.66" not in text or name in ("document.html", "document.alto.xml"), (
            name
        )  # these say what was read, too
    assert "820.66" in json.dumps(json.loads((folder / "document.json").read_text(encoding="utf-8")))


def test_decisions_about_another_file_change_nothing(folder: Path) -> None:
    decide(folder, "820.96", sha256="f" * 64)
    assert exit_code(["export", str(folder), "--output", "txt"]) == ExitCode.OK
    assert "820.66" in (folder / "document.txt").read_text(encoding="utf-8")


def test_decisions_that_cannot_be_read_are_not_passed_over(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "decisions.json").write_text("{", encoding="utf-8")
    assert exit_code(["export", str(folder), "--output", "txt"]) == ExitCode.INPUT_FILE
    assert "decisions.json" in capsys.readouterr().err
    assert not (folder / "document.txt").exists()


def test_a_pdf_without_the_scan_says_what_to_do(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["export", str(folder), "--output", "pdf"]) == ExitCode.FILE_ACCESS_ERROR
    assert "--source" in capsys.readouterr().err
    assert names(folder.parent) == {"a/document.json"}  # nothing half written


def test_a_document_that_fails_does_not_keep_the_others(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder.parent / "0").mkdir()
    (folder.parent / "0" / "document.json").write_text("{}", encoding="utf-8")
    assert exit_code(["export", str(folder.parent), "--output", "md"]) == ExitCode.INVALID_OUTPUT
    assert (folder / "document.md").is_file()
    assert exit_code(["report", str(folder.parent)]) == ExitCode.INVALID_OUTPUT
    assert "青石县水利局" in (folder.parent / "report.html").read_text(encoding="utf-8")
    assert capsys.readouterr().err.count("out/0: ") == 2


def test_two_documents_of_one_name_do_not_take_each_others_place(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "other" / "a")
    documents = [str(folder), str(tmp_path / "other" / "a")]
    assert exit_code(["export", *documents, "--output", "md", "-o", str(tmp_path / "made")]) == ExitCode.BAD_ARGS
    assert not (tmp_path / "made").exists()


def test_another_scan_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.7")
    with pytest.raises(InputError, match="other bytes"):
        find_source(read_document(folder), tmp_path / "b.pdf")
    with pytest.raises(InputError, match="holds no file"):
        find_source(read_document(folder), folder)


def test_a_folder_without_documents_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"document\.json"):
        list(document_folders([tmp_path]))


@pytest.mark.parametrize("text", ["", "[1]", "{}", '{"schema": "other"}'])
def test_what_is_no_document_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "document.json").write_text(text, encoding="utf-8")
    assert exit_code(["export", str(tmp_path), "--output", "md"]) == ExitCode.INVALID_OUTPUT


def test_an_unknown_format_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["export", str(folder), "--output", "docx"]) == ExitCode.BAD_ARGS
    said = capsys.readouterr().err
    assert "docx" in said
    assert "xlsx" in said


def test_the_archives_report_links_to_the_documents(folder: Path) -> None:
    assert exit_code(["export", str(folder), "--output", "report"]) == ExitCode.OK
    assert exit_code(["report", str(folder.parent)]) == ExitCode.OK
    assert 'href="a/report.html"' in (folder.parent / "report.html").read_text(encoding="utf-8")


# --- in a run ---------------------------------------------------------------------------------------------


def run(tmp_path: Path, formats: str) -> tuple[Outcome, set[str]]:
    (tmp_path / "scans").mkdir(exist_ok=True)
    (tmp_path / "scans" / "a.pdf").write_text("one two", encoding="utf-8")
    options = RunOptions.model_validate({"engine": NULL, "outputs": formats})
    (result,) = run_batch(
        [tmp_path / "scans"], tmp_path / "out", options, BatchOptions(jobs=1), steps=fake_steps
    ).results
    return result.outcome, names(tmp_path / "out" / "a")


def test_formats_asked_for_later_are_added_without_reading(tmp_path: Path) -> None:
    assert run(tmp_path, "txt") == (Outcome.CLEAN, {"run.json", "document.json", "document.txt"})
    every = {"run.json", "document.json", "document.txt", "document.md", "document.xlsx"}
    assert run(tmp_path, "md,xlsx") == (Outcome.UNCHANGED, every)
    manifest = read_manifest(tmp_path / "out" / "a")
    assert manifest is not None
    assert set(manifest.outputs) == every - {"run.json"}
    assert run(tmp_path, "txt") == (Outcome.UNCHANGED, every)


def test_what_a_changed_scan_makes_stale_is_taken_away(tmp_path: Path) -> None:
    run(tmp_path, "md,xlsx")
    (tmp_path / "scans" / "a.pdf").write_text("one two three", encoding="utf-8")
    options = RunOptions.model_validate({"engine": NULL, "outputs": ["txt"]})
    run_batch([tmp_path / "scans" / "a.pdf"], tmp_path / "out", options, BatchOptions(jobs=1), steps=fake_steps)
    assert names(tmp_path / "out" / "a") == {"run.json", "document.json", "document.txt"}


def test_json_is_always_among_the_formats_and_decides_no_key() -> None:
    assert RunOptions.model_validate({"outputs": "MD, md"}).outputs == (Format.MD, Format.JSON)
    assert RunOptions().outputs == DEFAULT_FORMATS
    assert "outputs" not in RunOptions().model_dump()


def test_the_same_outputs_have_the_same_hashes(folder: Path, tmp_path: Path) -> None:
    original = original_of(tmp_path / "scans" / "a.pdf", read_document(folder))
    hashes = [write_outputs(read_document(folder), tmp_path / n, list(Format), original) for n in ("1", "2")]
    assert hashes[0] == hashes[1]


# --- pixels of the source ---------------------------------------------------------------------------------


def test_pages_are_drawn_upright(tmp_path: Path) -> None:
    path = scan(tmp_path / "a.pdf", document())
    straight = upright(path, Page(1, Origin.SCAN, 595, 842), 72)
    turned = upright(path, Page(1, Origin.SCAN, 842, 595, rotation=90), 72)
    assert straight.shape[:2] == (842, 595)
    assert turned.shape[:2] == (595, 842)
    assert (turned[:, ::-1].swapaxes(0, 1) == straight).all()
    with pytest.raises(InputError):
        upright(path, Page(9, Origin.SCAN, 595, 842), 72)
