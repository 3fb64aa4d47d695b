"""PyTorch as a framework: modules, exported programs, nets of skorch, and files that contain a whole module."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from sealift.errors import PackError
from sealift.frameworks.base import Framework, Source, Trust
from sealift.optional import need

_PROGRAM = ("torch.export.exported_program", "ExportedProgram")
_SKORCH = ("skorch.net", "NeuralNet")
_MODELS = {("torch.nn.modules.module", "Module"), _PROGRAM, _SKORCH}


class PyTorch(Framework):
    """Subclasses of `torch.nn.Module`, also Lightning's; `torch.export.ExportedProgram`; nets of skorch."""

    name = "torch"
    extra = "torch"
    packages = ("torch", "skorch")
    distributions = ("torch", "skorch", "lightning", "timm", "transformers")

    def owns(self, model: Any) -> bool:
        """Whether the model is a module; tensors and other objects of the library are not models."""
        return any((kind.__module__, kind.__qualname__) in _MODELS for kind in type(model).__mro__)

    def source(self, model: Any, rows: Any = None) -> Source:
        """A module as a source, for a table, an array, or several arrays as a dict or a tuple."""
        kinds = {(kind.__module__, kind.__qualname__) for kind in type(model).__mro__}
        if _SKORCH in kinds:
            from sealift.frameworks.torch.skorch_net import SkorchSource

            return SkorchSource(model, rows)
        if _PROGRAM in kinds:
            from sealift.frameworks.torch.program import ProgramSource

            return ProgramSource(model, rows)
        from sealift.frameworks.torch.source import ModuleSource

        return ModuleSource(model, rows)

    def sniff(self, path: Path, head: bytes) -> bool:
        """Whether it is a file of `torch.save`: a ZIP archive with the usual suffix."""
        return path.suffix.lower() in (".pt", ".pth") and head.startswith(b"PK\3\4")

    def open(self, path: Path, trust: Trust) -> Any:
        """The module in a file, which is a pickle."""
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


FRAMEWORK = PyTorch()
