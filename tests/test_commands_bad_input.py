"""Bad input through the real way: a sentence that names the file and the way out, and the run goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pymupdf
import pytest

from commands.main import exit_code
from document.exceptions import ExitCode


def good(path: Path) -> None:
    with pymupdf.open() as document:
        document.new_page().draw_rect((50, 50, 200, 200))
        document.save(path)


def cut_short(path: Path) -> None:
    good(path)
    path.write_bytes(path.read_bytes()[:40])


def encrypted(path: Path) -> None:
    with pymupdf.open() as document:
        document.new_page()
        document.save(path, encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="secret", owner_pw="secret")


def no_pages(path: Path) -> None:
    body = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    path.write_bytes(body + b"trailer<</Root 1 0 R/Size 3>>\n%%EOF\n")


def huge_page_between_others(path: Path) -> None:
    with pymupdf.open() as document:
        document.new_page()
        document.new_page(width=40_000, height=40_000)
        document.new_page()
        document.save(path)


def unreadable_image(path: Path) -> None:
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\x00" * 64)


def run(*arguments: object) -> int:
    return exit_code(["run", *map(str, arguments), "--engine", "null", "-j", "1"])


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "text.pdf": (lambda path: path.write_text("no PDF at all"), "PDF"),
    "empty.pdf": (lambda path: path.touch(), "is empty"),
    "short.pdf": (cut_short, "cut short"),
    "none.pdf": (no_pages, "no pages"),
    "broken.png": (unreadable_image, "damaged"),
    "folder": (lambda path: path.mkdir(), "holds no scans"),
    "locked.pdf": (encrypted, "encrypted"),
}
"""How each is made, and what must be said of it."""


def test_bad_files_are_named_and_the_next_comes_out(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name, (make, _) in BAD.items():
        make(tmp_path / name)
    good(tmp_path / "good.pdf")
    paths = [tmp_path / name for name in (*BAD, "good.pdf")]
    assert run(*paths, "-o", tmp_path / "out") == ExitCode.INPUT_FILE
    said = capfd.readouterr()
    lines = {line.removeprefix(f"qingzhang: {tmp_path}/").split(":")[0]: line for line in said.err.splitlines()}
    assert lines.keys() == BAD.keys()
    for name, (_, words) in BAD.items():
        assert words in lines[name]
        assert lines[name].count(". ") >= 1, f"{lines[name]!r} names no way out"
    assert "8 documents: 1 clean, 7 failed" in said.out
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["good"]


def test_an_encrypted_file_has_a_code_of_its_own(tmp_path: Path) -> None:
    encrypted(tmp_path / "a.pdf")
    assert run(tmp_path / "a.pdf", "-o", tmp_path / "out") == ExitCode.ENCRYPTED


def test_a_page_of_40000_points_leaves_the_document_partial(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    huge_page_between_others(tmp_path / "a.pdf")
    assert run(tmp_path / "a.pdf", "-o", tmp_path / "out") == ExitCode.PARTIAL
    document = json.loads((tmp_path / "out" / "a" / "document.json").read_text(encoding="utf-8"))
    assert document["status"] == "partial"
    assert [p["origin"] for p in document["pages"]] == ["scan", "failed", "scan"]
    assert "too large" in document["pages"][1]["error"]
    assert "page 2" in capfd.readouterr().out


def test_an_output_that_cannot_be_written(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    good(tmp_path / "good.pdf")
    (tmp_path / "taken").touch()
    assert run(tmp_path / "good.pdf", "-o", tmp_path / "taken") == ExitCode.FILE_ACCESS_ERROR
    assert str(tmp_path / "taken") in capfd.readouterr().err
