"""``qingzhang run``: scans in, clean text and JSON out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from commands.settings import checked, config_option, flag, phrases, setting
from flows.batch import BatchOptions, BatchReport, Outcome, run_batch
from flows.options import RunOptions
from ocr.engine import EngineOptions

ENGINE_FIELDS = {
    "engine": "name",
    "runtime": "runtime",
    "precision": "precision",
    "device": "device",
    "detection_model": "detection_model",
    "recognition_model": "recognition_model",
    "characters": "characters",
    "threads": "threads",
    "batch_size": "batch_size",
    "detection_height": "detection_height",
}
"""Option and field of the engine's options."""
RUN_FIELDS = {
    "mode": "mode",
    "pages": "pages",
    "dpi": "dpi",
    "watermark": "watermarks",
    "merge_tables": "merge_tables",
    "silent_per_10k": "silent_per_10k",
    "dictionaries": "dictionaries",
    "output": "outputs",
}
"""Option and field of the run's options."""


@click.command(name="run")
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="INPUT...")
@click.option(
    "-o",
    "--output-folder",
    required=True,
    type=click.Path(path_type=Path),
    envvar="QINGZHANG_OUTPUT_FOLDER",
    help="folder for the output: one folder per document",
)
@setting(RunOptions, "outputs", "output")
@setting(RunOptions, "pages")
@setting(RunOptions, "mode")
@setting(RunOptions, "dpi")
@phrases(RunOptions, "watermarks", "watermark")
@setting(RunOptions, "merge_tables")
@setting(RunOptions, "silent_per_10k")
@setting(RunOptions, "dictionaries")
@setting(EngineOptions, "name", "engine")
@setting(EngineOptions, "runtime")
@setting(EngineOptions, "precision")
@setting(EngineOptions, "device")
@setting(EngineOptions, "detection_model")
@setting(EngineOptions, "recognition_model")
@setting(EngineOptions, "characters")
@setting(EngineOptions, "threads")
@setting(EngineOptions, "batch_size")
@setting(EngineOptions, "detection_height")
@setting(BatchOptions, "jobs", short="-j")
@setting(BatchOptions, "page_seconds")
@flag(BatchOptions, "force")
@flag(BatchOptions, "keep_temporary_files")
@click.option(
    "--via-prefect",
    is_flag=True,
    envvar="QINGZHANG_VIA_PREFECT",
    help="let workers of a Prefect server do it (PREFECT_API_URL) and follow them; INPUT and output may be URLs",
)
@config_option()
def command(inputs: tuple[Path, ...], output_folder: Path, via_prefect: bool, **values: Any) -> int:
    """Clean every PDF, PNG, JPEG and TIFF that INPUT names (files, or folders searched through).

    Each document gets a folder in the output with document.json and document.txt. Documents whose bytes, options
    and versions have not changed since the last run are left as they are.
    """
    from commands.progress import watching

    options, batch = run_options(values), batch_options(values)
    with watching() as watcher:
        if via_prefect:
            from flows.submit import submit_run

            report = submit_run([as_url(i) for i in inputs], as_url(output_folder), options, batch, watcher)
        else:
            report = run_batch(inputs, output_folder, options, batch, watcher)
    click.echo(summary(report))
    return report.exit_code


def as_url(path: Path) -> str:
    """The path or URL that was typed: a Path has folded ``s3://`` into ``s3:/``."""
    return re.sub(r"^([a-z][a-z0-9+]+):/(?!/)", r"\1://", str(path))


def run_options(values: dict[str, Any]) -> RunOptions:
    """What decides the content, from the command's values."""
    engine = checked(EngineOptions, {field: values[name] for name, field in ENGINE_FIELDS.items()})
    return checked(RunOptions, {"engine": engine, **{field: values[name] for name, field in RUN_FIELDS.items()}})


def batch_options(values: dict[str, Any]) -> BatchOptions:
    """How to go about it, from the command's values."""
    return checked(BatchOptions, {name: values[name] for name in BatchOptions.model_fields})


def summary(report: BatchReport) -> str:
    """What became of the documents, in a few lines."""
    counts = report.counts
    parts = [f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome]]
    total = len(report.results)
    lines = [f"{total} document{'s' * (total != 1)}: {', '.join(parts)}; {report.pages} pages read."]
    for result in report.results:
        for failure in result.failures:
            lines.append(f"  {result.source}, page {failure.page}: {failure.error}")
    review = sum(result.for_review for result in report.results)
    if review:
        lines.append(f"{review} cells and texts are marked needs_review, with their reasons, in document.json.")
    if any(result.folder for result in report.results):
        lines.append(f"Clean text: {report.output}/*/document.txt, for parsers: {report.output}/*/document.json")
    return "\n".join(lines)
