"""``qingzhang doctor`` tells what is there, and fails only for what the default way needs."""

from __future__ import annotations

import socket

import pytest

import commands.doctor
from commands.doctor import Check
from commands.main import exit_code
from document.exceptions import ExitCode


@pytest.mark.engine
def test_it_finds_the_engine_and_its_models_without_the_network(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was touched")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert exit_code(["doctor"]) == ExitCode.OK
    lines = {line[8:32].strip(): line for line in capsys.readouterr().out.splitlines()}
    assert "PP-OCRv6_small_rec" in lines["engine paddle"]
    assert lines["onnxruntime"].startswith("ok")
    assert lines["dictionaries"].startswith("ok")


@pytest.mark.parametrize(("needed", "code"), [(True, ExitCode.MISSING_DEPENDENCY), (False, ExitCode.OK)])
def test_what_is_missing_counts_where_it_is_needed(
    needed: bool, code: ExitCode, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(commands.doctor, "checks", lambda: [Check("thing", "not installed", False, needed)])
    assert exit_code(["doctor"]) == code
    assert ("MISSING" in capsys.readouterr().out) is needed
