"""Models of Keras 3 as sources: with its PyTorch backend they are modules."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import torch

from sealift.frameworks.torch.checks import check_weights
from sealift.frameworks.torch.source import ModuleSource


class _Inference(torch.nn.Module):  # type: ignore[misc] # torch is not typed here
    """A model that is called with training=False, and with its inputs in the form that it was made for."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self._names = [str(tensor.name) for tensor in getattr(model, "inputs", None) or ()]

    def forward(self, *tensors: torch.Tensor, **named: torch.Tensor) -> Any:
        """The results of the model."""
        if named:
            return self.model([named[name] for name in self._names] if self._names else named, training=False)
        return self.model(tensors[0] if len(tensors) == 1 else list(tensors), training=False)


class KerasSource(ModuleSource):
    """A model of Keras; several inputs are a dict of arrays by the names of the model's inputs, or a tuple."""

    @cached_property
    def callable(self) -> Any:
        """The model in inference mode, which Keras states in each call."""
        return _Inference(self.model).eval()

    def check(self) -> None:
        """Raise PackError E304 for a model on another device, E302 for other dtypes, E334 for weights that are NaN."""
        check_weights(self.callable, self.kind)
