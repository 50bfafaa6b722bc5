"""``qingzhang export``: further formats of documents that have been read, and of reviewed ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path

import click

from commands.settings import checked, setting
from document.exceptions import ExitCode, QingzhangError
from document.writers.formats import Format
from flows.options import RunOptions


@click.command(name="export")
@click.argument("documents", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DOCUMENT...")
@setting(RunOptions, "outputs", "output")
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    envvar="QINGZHANG_SOURCE",
    help="the scan, or the folder that holds the scans: pdf needs it, html and report show its pages",
)
@click.option(
    "-o",
    "--output-folder",
    type=click.Path(path_type=Path),
    envvar="QINGZHANG_OUTPUT_FOLDER",
    help="folder for the output: one folder per document [default: where document.json is]",
)
def command(documents: tuple[Path, ...], output: str | None, source: Path | None, output_folder: Path | None) -> int:
    """Write formats of documents from their document.json, as it is now; no page is read again.

    DOCUMENT is the folder of a document, its document.json, or a folder of such folders. After a review the values
    are the reviewer's, by the decisions.json beside it.
    """
    from flows.export import document_folders

    formats = checked(RunOptions, {"outputs": output}).outputs
    folders = list(document_folders(documents))
    names = Counter(folder.resolve().name for folder in folders)
    if output_folder is not None and (twice := [name for name, count in names.items() if count > 1]):
        raise click.UsageError(f"{twice[0]}: two documents have this name, and -o has one folder for each name.")
    code = ExitCode.OK
    for folder in folders:
        try:
            _export(folder, formats, source, output_folder / folder.resolve().name if output_folder else folder)
        except QingzhangError as error:  # the others come out
            click.echo(f"qingzhang: {folder}: {error}", err=True)
            code = code or error.exit_code
    return code


def _export(folder: Path, formats: Collection[Format], source: Path | None, target: Path) -> None:
    from flows.export import export, find_source, read_reviewed

    document = read_reviewed(folder)
    original = None
    if source is not None:
        from flows.original import original_of

        original = original_of(find_source(document, source), document)
    for name in export(folder, document, formats, original, target):
        click.echo(target / name)
