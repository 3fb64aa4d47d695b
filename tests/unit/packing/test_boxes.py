"""Boxes of detectors: compared with OpenCV's non-maximum suppression, in the original picture, and as sets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import sealift
from packs import no_node  # noqa: F401 - a fixture
from sealift.contract import Output
from sealift.contract.outputs import Tolerance, output_kind
from sealift.contract.outputs.box_sets import agree
from sealift.errors import ContractError, PackError
from sealift.serve import values
from sealift.serve.openapi.predict import of_output

pytestmark = pytest.mark.usefixtures("no_node")

NAMES = ["car", "bus", "van"]
VECTORS = json.loads((Path(__file__).parents[3] / "spec/vectors/boxes.json").read_text(encoding="utf-8"))


def identity(*shapes: tuple[int, ...]) -> onnx.ModelProto:
    """A model that returns its inputs, the raw output of a detector."""
    ports: list[tuple[str, str, Any]] = [(f"in{i}", f"out{i}", ["n", *shape]) for i, shape in enumerate(shapes)]
    body = helper.make_graph(
        [helper.make_node("Identity", [given], [made]) for given, made, _ in ports],
        "g",
        [helper.make_tensor_value_info(given, TensorProto.FLOAT, shape) for given, _, shape in ports],
        [helper.make_tensor_value_info(made, TensorProto.FLOAT, shape) for _, made, shape in ports],
    )
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def candidates(rows: int, count: int = 40, seed: int = 0) -> npt.NDArray[np.float32]:
    """Centres, sizes and scores of three classes, as of YOLO: (rows, count, 7)."""
    random = np.random.default_rng(seed)
    centres, sizes = random.uniform(20, 120, (rows, count, 2)), random.uniform(10, 60, (rows, count, 2))
    return np.concatenate([centres, sizes, random.random((rows, count, 3)) ** 3], axis=2).astype(np.float32)


def by_opencv(row: npt.NDArray[Any], *, score: float = 0.25, iou: float = 0.45) -> list[tuple[int, int]]:
    """The (class, candidate) pairs that OpenCV keeps, class by class."""
    corner = np.concatenate([row[:, :2] - row[:, 2:4] / 2, row[:, 2:4]], axis=1).astype(np.float64)
    best = row[:, 4:].argmax(axis=1)
    kept = []
    for klass in range(3):
        own = np.flatnonzero(best == klass)
        places = cv2.dnn.NMSBoxes(corner[own].tolist(), row[own, 4 + klass].tolist(), score, iou)
        kept += [(klass, int(own[i])) for i in np.asarray(places).reshape(-1)]
    return kept


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    head = sealift.Boxes(NAMES, format="cxcywh")
    path = tmp_path_factory.mktemp("boxes") / "m.seal"
    proof = sealift.ProofOptions(engines=("native",))
    return sealift.pack(identity((7, 40)), candidates(6).transpose(0, 2, 1), name="m", output=path, outputs=head,
                        proof=proof)  # fmt: skip


def test_the_boxes_are_those_of_opencv(packed: Any) -> None:
    rows = candidates(30, seed=7)
    every_row = packed.load().predict(rows.transpose(0, 2, 1))["boxes"]
    assert packed.contract.task == "detection"
    for row, boxes in zip(rows, every_row, strict=True):
        kept = boxes[boxes[:, 5] >= 0]
        assert (np.diff(kept[:, 4]) <= 2**-12).all()
        expected = by_opencv(row)
        assert len(kept) == len(expected)
        for klass, at in expected:
            corners = [*(row[at, :2] - row[at, 2:4] / 2), *(row[at, :2] + row[at, 2:4] / 2)]
            same = (kept[:, 5] == klass) & (np.abs(kept[:, :4] - corners).max(axis=1) < 1e-3)
            assert kept[same, 4] == pytest.approx([row[at, 4 + klass]], rel=1e-6)


def test_answers_in_json(packed: Any) -> None:
    sealed = packed.load()
    rows = candidates(2, seed=3).transpose(0, 2, 1)
    answers = sealed.predict(rows)
    (first, _) = values.rows(sealed.contract, answers)
    assert set(first["boxes"][0]) == {"class", "score", "box"}
    assert first["boxes"][0]["class"] in NAMES
    assert len(first["boxes"]) == (answers["boxes"][0, :, 5] >= 0).sum()
    cell = sealed.predict(rows, as_frame=True)["boxes"].iloc[0]
    assert json.loads(cell) == first["boxes"]
    schema = of_output(sealed.contract.output("boxes"))
    assert schema["items"]["properties"]["class"] == {"enum": NAMES}
    assert sealed.self_test().passed


def detr(**options: Any) -> sealift.Boxes:
    return sealift.Boxes(
        NAMES, format="cxcywh", boxes="out0", scores="out1", activation="softmax", background="last",
        normalized=(100, 200), iou_threshold=None, score_threshold=0.5, maximum=10, **options,
    )  # fmt: skip


def test_two_outputs_without_suppression(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    given = {
        "in0": random.uniform(0.2, 0.4, (6, 12, 4)).astype(np.float32),
        "in1": (4 * random.normal(size=(6, 12, 4))).astype(np.float32),
    }
    path = tmp_path / "m.seal"
    packed = sealift.pack(identity((12, 4), (12, 4)), given, name="m", output=path, outputs=detr())
    every_row = packed.load().predict(given)["boxes"]
    powers = np.exp(given["in1"].astype(float))
    shares = (powers / powers.sum(axis=2, keepdims=True))[:, :, :3]
    for row, share, boxes in zip(given["in0"].astype(float), shares, every_row, strict=True):
        wanted = [k for k in np.argsort(-share.max(axis=1)) if share[k].max() > 0.5]
        kept = boxes[boxes[:, 5] >= 0]
        np.testing.assert_allclose(kept[:, 4], share.max(axis=1)[wanted], rtol=1e-5)
        assert kept[:, 5].tolist() == share.argmax(axis=1)[wanted].tolist()
        centres, sizes = row[wanted, :2] * [200, 100], row[wanted, 2:] * [200, 100]
        np.testing.assert_allclose(kept[:, :4], np.hstack([centres - sizes / 2, centres + sizes / 2]), rtol=1e-5)


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["why"])
def test_sets_of_boxes(case: dict[str, Any]) -> None:
    got, expected = (np.array(case[key], dtype=np.float64) for key in ("got", "expected"))
    assert agree(got, expected, case["margin"], case["limit"])[0] == case["same"]


def test_rows_are_compared_one_by_one() -> None:
    output = Output(
        name="b", kind="boxes", dtype="float64", shape=(1, 6), classes=(0,),
        settings={"score_threshold": 0.25, "iou_threshold": 0.5},
    )  # fmt: skip
    expected = np.array([[[0.0, 0, 10, 10, 0.9, 0]], [[0.0, 0, 0, 0, 0, -1]]])
    got = expected.copy()
    got[1, 0] = [5, 5, 9, 9, 0.8, 0]
    same, _ = output_kind(output).compare_as(output, got, expected, Tolerance(1e-5, 1.0))
    assert same.tolist() == [True, False]
    with pytest.raises(ContractError, match="must be score_threshold and iou_threshold"):
        Output(name="b", kind="boxes", dtype="float64", shape=(1, 6), classes=(0,))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sealift.Boxes(NAMES, format="yxyx"), "format 'yxyx' is not known"),  # type: ignore[arg-type]
        (lambda: sealift.Boxes(NAMES, boxes="a"), "the names of two outputs"),
        (lambda: sealift.Boxes(NAMES, iou_threshold=2), "iou_threshold must be a number"),
        (lambda: sealift.Boxes(NAMES, maximum=0), "maximum must be from 1"),
        (lambda: sealift.Boxes(NAMES, class_agnostic=True, multi_label=True), "exclude each other"),
    ],
)
def test_arguments_that_cannot_be_used(make: Any, message: str) -> None:
    with pytest.raises(PackError, match=message) as caught:
        make()
    assert caught.value.code == "E352"


def test_an_output_of_another_shape(tmp_path: Path) -> None:
    with pytest.raises(PackError, match=r"needs \(rows, candidates, 7\) or \(rows, 7, candidates\)") as caught:
        sealift.pack(
            identity((40, 9)), np.zeros((4, 40, 9), np.float32), name="m", output=tmp_path / "m.seal",
            outputs=sealift.Boxes(NAMES),
        )  # fmt: skip
    assert caught.value.code == "E351"


def test_boxes_in_the_original_picture(tmp_path: Path) -> None:
    """A letterbox is undone: computed here from the sizes of the pictures."""
    fixed = np.array([[[10, 12, 40, 52, 0.9, 0.1], [-9, 0, 200, 64, 0.2, 0.8]]], dtype=np.float32)
    nodes = [
        helper.make_node("ReduceMean", ["x", "axes"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["none"]),
        helper.make_node("Reshape", ["none", "shape"], ["column"]),
        helper.make_node("Add", ["column", "fixed"], ["found"]),
    ]
    constants = {
        "axes": np.array([1, 2, 3]),
        "zero": np.array(0, np.float32),
        "shape": np.array([-1, 1, 1]),
        "fixed": fixed,
    }
    body = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 64, 64])],
        [helper.make_tensor_value_info("found", TensorProto.FLOAT, ["n", 2, 6])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    sizes = [(128, 64), (32, 64), (90, 90), (64, 128), (100, 40)]
    random = np.random.default_rng(0)
    pictures = [random.integers(0, 256, (height, width, 3)).astype(np.uint8) for width, height in sizes]
    packed = sealift.pack(
        model, pictures, name="m", output=tmp_path / "m.seal", outputs=sealift.Boxes(["a", "b"], maximum=4),
        preprocess=sealift.Image(letterbox=64, library="opencv"),
    )  # fmt: skip
    every_picture = packed.load().predict(pictures)["boxes"]
    for (width, height), boxes in zip(sizes, every_picture, strict=True):
        scale = min(64 / width, 64 / height)
        pad_x, pad_y = (64 - round(width * scale)) // 2, (64 - round(height * scale)) // 2
        for (x0, y0, x1, y1, *_), box in zip(fixed[0], boxes[:2], strict=True):
            expected = [(x0 - pad_x) / scale, (y0 - pad_y) / scale, (x1 - pad_x) / scale, (y1 - pad_y) / scale]
            inside = np.clip(expected, 0, [width, height, width, height])
            np.testing.assert_allclose(box[:4], inside, atol=0.6 / scale)  # halves of the border are rounded
