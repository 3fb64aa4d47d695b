"""Heads of nets: the answers are those of NumPy and SciPy on the original's output, and bad arguments are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from scipy.special import expit, softmax
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, hamming_loss, log_loss

import sealift
from packs import no_node  # noqa: F401 - a fixture
from sealift.contract import Output
from sealift.contract.outputs import Tolerance, output_kind
from sealift.errors import PackError
from sealift.packing.outputs import packing_of
from sealift.packing.proof.report import Report
from sealift.serve import values

pytestmark = pytest.mark.usefixtures("no_node")

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(40, 2, 6)).astype(np.float32)
NAMES = ["mild", "moderate", "severe"]


def net(width: int, *, scale: float = 1.0, axes: tuple[int, ...] = (), name: str = "logits") -> onnx.ModelProto:
    """A product of matrices of arrays (rows, 2, 6); `axes` are further axes of the size 1."""
    weights = (scale * RANDOM.normal(size=(12, width))).astype(np.float32)
    nodes = [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("MatMul", ["f", "w"], ["z"])]
    shape = np.array([-1, width, *axes])
    nodes.append(helper.make_node("Reshape", ["z", "shape"], [name]))
    body = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2, 6])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", width, *axes])],
        [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(shape, "shape")],
    )
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def original(model: onnx.ModelProto, rows: npt.NDArray[Any] = X) -> npt.NDArray[np.float64]:
    (raw,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": rows})
    return np.asarray(raw, dtype=np.float64).reshape(len(rows), -1)


def evidence(packed: Any) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(bytes(packed.load().seal.members["evidence.json"]))
    return read


@pytest.mark.parametrize(
    ("activation", "temperature", "expected"),
    [("softmax", 1.0, softmax), ("softmax", 2.5, lambda z, axis: softmax(z / 2.5, axis=axis)),
     ("sigmoid", 1.0, lambda z, axis: expit(z))],
)  # fmt: skip
def test_classes(activation: Any, temperature: float, expected: Any, tmp_path: Path) -> None:
    model = net(3, axes=(1, 1))
    raw = original(model)
    head = sealift.Classes(NAMES, activation=activation, temperature=temperature)
    y = [NAMES[i] for i in raw.argmax(axis=1)]
    y[0] = NAMES[(raw[0].argmax() + 1) % 3]
    packed = sealift.pack(model, X, y, name="m", output=tmp_path / "m.seal", outputs=head)
    answers = packed.load().predict(X)
    np.testing.assert_array_equal(answers["label"], raw.argmax(axis=1))
    np.testing.assert_allclose(answers["probability"], expected(raw, axis=1), rtol=1e-6, atol=1e-9)
    assert [(o.name, o.kind, o.class_names) for o in packed.contract.outputs] == [
        ("label", "label", tuple(NAMES)),
        ("probability", "probability", tuple(NAMES)),
    ]
    assert packed.contract.task == "classification"
    assert evidence(packed)["metrics"]["accuracy_score"] == pytest.approx(1 - 1 / len(X), abs=1e-4)
    if activation == "softmax":
        true = [NAMES.index(each) for each in y]
        loss = log_loss(true, answers["probability"], labels=[0, 1, 2])
        assert evidence(packed)["metrics"]["log_loss"] == pytest.approx(loss, rel=1e-3)
    frame = packed.load().predict(X[:2], as_frame=True)
    assert frame["label_name"].tolist() == [NAMES[i] for i in raw[:2].argmax(axis=1)]


def test_class_names_alone_and_the_headline(tmp_path: Path) -> None:
    model = net(3)
    options = sealift.ContractOptions(headline=("probability", 2))
    packed = sealift.pack(model, X, name="m", output=tmp_path / "m.seal", class_names=NAMES, contract=options)
    np.testing.assert_allclose(packed.load().predict(X)["probability"], softmax(original(model), axis=1), rtol=1e-6)
    assert packed.contract.headline is not None
    assert packed.contract.headline.class_ == 2


def test_class_names_of_a_classifier_name_its_own_classes(tmp_path: Path) -> None:
    rows, y = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=500).fit(rows, y)
    packed = sealift.pack(model, rows, y, name="m", output=tmp_path / "m.seal", class_names=NAMES)
    assert packed.contract.output("label").class_names == tuple(NAMES)
    np.testing.assert_array_equal(packed.load().predict(rows)["label"], model.predict(rows))


def test_one_logit_for_two_classes(tmp_path: Path) -> None:
    model = net(1)
    raw = original(model)[:, 0]
    head = sealift.Classes(["no", "yes"], activation="sigmoid")
    answers = sealift.pack(model, X, name="m", output=tmp_path / "m.seal", outputs=head).load().predict(X)
    np.testing.assert_array_equal(answers["label"], raw > 0)
    np.testing.assert_allclose(answers["probability"], np.stack([1 - expit(raw), expit(raw)], axis=1), rtol=1e-6)


def test_multi_label(tmp_path: Path) -> None:
    model = net(3)
    raw = original(model)
    thresholds = [0.3, 0.5, 0.9]
    truth = RANDOM.random((len(X), 3)) < expit(raw)
    y = [[name for name, given in zip(NAMES, row, strict=True) if given] for row in truth]
    head = sealift.MultiLabel(NAMES, thresholds=thresholds)
    packed = sealift.pack(model, X, y, name="m", output=tmp_path / "m.seal", outputs=head)
    sealed = packed.load()
    answers = sealed.predict(X)
    expected = expit(raw) >= thresholds
    np.testing.assert_array_equal(answers["labels"], expected)
    np.testing.assert_allclose(answers["probability"], expit(raw), rtol=1e-6)
    measured = evidence(packed)["metrics"]
    for name, value in {
        "accuracy_score": accuracy_score(truth, expected),
        "f1_score_macro": f1_score(truth, expected, average="macro", zero_division=0),
        "f1_score_micro": f1_score(truth, expected, average="micro"),
        "hamming_loss": hamming_loss(truth, expected),
    }.items():
        assert measured[name] == pytest.approx(value, rel=1e-3), name
    answered = list(values.rows(sealed.contract, answers))
    assert [row["labels"] for row in answered] == [
        [name for name, given in zip(NAMES, row, strict=True) if given] for row in expected
    ]
    assert list(sealed.predict(X[:1], as_frame=True))[:3] == ["labels_mild", "labels_moderate", "labels_severe"]
    assert sealed.contract.output("labels").settings == {"thresholds": thresholds}
    assert sealed.self_test().passed


def test_embeddings_and_values(tmp_path: Path) -> None:
    model = net(4, scale=1e-3)
    raw = original(model)
    unit = sealift.pack(model, X, name="m", output=tmp_path / "e.seal", outputs=sealift.Embedding(normalize=True))
    expected = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    np.testing.assert_allclose(unit.load().predict(X)["features"], expected, rtol=1e-5, atol=1e-7)
    assert unit.contract.task == "transformation"
    named = sealift.pack(model, X, name="m", output=tmp_path / "v.seal", outputs=sealift.Value(list("abcd")))
    assert named.contract.output("value").column_names == ["value_a", "value_b", "value_c", "value_d"]


def test_equal_logits_are_counted_and_are_no_examples(tmp_path: Path) -> None:
    model = net(2)
    weights = numpy_helper.to_array(model.graph.initializer[0]).copy()
    weights[:, 1] = weights[:, 0] * np.float32(1 + 2**-23)  # the last digit decides, which differs between batches
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(weights, "w"))
    packed = sealift.pack(model, X, name="m", output=tmp_path / "m.seal", class_names=["a", "b"])
    assert packed.load().self_test().passed


@pytest.mark.parametrize(
    ("outputs", "code", "message"),
    [
        ({"logit": sealift.Classes(NAMES)}, "E350", "Did you mean 'value'|The outputs are value"),
        (["a"], "E350", "must be a head"),
        ({"value": {"title": "Price"}}, "E350", "ContractOptions"),
        ({"value": None}, "E350", "No output is left"),
        (sealift.Classes(["a", "b"]), "E351", r"needs 2 numbers for each row, .* \(rows, 3\)"),
        (sealift.MultiLabel(list("abcd")), "E351", "needs 4 numbers"),
        (sealift.Value(), "E351", "needs 1 numbers"),
    ],
)
def test_heads_that_do_not_fit(outputs: Any, code: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(PackError, match=message) as caught:
        sealift.pack(net(3), X, name="m", output=tmp_path / "m.seal", outputs=outputs)
    assert caught.value.code == code
    assert not (tmp_path / "m.seal").exists()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sealift.Classes(["a"]), "at least 2 different"),
        (lambda: sealift.Classes(["a", "a"]), "at least 2 different"),
        (lambda: sealift.Classes("ab"), "names must be a list"),
        (lambda: sealift.Classes(NAMES, temperature=0), "not a positive number"),
        (lambda: sealift.Classes(NAMES, activation="relu"), "not known"),  # type: ignore[arg-type]
        (lambda: sealift.Classes(NAMES, activation=None, temperature=2), "no temperature"),
        (lambda: sealift.MultiLabel(NAMES, thresholds=[0.5]), "one for each label"),
        (lambda: sealift.MultiLabel(NAMES, thresholds=1.5), "at most 1"),
        (lambda: sealift.Embedding(normalize=1), "True or False"),  # type: ignore[arg-type]
    ],
)
def test_arguments_that_cannot_be_used(make: Any, message: str) -> None:
    with pytest.raises(PackError, match=message) as caught:
        make()
    assert caught.value.code == "E352"


def test_a_classifier_keeps_its_labels(tmp_path: Path) -> None:
    rows, y = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=500).fit(rows, y)
    with pytest.raises(PackError, match="already has labels"):
        sealift.pack(model, rows, name="m", output=tmp_path / "m.seal", outputs=sealift.Classes(NAMES))
    with pytest.raises(PackError, match="Both outputs and class_names"):
        sealift.pack(net(3), X, name="m", output=tmp_path / "m.seal", outputs=sealift.Value(), class_names=NAMES)


def test_a_tie_is_decided_by_the_numbers() -> None:
    label = Output(name="label", kind="label", dtype="int64", classes=(0, 1, 2))
    kinds = {"label": output_kind(label)}
    report = Report({"p": Tolerance(1e-5, 1.0)}, kinds=kinds, decided={"label": (label, "p")})
    original = {"label": np.array([0, 0]), "p": np.array([[0.4, 0.4 - 1e-6, 0.2], [0.4, 0.3, 0.3]])}
    report.add(["caller"] * 2, {}, original, {"label": np.array([1, 1]), "p": original["p"]})
    assert (report.different, report.tied) == ({"label": 1, "p": 0}, {"label": 1})
    assert report.as_json()["ties"] == {"label": 1}
    sets = Output(name="l", kind="labels", dtype="bool", width=2, classes=(0, 1), settings={"thresholds": [0.5, 0.5]})
    near = np.array([[0.5 + 1e-6, 0.9], [0.5 + 1e-6, 0.9]])
    got, expected = np.array([[False, True], [True, False]]), np.ones((2, 2), dtype=bool)
    assert packing_of("labels").is_tied(sets, got, expected, near, Tolerance(1e-5, 1.0)).tolist() == [True, False]
    assert packing_of("labels").is_fragile(sets, expected, near, Tolerance(1e-5, 1.0)).all()
