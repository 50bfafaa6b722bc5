"""The PP-OCR networks through PaddleOCR's own classes: the only file that imports paddleocr.

``TextDetection`` and ``TextRecognition`` are PaddleOCR's two models alone. The recogniser's last step is
replaced by one that keeps the per-step probabilities (``paddlex_predictor.post_op``, not public API: the version
is pinned and tests/test_ocr_engines.py holds it to the contract).
"""

from __future__ import annotations

import importlib.metadata
import logging
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from document.exceptions import EngineError, MissingDependencyError
from ocr.ctc import Alphabet, DecodedCharacter, allowed_alphabet, decode
from ocr.engine import CharacterSet, Device, EngineOptions, Runtime
from ocr.engines.choice import chosen_runtime, runtime_version
from ocr.engines.models import Model
from ocr.engines.ppocr import Found, Networks
from ocr.types import Pixels


class PaddleOcrNetworks(Networks):
    """PaddleOCR's ``TextDetection`` and ``TextRecognition``, on ONNX Runtime or PaddlePaddle."""

    def __init__(self, detection: Model, recognition: Model, options: EngineOptions) -> None:
        self._options = options
        self._detector = _load("TextDetection", detection, options)
        self._recogniser = _load("TextRecognition", recognition, options)
        self._keeper = _keep_probabilities(self._recogniser.paddlex_predictor, options)

    @property
    def runtime(self) -> str:
        """PaddleOCR's version and what runs its networks."""
        return f"paddleocr {importlib.metadata.version('paddleocr')}, {runtime_version(self._options)}"

    def find(self, pixels: Pixels, longest: int) -> Found:
        """Text of a picture, with its longer side at most ``longest``."""
        answer = self._detector.predict(pixels, limit_side_len=longest, limit_type="max")[0]
        polygons = np.asarray(answer["dt_polys"], dtype=np.float64).reshape(-1, 4, 2)
        return Found(polygons, np.asarray(answer["dt_scores"], dtype=np.float64))

    def read(self, crops: Sequence[Pixels]) -> list[tuple[DecodedCharacter, ...]]:
        """The characters of each crop. Crops go in batches of like width, so that few are padded much."""
        answers: list[tuple[DecodedCharacter, ...]] = [()] * len(crops)
        order = sorted(range(len(crops)), key=lambda i: crops[i].shape[1] / crops[i].shape[0])
        size = self._options.batch_size
        for batch in (order[i : i + size] for i in range(0, len(order), size)):
            for place, characters in zip(batch, self._predict([crops[i] for i in batch]), strict=True):
                answers[place] = characters
        return answers

    def _predict(self, crops: list[Pixels]) -> list[tuple[DecodedCharacter, ...]]:
        self._keeper.expect([c.shape[1] / c.shape[0] for c in crops])
        self._recogniser.predict(crops, batch_size=len(crops))
        return self._keeper.take()


class _Keeper:
    """Takes the place of PaddleX's CTC decoder: decodes, and keeps the characters with their doubts."""

    def __init__(self, alphabet: Alphabet) -> None:
        self._alphabet = alphabet
        self._ratios: list[float] = []
        self._decoded: list[tuple[DecodedCharacter, ...]] = []

    def expect(self, ratios: list[float]) -> None:
        """Width ÷ height of the crops of the next batch, in order."""
        self._ratios, self._decoded = ratios, []

    def take(self) -> list[tuple[DecodedCharacter, ...]]:
        """The characters of each crop of the batch."""
        if len(self._decoded) != len(self._ratios):
            raise EngineError("PaddleOCR answered for another number of text lines than it was given")
        return self._decoded

    def __call__(self, predictions: list[NDArray[np.float32]], **_: Any) -> tuple[list[str], list[float]]:
        scores = np.asarray(predictions[0])
        widest = max(1.0, *self._ratios)  # PaddleX pads each crop to the widest, at least to a square
        for row, ratio in zip(scores, self._ratios, strict=True):
            self._decoded.append(decode(row, self._alphabet, used=min(1.0, ratio / widest)))
        return [""] * len(scores), [0.0] * len(scores)


def _keep_probabilities(predictor: Any, options: EngineOptions) -> _Keeper:
    """Put a keeper where the decoder was."""
    characters = ("", *predictor.post_op.character[1:])
    keeper = _Keeper(allowed_alphabet(characters, options.characters is CharacterSet.SIMPLIFIED))
    predictor.post_op = keeper
    return keeper


def _load(kind: str, model: Model, options: EngineOptions) -> Any:
    """One of PaddleOCR's models. Raises MissingDependencyError when it, or the runtime, is not there."""
    # PaddleX asks its model hubs whether they are reachable unless told otherwise, at import
    os.environ.setdefault("PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK", "True")
    try:
        import paddleocr

        logging.getLogger("paddlex").setLevel(logging.ERROR)
        folder = str(model.folder) if model.folder else None
        arguments = {"device": options.device.value, **_runtime_arguments(options)}
        return getattr(paddleocr, kind)(model_name=model.name, model_dir=folder, **arguments)
    except Exception as error:
        raise MissingDependencyError(
            f"PaddleOCR could not load {model.name} ({chosen_runtime(options)}, {options.device}): {error}. "
            "`qingzhang doctor` shows what is missing."
        ) from error


def _runtime_arguments(options: EngineOptions) -> dict[str, Any]:
    if chosen_runtime(options) is Runtime.PADDLE:
        return {"engine": "paddle", "cpu_threads": options.threads}
    config: dict[str, Any] = {"intra_op_num_threads": options.threads, "inter_op_num_threads": 1}
    if options.device is Device.CPU:
        config["providers"] = ["CPUExecutionProvider"]
        # shapes differ from batch to batch: the arena would only grow
        config["enable_cpu_mem_arena"] = False
    return {"engine": "onnxruntime", "engine_config": config}
