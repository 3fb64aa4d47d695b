"""Models whose inputs are arrays, packed and answered as ONNX Runtime answers them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

import sealift
from packs import member, no_node  # noqa: F401 - a fixture
from sealift.errors import ContractError, PackError, PageError

RANDOM = np.random.default_rng(0)
N = 60


def _model(nodes: list[Any], inputs: list[Any], outputs: list[Any], **constants: Any) -> onnx.ModelProto:
    weights = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    body = helper.make_graph(nodes, "g", inputs, outputs, weights)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(model)
    return model


def _port(name: str, *shape: Any, kind: int = TensorProto.FLOAT) -> Any:
    return helper.make_tensor_value_info(name, kind, list(shape))


def convolution() -> onnx.ModelProto:
    """A convolution over signals of two channels, and its mean over time."""
    node = helper.make_node
    nodes = [
        node("Conv", ["x", "w"], ["c"], pads=[1, 1]),
        node("Relu", ["c"], ["r"]),
        node("ReduceMean", ["r", "two"], ["y"], keepdims=0),
    ]
    kernel = RANDOM.normal(size=(3, 2, 3)).astype(np.float32)
    return _model(nodes, [_port("x", "batch", 2, "length")], [_port("y", "batch", 3)], w=kernel, two=np.array([2]))


def embedding() -> onnx.ModelProto:
    """Whole numbers looked up in a table, plus an image, plus one number a row."""
    node = helper.make_node
    nodes = [
        node("Gather", ["table", "token_ids"], ["e"]),
        node("ReduceSum", ["e", "inner"], ["a"], keepdims=0),
        node("ReduceMean", ["image", "all"], ["b"], keepdims=0),
        node("Add", ["a", "b"], ["c"]),
        node("Add", ["c", "gain"], ["y"]),
    ]
    inputs = [
        _port("token_ids", "batch", "Seq Len", kind=TensorProto.INT64),
        _port("image", "batch", 4, 4, 3),
        _port("gain", "batch"),
    ]
    constants = {"table": RANDOM.normal(size=(20, 5)).astype(np.float32), "inner": np.array([1, 2]), "all": [1, 2, 3]}
    return _model(nodes, inputs, [_port("y", "batch")], **constants)


def classifier() -> onnx.ModelProto:
    """Labels and probabilities of an array."""
    node = helper.make_node
    nodes = [
        node("Flatten", ["x"], ["flat"]),
        node("MatMul", ["flat", "w"], ["z"]),
        node("Softmax", ["z"], ["p"], axis=1),
        node("ArgMax", ["p"], ["label"], axis=1, keepdims=0),
    ]
    outputs = [_port("label", "batch", kind=TensorProto.INT64), _port("p", "batch", 3)]
    return _model(nodes, [_port("x", "batch", 4, 8)], outputs, w=RANDOM.normal(size=(32, 3)).astype(np.float32))


SIGNALS = RANDOM.normal(size=(N, 2, 12)).astype(np.float32)
SEVERAL = {
    "token_ids": RANDOM.integers(0, 20, (N, 6)),
    "image": RANDOM.random((N, 4, 4, 3)),
    "gain": RANDOM.normal(size=N),
}


def _original(model: onnx.ModelProto, fed: dict[str, Any]) -> list[Any]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    kinds = {"tensor(float)": np.float32, "tensor(int64)": np.int64}
    return list(
        session.run(None, {i.name: np.asarray(fed[i.name]).astype(kinds[i.type]) for i in session.get_inputs()})
    )


def test_an_array_with_a_named_dimension(tmp_path: Path) -> None:
    model = convolution()
    packed = sealift.pack(model, SIGNALS, name="m", output=tmp_path / "m.seal")
    assert [(field.name, field.dtype) for field in packed.contract.inputs] == [("x", "tensor[2,length]")]
    assert packed.contract.requires == ("type:tensor/1",)
    sealed = packed.load()
    for rows in (SIGNALS, SIGNALS[:1], RANDOM.normal(size=(3, 2, 40))):  # of another length, too
        (expected,) = _original(model, {"x": rows})
        for given in (rows, {"x": rows}, [{"x": row} for row in rows]):
            np.testing.assert_allclose(sealed.predict(given)["value"], expected, rtol=1e-6, atol=1e-6)
    assert sealed.self_test().passed
    assert sealift.verify(packed.path).examples is not None
    assert {"plausible", "extremes"} <= set(packed.report.compared)
    assert packed.privacy is not None
    assert "the elements of arrays: x" in packed.privacy.not_checked
    with pytest.raises(ContractError) as caught:
        sealed.predict(RANDOM.normal(size=(3, 5, 12)))
    assert caught.value.code == "R102"
    with pytest.raises(PageError) as no_page:
        sealift.app(packed.path)
    assert no_page.value.code == "E607"


def test_several_arrays_and_a_number(tmp_path: Path) -> None:
    model = embedding()
    packed = sealift.pack(model, SEVERAL, name="m", output=tmp_path / "m.seal")
    assert {field.name: field.dtype for field in packed.contract.inputs} == {
        "token_ids": "tensor[seqlen]",
        "image": "tensor[4,4,3]",
        "gain": "float64",
    }
    refused = {field.name for field in packed.contract.inputs if field.missing == "refused"}
    assert refused == {"token_ids"}  # whole numbers have no NaN
    rows = {name: column[:7] for name, column in SEVERAL.items()}
    (expected,) = _original(model, rows)
    got = packed.load().predict(rows)["value"]
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-6)
    records = [{name: column[i] for name, column in rows.items()} for i in range(7)]
    np.testing.assert_array_equal(packed.load().predict(records)["value"], got)


def test_a_classifier_from_a_file(tmp_path: Path) -> None:
    model = classifier()
    onnx.save(model, str(tmp_path / "m.onnx"))
    X = RANDOM.normal(size=(N, 4, 8))
    y = RANDOM.integers(0, 3, N)
    packed = sealift.pack(tmp_path / "m.onnx", X, y, name="m", output=tmp_path / "m.seal")
    label, probability = _original(model, {"x": X})
    answers = packed.load().predict(X)
    np.testing.assert_array_equal(answers["label"], label)
    np.testing.assert_allclose(answers["probability"], probability, rtol=1e-6)
    assert member(packed, "evidence.json")["metrics"]
    diagnosis = sealift.doctor(model, X)
    assert (diagnosis.supported, diagnosis.agrees) == (True, True)


def test_real_arrays_as_examples(tmp_path: Path) -> None:
    kept = sealift.PrivacyOptions(keep_rows=True)
    packed = sealift.pack(convolution(), SIGNALS, name="m", output=tmp_path / "m.seal", privacy=kept)
    given = {row.astype(np.float64).tobytes() for row in SIGNALS}
    rows = [np.array(row[0]) for row in member(packed, "golden/examples.json")["rows"]]
    assert rows
    assert all(row.tobytes() in given for row in rows)
    generated = sealift.pack(convolution(), SIGNALS, name="m", output=tmp_path / "n.seal")
    rows = [np.array(row[0]) for row in member(generated, "golden/examples.json")["rows"]]
    assert not any(row.tobytes() in given for row in rows)


def photographs(count: int) -> Any:
    return RANDOM.integers(0, 256, (count, 224, 224, 3)).astype(np.float32)


def image_net() -> onnx.ModelProto:
    """A convolution over images (224, 224, 3), and 8,000 features."""
    node = helper.make_node
    nodes = [
        node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]),
        node("Conv", ["t", "w"], ["c"], strides=[16, 16]),
        node("Relu", ["c"], ["r"]),
        node("ReduceMean", ["r", "plane"], ["m"], keepdims=0),
        node("MatMul", ["m", "v"], ["y"]),
    ]
    kernel = RANDOM.normal(scale=1e-3, size=(4, 3, 16, 16)).astype(np.float32)
    head = RANDOM.normal(size=(4, 8000)).astype(np.float32)
    ports = [_port("x", "batch", 224, 224, 3)], [_port("y", "batch", 8000)]
    return _model(nodes, *ports, w=kernel, v=head, plane=np.array([2, 3]))


@pytest.mark.parametrize("keep_rows", [False, True])
def test_images_of_many_numbers(keep_rows: bool, tmp_path: Path) -> None:
    model, X = image_net(), photographs(10)
    privacy = sealift.PrivacyOptions(keep_rows=keep_rows)
    packed = sealift.pack(model, X, name="m", output=tmp_path / "m.seal", privacy=privacy)
    golden, sealed = member(packed, "golden/examples.json"), packed.load()
    stored = golden["arrays"]["x"]
    assert stored["shape"][1:] == [224, 224, 3]
    assert len(sealed.seal.members["golden/examples.json"]) < 200_000
    assert [row[0] for row in golden["rows"] if row[0] is not None] == list(range(stored["shape"][0]))
    assert len(golden["rows"]) == 8  # the least number, although there are few kinds of rows
    assert golden["answers"]["value"]["shape"] == [8, 8000]
    assert member(packed, "reference/background.json")["arrays"]["x"]["shape"] == [8, 224, 224, 3]
    assert stored["dtype"] == ("uint8" if keep_rows else "float32")
    if keep_rows:
        given = {image.tobytes() for image in X}
        assert all(np.array(image, np.float32).tobytes() in given for image in sealed.examples.columns["x"])
    assert sealed.self_test().passed
    assert sealift.verify(packed.path).examples == 8
    rows = photographs(2)
    (expected,) = _original(model, {"x": rows})
    np.testing.assert_allclose(sealed.predict(rows)["value"], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("rows", "code", "what"),
    [
        (SIGNALS[:, :1], "E305", "the model takes [rows, 2, length]"),
        (SIGNALS[:, 0], "E305", "has the shape [60, 12]"),
        ({"y": SIGNALS}, "E305", "a dict with the keys 'x'"),
        (SIGNALS[:0], "E304", "empty"),
        (SIGNALS.astype(str), "E304", "has the dtype"),
        (np.where(SIGNALS > 2, np.nan, SIGNALS), "E304", "NaN or an infinity"),
    ],
)
def test_arrays_that_do_not_fit(rows: Any, code: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(PackError) as caught:
        sealift.pack(convolution(), rows, name="m", output=tmp_path / "m.seal")
    assert caught.value.code == code
    assert what in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_arrays_of_different_lengths(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="differ in length"):
        sealift.pack(embedding(), {**SEVERAL, "gain": np.ones(3)}, name="m", output=tmp_path / "m.seal")


def test_doctor_needs_arrays_to_examine() -> None:
    with pytest.raises(PackError) as caught:
        sealift.doctor(convolution())
    assert caught.value.code == "E305"
