"""Redraws the committed samples: ``python -m benchmarks.make_samples [-o FOLDER] [NAME ...]``.

Each sample is a plan (what is printed) and a way of scanning. Samples are small, so that the demo runs on
them in minutes; between them they show both kinds of disclosure, every quality, and the hard tables.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from benchmarks.draw import Plan, draw
from benchmarks.forms import Style
from benchmarks.papers import Paper, truth_json
from benchmarks.scanner import PROFILES, Seal, Watermark, scan, watermark_text

DIGITAL = "digital"
SAMPLES = Path(__file__).parent / "samples"


class Sample(BaseModel):
    """One document of the set: what is drawn and how it is spoiled."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9-]+$", description="of the files")
    shows: str = Field(description="what it is there for, one line of the README")
    plan: Plan
    profile: str = Field(description='of benchmarks.scanner.PROFILES, or "digital" for no scan')
    watermark: Watermark | None = None
    seals: tuple[Seal, ...] = ()
    turned: dict[int, int] = Field({}, description="quarter turns counter-clockwise of pages that lay wrong")


SET: tuple[Sample, ...] = (
    Sample(
        name="s1-budget-office",
        shows="grey watermark over the text, all 类 in one table, three-storey header, wrapped headers",
        plan=Plan(
            seed=11,
            kind="budget",
            parts=("contents", "duties", "fiscal", "economic", "three_public", "explanation"),
            style=Style(table_size=8.5, row_pad=4.2, page_number="- {} -"),
        ),
        profile="office",
        watermark=Watermark(
            lines=("仅供内部审核",), angle=31, colour=(0.45, 0.45, 0.45), opacity=0.52, size=36, period=(235, 150)
        ),
    ),
    Sample(
        name="s2-account-color-seal",
        shows="red stacked watermark under the text, red and blue seals, tinted paper, a broad page of twelve columns",
        plan=Plan(
            seed=24,
            kind="account",
            parts=("receipts", "economic_broad", "three_public", "evaluation", "terms"),
            style=Style(latin="tiro", thousands=True, code_word="科目代码", row_pad=4.0, page_number="{}"),
        ),
        profile="color",
        watermark=Watermark(
            lines=("内部资料", "注意保存"),
            angle=22,
            colour=(0.86, 0.2, 0.2),
            opacity=0.42,
            over=False,
            size=32,
            period=(220, 190),
            stagger=0.35,
        ),
        seals=(
            Seal(text="杏溪市民政局财务专用章", page=1, centre=(410, 600), angle=8),
            Seal(
                text="国库支付中心",
                foot="核对",
                page=2,
                centre=(640, 455),
                diameter=92,
                colour=(0.12, 0.22, 0.72),
                opacity=0.7,
                angle=-11,
            ),
        ),
    ),
    Sample(
        name="s3-account-poor",
        shows="150 dpi, pale, noisy, askew; 行次 twice in a row, 0.00 where nothing was spent, running header",
        plan=Plan(
            seed=35,
            kind="account",
            parts=("duties", "overview", "payments", "economic_pairs"),
            style=Style(
                latin="helv",
                zero="0.00",
                code_word="功能分类科目编码",
                row_pad=4.2,
                table_size=9,
                running_head="部门决算公开材料",
                page_number="第 {} 页",
            ),
        ),
        profile="poor",
        watermark=Watermark(
            lines=("征求意见稿",), angle=45, colour=(0.55, 0.55, 0.55), opacity=0.45, size=46, period=(260, 210)
        ),
    ),
    Sample(
        name="s4-budget-fax",
        shows="one bit a pixel; lists of different length side by side, tall side cells, 绩效 form",
        plan=Plan(
            seed=46,
            kind="budget",
            parts=("by_use", "side_heads", "five_cells", "target", "nested_heads", "explanation"),
            style=Style(thousands=True, table_size=9, row_pad=4.6, colon=":", entity_word="部门"),
        ),
        profile="fax",
        watermark=Watermark(
            lines=("内部使用 严禁外传",),
            angle=-28,
            colour=(0.35, 0.35, 0.35),
            opacity=0.6,
            size=30,
            period=(300, 170),
            stagger=0.4,
        ),
    ),
    Sample(
        name="s5-budget-good300",
        shows="no watermark, 300 dpi; cover, amounts in 元, 类 款 项 in three columns on a broad page, terms",
        plan=Plan(
            seed=57,
            kind="budget",
            unit="元",
            size=9,
            parts=("cover", "split_payments", "split_economic", "terms"),
            style=Style(
                latin="cour",
                thousands=True,
                shaded_header=True,
                frame=1.2,
                row_pad=5,
                entity_word="编制部门",
                unnumbered=1,
            ),
        ),
        profile="good300",
    ),
)
"""The committed samples."""


def truth(sample: Sample, drawn: Paper) -> Paper:
    """What the truth file says: what was drawn, and how it was spoiled."""
    return dataclasses.replace(
        drawn,
        profile=sample.profile,
        watermark=sample.watermark.phrase if sample.watermark else None,
        seal="；".join(s.text for s in sample.seals) or None,
    )


def spoil(sample: Sample, pdf: bytes) -> bytes:
    """The drawn PDF as the sample has it: scanned, or with its watermark in the text layer."""
    if sample.profile == DIGITAL:
        return watermark_text(pdf, sample.watermark) if sample.watermark else pdf
    return scan(pdf, PROFILES[sample.profile], sample.plan.seed, sample.watermark, sample.seals, sample.turned)


def write(sample: Sample, folder: Path) -> Path:
    """Write ``NAME.pdf`` and ``NAME.truth.json`` into ``folder``; gives the PDF's path."""
    drawing = draw(sample.plan)
    paper = truth(sample, drawing.paper)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{sample.name}.pdf"
    path.write_bytes(spoil(sample, drawing.pdf))
    (folder / f"{sample.name}.truth.json").write_text(truth_json(paper), encoding="utf-8")
    return path


def readme(samples: Sequence[Sample]) -> str:
    """The README of a folder of samples: a line for each."""
    head = (
        "# Samples\n\n"
        "Drawn by `python -m benchmarks.make_samples`: invented bodies and figures, sums that hold. "
        "`NAME.truth.json` is what is printed. The options are in `benchmarks/make_samples.py`.\n\n"
        "| sample | kind | seed | profile | watermark | shows |\n|---|---|---|---|---|---|\n"
    )
    rows = (
        f"| `{s.name}.pdf` | {s.plan.kind} | {s.plan.seed} | {s.profile} "
        f"| {'/'.join(s.watermark.lines) if s.watermark else '–'} | {s.shows} |"
        for s in samples
    )
    return head + "\n".join(rows) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Redraw the samples, or those named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.make_samples", description=__doc__)
    parser.add_argument("names", nargs="*", help="which samples; all when none is named")
    parser.add_argument("-o", "--out", type=Path, default=SAMPLES)
    given = parser.parse_args(arguments)
    unknown = sorted(set(given.names) - {s.name for s in SET})
    if unknown:
        parser.error(f"no such sample: {', '.join(unknown)}")
    for sample in SET:
        if not given.names or sample.name in given.names:
            write(sample, given.out)
    (given.out / "README.md").write_text(readme(SET), encoding="utf-8")


if __name__ == "__main__":
    main()
