"""``qingzhang clean``: text that someone else recognised, without pictures."""

from __future__ import annotations

from pathlib import Path

import click

from document.exceptions import DictionaryError, NotADocument

MAX_BYTES = 50_000_000
"""A text file larger than this is no disclosure."""


@click.command(name="clean")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.txt")
@click.option("-o", "--output-folder", required=True, type=click.Path(path_type=Path), help="the folder to write into")
@click.option("--watermark", multiple=True, metavar="PHRASE", help="a watermark phrase of these documents (repeatable)")
@click.option(
    "--dictionaries",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="a folder with dictionary files of your own",
)
def command(file: Path, output_folder: Path, watermark: tuple[str, ...], dictionaries: Path | None) -> int:
    """Clean FILE.txt, OCR text with tabs between cells and form feeds between pages.

    Writes document.txt and corrections.csv (line, before, after, rule, score, or the reason for a flag).
    """
    from cleanup.plain_text import clean_text
    from dictionaries.loader import DictionaryError as BadRows
    from dictionaries.loader import load_dictionary
    from flows.outputs import write_whole

    try:
        dictionary = load_dictionary(dictionaries)
    except BadRows as error:
        raise DictionaryError(str(error)) from None
    result = clean_text(_read(file), dictionary, watermark)
    write_whole(output_folder / "document.txt", result.text.encode())
    write_whole(output_folder / "corrections.csv", result.corrections_csv().encode())
    flags = sum(change.rule == "flag" for change in result.changes)
    click.echo(f"{output_folder}: {len(result.changes) - flags} changes, {flags} doubts")
    return 0


def _read(file: Path) -> str:
    """The file's text; raises NotADocument where it is none."""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise NotADocument(f"{file}: larger than {MAX_BYTES} bytes. Give one disclosure at a time.")
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise NotADocument(
            f"{file}: not UTF-8 text. Save it as UTF-8; for a PDF or picture use qingzhang run."
        ) from None
    except OSError as error:
        raise NotADocument(f"{file}: cannot be read ({error.strerror}).") from None
