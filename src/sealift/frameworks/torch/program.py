"""A `torch.export.ExportedProgram` as a source: its operations are known, and only its sizes are checked."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import torch

from sealift.errors import PackError
from sealift.frameworks.torch.source import ModuleSource


class ProgramSource(ModuleSource):
    """An exported program, whose first axes must be free, since a sealed file answers any number of rows."""

    @cached_property
    def callable(self) -> Any:
        """The program as a module."""
        return self.model.module()

    def check(self) -> None:
        """Raise PackError E335 for a program that was exported for a fixed number of rows, E334 for NaN as weights."""
        for name, tensor in self.model.state_dict.items():
            if tensor.is_floating_point() and bool(tensor.isnan().any()):
                raise PackError(
                    "E334",
                    f"The weights {name!r:.120} hold NaN, so that every answer that uses them is NaN.",
                    where=self.kind,
                    fix="Export a checkpoint without NaN.",
                )
        inputs = set(self.model.graph_signature.user_inputs)
        for node in self.model.graph.nodes:
            value = node.meta.get("val")
            shape = tuple(value.shape) if node.name in inputs and isinstance(value, torch.Tensor) else ()
            if shape and isinstance(shape[0], int):
                raise PackError(
                    "E335",
                    f"The program was exported for {shape[0]} rows: the first axis of {node.name!r:.80} is fixed.",
                    where=self.kind,
                    fix="Export it with dynamic_shapes, such as ({0: torch.export.Dim.DYNAMIC},), with an example of "
                    "two rows or more.",
                )

    def _program(self, tensors: Sequence[torch.Tensor], free: Sequence[Sequence[int]]) -> Any:
        """The program itself; a traced module again if its results are not one tensor or a tuple."""
        single = len(self.model.graph_signature.user_outputs) == 1
        return self.model if single and not any(free) else super()._program(tensors, free)
