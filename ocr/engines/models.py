"""Model folders as PaddleOCR wants them, made from the files that the ``rapidocr`` wheel carries.

PaddleOCR 3.7 asks for a folder with ``inference.onnx`` and ``inference.yml``; the wheel has the bare networks.
The folders are made once per user under the cache folder; no network is touched.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from document.exceptions import MissingDependencyError

DETECTION = "PP-OCRv6_small_det"
RECOGNITION = "PP-OCRv6_small_rec"
_FILES = {DETECTION: "PP-OCRv6_det_small.onnx", RECOGNITION: "PP-OCRv6_rec_small.onnx"}
_LAYOUT = "3"
"""Changes when the folders written here change, so that old ones are not taken for new."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model that PaddleOCR can load."""

    name: str
    """As PaddleOCR knows it."""
    folder: Path | None
    """Local files; None leaves the finding to PaddleOCR (which may go to the network: a user's choice)."""

    @property
    def network(self) -> Path | None:
        """Its network as an ONNX file, where it has one."""
        file = self.folder / "inference.onnx" if self.folder else None
        return file if file and file.exists() else None


def read_configuration(model: Model) -> dict[str, Any]:
    """A model's ``inference.yml``; empty for a model that PaddleOCR is to find."""
    if model.folder is None:
        return {}
    text = (model.folder / "inference.yml").read_text(encoding="utf-8")
    configuration: dict[str, Any]
    try:
        configuration = json.loads(text)  # as written here; a list of 18,708 characters takes YAML a tenth of a second
    except ValueError:
        # the loader written in C takes a seventh of the time
        configuration = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return configuration


def bundled_model(name: str) -> Model:
    """The shipped PP-OCRv6 small model of that name, its folder made on first use.

    Raises MissingDependencyError when the wheel that carries it is not installed.
    """
    source = bundled_file(name)
    folder = cache_folder() / f"{name}-{_LAYOUT}-{fingerprint(source)}"
    if not (folder / "inference.yml").exists():
        _make_folder(folder, source, _configuration(name, source))
    return Model(name, folder)


def chosen_model(choice: str | None, default: str) -> Model:
    """The model an option names: a folder, a name, or None for the shipped one."""
    if choice is None:
        return bundled_model(default)
    folder = Path(choice)
    if not folder.is_dir():
        return Model(choice, None)
    config = folder / "inference.yml"
    if not config.exists():
        raise MissingDependencyError(
            f"{folder} is no PaddleOCR model folder: it has no inference.yml. Name a folder that has one."
        )
    name = read_configuration(Model(folder.name, folder)).get("Global", {}).get("model_name", folder.name)
    return Model(str(name), folder)


def bundled_file(name: str) -> Path:
    """The network file inside the ``rapidocr`` wheel; its package is located, never imported."""
    spec = importlib.util.find_spec("rapidocr")
    path = Path(spec.origin).parent / "models" / _FILES[name] if spec and spec.origin else None
    if path is None or not path.exists():
        raise MissingDependencyError(
            f"The model {name} is missing: it comes with the package rapidocr. "
            "Install the locked requirements again (make demo), or name a model folder."
        )
    return path


@cache
def fingerprint(path: Path) -> str:
    """First 12 hex digits of the file's SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def cache_folder() -> Path:
    """Where the folders are made: ``$XDG_CACHE_HOME/qingzhang/models``, by default ``~/.cache``."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "qingzhang" / "models"


def _make_folder(folder: Path, source: Path, configuration: dict[str, Any]) -> None:
    """Write beside and rename: several processes may start at once."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        os.link(source, draft / "inference.onnx")
    except OSError:  # another file system
        shutil.copyfile(source, draft / "inference.onnx")
    text = json.dumps(configuration, ensure_ascii=False)  # YAML includes JSON, but for its pairs of surrogates
    (draft / "inference.yml").write_text(text, encoding="utf-8")
    try:
        draft.rename(folder)
    except OSError:  # another process was first
        shutil.rmtree(draft, ignore_errors=True)


def _configuration(name: str, source: Path) -> dict[str, Any]:
    return _detection_configuration() if name == DETECTION else _recognition_configuration(source)


def _detection_configuration() -> dict[str, Any]:
    """PP-OCR's published pre- and post-processing of the detector (PaddleOCR 3.7 model zoo)."""
    return {
        "Global": {"model_name": DETECTION},
        "PreProcess": {
            "transform_ops": [
                {"DetResizeForTest": {"limit_side_len": 960, "limit_type": "max"}},
                {
                    "NormalizeImage": {
                        "mean": [0.485, 0.456, 0.406],
                        "std": [0.229, 0.224, 0.225],
                        "scale": "1./255.",
                        "order": "hwc",
                    }
                },
                {"ToCHWImage": None},
                {"KeepKeys": {"keep_keys": ["image", "shape"]}},
            ]
        },
        "PostProcess": {
            "name": "DBPostProcess",
            "thresh": 0.3,
            "box_thresh": 0.5,
            "max_candidates": 4000,  # a dense page with speckles has more than the stock 1000
            "unclip_ratio": 1.6,
        },
    }


def _recognition_configuration(source: Path) -> dict[str, Any]:
    """The recogniser's settings; the character list is in the network file itself.

    ``image_shape`` is 3,48,48 instead of the stock 3,48,320: short cells are not padded to 320 pixels, which
    halves the time of a table page (measured) and changes no text.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(str(source), providers=["CPUExecutionProvider"])
    characters = session.get_modelmeta().custom_metadata_map["character"].split("\n")
    return {
        "Global": {"model_name": RECOGNITION},
        "PreProcess": {
            "transform_ops": [
                {"RecResizeImg": {"image_shape": [3, 48, 48]}},
                {"KeepKeys": {"keep_keys": ["image", "label"]}},
            ]
        },
        "PostProcess": {"name": "CTCLabelDecode", "character_dict": characters},
    }
