"""Steps that take images (`feature_extraction/image.py`), which no contract describes yet."""

from __future__ import annotations

from typing import Any

from sklearn.feature_extraction.image import PatchExtractor

from sealift.frameworks.registry import converter
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table


@converter(PatchExtractor)
def patches(step: Any, x: Table) -> StepOutput:
    """Not supported: a row is an image, and has several rows as output."""
    del step, x
    raise refuse(
        "It takes images and cuts each into many rows; this version seals models of tables, texts and dicts only.",
        "Cut the images into patches before the model, and pack what comes after it, which takes a table.",
    )
