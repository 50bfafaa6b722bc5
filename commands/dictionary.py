"""``qingzhang dictionary``: check, list, extend and export the dictionaries."""

from __future__ import annotations

from pathlib import Path

import click

from document.exceptions import DictionaryError, NotADocument

NAMES = ("subjects", "labels", "watermark_phrases", "look_alikes", "traditional", "identities", "forms")
_NAME = click.Choice(NAMES)
_FOLDER = click.option(
    "--dictionaries",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    envvar="QINGZHANG_DICTIONARIES",
    help="the folder with dictionary files of your own",
)
_OWN_FOLDER = click.option(
    "--dictionaries",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    envvar="QINGZHANG_DICTIONARIES",
    required=True,
    help="the folder with dictionary files of your own",
)


@click.group(name="dictionary")
def command() -> None:
    """Check, list, extend and export the dictionaries: subjects, labels, phrases, sums, forms."""


@command.command()
@_FOLDER
def check(dictionaries: Path | None) -> int:
    """Check the shipped files, and yours: every fault with file and line."""
    from dictionaries.editing import check_folder
    from dictionaries.loader import SHIPPED

    folders = (SHIPPED, dictionaries) if dictionaries else (SHIPPED,)
    faults = [fault for folder in folders for fault in check_folder(folder)]
    if faults:
        raise DictionaryError("\n".join(faults))
    click.echo("all dictionary files can be used")
    return 0


@command.command(name="list")
@click.argument("name", type=_NAME)
@click.argument("containing", default="")
@_FOLDER
def list_entries(name: str, containing: str, dictionaries: Path | None) -> int:
    """List the entries of one kind, yours first; with CONTAINING, only those that contain it."""
    from dictionaries.editing import list_rows

    with _as_exit_code():
        for folder, row in list_rows(name, dictionaries, containing):
            click.echo("\t".join([folder, *row.values()]))
    return 0


@command.command()
@click.argument("name", type=_NAME)
@click.argument("values", nargs=-1, required=True, metavar="COLUMN=VALUE...")
@_OWN_FOLDER
def add(name: str, values: tuple[str, ...], dictionaries: Path) -> int:
    """Add one entry to your folder: qingzhang dictionary add labels kind=row text=某行."""
    from dictionaries.editing import add_rows

    pairs = [value.partition("=") for value in values]
    if not all(mark for _, mark, _ in pairs):
        raise DictionaryError("write each value as COLUMN=VALUE, for example: kind=row text=某行")
    with _as_exit_code():
        count = add_rows(dictionaries, name, [{column: value for column, _, value in pairs}])
    click.echo(f"{count} added to {dictionaries / name}.csv")
    return 0


@command.command(name="import")
@click.argument("name", type=_NAME)
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.csv")
@_OWN_FOLDER
def import_entries(name: str, file: Path, dictionaries: Path) -> int:
    """Add the rows of FILE.csv to your folder; nothing is added where a row has a fault."""
    from dictionaries.editing import import_file

    with _as_exit_code():
        count = import_file(dictionaries, name, file)
    click.echo(f"{count} added to {dictionaries / name}.csv")
    return 0


@command.command()
@click.argument("target", type=click.Path(path_type=Path), metavar="FOLDER")
@_FOLDER
def export(target: Path, dictionaries: Path | None) -> int:
    """Write all entries, shipped and yours, as CSV files into FOLDER."""
    from dictionaries.editing import export_all

    with _as_exit_code():
        files = export_all(target, dictionaries)
    click.echo("\n".join(map(str, files)))
    return 0


@command.command()
@click.argument("folders", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="FOLDER...")
@click.option(
    "--least", type=click.IntRange(min=2), default=3, show_default=True, help="documents that must say a name alike"
)
@_OWN_FOLDER
def learn(folders: tuple[Path, ...], least: int, dictionaries: Path) -> int:
    """Add the names of bodies and projects that an archive says in several documents to your folder.

    FOLDER: outputs of `qingzhang run`. A later run mends lines by these names.
    """
    from cleanup.archive_names import archive_names
    from cleanup.lexicon import lexicon
    from dictionaries.editing import add_rows
    from dictionaries.loader import load_dictionary
    from document.json import load

    files = sorted(path for folder in folders for path in folder.rglob("document.json"))
    if not files:
        raise NotADocument(f"{folders[0]}: no document.json below it. Name a folder that qingzhang run has written.")
    with _as_exit_code():
        words = lexicon(load_dictionary(dictionaries if dictionaries.is_dir() else None), None)
        names = archive_names((load(path.read_text(encoding="utf-8")) for path in files), words, least)
        rows = [{"kind": "row", "text": n.text, "source": f"档案中{n.documents}份文件印有"} for n in names]
        count = add_rows(dictionaries, "labels", rows)
    click.echo(f"{count} added to {dictionaries / 'labels'}.csv")
    return 0


class _as_exit_code:  # noqa: N801 - reads as a statement
    """Turns a fault in a dictionary file into the error that has an exit code."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from dictionaries.loader import DictionaryError as BadRows

        if isinstance(error, BadRows):
            raise DictionaryError(str(error)) from None
