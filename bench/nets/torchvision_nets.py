"""Architectures of torchvision, whose models are Python only."""

from __future__ import annotations

from functools import partial
from typing import Any

from bench.nets.case import SIZE, Case, images
from bench.nets.stand_in import torchvision_operators

_CLASSIFIERS: dict[str, dict[str, Any]] = {
    "squeezenet1_1": {},
    "shufflenet_v2_x0_5": {},
    "mobilenet_v2": {"width_mult": 0.35},
    "mobilenet_v3_small": {"width_mult": 0.5},
    "mnasnet0_5": {},
    "googlenet": {"aux_logits": False, "init_weights": True},
    "efficientnet_b0": {},
    "regnet_x_400mf": {},
}
_SEGMENTATION = ("lraspp_mobilenet_v3_large", "deeplabv3_mobilenet_v3_large")


def _classifier(name: str, options: dict[str, Any]) -> tuple[Any, Any]:
    torchvision_operators()
    from torchvision import models

    return models.get_model(name, weights=None, num_classes=5, **options), images()


def _segmentation(name: str) -> tuple[Any, Any]:
    torchvision_operators()
    from torchvision import models

    return models.get_model(name, weights=None, weights_backbone=None, num_classes=3), images()


def _transformer() -> tuple[Any, Any]:
    torchvision_operators()
    from torchvision.models import VisionTransformer

    return VisionTransformer(SIZE, 16, 2, 2, 32, 64, num_classes=5), images()


CASES = [
    *(Case(name, "torchvision", partial(_classifier, name, options)) for name, options in _CLASSIFIERS.items()),
    Case("VisionTransformer", "torchvision", _transformer),
    *(Case(name, "torchvision", partial(_segmentation, name)) for name in _SEGMENTATION),
]
