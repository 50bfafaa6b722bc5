"""The stock engines that the pipeline's speed is measured against, reading whole pages.

    python -m benchmarks.peers rapidocr|paddleocr SCAN.pdf [--pages 1-3] [--threads 2]

prints one JSON line: pages, lines read, and the seconds of the reading alone. Starting up, loading models, drawing
the pages, and a first page to warm up are not counted. Both have the same PP-OCRv6 small models, on ONNX Runtime,
with the settings they ship with.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from flows.options import chosen_pages
from ocr.engines.models import DETECTION, RECOGNITION, bundled_model, read_configuration
from ocr.pdf import open_source, rasterise
from ocr.types import Pixels

Reader = Callable[[Pixels], int]
"""Reads a page, blue green red, and says how many lines it has."""


def rapidocr_reader(threads: int) -> Reader:
    """Stock RapidOCR: detector, line classifier, recogniser."""
    from rapidocr import RapidOCR

    engine = RapidOCR(params={"EngineConfig.onnxruntime.intra_op_num_threads": threads, "Global.log_level": "error"})
    return lambda page: len(engine(page).txts or ())


def paddleocr_reader(threads: int) -> Reader:
    """Stock PaddleOCR on ONNX Runtime: detector and recogniser."""
    os.environ.setdefault("PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK", "True")
    from paddleocr import PaddleOCR

    folder = Path(tempfile.mkdtemp(prefix="qingzhang-peer-"))
    engine = PaddleOCR(
        text_detection_model_name=DETECTION,
        text_detection_model_dir=str(stock_model(DETECTION, folder)),
        text_recognition_model_name=RECOGNITION,
        text_recognition_model_dir=str(stock_model(RECOGNITION, folder)),
        use_doc_orientation_classify=False,
        use_doc_unwarping=False,
        use_textline_orientation=False,
        engine="onnxruntime",
        engine_config={"intra_op_num_threads": threads, "providers": ["CPUExecutionProvider"]},
    )
    return lambda page: sum(len(answer["rec_texts"]) for answer in engine.predict(page))


READERS: dict[str, Callable[[int], Reader]] = {"rapidocr": rapidocr_reader, "paddleocr": paddleocr_reader}


def stock_model(name: str, folder: Path) -> Path:
    """The shipped model with the settings of PaddleOCR's own model zoo instead of ours."""
    ours = bundled_model(name)
    assert ours.folder is not None
    target = folder / name
    target.mkdir()
    (target / "inference.onnx").symlink_to(ours.folder / "inference.onnx")
    text = yaml.safe_dump(stock_configuration(read_configuration(ours)), allow_unicode=True, sort_keys=False)
    (target / "inference.yml").write_text(text, encoding="utf-8")
    return target


def stock_configuration(ours: dict[str, Any]) -> dict[str, Any]:
    """Crops padded to 320 pixels; PaddleOCR 3.7's thresholds of the detector."""
    steps = [
        {"RecResizeImg": {"image_shape": [3, 48, 320]}} if "RecResizeImg" in step else step
        for step in ours["PreProcess"]["transform_ops"]
    ]
    after = dict(ours["PostProcess"])
    if after["name"] == "DBPostProcess":
        after |= {"thresh": 0.3, "box_thresh": 0.6, "unclip_ratio": 1.5, "max_candidates": 1000}
    return {**ours, "PreProcess": {"transform_ops": steps}, "PostProcess": after}


def pictures(scan: Path, pages: str | None) -> list[Pixels]:
    """The pages in colour, at the scan's own resolution."""
    with open_source(scan) as source:
        drawn = [rasterise(source[n - 1], None).pixels for n in chosen_pages(pages, source.page_count)]
    return [p if p.ndim == 3 else np.asarray(cv2.cvtColor(p, cv2.COLOR_GRAY2BGR), dtype=np.uint8) for p in drawn]


def measure(reader: Reader, drawn: Sequence[Pixels]) -> dict[str, float]:
    """Pages, lines, and seconds of wall clock and processor for reading them all, once warm."""
    reader(drawn[0])
    wall, processor = time.perf_counter(), time.process_time()
    lines = sum(reader(page) for page in drawn)
    seconds = {"seconds": time.perf_counter() - wall, "processor": time.process_time() - processor}
    return {"pages": len(drawn), "lines": lines, **seconds}


def main(arguments: Sequence[str] | None = None) -> int:
    """Read one scan with one engine; print what it took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description="Read a scan with a stock engine.")
    parser.add_argument("engine", choices=sorted(READERS))
    parser.add_argument("scan", type=Path)
    parser.add_argument("--pages", help="pages, as of qingzhang run; default: all")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args(arguments)
    answer = measure(READERS[given.engine](given.threads), pictures(given.scan, given.pages))
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
