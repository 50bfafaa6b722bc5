"""``qingzhang dictionary`` and ``qingzhang clean``: what they write, and what they say when they cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commands.clean import command as clean
from commands.dictionary import command as dictionary
from dictionaries.editing import FILES, add_rows, check_folder, rows_of
from dictionaries.loader import DictionaryError, load_dictionary
from document.exceptions import DictionaryError as ExitingError
from document.exceptions import NotADocument


def run(*arguments: str) -> Result:
    return CliRunner().invoke(dictionary, [str(a) for a in arguments])


def test_the_shipped_files_can_be_used() -> None:
    assert "can be used" in run("check").output


def test_an_entry_is_added_listed_and_loaded(tmp_path: Path) -> None:
    own = ("--dictionaries", str(tmp_path))
    assert "1 added" in run("add", "labels", "kind=row", "text=某项补助", *own).output
    assert "0 added" in run("add", "labels", "kind=row", "text=某项补助", *own).output
    assert "某项补助" in run("list", "labels", "某项", *own).output
    assert "某项补助" in {x.text for x in load_dictionary(tmp_path).labels}


def test_a_bad_entry_is_refused_and_the_file_stays(tmp_path: Path) -> None:
    add_rows(tmp_path, "subjects", [{"scheme": "functional", "code": "299", "name": "某类支出"}])
    before = (tmp_path / "subjects.csv").read_bytes()
    with pytest.raises(DictionaryError, match=r"subjects\.csv:3: code '29'"):
        add_rows(tmp_path, "subjects", [{"scheme": "functional", "code": "29", "name": "某类支出"}])
    assert (tmp_path / "subjects.csv").read_bytes() == before
    result = run("add", "subjects", "scheme=functional", "code=29", "name=甲", "--dictionaries", str(tmp_path))
    assert isinstance(result.exception, ExitingError)


def test_a_file_is_imported_whole_or_not_at_all(tmp_path: Path) -> None:
    good = tmp_path / "new.csv"
    good.write_text("phrase,source\n本局专用,本局\n内部传阅,本局\n", encoding="utf-8")
    own = tmp_path / "own"
    assert "2 added" in run("import", "watermark_phrases", str(good), "--dictionaries", str(own)).output
    good.write_text("phrase,source\n另一条,\n一,\n", encoding="utf-8")
    assert isinstance(run("import", "watermark_phrases", str(good), "--dictionaries", str(own)).exception, ExitingError)
    assert [r["phrase"] for r in rows_of(own, "watermark_phrases")] == ["本局专用", "内部传阅"]


def test_what_is_exported_can_be_used(tmp_path: Path) -> None:
    assert run("export", str(tmp_path)).exit_code == 0
    assert {p.stem for p in tmp_path.glob("*.csv")} == set(FILES)
    assert check_folder(tmp_path) == ()


def test_strange_columns_and_values_are_told(tmp_path: Path) -> None:
    with pytest.raises(DictionaryError, match="no such column: txet"):
        add_rows(tmp_path, "labels", [{"kind": "row", "txet": "甲"}])
    assert isinstance(run("add", "labels", "某行", "--dictionaries", str(tmp_path)).exception, ExitingError)


DAMAGED = "又供内部軍核\n\n及供内部單模\n\n收入合计\t820. 66\n\n以供内部審核\n\n仅供内部审核\n"


def test_text_is_cleaned_into_a_folder(tmp_path: Path) -> None:
    source = tmp_path / "ocr.txt"
    source.write_text(DAMAGED, encoding="utf-8")
    result = CliRunner().invoke(clean, [str(source), "-o", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    text = (tmp_path / "out" / "document.txt").read_text(encoding="utf-8")
    assert text.split() == ["收入合计", "820.66"]
    lines = (tmp_path / "out" / "corrections.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "line,before,after,rule,score,reason"
    assert len(lines) == 6


@pytest.mark.parametrize("content", [None, b"%PDF-1.7\xff\xfe\x00"])
def test_what_is_no_text_is_told(tmp_path: Path, content: bytes | None) -> None:
    source = tmp_path / "a.txt"
    if content is not None:
        source.write_bytes(content)
    result = CliRunner().invoke(clean, [str(source), "-o", str(tmp_path / "out")])
    assert isinstance(result.exception, NotADocument)
