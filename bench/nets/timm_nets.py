"""Architectures of timm, in their smallest variants and for small images."""

from __future__ import annotations

from functools import partial
from typing import Any

from bench.nets.case import SIZE, Case, images
from bench.nets.stand_in import torchvision_operators

# Keyword arguments where the default is for images of another size, or large.
_SMALL = {"img_size": SIZE}
_MODELS: dict[str, dict[str, Any]] = {
    "dla46_c": {},
    "ese_vovnet19b_slim_dw": {},
    "regnetx_002": {},
    "regnety_002": {},
    "mobilenetv2_035": {},
    "mobilenetv3_small_050": {},
    "mobilenetv4_conv_small_035": {},
    "mnasnet_small": {},
    "semnasnet_075": {},
    "tinynet_e": {},
    "lcnet_035": {},
    "rexnet_100": {},
    "ghostnet_050": {},
    "repghostnet_050": {},
    "starnet_s1": {},
    "efficientnet_lite0": {},
    "inception_next_atto": {},
    "convnext_atto": {},
    "convnextv2_atto": {},
    "edgenext_xx_small": {},
    "fastvit_t8": {},
    "mobilevit_xxs": {},
    "mobilevitv2_050": {},
    "efficientformerv2_s0": _SMALL,
    "efficientvit_m0": _SMALL,
    "efficientvit_b0": {},
    "pvt_v2_b0": {},
    "levit_128s": _SMALL,
    "xcit_nano_12_p16_224": _SMALL,
    "vit_tiny_patch16_224": _SMALL,
    "deit_tiny_distilled_patch16_224": _SMALL,
    "eva02_tiny_patch14_224": {"img_size": 56},
    "swin_tiny_patch4_window7_224": {
        "img_size": 56, "embed_dim": 24, "depths": (2, 2), "num_heads": (2, 4), "window_size": 7,
    },
    "swinv2_tiny_window8_256": {
        "img_size": 64, "embed_dim": 24, "depths": (2, 2), "num_heads": (2, 4), "window_size": 8,
    },
    "focalnet_tiny_srf": {"embed_dim": 24, "depths": (1, 1, 1, 1)},
    "mixer_s32_224": {"img_size": SIZE, "num_blocks": 2, "embed_dim": 64},
    "resmlp_12_224": {"img_size": SIZE, "num_blocks": 2, "embed_dim": 64},
    "gmlp_ti16_224": {"img_size": SIZE, "num_blocks": 2},
    "hiera_tiny_224": {},
    "resnet10t": {},
    "resnet18": {},
    "densenet121": {},
}  # fmt: skip


def _model(name: str, options: dict[str, Any]) -> tuple[Any, Any]:
    torchvision_operators()
    import timm

    size = options.get("img_size", 224 if name == "hiera_tiny_224" else SIZE)
    return timm.create_model(name, num_classes=5, **options), images(size)


CASES = [Case(name, "timm", partial(_model, name, options)) for name, options in _MODELS.items()]
