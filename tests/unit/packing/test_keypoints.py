"""Keypoints from heat maps and coordinates: compared with points that are known from how the inputs are made."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

import keypoint_seals
import sealift
from packs import no_node  # noqa: F401 - a fixture
from sealift.cli import main
from sealift.contract import Output
from sealift.contract.outputs.keypoints import agreeing
from sealift.errors import ContractError, PackError
from sealift.packing.outputs import packing_of
from sealift.serve import values
from sealift.serve.openapi.predict import of_output

pytestmark = pytest.mark.usefixtures("no_node")

VECTORS = json.loads((Path(__file__).parents[3] / "spec/vectors/keypoints.json").read_text(encoding="utf-8"))
NATIVE = sealift.ProofOptions(engines=("native",))


def identity(*shape: int) -> onnx.ModelProto:
    """A model that returns its input."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *shape])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", *shape])],
    )
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def answers(path: Path, rows: npt.NDArray[np.float32], head: sealift.Keypoints) -> npt.NDArray[Any]:
    packed = sealift.pack(identity(*rows.shape[1:]), rows, name="m", output=path / "m.seal", outputs=head, proof=NATIVE)
    assert packed.load().self_test().passed
    points: npt.NDArray[Any] = packed.load().predict(rows)["keypoints"]
    return points


def floats(points: Any) -> npt.NDArray[np.float64]:
    return np.array(points, dtype=np.float64)  # None becomes NaN


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["why"])
def test_comparisons_of_the_vectors(case: dict[str, Any]) -> None:
    same = agreeing(floats(case["got"]), floats(case["expected"]), case["relative"], case["margin"])
    assert same.all() == case["same"]


def test_the_peak_of_a_parabola_is_exact(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    centres = random.uniform(2, 9, (12, 3, 2))  # x, y of cells, whose centres are at halves
    y, x = np.mgrid[:12, :11]
    heat = 5 - (x + 0.5 - centres[..., :1, None]) ** 2 - (y + 0.5 - centres[..., 1:, None]) ** 2
    points = answers(tmp_path, heat.astype(np.float32), sealift.Keypoints(["a", "b", "c"]))
    np.testing.assert_allclose(points[..., :2], centres, atol=1e-5)
    whole = answers(tmp_path, heat.astype(np.float32), sealift.Keypoints(["a", "b", "c"], refine=None))
    np.testing.assert_allclose(whole[..., :2], np.floor(centres) + 0.5)
    np.testing.assert_allclose(whole[..., 2], heat.max(axis=(2, 3)), rtol=1e-6)


def test_scores_margins_and_edges(tmp_path: Path) -> None:
    heat = np.full((8, 1, 5, 6), -4.0, np.float32)
    heat[:, 0, 0, 5] = 3
    heat[:, 0, 1, 4] = 2.5  # within a cell of the best
    heat[:, 0, 4, 0] = 1
    heat += np.arange(8, dtype=np.float32).reshape(-1, 1, 1, 1) / 64
    points = answers(tmp_path, heat, sealift.Keypoints(["a"], activation="sigmoid"))
    best, other = (1 / (1 + np.exp(-(value + np.arange(8) / 64))) for value in (3.0, 1.0))
    np.testing.assert_allclose(points[:, 0], np.stack([np.full(8, 5.5), np.full(8, 0.5), best, best - other], 1))


def test_coordinates(tmp_path: Path) -> None:
    rows = np.random.default_rng(1).random((10, 4, 3)).astype(np.float32)
    names = ["a", "b", "c", "d"]
    points = answers(tmp_path, rows, sealift.Keypoints(names, normalized=(100, 200)))
    np.testing.assert_allclose(points[..., :2], rows[..., :2] * np.array([200.0, 100.0]), rtol=1e-7)
    np.testing.assert_allclose(points[..., 2], rows[..., 2])
    bare = answers(tmp_path, rows[..., :2].copy(), sealift.Keypoints(names))
    np.testing.assert_allclose(bare[..., :2], rows[..., :2])
    assert (bare[..., 2:] == 1).all()


def test_points_of_the_original_picture(tmp_path: Path) -> None:
    """The discs are found where they were drawn, in pictures of other sizes than the net's input."""
    truth = [np.array(each[2:]) for each in keypoint_seals.FACES]
    path = keypoint_seals.write(tmp_path / "m.seal", truth)
    sealed = sealift.load(path)
    points = sealed.predict([keypoint_seals.face(*each) for each in keypoint_seals.FACES])["keypoints"]
    distances = np.hypot(*(points[..., :2] - np.stack(truth)).transpose(2, 0, 1))
    assert distances.max() < 0.5
    evidence = json.loads(bytes(sealed.seal.members["evidence.json"]))
    assert evidence["metrics"] == {"mean_distance": pytest.approx(distances.mean(), rel=1e-3), "pck_10": 1.0}
    assert evidence["parity"]["outputs"]["keypoints"]["sets"]["unit"] == "points"
    assert sealed.contract.task == "detection"


def test_answers_in_json_and_files(tmp_path: Path) -> None:
    path = keypoint_seals.write(tmp_path / "m.seal")
    sealed = sealift.load(path)
    picture = keypoint_seals.face(*keypoint_seals.FACES[0])
    Image.fromarray(picture).save(tmp_path / "a.png")
    given = sealed.predict([picture])
    (row,) = values.rows(sealed.contract, given)
    assert [point["point"] for point in row["keypoints"]] == list(keypoint_seals.NAMES)
    assert row["keypoints"][0]["x"] == given["keypoints"][0, 0, 0]
    schema = of_output(sealed.contract.output("keypoints"))
    assert schema["items"]["required"] == ["point", "x", "y", "score"]
    with pytest.raises(SystemExit) as caught:
        main(["predict", str(path), str(tmp_path / "a.png"), "-o", str(tmp_path / "out/")])
    assert not caught.value.code
    with (tmp_path / "out/answers.csv").open(encoding="utf-8", newline="") as stream:
        (line,) = csv.DictReader(stream)
    assert float(line["keypoints_blue eye_y"]) == given["keypoints"][0, 1, 1]
    coco = json.loads((tmp_path / "out/coco.json").read_text(encoding="utf-8"))
    assert coco["categories"] == [
        {"id": 1, "supercategory": "keypoints", "name": "keypoints", "keypoints": list(keypoint_seals.NAMES),
         "skeleton": []}
    ]  # fmt: skip
    (annotation,) = coco["annotations"]
    assert annotation["num_keypoints"] == 2
    np.testing.assert_allclose(np.reshape(annotation["keypoints"], (2, 3))[:, :2], given["keypoints"][0, :, :2])


def test_points_that_differ_are_counted() -> None:
    output = Output(name="k", kind="keypoints", dtype="float64", shape=(2, 4), classes=(0, 1))
    expected = np.array([[1.0, 2, 0.5, 0.0001], [3, 4, 0.5, 0.5]])
    got = expected.copy()
    got[0, 0] = 30
    before = expected.copy()
    assert packing_of("keypoints").differences(output, got, expected) == ("points", 2, 1, 1.0)
    np.testing.assert_array_equal(expected, before)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sealift.Keypoints(["a", "a"]), "different, non-empty"),
        (lambda: sealift.Keypoints(["a"], refine="dark"), "refine 'dark' is not known"),  # type: ignore[arg-type]
        (lambda: sealift.Keypoints(["a"], activation="softmax"), "is not known"),  # type: ignore[arg-type]
    ],
)
def test_arguments_that_cannot_be_used(make: Any, message: str) -> None:
    with pytest.raises(PackError, match=message) as caught:
        make()
    assert caught.value.code == "E352"


@pytest.mark.parametrize("shape", [(3, 5, 5), (2, 4), (2, 2, 2), (4,)])
def test_an_output_of_another_shape(tmp_path: Path, shape: tuple[int, ...]) -> None:
    rows = np.random.default_rng(0).random((8, *shape)).astype(np.float32)
    with pytest.raises(PackError) as caught:
        answers(tmp_path, rows, sealift.Keypoints(["a", "b"]))
    assert caught.value.code == "E351"


@pytest.mark.parametrize("y", [[np.zeros((3, 2))] * 4, [np.zeros((2, 3))] * 4])
def test_points_that_cannot_be_true(tmp_path: Path, y: Any) -> None:
    with pytest.raises(PackError) as caught:
        keypoint_seals.write(tmp_path / "m.seal", y)
    assert caught.value.code == "E305"


def test_malformed_outputs() -> None:
    for changes in ({"shape": (2, 3)}, {"shape": (3, 4)}, {"classes": None}, {"settings": {"a": 1}}):
        given: dict[str, Any] = {"shape": (2, 4), "classes": (0, 1), **changes}
        with pytest.raises(ContractError):
            Output(name="k", kind="keypoints", dtype="float64", **given)
