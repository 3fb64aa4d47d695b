"""Image stages against the shared vectors, computed by the libraries (tests/vectors/make_image_steps.py)."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sealift.contract import Contract, Field, Output, Stage, encode
from sealift.errors import ContractError
from sealift.stages import Stages

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "spec/vectors/image/steps.json").read_text(encoding="utf-8")
)
CHANNELS = {"L": 1, "RGB": 3, "RGBA": 4, "I;16": 1}


def contract(spec: Any, **field: Any) -> Contract:
    return Contract(
        inputs=(Field(name="scan", dtype="image", **field),),
        outputs=(Output(name="value", kind="value", dtype="float64"),),
        task="regression",
        stages=(Stage(0, spec, "image/1"),),
    )


def value_of(picture: dict[str, Any]) -> Any:
    """The value of a case: a file in Base64, as in JSON, or an array."""
    if "file" in picture:
        return picture["file"]
    width, height = picture["size"]
    levels = np.frombuffer(base64.b64decode(picture["levels"]), "<u2" if picture["mode"] == "I;16" else np.uint8)
    return levels.reshape(height, width, CHANNELS[picture["mode"]]).astype(levels.dtype.newbyteorder("="))


@pytest.mark.parametrize("case", VECTORS["cases"], ids=[case["why"] for case in VECTORS["cases"]])
def test_vectors(case: dict[str, Any]) -> None:
    agreed = contract(case["spec"])
    assert Contract.from_json(json.loads(json.dumps(agreed.as_json()))) == agreed
    stages = Stages.of(agreed)
    batch = stages.checked(encode(agreed, {"scan": [value_of(case["picture"])]}))
    if "code" in case:
        assert [problem.code for problem in batch.problems] == [case["code"]]
        assert not batch.good.any()
        return
    assert not batch.problems
    (piece,) = stages.pieces(batch.tensors)
    assert set(piece) == {tensor.name for tensor in agreed.tensors}
    pixels = piece["pixels0"][0]
    wanted = np.frombuffer(base64.b64decode(case["pixels"]), "<f4").reshape(case["shape"])
    assert pixels.dtype == np.float32
    assert np.array_equal(pixels, wanted)
    assert piece["geometry0"][0].tolist() == case["geometry"]


@pytest.mark.parametrize("case", VECTORS["refused"], ids=[case["why"] for case in VECTORS["refused"]])
def test_malformed_stages(case: dict[str, Any]) -> None:
    with pytest.raises(ContractError) as caught:
        Stages.of(contract(case["spec"] if isinstance(case["spec"], dict) else {}))
    assert caught.value.code == "E106"
