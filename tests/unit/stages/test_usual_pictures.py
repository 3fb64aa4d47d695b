"""Statistics of pictures and their usual values against the shared vectors (tests/vectors/make_image_usual.py)."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from sealift.contract import Contract, Field, Output, Stage, encode
from sealift.errors import ContractError
from sealift.stages import Stages
from sealift.stages.image.stage import ImageStage

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "spec/vectors/image/usual.json").read_text(encoding="utf-8")
)


def stages(spec: Any) -> tuple[Contract, Stages]:
    contract = Contract(
        inputs=(Field(name="age", dtype="float64"), Field(name="scan", dtype="image", missing="allowed")),
        outputs=(Output(name="value", kind="value", dtype="float64"),),
        task="regression",
        stages=(Stage(1, spec, "image/1"),),
    )
    return contract, Stages.of(contract)


@pytest.mark.parametrize("case", VECTORS["cases"], ids=[case["why"] for case in VECTORS["cases"]])
def test_vectors(case: dict[str, Any]) -> None:
    measured = ImageStage(case["spec"]).statistics(base64.b64decode(case["file"]))
    assert measured == pytest.approx(case["statistics"], rel=1e-9, abs=1e-9)
    contract, run = stages(case["spec"])
    good = run.checked(encode(contract, {"age": [1.0, 2.0], "scan": [None, case["file"]]})).only_good()
    cautions = run.cautions(good)
    assert [(row, field) for row, field, _ in cautions] == [(1, 1)] * bool(case["unlike"])
    for _, _, text in cautions:
        assert text.replace(" and ", ", ") == f"{', '.join(case['unlike'])} unlike the training pictures"


@pytest.mark.parametrize("case", VECTORS["refused"], ids=[case["why"] for case in VECTORS["refused"]])
def test_malformed_bounds(case: dict[str, Any]) -> None:
    with pytest.raises(ContractError) as caught:
        stages(case["spec"])
    assert caught.value.code == "E106"
