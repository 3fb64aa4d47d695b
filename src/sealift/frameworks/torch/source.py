"""A module as a source: it is called without gradients, and its forward is traced by torch.fx."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from sealift.contract.outputs.value import VALUE
from sealift.errors import PackError
from sealift.frameworks.base import RowFormat, Source
from sealift.frameworks.torch.trace import trace
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table


class ModuleSource(Source):
    """A module in evaluation mode that takes numbers (N, columns) or (N, ...), and returns (N,) or (N, k).

    Its result is the output "value": a module does not contain classes or the shape of its rows.
    """

    def __init__(self, model: torch.nn.Module, *, arrays: bool = False) -> None:
        """Take a module; with `arrays`, its rows have more than one axis."""
        super().__init__(model)
        self._arrays = arrays

    def check(self) -> None:
        """Raise PackError E304 for a module in training mode, or on another device than the CPU."""
        if self.model.training:
            raise PackError(
                "E304",
                "The module is in training mode, in which dropout and batch normalization answer otherwise.",
                where=self.kind,
                fix="Call model.eval() before packing.",
            )
        devices = {tensor.device.type for tensor in self._tensors()} - {"cpu"}
        if devices:
            raise PackError(
                "E304",
                f"The weights of the module are on another device ({', '.join(sorted(devices))}).",
                where=self.kind,
                fix="Call model.cpu() before packing.",
            )
        dtypes = {tensor.dtype for tensor in self._tensors() if tensor.is_floating_point()}
        if dtypes - {torch.float32} and dtypes - {torch.float64}:
            listed = ", ".join(sorted(str(dtype).removeprefix("torch.") for dtype in dtypes))
            raise PackError(
                "E302",
                f"The weights of the module are of the types {listed}.",
                where=self.kind,
                fix="Call model.float() before packing.",
            )

    def _tensors(self) -> list[torch.Tensor]:
        return [*self.model.parameters(), *self.model.buffers()]

    @property
    def _dtype(self) -> str:
        """The dtype that the module computes in: that of its weights."""
        double = any(tensor.dtype == torch.float64 for tensor in self._tensors())
        return "float64" if double else "float32"

    @property
    def rows(self) -> RowFormat:
        """A table or an array; the module stores no column names and no sizes."""
        return RowFormat("arrays" if self._arrays else "table")

    @property
    def outputs(self) -> Collection[str]:
        """Only the value."""
        return {VALUE.name}

    def answer(self, rows: Any, outputs: Collection[str]) -> dict[str, npt.NDArray[Any]]:
        """The output of the module for the rows, given as a tensor with the dtype of its weights."""
        values = rows.toarray() if hasattr(rows, "toarray") else rows
        matrix = np.array(values, dtype=self._dtype)  # a copy: a module could write into it
        with torch.no_grad():
            result = self.model(torch.from_numpy(matrix))
        if not isinstance(result, torch.Tensor):
            raise TypeError(f"the module gives {type(result).__name__} in place of a tensor")
        return dict.fromkeys(outputs, result.numpy())

    def convert(self, table: Table) -> tuple[StepOutput, str]:
        """Convert the operations of `forward`."""
        if any(block.is_text or block.time for block in table.blocks):
            raise refuse("A module takes numbers, but X has columns of strings or dates.", "Encode them before.")
        rows = table.blocks[0].values if self._arrays else table.numbers()
        value = trace(self.model, rows.cast(self._dtype), table.context)
        return StepOutput(value=value.vector() if len(value.shape) == 2 and value.width == 1 else value), "traced"
