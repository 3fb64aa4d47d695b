"""PyTorch as a framework: modules, exported programs, nets of skorch, and files that contain a whole module."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sealift.errors import PackError
from sealift.frameworks.base import Framework, Source, Trust
from sealift.optional import need

_PROGRAM = ("torch.export.exported_program", "ExportedProgram")
_SKORCH = ("skorch.net", "NeuralNet")
_KERAS = ("keras.src.models.model", "Model")
_SENTENCES = "SentenceTransformer"
_OTHER_KERAS = ("keras.src.backend.jax.layer", "JaxLayer")  # of models that another framework owns
_MODELS = {("torch.nn.modules.module", "Module"), _PROGRAM, _SKORCH, _KERAS}

_BACKENDS = ("torch", "jax")
"""The backends of Keras whose models are packed, each also the name of an extra; the first one is used if installed."""


class PyTorch(Framework):
    """Subclasses of `torch.nn.Module`, also Lightning's; `torch.export.ExportedProgram`; nets of skorch."""

    name = "torch"
    extra = "torch"
    packages = ("torch", "skorch", "keras")
    distributions = ("torch", "skorch", "lightning", "timm", "transformers", "keras")

    def owns(self, model: Any) -> bool:
        """Whether the model is a module; tensors and other objects of the library are not models."""
        kinds = {(kind.__module__, kind.__qualname__) for kind in type(model).__mro__}
        return not kinds.isdisjoint(_MODELS) and _OTHER_KERAS not in kinds

    def source(self, model: Any, rows: Any = None) -> Source:
        """A module as a source, for a table, an array, or several arrays as a dict or a tuple."""
        kinds = {(kind.__module__, kind.__qualname__) for kind in type(model).__mro__}
        if _SKORCH in kinds:
            from sealift.frameworks.torch.skorch_net import SkorchSource

            return SkorchSource(model, rows)
        if _KERAS in kinds:
            return _keras(model, rows, is_module=_MODELS.isdisjoint(kinds - {_KERAS}) is False)
        if any(name == _SENTENCES and place.startswith("sentence_transformers.") for place, name in kinds):
            from sealift.frameworks.torch.sentence_encoder import SentenceEncoderSource

            return SentenceEncoderSource(model, rows)
        if _PROGRAM in kinds:
            from sealift.frameworks.torch.program import ProgramSource

            return ProgramSource(model, rows)
        from sealift.frameworks.torch.source import ModuleSource

        return ModuleSource(model, rows)

    def sniff(self, path: Path, head: bytes) -> bool:
        """Whether it is a file of `torch.save` or of Keras: a ZIP archive with the usual suffix."""
        return path.suffix.lower() in (".pt", ".pth", ".keras") and head.startswith(b"PK\3\4")

    def open(self, path: Path, trust: Trust) -> Any:
        """The module in a file, which is a pickle; the model in a file of Keras, which is not."""
        if path.suffix.lower() == ".keras":
            return _keras_file(path)
        if not trust.pickle:
            raise PackError(
                "E307",
                "A file of torch.save is a pickle, which can run any code on this machine at the moment it is opened.",
                where=str(path),
                fix="If it is your own file, add --trust-pickle, or in Python pack what torch.load gives; if not, ask "
                "for an .onnx file (torch.onnx.export).",
            )
        need("torch", self.extra, "Opening this file", where=str(path))
        model = import_module("torch").load(path, map_location="cpu", weights_only=False)
        if not self.owns(model):
            raise PackError(
                "E308",
                f"The file contains an object of the type {type(model).__name__} instead of a module.",
                where=str(path),
                fix="Weights without the module (a state_dict) are not a model: give module.py:name of a file that "
                "makes the module, loads its weights and calls eval().",
            )
        return model


def _keras(model: Any, rows: Any, *, is_module: bool) -> Source:
    """The source for a model of Keras. Raises PackError E302 for a backend that is not supported."""
    if not is_module:
        raise PackError(
            "E302",
            "The model was made by Keras with another backend than PyTorch or JAX.",
            where=type(model).__name__,
            fix="Save it (model.save('net.keras')), and pack that file: it is opened with the backend PyTorch.",
        )
    from sealift.frameworks.torch.keras_model import KerasSource

    return KerasSource(model, rows)


def _keras_file(path: Path) -> Any:
    """The model in a file of Keras, with its backend PyTorch or JAX. Functions in it are not run (safe_mode)."""
    loaded = sys.modules.get("keras")
    backend = next((each for each in _BACKENDS if find_spec(each) is not None), _BACKENDS[0])
    backend = backend if loaded is None else str(loaded.backend.backend())
    if backend not in _BACKENDS:
        raise PackError(
            "E308",
            f"Keras is in use with the backend {backend}.",
            where=str(path),
            fix="Set the environment variable KERAS_BACKEND=torch before Keras is imported, or use `sealift pack`.",
        )
    os.environ["KERAS_BACKEND"] = backend
    need(backend, backend, "Opening this file", where=str(path))
    try:
        return need("keras", backend, "Opening this file", where=str(path)).saving.load_model(path, compile=False)
    except (ValueError, TypeError) as error:
        raise PackError(
            "E308",
            f"Keras cannot open the file: {' '.join(str(error).split())[:300].rstrip('.')}.",
            where=str(path),
            fix="Save the model without Lambda layers and with registered classes, by the same version of Keras.",
        ) from error


FRAMEWORK = PyTorch()
