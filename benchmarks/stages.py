"""Where a page's time goes: the pipeline's steps, timed in one process with one thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2

import flows.document
import flows.page
from document.json import dump
from flows.options import RunOptions
from ocr.engine import Engine, load_engine
from ocr.engines.openvino_networks import OpenVinoNetworks
from ocr.engines.paddle import PaddleEngine

READING = "reading: crops, decoding"
FINDING = "finding text: resizing, boxes"
MODELS = ("networks: detector", "networks: recogniser")
FUNCTIONS = {
    "rasterise": "rasterising",
    "is_sideways": "upright and straight",
    "straighten": "upright and straight",
    "remove_watermark": "watermark and seals off",
    "find_rulings": "rules and grids",
    "build_grids": "rules and grids",
    "with_hidden_columns": "rules and grids",
    "regions_to_read": "what is to be read",
    "with_cover": "watermark and seals off",
    "with_darkness": "what is to be read",
    "drop_residue": "watermark and seals off",
    "put_together": "tables and layout",
    "note_unread": "tables and layout",
}
"""What ``flows/page.py`` calls, and the stage it belongs to."""


@dataclass(slots=True)
class Clock:
    """Processor seconds by stage; a stage within another is taken off the outer one."""

    seconds: dict[str, float] = field(default_factory=dict)
    _inner: list[float] = field(default_factory=lambda: [0.0])

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        """Count what is done within for a stage."""
        start = time.process_time()
        self._inner.append(0.0)
        try:
            yield
        finally:
            took = time.process_time() - start
            self.seconds[stage] = self.seconds.get(stage, 0.0) + took - self._inner.pop()
            self._inner[-1] += took

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, counted."""

        def counted(*arguments: Any, **named: Any) -> Any:
            with self.time(stage):
                return function(*arguments, **named)

        return counted


@dataclass(frozen=True, slots=True)
class Profile:
    """Processor seconds by stage over all pages."""

    pages: int
    seconds: dict[str, float]

    @property
    def share_of_models(self) -> float:
        """Time of the networks alone ÷ all."""
        return sum(self.seconds.get(stage, 0.0) for stage in MODELS) / sum(self.seconds.values())


def profile(scans: Sequence[Path], pages: str | None, options: RunOptions | None = None) -> Profile:
    """Read the scans in this process and tell the time of each stage; loading the engine is not counted."""
    cv2.setNumThreads(1)
    options = (options or RunOptions()).model_copy(update={"pages": pages})
    engine, clock, count = load_engine(options.engine), Clock(), 0
    with ExitStack() as patches:
        for name, stage in FUNCTIONS.items():
            original = getattr(flows.page, name)
            patches.enter_context(patch.object(flows.page, name, clock.timed(stage, original)))
        for network, stage in zip(_networks(engine), MODELS, strict=False):
            patches.enter_context(patch.object(*network, clock.timed(stage, getattr(*network))))
        for name, stage in (("find", FINDING), ("read", READING)):
            patches.enter_context(patch.object(engine, name, clock.timed(stage, getattr(engine, name))))
        for scan in scans:
            with clock.time("watermark found on a sample of pages"):
                plan = flows.document.prepare(scan, options, engine)
            with clock.time("rest of a page"):
                read = [flows.document.read_page(plan, number, engine) for number in plan.numbers]
            with clock.time("corrections, sums, confidence"):
                document = flows.document.finish(plan, read)
            with clock.time("document.json"):
                dump(document)
            count += len(read)
    return Profile(count, clock.seconds)


def _networks(engine: Engine) -> tuple[tuple[Any, str], ...]:
    """Owner and name of the calls that run the detector and the recogniser; none of other runtimes are known."""
    networks = engine.networks if isinstance(engine, PaddleEngine) else None
    if not isinstance(networks, OpenVinoNetworks):
        return ()
    return (networks, "run_detector"), (networks, "run_recogniser")


def markdown(found: Profile) -> str:
    """The stages by their share, and what the networks alone take."""
    everything = sum(found.seconds.values())
    rows = ["| stage | processor s/page | share |", "| --- | --- | --- |"]
    for stage, seconds in sorted(found.seconds.items(), key=lambda item: -item[1]):
        rows.append(f"| {stage} | {seconds / found.pages:.3f} | {100 * seconds / everything:.1f} % |")
    rows.append(f"| all, {found.pages} pages | {everything / found.pages:.3f} | 100 % |")
    rows.append(f"| networks alone | | {100 * found.share_of_models:.1f} % |")
    return "\n".join(rows) + "\n"
