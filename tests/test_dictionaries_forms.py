"""The catalogue of forms: laid out as the form is, a clerk's own wins, every fault names its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from dictionaries.editing import check_folder
from dictionaries.forms import FILE, FormLabel, load_forms
from dictionaries.loader import DictionaryError
from dictionaries.types import Years

HEADER = "form,cells,years,source\n"


def own(folder: Path, *rows: str) -> Path:
    (folder / FILE).write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    return folder


def test_the_shipped_form_has_one_edge_that_no_row_shows() -> None:
    (form,) = (f for f in load_forms().entries if f.name == "项目支出绩效目标表")
    assert (form.columns, form.hidden) == (6, (3,))
    assert {(x.start, x.end) for x in form.labels if "其中：中央财政资金" in x.texts} == {(1, 2), (4, 5)}


def test_a_row_is_laid_out_as_the_form_is(tmp_path: Path) -> None:
    rows = ("甲表|甲明细表,名称|品名;<;*;<,2020-,本局", "甲表|甲明细表,^;数量;*;<,2020-,本局")
    (form,) = (f for f in load_forms(own(tmp_path, *rows)).entries if f.name == "甲表")
    assert form.titles == ("甲表", "甲明细表")
    assert form.labels == (FormLabel(("名称", "品名"), 0, 0, 2), FormLabel(("数量",), 1, 1, 2))
    assert (form.columns, form.hidden, form.years, form.source) == (4, (3,), Years(2020, None), "本局")


def test_a_users_form_replaces_the_shipped_one_whole_and_an_empty_row_takes_it_out(tmp_path: Path) -> None:
    (form,) = load_forms(own(tmp_path, "项目支出绩效目标表,项目名称;<;*,,本局")).entries
    assert (form.columns, form.hidden) == (3, (1,))
    assert load_forms(own(tmp_path, "项目支出绩效目标表,,,")).entries == ()
    assert load_forms(tmp_path).version != load_forms().version


@pytest.mark.parametrize(
    ("rows", "line", "complaint"),
    [
        (["甲表,项目,,"], 2, "2 to 40 columns"),
        (["甲表,<;项目;*,,"], 2, "from the left"),
        (["甲表,项目;;*,,"], 2, "cell 2 is empty"),
        (["甲表,项目;<|数;*,,"], 2, "stand for a cell by themselves"),
        (["甲表,*;<;*,,"], 2, "no cell has a label"),
        (["甲表,^;项目;*,,"], 2, "from above"),
        (["甲表,项目;*,,", "甲表,项目;<;*,,"], 3, "3 cells, but the form's rows above have 2"),
        (["甲表,项目;*,,", "甲表|乙表,金额;*,,"], 3, "same titles and years"),
        (["甲表,项目;*,,", "甲表,项目;*,,"], 3, "the same entry stands in line 2"),
        (["甲表,项目;*,二〇二〇,"], 2, "years"),
        (["|,项目;*,,"], 2, "holds no title"),
    ],
)
def test_faults_name_file_and_line(tmp_path: Path, rows: list[str], line: int, complaint: str) -> None:
    with pytest.raises(DictionaryError, match=rf"{FILE}:{line}: .*{complaint}"):
        load_forms(own(tmp_path, *rows))
    assert any(fault.startswith(f"{FILE}:{line}: ") for fault in check_folder(tmp_path))


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(DictionaryError, match="no such folder"):
        load_forms(tmp_path / "none")
