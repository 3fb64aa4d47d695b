"""Resizes of floats, against the vectors that PyTorch computed (spec/vectors/image/interpolation.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sealift.stages.image.grid import Grid, Shape
from sealift.stages.image.stage import ImageStage
from sealift.stages.image.steps.resize import Resize

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "spec" / "vectors" / "image" / "interpolation.json").read_text("utf-8")
)


def test_the_floats_of_the_library() -> None:
    assert len(VECTORS["cases"]) == 56
    for case in VECTORS["cases"]:
        picture = VECTORS["pictures"][case["picture"]]
        levels = np.array(picture["levels"], np.uint8).reshape(picture["size"])
        made = Resize.of(case["step"]).apply(Grid.of(levels))
        wanted = np.array(case["expected"]).reshape(made.levels.shape)
        assert made.levels.dtype == np.float32
        assert np.abs(made.levels - wanted).max() <= 255e-6, case["step"]


@pytest.mark.parametrize("case", VECTORS["malformed"], ids=lambda case: case["message"])
def test_malformed_steps(case: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        Resize.of(case["step"])
    assert str(caught.value) == case["message"]


def test_the_levels_become_floats() -> None:
    step = Resize.of({"step": "resize", "library": "torch", "filter": "bilinear", "to": {"size": [2, 3]}})
    for depth in ("8", "16", "float"):
        assert step.shape(Shape(4, None, 2, depth)) == Shape(2, 3, 2, "float")


def test_numbers_that_are_not_finite_are_reported() -> None:
    steps = [
        {"step": "multiply", "by": [1e38], "precision": "float64"},
        {"step": "multiply", "by": [10], "precision": "float64"},
        {"step": "resize", "library": "torch", "filter": "bilinear", "to": {"size": [2, 2]}},
    ]
    stage = ImageStage({"decode": {"mode": "L"}, "steps": steps, "layout": "CHW", "shape": [1, 2, 2]})
    with pytest.raises(ValueError, match="infinite or undefined"):
        stage.prepare(np.full((3, 3), 200, np.uint8))
