"""Masks: compared with torch's arithmetic written in NumPy, with Pillow's geometry, and with the shared vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper

import mask_seals
import sealift
from packs import no_node  # noqa: F401 - a fixture
from sealift.contract import Output
from sealift.contract.outputs.mask_cells import STEPS, read, run_lengths
from sealift.contract.outputs.mask_sets import agree
from sealift.errors import ContractError, PackError
from sealift.packing.heads.mask_arrays import resized
from sealift.serve import values
from sealift.serve.openapi.predict import of_output

pytestmark = pytest.mark.usefixtures("no_node")

VECTORS = json.loads((Path(__file__).parents[3] / "spec/vectors/mask.json").read_text(encoding="utf-8"))
NATIVE = sealift.ProofOptions(engines=("native",))


def identity(shape: tuple[int, ...], dtype: int = TensorProto.FLOAT) -> onnx.ModelProto:
    """A model that returns its input."""
    body = helper.make_graph(
        [helper.make_node("Cast", ["x"], ["y"], to=dtype)],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *shape])],
        [helper.make_tensor_value_info("y", dtype, ["n", *shape])],
    )
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def logits(*shape: int, seed: int = 0) -> npt.NDArray[np.float32]:
    return (3 * np.random.default_rng(seed).normal(size=shape)).astype(np.float32)


def packed(path: Path, model: onnx.ModelProto, rows: Any, head: sealift.Mask, **options: Any) -> Any:
    return sealift.pack(model, rows, name="m", output=path / "m.seal", outputs=head, proof=NATIVE, **options)


@pytest.fixture(scope="module", name="regions")
def _regions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mask_seals.write(tmp_path_factory.mktemp("masks") / "regions.seal")


def floats(numbers: list[Any]) -> npt.NDArray[np.float64]:
    return np.array([np.nan if number is None else number for number in numbers], dtype=np.float64)


@pytest.mark.parametrize("case", VECTORS["masks"], ids=lambda case: case["why"])
def test_masks_of_the_vectors(case: dict[str, Any]) -> None:
    mask = read(floats(case["numbers"]))
    if case["pixels"] is None:
        assert mask is None
        return
    assert mask is not None
    pixels = mask.pixels(case["classes"])
    assert pixels.tolist() == case["pixels"]
    assert mask.totals(case["classes"]) == case["totals"]
    lengths = list(run_lengths(pixels))
    assert [[value, counts] for value, _, counts in lengths] == case["runs"]
    assert [total for _, total, _ in lengths] == [total for total in case["totals"] if total]


@pytest.mark.parametrize("case", VECTORS["comparisons"], ids=lambda case: case["why"])
def test_comparisons_of_the_vectors(case: dict[str, Any]) -> None:
    assert agree(floats(case["got"]), floats(case["expected"]), case["margin"])[0] == case["same"]


def test_scores_of_the_size_of_the_output(tmp_path: Path) -> None:
    rows = logits(12, 4, 9, 7)
    model = packed(tmp_path, identity((4, 9, 7)), rows, sealift.Mask(["a", "b", "c", "d"]))
    answers = model.load().predict(rows)["mask"]
    assert model.contract.task == "segmentation"
    np.testing.assert_array_equal(np.stack(sealift.masks(answers)), rows.argmax(axis=1))
    powers = np.exp(rows.astype(float))
    ordered = np.sort(powers / powers.sum(axis=1, keepdims=True), axis=1)
    margins = np.mod(answers[:, 12:], STEPS).reshape(12, 9, 7) / STEPS
    np.testing.assert_allclose(margins, ordered[:, -1] - ordered[:, -2], atol=1.01 / STEPS)
    assert model.load().self_test().passed


@pytest.mark.parametrize("shape", [(1, 6, 8), (6, 8), (6, 8, 1)])
def test_one_score_for_each_pixel(tmp_path: Path, shape: tuple[int, ...]) -> None:
    rows = logits(10, *shape)
    head = sealift.Mask(["other", "tumour"], threshold=0.7)
    answers = packed(tmp_path, identity(shape), rows, head).load().predict(rows)["mask"]
    expected = 1 / (1 + np.exp(-rows.astype(float))) > 0.7
    np.testing.assert_array_equal(np.stack(sealift.masks(answers)), expected.reshape(10, 6, 8))


def test_the_channels_last_and_integers(tmp_path: Path) -> None:
    rows = logits(10, 6, 8, 3)
    answers = packed(tmp_path, identity((6, 8, 3)), rows, sealift.Mask(["a", "b", "c"])).load().predict(rows)["mask"]
    np.testing.assert_array_equal(np.stack(sealift.masks(answers)), rows.argmax(axis=3))
    whole = np.random.default_rng(1).integers(0, 5, (10, 6, 8)).astype(np.float32)
    head = sealift.Mask(["a", "b", "c"])
    answers = packed(tmp_path, identity((6, 8), TensorProto.INT64), whole, head).load().predict(whole)["mask"]
    np.testing.assert_array_equal(np.stack(sealift.masks(answers)), np.where(whole < 3, whole, -1))


def test_the_resize_is_bilinear_with_aligned_centres() -> None:
    scores = logits(2, 3, 4).astype(np.float64)
    got = resized(scores, (7, 4))
    for y in range(7):
        at = min(max((y + 0.5) * 3 / 7 - 0.5, 0), 2)
        low = min(int(at), 1)
        expected = scores[:, low] * (1 - (at - low)) + scores[:, low + 1] * (at - low)
        np.testing.assert_allclose(got[:, y], expected, rtol=1e-12)


def test_the_mask_has_the_size_of_the_picture(regions: Path) -> None:
    """The grid of the net, resized to the picture by another rule, nearly equals the mask."""
    sealed = sealift.load(regions)
    assert sealed.self_test().passed
    for width, height in ((64, 48), (45, 60), (33, 32), (100, 30)):
        picture = mask_seals.scan(width, height)
        (mask,) = sealift.masks(sealed.predict([picture])["mask"])
        assert mask.shape == (height, width)
        level = picture[..., 0] / 255
        expected = np.stack([2.6 - 8 * level, np.ones_like(level), 8 * level - 5]).argmax(axis=0)
        assert (mask == expected).mean() > 0.8  # the net sees squares of four pixels of its input


def test_a_crop_does_not_cover_the_picture(tmp_path: Path) -> None:
    pictures = [mask_seals.scan(48, 32, seed) for seed in range(4)]
    path = mask_seals.write(tmp_path / "m.seal", preprocess=sealift.Image(resize=32, crop=32))
    (mask,) = sealift.masks(sealift.load(path).predict(pictures[:1])["mask"])
    assert mask.shape == (32, 48)
    assert (mask[:, :8] == -1).all()
    assert (mask[:, 40:] == -1).all()
    assert (mask[:, 8:40] >= 0).all()
    shares = sealift.load(path).predict(pictures[:1], as_frame=True).iloc[0]
    assert shares.sum() == pytest.approx(32 / 48)


def test_answers_in_json_and_tables(regions: Path) -> None:
    sealed = sealift.load(regions)
    picture = mask_seals.scan(64, 48)
    answers = sealed.predict([picture])
    (mask,) = sealift.masks(answers["mask"])
    (row,) = values.rows(sealed.contract, answers)
    rebuilt = np.full(mask.shape, -1)
    for part in row["mask"]:
        assert part["segmentation"]["size"] == [48, 64]
        flat = np.zeros(48 * 64, bool)
        ends = np.cumsum(part["segmentation"]["counts"])
        for start, end in zip(ends[::2], ends[1::2], strict=False):
            flat[start:end] = True
        assert flat.sum() == part["pixels"]
        rebuilt[flat.reshape(64, 48).T] = mask_seals.NAMES.index(part["class"])
    np.testing.assert_array_equal(rebuilt, mask)
    frame = sealed.predict([picture], as_frame=True)
    assert list(frame.columns) == ["mask_dark", "mask_middle", "mask_bright"]
    np.testing.assert_array_equal(frame.iloc[0], [(mask == i).mean() for i in range(3)])
    schema = of_output(sealed.contract.output("mask"))
    assert schema["items"]["properties"]["class"] == {"enum": list(mask_seals.NAMES)}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sealift.Mask(["a"]), "at least 2 different"),
        (lambda: sealift.Mask(["a", "b"], activation="tanh"), "activation 'tanh' is not known"),  # type: ignore[arg-type]
        (lambda: sealift.Mask(["a", "b"], threshold=1.5), "threshold must be a number"),
        (lambda: sealift.Mask(["a", "b"], size=(0, 3)), "size must be a height and a width"),
        (lambda: sealift.Mask(["a", "b"], size=(1 << 12, 1 << 12)), "more than"),
    ],
)
def test_arguments_that_cannot_be_used(make: Any, message: str) -> None:
    with pytest.raises(PackError, match=message) as caught:
        make()
    assert caught.value.code == "E352"


@pytest.mark.parametrize(
    ("shape", "options"), [((5, 6, 8), {}), ((6, 8), {}), ((1, 6, 8), {"names": 2, "activation": "softmax"})]
)
def test_an_output_of_another_shape(tmp_path: Path, shape: tuple[int, ...], options: dict[str, Any]) -> None:
    head = sealift.Mask(["a", "b", "c"][: options.pop("names", 3)], **options)
    with pytest.raises(PackError) as caught:
        packed(tmp_path, identity(shape), logits(6, *shape), head)
    assert caught.value.code == "E351"


def test_malformed_outputs() -> None:
    for changes in (
        {"shape": (12,)},
        {"shape": (3, 20)},
        {"classes": None},
        {"dtype": "int64"},
        {"settings": {"a": 1}},
    ):
        given: dict[str, Any] = {"shape": (20,), "classes": (0, 1), "dtype": "float64", **changes}
        with pytest.raises(ContractError):
            Output(name="m", kind="mask", **given)
