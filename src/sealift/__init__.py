"""Sealift: a trained model, with all its preprocessing, in one sealed file that gives the same answers everywhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from sealift.errors import MissingExtraError
from sealift.version import __version__

# ONNX Runtime's wheel has telemetry, which is off only where this stands before its library is loaded; so whoever
# imports sealift first has it off. `runtime.engine` warns where it came too late.
if "onnxruntime" not in sys.modules:
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

# Name → module, and the name there where it is another. Imported on first use, so that `import sealift` costs nothing
# and no framework is touched unasked.
_HOMES = {
    "Answers": "sealift.runtime",
    "Boxes": "sealift.packing.heads",
    "Classes": "sealift.packing.heads",
    "Contract": "sealift.contract",
    "ContractError": "sealift.errors",
    "ContractOptions": "sealift.packing.options",
    "Embedding": "sealift.packing.heads",
    "Field": "sealift.contract",
    "LimitError": "sealift.errors",
    "FileError": "sealift.errors",
    "Image": "sealift.packing.preprocess",
    "Keypoints": "sealift.packing.heads",
    "Mask": "sealift.packing.heads",
    "OutputFile": "sealift.packing.output_file",
    "PackError": "sealift.errors",
    "PageError": "sealift.errors",
    "Limits": "sealift.runtime",
    "ParityError": "sealift.errors",
    "PrivacyOptions": "sealift.packing.options",
    "ProofOptions": "sealift.packing.options",
    "SealError": "sealift.errors",
    "SealedModel": "sealift.runtime",
    "ModelCard": "sealift.packing.model_card",
    "MultiLabel": "sealift.packing.heads",
    "TokenLabels": "sealift.packing.heads",
    "Value": "sealift.packing.heads",
    "SealiftError": "sealift.errors",
    "SignatureError": "sealift.errors",
    "app": "sealift.targets.app",
    "doctor": "sealift.packing.doctor",
    "keygen": "sealift.seal.keys:make_keys",
    "load": "sealift.runtime",
    "masks": "sealift.contract.outputs.mask_cells",
    "optimize": "sealift.packing.optimize",
    "pack": "sealift.packing",
    "score": "sealift.batch",
    "sign": "sealift.seal.keys:sign_path",
    "verify": "sealift.runtime",
}

if TYPE_CHECKING:
    from sealift.batch import score
    from sealift.contract import Contract, Field
    from sealift.contract.outputs.mask_cells import masks
    from sealift.errors import (
        ContractError,
        FileError,
        LimitError,
        PackError,
        PageError,
        ParityError,
        SealError,
        SealiftError,
        SignatureError,
    )
    from sealift.packing.doctor import doctor
    from sealift.packing.heads import Boxes, Classes, Embedding, Keypoints, Mask, MultiLabel, TokenLabels, Value
    from sealift.packing.model_card import ModelCard
    from sealift.packing.optimize import optimize
    from sealift.packing.options import ContractOptions, PrivacyOptions, ProofOptions
    from sealift.packing.output_file import OutputFile
    from sealift.packing.pipeline import pack
    from sealift.packing.preprocess import Image
    from sealift.runtime import Answers, Limits, SealedModel, load, verify
    from sealift.seal.keys import make_keys as keygen
    from sealift.seal.keys import sign_path as sign
    from sealift.targets.app import app

__all__ = [
    "Answers",
    "Boxes",
    "Classes",
    "Contract",
    "ContractError",
    "ContractOptions",
    "Embedding",
    "Field",
    "FileError",
    "Image",
    "Keypoints",
    "LimitError",
    "Limits",
    "Mask",
    "MissingExtraError",
    "ModelCard",
    "MultiLabel",
    "OutputFile",
    "PackError",
    "PageError",
    "ParityError",
    "PrivacyOptions",
    "ProofOptions",
    "SealError",
    "SealedModel",
    "SealiftError",
    "SignatureError",
    "TokenLabels",
    "Value",
    "__version__",
    "app",
    "doctor",
    "keygen",
    "load",
    "masks",
    "optimize",
    "pack",
    "score",
    "sign",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sealift' has no attribute {name!r}")
    try:
        module, _, attribute = _HOMES[name].partition(":")
        return getattr(import_module(module), attribute or name)
    except MissingExtraError as error:
        return _unavailable(name, error)


def _unavailable(name: str, error: MissingExtraError) -> Callable[..., NoReturn]:
    """A function in place of one whose extra is not installed: the error is raised by the call, not by looking."""

    def function(*_: object, **__: object) -> NoReturn:
        raise error

    function.__name__ = function.__qualname__ = name
    function.__doc__ = str(error)
    return function


def __dir__() -> list[str]:
    return __all__
