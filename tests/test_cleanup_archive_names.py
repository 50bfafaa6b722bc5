"""Names of an archive: what several documents say alike becomes an entry, and mends a line of the next one."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from cleanup.archive_names import ArchiveName, archive_names
from cleanup.correct import correct
from cleanup.lexicon import lexicon
from commands.dictionary import command as dictionary
from dictionaries.loader import load_dictionary
from document.geometry import Box
from document.json import dump
from document.types import Cell, Document, Meta, Reading, Source, Table

WORDS = lexicon(load_dictionary(), None)
PROJECT = "柳湾灌区渠道衬砌工程"


def document_of(*labels: str, doubted: tuple[str, ...] = ()) -> Document:
    rows = [("项目名称", "金额"), *((label, "1.00") for label in labels)]
    cells = tuple(
        Cell(r, c, 1, Box(0, 0, 1, 1), Reading(text, text, needs_review=text in doubted))
        for r, row in enumerate(rows)
        for c, text in enumerate(row)
    )
    table = Table("b1", (1,), len(rows), 2, cells)
    return Document(Source("a.pdf", "0" * 64, 1), (), (table,), Meta(year=2024))


def test_a_name_of_three_documents_counts_once_each() -> None:
    documents = [document_of(PROJECT, PROJECT), document_of(PROJECT, "教育支出"), document_of(PROJECT, "某局食堂")]
    assert archive_names(documents, WORDS) == (ArchiveName(PROJECT, 3),)


def test_doubted_texts_misreadings_and_near_entries_are_no_names() -> None:
    misread = "柳湾灌区渠道衬彻工程"
    documents = [
        document_of(PROJECT, misread if n < 3 else "甲", "一般公共服条支出", "新购办公桌椅", doubted=("新购办公桌椅",))
        for n in range(5)
    ]
    assert [name.text for name in archive_names(documents, WORDS)] == [PROJECT]


def test_what_an_archive_taught_mends_the_next_document(tmp_path: Path) -> None:
    for n in range(3):
        (tmp_path / "clean" / str(n)).mkdir(parents=True)
        (tmp_path / "clean" / str(n) / "document.json").write_text(dump(document_of(PROJECT)), encoding="utf-8")
    own = tmp_path / "own"
    said = CliRunner().invoke(dictionary, ["learn", str(tmp_path / "clean"), "--dictionaries", str(own)])
    assert "1 added" in said.output
    again = CliRunner().invoke(dictionary, ["learn", str(tmp_path / "clean"), "--dictionaries", str(own)])
    assert "0 added" in again.output
    misread = document_of("柳湾濯区渠道衬砌工程")
    assert correct(misread, load_dictionary(own)).tables[0].cells[2].reading.text == PROJECT
    assert correct(misread, load_dictionary()) == misread


def test_a_folder_without_documents_is_said(tmp_path: Path) -> None:
    said = CliRunner().invoke(dictionary, ["learn", str(tmp_path), "--dictionaries", str(tmp_path)])
    assert "qingzhang run" in str(said.exception)
