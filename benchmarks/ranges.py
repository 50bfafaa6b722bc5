"""Measures between what numbers the values in PP-OCR's recogniser lie, for computing in 8 bits (``--precision int8``).

    python -m benchmarks.ranges [FILE.pdf …] [--to RANGES.csv]

Reads the committed samples (or the files named) in 32-bit floats and watches what flows into each large convolution.
A range is the one that loses least: the values beyond its ends are cut off, those within rounded to 256 steps.
Takes a few minutes; to be run again when the models change.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from benchmarks.make_samples import SAMPLES
from document.exceptions import MissingDependencyError
from ocr.engine import EngineOptions, Precision, Runtime, load_engine
from ocr.engines.models import RECOGNITION, bundled_model, fingerprint
from ocr.engines.openvino_int8 import COLUMNS, RANGES, Range
from ocr.engines.openvino_networks import OpenVinoNetworks, Watch, watch
from ocr.engines.paddle import PaddleEngine

BATCHES = 80
"""Batches of text lines that the ranges are measured on."""
VALUES = 4000
"""Values kept of each layer and input, drawn by chance."""
SHARES = np.linspace(0.3, 1.0, 36)
"""Of the largest value, that are tried as ends of a range."""


def best_range(values: NDArray[np.float32]) -> Range:
    """The range that loses least of the values, by the mean square: first its upper, then its lower end."""
    low, high = float(values.min()), float(values.max())
    high = min((float(high * k) for k in SHARES), key=lambda end: loss(values, Range(low, end)))
    low = min((float(low * k) for k in SHARES), key=lambda end: loss(values, Range(end, high)))
    return Range(low, high)


def loss(values: NDArray[np.floating], given: Range) -> float:
    """Mean square of what rounding by a range does to the values."""
    first, last = given.steps
    step = (last - first) / 255 or 1.0
    values = values.astype(np.float64)
    rounded = np.clip(np.rint((values - first) / step), 0, 255) * step + first
    return float(((rounded - values) ** 2).mean())


def measured(network: Watch, inputs: Iterable[NDArray[np.uint8]]) -> dict[str, Range]:
    """The best range of each layer over all inputs."""
    chance = np.random.default_rng(1)
    kept: dict[str, list[NDArray[np.float32]]] = {}
    for pixels in inputs:
        for name, values in network.flowing(pixels):
            flat = values.ravel()
            ends = np.array([flat.min(), flat.max()], np.float32)
            kept.setdefault(name, []).append(np.append(chance.choice(flat, min(VALUES, flat.size)), ends))
    return {name: best_range(np.concatenate(parts)) for name, parts in kept.items()}


def lines_of(sources: Sequence[Path]) -> list[NDArray[np.uint8]]:
    """What the recogniser is given while the files are read, thinned to what is needed."""
    from flows.document import clean_document  # here only: it brings the whole pipeline

    engine = load_engine(EngineOptions(runtime=Runtime.OPENVINO, precision=Precision.F32))
    if not isinstance(engine, PaddleEngine) or not isinstance(engine.networks, OpenVinoNetworks):
        raise TypeError("only OpenVINO's networks are measured")
    networks = engine.networks
    recogniser, seen = networks.run_recogniser, list[NDArray[np.uint8]]()

    def kept(lines: NDArray[np.uint8]) -> NDArray[np.float32]:
        seen.append(lines.copy())
        return recogniser(lines)

    with patch.object(networks, "run_recogniser", kept):
        for source in sources:
            clean_document(source, engine=engine)
    return seen[:: max(1, len(seen) // BATCHES)]


def write_ranges(ranges: dict[str, dict[str, Range]], path: Path) -> None:
    """By network, then by layer, in the order of the network."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        for network, own in ranges.items():
            writer.writerows((network, layer, f"{r.low:.6g}", f"{r.high:.6g}") for layer, r in own.items())


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ranges", description=__doc__)
    parser.add_argument("sources", nargs="*", type=Path, help="scans to measure on; default: the committed samples")
    parser.add_argument("--to", type=Path, default=RANGES)
    given = parser.parse_args(arguments)
    model = bundled_model(RECOGNITION)
    if model.network is None:
        raise MissingDependencyError(f"{model.name} has no inference.onnx: remove its folder, so that it is made anew.")
    found = measured(watch(model), lines_of(given.sources or sorted(SAMPLES.glob("*.pdf"))))
    write_ranges({fingerprint(model.network): found}, given.to)


if __name__ == "__main__":
    main()
