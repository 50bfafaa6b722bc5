"""``qingzhang watermark``: what was found of a watermark, and pictures of its removal."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command(name="watermark")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--pages", metavar="LIST", help="pages to look at, e.g. 2,13-end  [default: all]")
@click.option(
    "--preview",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="write pictures of each page before and after, and of what was taken off, to this folder",
)
@click.option("--json", "as_json", is_flag=True, help="print JSON instead of lines")
def command(file: Path, pages: str | None, preview: Path | None, as_json: bool) -> int:
    """Say what watermark and seals FILE has: phrase, angle, colour, opacity, and the share of each page they cover.

    Nothing is read but the watermark's own words; a page without watermark or seal shows 0 %.
    """
    from pydantic import ValidationError

    from document.exceptions import OutputError
    from flows.document import prepare
    from flows.inspect import description, findings, write_preview
    from flows.options import RunOptions
    from flows.tasks import LazyEngine

    try:
        options = RunOptions(pages=pages)
    except ValidationError as error:
        raise click.BadParameter(str(error.errors()[0]["msg"]), param_hint="--pages") from error
    plan = prepare(file, options, LazyEngine(options.engine))
    try:
        if preview is not None:
            preview.mkdir(parents=True, exist_ok=True)
        found = []
        for finding in findings(plan):
            found.append(
                {
                    "page": finding.number,
                    "coverage": round(finding.coverage, 4),
                    "seals": finding.seals,
                    "in_text": finding.in_text,
                }
            )
            if preview is not None:
                write_preview(finding, preview)
    except OSError as error:
        raise OutputError(f"{preview}: cannot be written ({error.strerror}). Choose another folder.") from error
    if as_json:
        click.echo(json.dumps({"watermark": description(plan.evidence) or None, "pages": found}, ensure_ascii=False))
        return 0
    words = description(plan.evidence)
    click.echo("\n".join(f"{name}: {value}" for name, value in words.items()) if words else "no watermark found")
    for page in found:
        seals = f", {page['seals']} seal(s)" if page["seals"] else ""
        click.echo(f"page {page['page']}: {100 * float(page['coverage']):.1f} % covered{seals}")
    return 0
