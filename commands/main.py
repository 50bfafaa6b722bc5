"""``qingzhang``: one thin module per command; only here do exceptions become exit codes."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

import click

from document.exceptions import ExitCode, QingzhangError

COMMANDS = {
    "run": "clean scans: one folder with document.json and document.txt for each",
    "export": "write further formats of documents that have been read: xlsx, pdf, md, html, alto, report",
    "report": "one page over many documents: how each came out, sortable",
    "review": "the desk where people decide what the machine is not sure of",
    "clean": "clean text that someone else recognised, without pictures",
    "dictionary": "check, list, extend and export the dictionaries",
    "watermark": "say what watermark and seals a file has; with pictures before and after",
    "watch": "say on Prefect's bus when a file in an inbox has stopped growing",
    "doctor": "show versions, engines and models, and what is missing; touches no network",
}
"""Name and summary of each command; its module is imported when it is called, or asked for help."""


class _Commands(click.Group):
    """The commands, each in the module of its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(f"qingzhang {version('qingzhang')}")
        ctx.exit()


@click.group(
    name="qingzhang", cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="show the version"
)
def cli() -> None:
    """清账: scanned, watermarked Chinese public accounts in; clean text and JSON out."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """The program: does what the arguments say (default: those of the process) and exits."""
    # cleaned up after like Ctrl-C; 143 is what shells say of a terminated program
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(exit_code(arguments))


def exit_code(arguments: list[str] | None = None) -> int:
    """Do what the arguments say; the exit code (README: Exit codes)."""
    try:
        result = cli.main(arguments, prog_name="qingzhang", standalone_mode=False)
        return int(result or ExitCode.OK)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        error.show()
        return ExitCode.BAD_ARGS if isinstance(error, click.UsageError) else error.exit_code
    except QingzhangError as error:
        click.echo(f"qingzhang: {error}", err=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("qingzhang: interrupted; what is half done was taken away.", err=True)
        return ExitCode.CTRL_C
    except BrokenPipeError:  # the reader of our output left, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OTHER_ERROR


def _terminate(number: int, _: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    main()
