"""The results of a module as named tensors, and a module that returns them in order."""

from __future__ import annotations

from typing import Any

import torch

from sealift.frameworks.nets import arguments
from sealift.frameworks.nets.arguments import Arguments


def named_results(result: Any) -> dict[str, torch.Tensor]:
    """The tensors of a result by name, as `sealift.frameworks.nets.arguments.named_results`."""
    return arguments.named_results(result, torch.Tensor)


class Flat(torch.nn.Module):  # type: ignore[misc] # torch is not typed here
    """A module that takes tensors by position and returns its named results as a tuple."""

    def __init__(self, module: torch.nn.Module, arguments: Arguments) -> None:
        super().__init__()
        self.module = module
        self._arguments = arguments

    def forward(self, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The results in the order of `named_results`."""
        return tuple(named_results(self._arguments.call(self.module, tensors)).values())
