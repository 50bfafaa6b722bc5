"""The dictionary files: form, order, duplicates, messages with line numbers, and who wins."""

from __future__ import annotations

import csv
import unicodedata
from pathlib import Path

import pytest

from dictionaries.loader import SHIPPED, SUBJECT_FILES, DictionaryError, load_dictionary
from dictionaries.types import LabelKind, Scheme, Standing, Years

HEADER = "scheme,code,name,years,standing,source\n"


def rows_of(name: str) -> list[list[str]]:
    with (SHIPPED / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))[1:]


def user_folder(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", sorted(p.name for p in SHIPPED.glob("*.csv")))
def test_shipped_files_are_nfc_and_without_stray_white_space(name: str) -> None:
    for row in rows_of(name):
        for value in row:
            assert unicodedata.is_normalized("NFC", value)
            assert value == value.strip()


@pytest.mark.parametrize("name", ["subjects.csv", "subjects_before_2018.csv"])
def test_subjects_are_in_order_without_duplicates(name: str) -> None:
    schemes = list(Scheme)
    keys = [(schemes.index(Scheme(row[0])), row[1], row[2]) for row in rows_of(name)]
    assert keys == sorted(set(keys))


def test_other_files_are_in_order_without_duplicates() -> None:
    kinds = [k.value for k in LabelKind]
    labels = [(row[0], row[1]) for row in rows_of("labels.csv")]
    assert len(labels) == len(set(labels))
    assert [kinds.index(k) for k, _ in labels] == sorted(kinds.index(k) for k, _ in labels)
    for name in ("watermark_phrases.csv", "traditional.csv"):
        keys = [row[0] for row in rows_of(name)]
        assert keys == sorted(set(keys))


def test_the_shipped_dictionary_loads() -> None:
    found = load_dictionary()
    assert load_dictionary() is found
    assert found.source == f"dictionaries@{found.version}"
    by_code = {
        (s.scheme, s.code): s.name for s in found.subjects if s.years.covers(2024) and s.standing is Standing.STANDARD
    }
    assert by_code[Scheme.FUNCTIONAL, "20805"] == "行政事业单位养老支出"
    assert by_code[Scheme.DEPT_ECONOMIC, "310"] == "资本性支出"
    assert by_code[Scheme.GOV_ECONOMIC, "50101"] == "工资奖金津补贴"


def test_a_code_has_one_standard_name_in_a_year() -> None:
    for year in (2016, 2018, 2020, 2024):
        found = [
            (s.scheme, s.code)
            for s in load_dictionary().subjects
            if s.standing is Standing.STANDARD and s.years.covers(year)
        ]
        assert len(found) == len(set(found)), year


def test_every_subject_has_its_parents() -> None:
    codes = {(s.scheme, s.code) for s in load_dictionary().subjects}
    orphans = {
        (s.scheme, s.code)
        for s in load_dictionary().subjects
        if s.standing is Standing.STANDARD and len(s.code) > 3 and (s.scheme, s.code[:-2]) not in codes
    }
    assert orphans == set()


@pytest.mark.parametrize(
    ("written", "years"),
    [
        ("", Years()),
        ("2018-", Years(2018)),
        ("-2017", Years(None, 2017)),
        ("2018-2020", Years(2018, 2020)),
        ("2018", Years(2018, 2018)),
    ],
)
def test_years_as_written(tmp_path: Path, written: str, years: Years) -> None:
    folder = user_folder(tmp_path, subjects=f"{HEADER}functional,29999,某项支出,{written},,\n")
    assert load_dictionary(folder).subjects[0].years == years


def test_a_users_entry_wins_in_its_years(tmp_path: Path) -> None:
    folder = user_folder(tmp_path, subjects=f"{HEADER}functional,20805,养老支出（本地）,2024-,standard,本地\n")
    found = load_dictionary(folder)
    names = {s.name for s in found.subjects if s.code == "20805" and s.years.covers(2024)}
    assert names == {"养老支出（本地）"}
    assert "行政事业单位离退休" in {s.name for s in found.subjects if s.code == "20805"}
    assert found.version != load_dictionary().version


def test_a_users_phrase_comes_first(tmp_path: Path) -> None:
    folder = user_folder(tmp_path, watermark_phrases="phrase,source\n本局专用,本局\n")
    assert load_dictionary(folder).watermark_phrases[0] == "本局专用"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("functional,2010,人大事务,,,", "3 or 5 or 7 digits"),
        ("funktional,201,人大事务,,,", "funktional"),
        ("functional,201,,,,", "column 'name' is empty"),
        ("functional,201,人大事务,2020-2018,,", "end before they begin"),
        ("functional,201,人大事务,soon,,", "years 'soon'"),
        ("functional,201,人大事务,,maybe,", "maybe"),
        ("functional,201,人大事务", "3 values under 6 columns"),
        ("functional,201,e\u0301tat,,,", "NFC"),
    ],
)
def test_faults_name_file_and_line(tmp_path: Path, row: str, message: str) -> None:
    folder = user_folder(tmp_path, subjects=f"{HEADER}functional,299,某类支出,,,\n{row}\n")
    with pytest.raises(DictionaryError) as error:
        load_dictionary(folder)
    assert "subjects.csv:3:" in str(error.value)
    assert message in str(error.value)


def test_all_faults_are_told_together(tmp_path: Path) -> None:
    folder = user_folder(
        tmp_path,
        subjects=f"{HEADER}functional,1,甲,,,\nfunctional,299,乙,,,\nfunctional,299,乙,,,\n",
        look_alikes="left,right,weight\n日,曰,2\n日,日,0.5\n",
    )
    with pytest.raises(DictionaryError) as error:
        load_dictionary(folder)
    text = str(error.value)
    assert "4 rows" in text
    for place in ("subjects.csv:2:", "subjects.csv:4:", "look_alikes.csv:2:", "look_alikes.csv:3:"):
        assert place in text
    assert "the same entry stands in line 3" in text


def test_a_missing_column_or_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(DictionaryError, match="header lacks"):
        load_dictionary(user_folder(tmp_path, labels="text\n某行\n"))
    with pytest.raises(DictionaryError, match="no such folder"):
        load_dictionary(tmp_path / "nowhere")


def test_years_overlap_by_hand() -> None:
    assert Years(None, 2019).overlaps(Years(2019, None))
    assert not Years(None, 2019).overlaps(Years(2020, None))
    assert Years().overlaps(Years(2018, 2018))
    assert Years().covers(None)
    assert SUBJECT_FILES[0] == "subjects.csv"
