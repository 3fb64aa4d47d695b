"""What a module must be before it is packed: in evaluation mode, on the CPU, with numbers as weights."""

from __future__ import annotations

import torch

from sealift.errors import PackError


def check_module(module: torch.nn.Module, kind: str) -> None:
    """Raise PackError for a module that is not ready.

    E304 in training mode or on another device, E302 for dtypes that are not computed in, E334 for weights that are NaN.
    """
    training = [name for name, part in module.named_modules() if part.training]
    if training:
        inner = "" if module.training else f" {training[0]!r}"
        raise PackError(
            "E304",
            f"The module{inner} is in training mode, in which dropout and batch normalization answer otherwise.",
            where=kind,
            fix="Call model.eval() before packing.",
        )
    check_weights(module, kind)


def check_weights(module: torch.nn.Module, kind: str) -> None:
    """Raise PackError E304 for weights on another device, E302 for other dtypes, E334 for weights that are NaN."""
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    devices = {tensor.device.type for tensor in tensors.values()} - {"cpu"}
    if devices:
        raise PackError(
            "E304",
            f"The weights of the module are on another device ({', '.join(sorted(devices))}).",
            where=kind,
            fix="Call model.cpu() before packing.",
        )
    dtypes = {tensor.dtype for tensor in tensors.values() if tensor.is_floating_point()}
    if dtypes - {torch.float32} and dtypes - {torch.float64}:
        listed = ", ".join(sorted(str(dtype).removeprefix("torch.") for dtype in dtypes))
        raise PackError(
            "E302",
            f"The weights of the module are of the types {listed}.",
            where=kind,
            fix="Call model.float() before packing.",
        )
    missing = [name for name, tensor in tensors.items() if tensor.is_floating_point() and bool(tensor.isnan().any())]
    if missing:
        raise PackError(
            "E334",
            f"The weights {missing[0]!r:.120} hold NaN, so that every answer that uses them is NaN.",
            where=kind,
            fix="Train again with a smaller learning rate or clipped gradients, or load a checkpoint without NaN.",
        )
