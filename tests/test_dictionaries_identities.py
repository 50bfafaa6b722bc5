"""Identities as data: a clerk's own file wins, and every fault names its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from dictionaries.identities import FILE, IdentityKind, load_identities
from dictionaries.loader import DictionaryError

HEADER = "name,kind,tables,total,parts,source\n"


def test_the_shipped_identities_load() -> None:
    found = load_identities()
    assert len(found.version) == 12
    assert {IdentityKind.CODE_TREE, IdentityKind.COLUMNS, IdentityKind.ROWS} <= {e.kind for e in found.entries}
    assert found.source == f"identities@{found.version}"


def test_signed_parts_and_alternatives(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(f"{HEADER}结余,columns,结余表,年末,年初|期初 + 收入 - 支出,本地\n", encoding="utf-8")
    (entry,) = (e for e in load_identities(tmp_path).entries if e.name == "结余")
    assert [(p.labels, p.sign) for p in entry.parts] == [(("年初", "期初"), 1), (("收入",), 1), (("支出",), -1)]
    assert entry.tables == ("结余表",)


def test_a_users_row_replaces_and_takes_out(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(
        f"{HEADER}收入总计=支出总计,,,,,\n合计=各列之和,columns,,总额,*,本地\n", encoding="utf-8"
    )
    found = load_identities(tmp_path)
    assert not found.of_kind(IdentityKind.SAME_ROW)
    assert ("总额",) in [e.total for e in found.of_kind(IdentityKind.COLUMNS)]
    assert found.version != load_identities().version


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("甲,sum,,合计,*,", "kind must be one of"),
        ("甲,rows,,,*,", "'total' is empty"),
        ("甲,across,,表!行,表!行!列,", "table!row!column"),
        ("甲,columns,,合计,基本支出 + ,", "sign without a label"),
        (",rows,,合计,*,", "'name' is empty"),
    ],
)
def test_faults_name_file_and_line(tmp_path: Path, row: str, complaint: str) -> None:
    (tmp_path / FILE).write_text(f"{HEADER}{row}\n", encoding="utf-8")
    with pytest.raises(DictionaryError, match=rf"{FILE}:2: .*{complaint}"):
        load_identities(tmp_path)


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(DictionaryError, match="no such folder"):
        load_identities(tmp_path / "none")
