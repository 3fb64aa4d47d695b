"""Names of torchvision's compiled operators, which the CPU build of PyTorch has no matching package for."""

from __future__ import annotations

from typing import Any

_libraries: list[Any] = []


def torchvision_operators() -> None:
    """Declare them without an implementation, so that timm and the models of torchvision can be imported."""
    import torch

    if _libraries:
        return
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _libraries.append(library)
