"""What `pack` writes has the form of the JSON Schemas, every member of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jsonschema import Draft202012Validator
from onnx import TensorProto, helper, numpy_helper
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import sealift
from schemas import MEMBERS
from sealift import seal

SCHEMAS = Path(__file__).parents[3] / "spec" / "schemas"
ROWS = 120


def check(name: str, value: object) -> None:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
    assert not [error.message[:200] for error in Draft202012Validator(schema).iter_errors(value)], name


def check_file(path: Path) -> set[str]:
    """Check every JSON member of a file; the families of members that it has."""
    sealed = seal.read(path)
    for member, data in sealed.members.items():
        if member in MEMBERS:
            check(MEMBERS[member], json.loads(bytes(data)))
    for stage in sealed.contract().stages:
        check("text-stage", stage.spec)
    return {member.split("/")[0] for member in sealed.members}


def frame(rng: np.random.Generator) -> pd.DataFrame:
    words = ["good", "bad", "Pain", "none", "fever"]
    return pd.DataFrame(
        {
            "age": rng.normal(50, 10, ROWS),
            "stage": rng.integers(0, 3, ROWS),
            "smoker": rng.random(ROWS) < 0.4,
            "sex": rng.choice(["f", "m"], ROWS),
            "note": [" ".join(rng.choice(words, 4)) for _ in range(ROWS)],
        }
    )


def test_a_classifier_over_texts_that_is_signed(tmp_path: Path) -> None:
    X = frame(np.random.default_rng(0))
    y = (X["age"] + 10 * (X["sex"] == "m") > 55).astype(int)
    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), ["age", "stage"]),
            ("sex", OneHotEncoder(), ["sex"]),
            ("rest", "passthrough", ["smoker"]),
            ("note", CountVectorizer(), "note"),
        ]
    )
    model = make_pipeline(columns, LogisticRegression()).fit(X, y)
    packed = sealift.pack(
        model,
        X,
        y,
        name="notes",
        output=tmp_path / "n.seal",
        contract=sealift.ContractOptions(
            fields={"age": {"units": "years", "range": (0, 120), "personal": True}},
            class_names=["healthy", "ill"],
            headline=("probability", 1),
        ),
        card=sealift.ModelCard(title="Risk", author="A. Example"),
        proof=sealift.ProofOptions(engines=("native",)),
    )
    seal.sign_file(packed.path, Ed25519PrivateKey.generate())
    assert {"blobs", "signature.json"} <= check_file(packed.path)


@pytest.mark.parametrize("large", [False, True])
def test_a_regression(tmp_path: Path, *, large: bool) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(ROWS, 4))
    y = X @ np.arange(4.0)
    model = (
        MLPRegressor(hidden_layer_sizes=(370, 370), max_iter=20, tol=1e9, n_iter_no_change=2).fit(X, y)
        if large
        else Ridge().fit(X, y)
    )
    packed = sealift.pack(
        model, X, y, name="r", output=tmp_path / "r.seal", proof=sealift.ProofOptions(engines=("native",))
    )
    assert ("weights" in check_file(packed.path)) == large


def test_a_model_of_arrays(tmp_path: Path) -> None:
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 2, "length"])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch"])]
    axes = numpy_helper.from_array(np.array([1, 2]), "axes")
    nodes = [helper.make_node("ReduceSum", ["x", "axes"], ["y"], keepdims=0)]
    body = helper.make_graph(nodes, "g", inputs, outputs, [axes])
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    X = np.random.default_rng(0).normal(size=(ROWS, 2, 5))
    packed = sealift.pack(model, X, name="a", output=tmp_path / "a.seal")
    assert check_file(packed.path)
