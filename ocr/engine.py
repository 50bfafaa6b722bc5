"""The one door to every OCR engine: where text is, and what it says.

To add an engine: write ``ocr/engines/<name>.py`` with a subclass of ``Engine``, name it in ``_ADAPTERS``, and run
``tests/test_ocr_engines.py``, the contract that all engines pass.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from document.geometry import Box
from document.types import TextLine
from ocr.types import PageImage


@dataclass(frozen=True, slots=True)
class Region:
    """A place where text was found, in straight points (pixel · 72 / dpi on the straightened page)."""

    box: Box
    """Upright box around it."""
    corners: tuple[tuple[float, float], ...] = ()
    """For turned text: four corners, clockwise from the text's own top left; empty for level text."""
    angle: float = 0.0
    """Degrees counter-clockwise that the baseline is turned, -90 < angle <= 90."""
    score: float = 1.0
    """The detector's own confidence, 0–1."""


class EngineName(StrEnum):
    """The engines that ship."""

    PADDLE = "paddle"
    TESSERACT = "tesseract"
    NULL = "null"


class Runtime(StrEnum):
    """What runs PaddleOCR's networks."""

    AUTO = "auto"
    """OpenVINO on the processor, where the models are there as files for it; else ONNX Runtime."""
    OPENVINO = "openvino"
    ONNXRUNTIME = "onnxruntime"
    PADDLE = "paddle"


class Precision(StrEnum):
    """In what numbers OpenVINO computes."""

    AUTO = "auto"
    """The fastest that the processor multiplies: int8, else bf16, else f32."""
    F32 = "f32"
    """32-bit floats: the same answers on every machine, at half the speed."""
    BF16 = "bf16"
    """16-bit brain floats."""
    INT8 = "int8"
    """8-bit integers in the large convolutions, bf16 or f32 in the rest; models that were not measured for it stay
    as with bf16."""


class Device(StrEnum):
    """Where the networks run."""

    CPU = "cpu"
    GPU = "gpu"


class CharacterSet(StrEnum):
    """Which characters a reading may hold."""

    SIMPLIFIED = "simplified"
    """Simplified Chinese, Latin, digits and signs: no 軍 where 审 is printed."""
    ALL = "all"
    """All that the model knows."""


class EngineOptions(BaseModel):
    """Which engine reads, with which models, on what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: EngineName = Field(EngineName.PADDLE, description="engine: paddle, tesseract, or null (reads nothing)")
    runtime: Runtime = Field(
        Runtime.AUTO, description="what runs PaddleOCR's networks; auto: openvino on the processor"
    )
    precision: Precision = Field(
        Precision.AUTO,
        description="numbers that openvino computes in; auto: int8, else bf16, where the processor has it",
    )
    device: Device = Field(Device.CPU, description="cpu, or gpu where a CUDA device and its runtime are present")
    detection_model: str | None = Field(
        None,
        description="PaddleOCR detection model: a folder, or a name PaddleOCR knows; default: PP-OCRv6 small",
    )
    recognition_model: str | None = Field(
        None, description="PaddleOCR recognition model: a folder, or a name; default: PP-OCRv6 small"
    )
    characters: CharacterSet = Field(CharacterSet.SIMPLIFIED, description="which characters a reading may hold")
    threads: int = Field(1, ge=1, le=64, description="threads per process inside the networks")
    batch_size: int = Field(
        16, ge=1, le=256, description="text lines read in one call of the network by onnxruntime and paddle"
    )
    detection_height: int = Field(
        1800, ge=320, le=4000, description="pixels of the page's longer side as the text detector sees it"
    )


class Engine(ABC):
    """Finds and reads text on a straight page. One instance per process; not thread-safe."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Short name, as on the command line."""

    @property
    @abstractmethod
    def version(self) -> str:
        """Library and model versions: part of the cache key of every output."""

    @abstractmethod
    def find(self, image: PageImage) -> tuple[Region, ...]:
        """Where text is, in no particular order; empty when there is none. Raises EngineError."""

    @abstractmethod
    def read(self, image: PageImage, regions: tuple[Region, ...]) -> tuple[TextLine, ...]:
        """What each region says: one line per region, in the same order, text "" where nothing was read.

        Raises EngineError.
        """

    def recognise(self, image: PageImage) -> tuple[TextLine, ...]:
        """Find and read: the lines that have text."""
        return tuple(line for line in self.read(image, self.find(image)) if line.text)


_ADAPTERS = {
    EngineName.PADDLE: ("ocr.engines.paddle", "PaddleEngine"),
    EngineName.TESSERACT: ("ocr.engines.tesseract", "TesseractEngine"),
    EngineName.NULL: ("ocr.engines.null", "NullEngine"),
}


def load_engine(options: EngineOptions) -> Engine:
    """The engine that the options ask for; its library is imported only now.

    Raises MissingDependencyError when the library, a model or a language is not there.
    """
    module, adapter = _ADAPTERS[options.name]
    engine: Engine = getattr(importlib.import_module(module), adapter)(options)
    return engine
