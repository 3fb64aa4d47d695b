"""A small sealed model made by hand, without a training framework: a logistic rule over two numbers and a text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from sealift import canonical, seal
from sealift.contract import Contract, Field, Headline, Output

NAMES = ("healthy", "ill")
WEIGHTS = (0.04, -0.02)
BIAS, MALE, USUAL_AGE = -0.7, 0.6, 50.0

CONTRACT = Contract(
    inputs=(
        Field(name="age", dtype="float64", missing="allowed", range=(0.0, 120.0), units="years"),
        Field(name="weight", dtype="float64"),
        Field(name="sex", dtype="string", categories=("f", "m"), unknown="refused"),
    ),
    outputs=(
        Output(name="label", kind="label", dtype="int64", classes=(0, 1), class_names=NAMES),
        Output(name="probability", kind="probability", dtype="float64", width=2, classes=(0, 1), class_names=NAMES),
    ),
    task="classification",
    headline=Headline("probability", 1),
    title="Tiny risk",
)
ROWS: tuple[tuple[Any, ...], ...] = ((61.5, 80.0, "f"), (None, 70.25, "m"), (40.0, 55.5, "m"), (119.0, 60.0, "f"))


def risk(age: float | None, weight: float, sex: str, bias: float = BIAS) -> float:
    """The probability of class 1, as the sealed graph computes it."""
    x = WEIGHTS[0] * (USUAL_AGE if age is None else age) + WEIGHTS[1] * weight + bias + (MALE if sex == "m" else 0.0)
    return 1 / (1 + math.exp(-x))


def graph(bias: float = BIAS, ballast: int = 0) -> bytes:
    """The ONNX graph of `risk`, with so many numbers that do not change the answers."""
    constants: Mapping[str, Any] = {
        "usual": np.array([[USUAL_AGE, 0.0]]),
        "weights": np.array([[WEIGHTS[0]], [WEIGHTS[1]]]),
        "bias": np.array(bias),
        "m": np.array([["m"]], dtype=np.object_),
        "male": np.array(MALE),
        "one": np.array(1.0),
    }
    node = helper.make_node
    nodes = [
        node("IsNaN", ["number"], ["isnan"]),
        node("Where", ["isnan", "usual", "number"], ["filled"]),
        node("MatMul", ["filled", "weights"], ["product"]),
        node("Equal", ["text", "m"], ["is_m"]),
        node("Cast", ["is_m"], ["m_number"], to=TensorProto.DOUBLE),
        node("Mul", ["m_number", "male"], ["m_part"]),
        node("Add", ["product", "m_part"], ["sum"]),
        *(_ballast_nodes() if ballast else [node("Add", ["sum", "bias"], ["logit"])]),
        node("Sigmoid", ["logit"], ["positive"]),
        node("Sub", ["one", "positive"], ["negative"]),
        node("Concat", ["negative", "positive"], ["probability"], axis=1),
        node("ArgMax", ["probability"], ["label"], axis=1, keepdims=0),
    ]
    if ballast:
        table = np.random.default_rng(0).normal(size=(ballast, 1))
        table[:2] = 0.0
        constants = {**constants, "table": table, "axis": np.array([1])}
    value = helper.make_tensor_value_info
    body = helper.make_graph(
        nodes,
        "tiny",
        [
            value("number", TensorProto.DOUBLE, [None, 2]),
            value("text", TensorProto.STRING, [None, 1]),
            value("text_missing", TensorProto.BOOL, [None, 1]),
        ],
        [value("label", TensorProto.INT64, [None]), value("probability", TensorProto.DOUBLE, [None, 2])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    helper.set_model_props(model, {"sealift.contract": canonical.dumps(CONTRACT.as_json()).decode()})
    return bytes(model.SerializeToString())


def _ballast_nodes() -> list[Any]:
    """Nodes that add a number of the table at position 0 or 1, which are 0."""
    node = helper.make_node
    return [
        node("Cast", ["isnan"], ["gaps"], to=TensorProto.INT64),
        node("ReduceMax", ["gaps", "axis"], ["position"], keepdims=0),
        node("Gather", ["table", "position"], ["nothing"], axis=0),
        node("Add", ["sum", "nothing"], ["same"]),
        node("Add", ["same", "bias"], ["logit"]),
    ]


def members(
    answers: Sequence[float] | None = None,
    contract: Contract = CONTRACT,
    *,
    version: str = "1",
    bias: float = BIAS,
    ballast: int = 0,
) -> dict[str, bytes]:
    """The members of the sealed model; `answers` puts other probabilities into the golden examples."""
    expected = [risk(age, weight, sex, bias) for age, weight, sex in ROWS] if answers is None else list(answers)
    examples = {
        "columns": [field.name for field in CONTRACT.inputs],
        "rows": [list(row) for row in ROWS],
        "answers": {"label": [int(p >= 0.5) for p in expected], "probability": [[1 - p, p] for p in expected]},
        "tolerance": {"probability": {"relative": 1e-9, "scale": 1.0}},
        "source": "generated",
    }
    parts = {
        "contract.json": canonical.dumps(contract.as_json()),
        "model.onnx": graph(bias, ballast),
        "golden/examples.json": canonical.dumps(examples),
        "evidence.json": canonical.dumps({"rows": len(ROWS)}),
        "card.md": b"---\nlicense: other\n---\n# Tiny risk\n",
        "provenance.json": canonical.dumps({}),
        "sbom.cdx.json": canonical.dumps({"bomFormat": "CycloneDX"}),
    }
    return seal.assemble(parts, name="tiny", version=version, task="classification", producer="tests", opsets={"": 21})


def write(
    path: Path,
    answers: Sequence[float] | None = None,
    contract: Contract = CONTRACT,
    *,
    version: str = "1",
    bias: float = BIAS,
    ballast: int = 0,
) -> Path:
    """Write the sealed model, or another version of it with another bias."""
    seal.write(path, members(answers, contract, version=version, bias=bias, ballast=ballast))
    return path
