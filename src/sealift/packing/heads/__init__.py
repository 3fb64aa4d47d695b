"""Heads: what the outputs of a net mean, such as classes, label sets or boxes."""

from sealift.packing.heads.base import OutputHead
from sealift.packing.heads.boxes import Boxes
from sealift.packing.heads.classes import Classes
from sealift.packing.heads.embedding import Embedding
from sealift.packing.heads.keypoints import Keypoints
from sealift.packing.heads.mask import Mask
from sealift.packing.heads.multi_label import MultiLabel
from sealift.packing.heads.source import with_heads
from sealift.packing.heads.token_labels import TokenLabels
from sealift.packing.heads.value import Value

__all__ = [
    "Boxes",
    "Classes",
    "Embedding",
    "Keypoints",
    "Mask",
    "MultiLabel",
    "OutputHead",
    "TokenLabels",
    "Value",
    "with_heads",
]
