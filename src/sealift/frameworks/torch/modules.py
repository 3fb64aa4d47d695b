"""The results of the modules within a module, recorded by forward hooks, to locate a difference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from sealift.frameworks.torch.arguments import named_results


def answers_of_modules(module: Any, call: Callable[[], object]) -> list[tuple[str, npt.NDArray[np.float64]]]:
    """The results of each module within `module` during a call, in the order in which they are finished.

    A module that is called several times has several results. Of a module that returns several tensors, only the first
    one is recorded: the others, such as the states of a recurrent layer, can be missing in the graph.

    Args:
        module: the module.
        call: calls it.

    Returns:
        The path and type of each module, such as `layer1.0.bn1 (BatchNorm2d)`, and its result (…).
    """
    answers: list[tuple[str, npt.NDArray[np.float64]]] = []

    def recorder(place: str) -> Callable[[Any, Any, Any], None]:
        def record(_module: Any, _arguments: Any, result: Any) -> None:
            tensor = _first(result)
            if tensor is not None and tensor.is_floating_point():
                # A copy, since a later operation can change the tensor in place.
                answers.append((place, tensor.detach().to(torch.float64, copy=True).numpy()))

        return record

    handles = [
        inner.register_forward_hook(recorder(f"{path} ({type(inner).__name__})"))
        for path, inner in module.named_modules()
        if path
    ]
    try:
        call()
    finally:
        for handle in handles:
            handle.remove()
    return answers


def _first(result: Any) -> torch.Tensor | None:
    try:
        return next(iter(named_results(result).values()))
    except TypeError:
        return None
