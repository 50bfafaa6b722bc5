"""``qingzhang export``: further formats of documents that have been read, and of reviewed ones."""

from __future__ import annotations

from pathlib import Path

import click

from commands.settings import checked, setting
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
    from flows.export import document_folders, export, find_source, read_reviewed

    formats = checked(RunOptions, {"outputs": output}).outputs
    for folder in document_folders(documents):
        document = read_reviewed(folder)
        original = None
        if source is not None:
            from flows.original import original_of

            original = original_of(find_source(document, source), document)
        target = output_folder / folder.resolve().name if output_folder else folder
        for name in export(folder, document, formats, original, target):
            click.echo(target / name)
    return 0
