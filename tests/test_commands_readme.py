"""Both READMEs tell the truth about every command, option and exit code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from commands.main import COMMANDS, cli
from document.exceptions import ExitCode
from document.json import validate

ROOT = Path(__file__).parent.parent
READMES = ("README.md", "README.zh-CN.md")


@pytest.fixture(params=READMES)
def readme(request: pytest.FixtureRequest) -> str:
    return (ROOT / request.param).read_text(encoding="utf-8")


def parameters(command: click.Command) -> Iterator[click.Parameter]:
    """The parameters of a command and of the commands below it."""
    yield from command.params
    if isinstance(command, click.Group):
        with click.Context(command) as context:
            for name in command.list_commands(context):
                below = command.get_command(context, name)
                assert below is not None
                yield from parameters(below)


def options() -> set[str]:
    """Every option of every command, but --help and --version."""
    found = [p for p in parameters(cli) if isinstance(p, click.Option)]
    return {name for option in found for name in (*option.opts, *option.secondary_opts)} - {"--version"}


def test_it_names_every_command(readme: str) -> None:
    assert all(f"qingzhang {name}" in readme for name in COMMANDS)


def test_it_explains_every_option_and_no_other(readme: str) -> None:
    rows = [line.split("|")[1] for line in readme.splitlines() if line.startswith("| `-")]
    assert set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", " ".join(rows))) == options()


def test_its_exit_codes_are_the_enum(readme: str) -> None:
    rows = re.findall(r"^\| (\d+) \| (\w+) \|", readme, re.MULTILINE)
    assert [(int(code), name) for code, name in rows] == [(code.value, code.name) for code in ExitCode]


def test_its_links_lead_somewhere(readme: str) -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", readme) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_its_example_fits_the_contract(readme: str) -> None:
    (example,) = re.findall(r"```json\n(.*?)```", readme, re.DOTALL)
    validate(json.loads(example.replace("…", "0" * 64)))
