"""``qingzhang review`` as an operator's machine would run it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commands.review import command
from review import service
from review.desk import Desk
from review.store import open_store
from review.types import Action, Role, User
from tests.desk_sample import MISREAD, document, write_output


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_output(tmp_path / "out" / "one", document())
    return tmp_path


def run(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(command, arguments, input=given, standalone_mode=False)


def test_from_import_to_outputs(place: Path) -> None:
    first = run("import", "out", "--archive", "2024")
    assert "1 documents new" in first.output
    assert "5 fields wait" in first.output
    assert "1 unchanged" in run("import", "out", "--archive", "2024").output
    store = open_store("sqlite:///qingzhang-review.db")
    desk = Desk(store, lambda *_: b"", place, lambda _: None)
    (line,) = (x for x in service.queue_page(store) if x.text == MISREAD)
    service.decide(desk, User("ann", Role.OPERATOR), line.id, Action.EDIT, "事业单位医疗")
    store.close()
    assert "document.json" in run("emit").output
    assert run("emit").output == ""
    text = (place / "out" / "one" / "document.json").read_text(encoding="utf-8")
    assert '"text": "事业单位医疗"' in text
    rows = list(csv.DictReader(io.StringIO(run("export").output.lstrip("\ufeff"))))
    assert [(r["user"], r["action"], r["before"], r["after"], r["archive"]) for r in rows] == [
        ("ann", "edit", MISREAD, "事业单位医疗", "2024")
    ]
    run("export", "--format", "json", "-o", "record.json")
    (record,) = json.loads((place / "record.json").read_text(encoding="utf-8"))
    assert record["shown"]["raw"] == MISREAD
    assert run("export", "--archive", "none").output.count("\n") == 1


def test_a_password_is_never_an_argument(place: Path) -> None:
    assert "operator" in run("user", "add", "ann", given="four words will do\n").output
    assert run("user", "list").output == "ann\toperator\n"
    assert run("user", "role", "ann", "--role", "admin").output == "ann is admin now.\n"
    assert "new password" in run("user", "passwd", "ann", given="another four words\n").output
    assert "not log in" in run("user", "disable", "ann").output
    assert run("user", "list").output == "ann\tadmin\tdisabled\n"
    assert "again" in run("user", "disable", "ann", "--enable").output
    store = open_store("sqlite:///qingzhang-review.db")
    assert service.log_in(store, "ann", "another four words", "::1").user.role is Role.ADMIN
    store.close()


def test_a_user_is_limited_to_archives(place: Path) -> None:
    run("import", "out", "--archive", "2024")
    write_output(place / "more" / "two", document("b"))
    run("import", "more")
    run("user", "add", "ann", "--archive", "2024", "--archive", "more", given="four words will do\n")
    assert run("user", "list").output == "ann\toperator\tarchive 2024\tarchive more\n"
    assert run("user", "archives", "ann", "more").output == "ann sees more now.\n"
    assert run("user", "list").output == "ann\toperator\tarchive more\n"
    assert run("user", "archives", "ann", "--all").output == "ann sees every archive now.\n"
    assert run("user", "list").output == "ann\toperator\n"


@pytest.mark.parametrize(
    ("arguments", "given", "words"),
    [
        (("user", "add", "ann"), "short\n", "10 to 200"),
        (("user", "passwd", "nobody"), "four words will do\n", "no user nobody"),
        (("user", "add", "ann", "--archive", "2024"), "four words will do\n", "no archive 2024. Import it first"),
        (("user", "archives", "ann"), None, "--all"),
        (("user", "archives", "ann", "2024", "--all"), None, "--all"),
        (("import", "nowhere"), None, "document.json"),
        (("import", "out", "--source", "nowhere"), None, "no such folder"),
        (("export", "--database", "mysql://x"), None, "no database of the desk"),
        (("export", "--database", "sqlite:////nowhere/at/all.db"), None, "cannot be used"),
        (("serve",), None, "review user add"),
    ],
)
def test_what_goes_wrong_says_the_next_step(
    place: Path, arguments: tuple[str, ...], given: str | None, words: str
) -> None:
    result = run(*arguments, given=given)
    assert result.exception is not None
    assert words in str(result.exception)
