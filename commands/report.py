"""``qingzhang report``: one page over many documents."""

from __future__ import annotations

import os
from pathlib import Path

import click

from document.exceptions import ExitCode, QingzhangError


@click.command(name="report")
@click.argument("documents", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DOCUMENT...")
@click.option(
    "-o",
    "--output-file",
    type=click.Path(path_type=Path),
    help="the file to write [default: report.html in the first folder named]",
)
def command(documents: tuple[Path, ...], output_file: Path | None) -> int:
    """Write report.html over many documents: how each came out, sortable, with links to their own reports.

    DOCUMENT is the folder that `qingzhang run` wrote, or folders of single documents. The report of one document is a
    format: `qingzhang export DOCUMENT --output report`.
    """
    from document.writers.report_archive import Entry, archive_report, entry_of
    from flows.export import document_folders, read_reviewed
    from flows.outputs import write_whole

    first = documents[0] if documents[0].is_dir() else documents[0].parent
    file = output_file or first / "report.html"
    entries: list[Entry] = []
    code = ExitCode.OK
    for folder in document_folders(documents):
        own = folder / "report.html"
        link = Path(os.path.relpath(own, file.parent)).as_posix() if own != file and own.is_file() else None
        try:
            entries.append(entry_of(read_reviewed(folder), folder.resolve().name, link))
        except QingzhangError as error:  # the others are told of
            click.echo(f"qingzhang: {folder}: {error}", err=True)
            code = code or error.exit_code
    write_whole(file, archive_report(entries))
    click.echo(file)
    return code
