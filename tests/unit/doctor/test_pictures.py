"""`sealift.doctor` on pictures: preprocessings that answer better than the declared one, of nets whose own is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from PIL import Image
from scipy.stats import binomtest

import sealift
from sealift.frameworks import Source, source_of
from sealift.packing.doctor.pictures import LEAST, BetterVariant, compared_variants
from sealift.packing.doctor.pictures.described import described
from sealift.packing.doctor.pictures.paired import errors, sign_test
from sealift.packing.doctor.pictures.variants import variants_of
from sealift.packing.preprocess import recognised, with_preprocessing

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SIDE = 16
TRAINED = sealift.Image(resize=(SIDE, SIDE), mean=MEAN, std=STD)


def by_colour(head: str = "label") -> onnx.ModelProto:
    """Three classes by the mean of each channel; the weights and the bias fit the levels of ImageNet, red first."""
    answers = {
        "label": (
            "int64[N] label, float[N,3] probability",
            "probability = Softmax(s) label = ArgMax<axis = 1, keepdims = 0>(s)",
        ),
        "logits": ("float[N,3] logits", "logits = Identity(s)"),
        "value": ("float[N,1] value", "value = ReduceSum<keepdims = 1>(s, one)"),
    }
    outputs, nodes = answers[head]
    return onnx.parser.parse_model(f"""
    <ir_version: 8, opset_import: ["": 17]>
    net (float[N,3,{SIDE},{SIDE}] pixels) => ({outputs})
    <float[3,3] W = {{3.0, -1.0, -2.0, -1.0, 3.0, -2.0, -1.0, -1.0, 3.1}}, float[3] B = {{0.5, 0.1, -0.6}},
     int64[1] one = {{1}}>
    {{ mean = GlobalAveragePool(pixels) flat = Flatten(mean) m = MatMul(flat, W) s = Add(m, B) {nodes} }}""")


def by_corner() -> onnx.ModelProto:
    """Two classes: whether the top half is brighter than the bottom half."""
    half = np.ones((1, 3, SIDE, SIDE), np.float32)
    half[:, :, SIDE // 2 :] = -1
    model = onnx.parser.parse_model(f"""
    <ir_version: 8, opset_import: ["": 17]>
    net (float[N,3,{SIDE},{SIDE}] pixels) => (float[N,1] score)
    <int64[3] axes = {{1, 2, 3}}, int64[2] matrix = {{-1, 1}}>
    {{ signed = Mul(pixels, H) sum = ReduceSum<keepdims = 0>(signed, axes) score = Reshape(sum, matrix) }}""")
    model.graph.initializer.append(onnx.numpy_helper.from_array(half, "H"))
    return model


def answers(model: onnx.ModelProto, preprocess: Any, rows: Sequence[Any], output: str) -> Any:
    """The answers of the net by ONNX Runtime."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    arrays = recognised(preprocess).original(rows)["pixels"]
    return session.run([output], {"pixels": np.stack(arrays)})[0]


def compared(source: Source, declared: Any, rows: Sequence[Any], y: Any) -> tuple[list[BetterVariant], list[str]]:
    """The comparison only, without the rest of the diagnosis."""
    return compared_variants(with_preprocessing(source, declared), declared, rows, y, lambda _: None)


@pytest.fixture(scope="module")
def source() -> Source:
    return source_of(by_colour())


@pytest.fixture(scope="module")
def pictures() -> list[Any]:
    rng = np.random.default_rng(0)
    return [
        np.clip(rng.integers(70, 186, 3) + rng.integers(-50, 50, (12, 20, 3)), 0, 255).astype(np.uint8)
        for _ in range(60)
    ]


@pytest.fixture(scope="module")
def labels(pictures: list[Any]) -> Any:
    true_labels = answers(by_colour(), TRAINED, pictures, "label")
    assert min(np.bincount(true_labels, minlength=3)) >= 10
    return true_labels


@pytest.mark.parametrize(
    ("declared", "arguments"),
    [
        ({"mean": None, "std": None}, {"mean": MEAN, "std": STD}),
        ({"channels": "BGR"}, {"channels": "RGB"}),
        (
            {"channels": "BGR", "mean": None, "std": None, "scale": None},
            {"channels": "RGB", "scale": "unit", "mean": MEAN, "std": STD},
        ),
    ],
    ids=["without mean and std", "blue first", "both"],
)
def test_the_preprocessing_of_the_training_is_found(
    source: Source, pictures: list[Any], labels: Any, declared: dict[str, Any], arguments: dict[str, Any]
) -> None:
    image = sealift.Image(**{"resize": (SIDE, SIDE), "mean": MEAN, "std": STD, **declared})
    better, _ = compared(source, image, pictures, labels)
    best = better[0]
    assert dict(best.arguments) == arguments
    assert best.variant == 1.0
    own = float((answers(by_colour(), image, pictures, "label") == labels).mean())
    assert best.declared == pytest.approx(own)
    assert (best.better, best.worse, best.pictures) == (round((1 - own) * 60), 0, 60)
    assert best.p_value < 0.01
    assert f"{own:.1%}" in best.sentence


def test_the_diagnosis_shows_what_was_found(pictures: list[Any], labels: Any) -> None:
    image = sealift.Image(resize=(SIDE, SIDE), channels="BGR", mean=MEAN, std=STD)
    said: list[str] = []
    diagnosis = sealift.doctor(by_colour(), pictures, labels, preprocess=image, progress=said.append)
    assert diagnosis.supported
    assert diagnosis.agrees
    best = diagnosis.better_preprocessing[0]
    assert best.change == "channels='RGB'"
    assert best.change in diagnosis.as_dict()["better_preprocessing"][0]["fix"]
    assert best.sentence in " ".join(diagnosis.text(width=200).split())
    assert "Preprocessing probably differs" in diagnosis._repr_html_()
    assert any("red first" in sentence for sentence in said)


def test_nothing_is_reported_of_the_right_one(source: Source, pictures: list[Any], labels: Any) -> None:
    better, notes = compared(source, TRAINED, pictures, labels)
    assert not better
    assert "Significantly better: none." in notes[-1]


def test_chance_is_not_reported(source: Source, pictures: list[Any]) -> None:
    """Among random answers the best of many variants is often better, but not significantly."""
    for seed in range(2):
        random = np.random.default_rng(seed).integers(0, 3, len(pictures))
        assert not compared(source, TRAINED, pictures, random)[0]


@pytest.mark.parametrize(
    ("count", "with_y", "words"), [(LEAST - 1, True, f"at least {LEAST} pictures"), (60, False, "needs y")]
)
def test_what_cannot_be_compared_is_noted(
    source: Source, pictures: list[Any], labels: Any, count: int, with_y: bool, words: str
) -> None:
    y = labels[:count] if with_y else None
    better, notes = compared(source, sealift.Image(resize=(SIDE, SIDE)), pictures[:count], y)
    assert not better
    assert words in notes[-1]


def test_heads_have_true_answers(pictures: list[Any], labels: Any) -> None:
    image = sealift.Image(resize=(SIDE, SIDE), channels="BGR", mean=MEAN, std=STD)
    names = ["red", "green", "blue"]
    y = [names[label] for label in labels]
    diagnosis = sealift.doctor(by_colour("logits"), pictures, y, preprocess=image, class_names=names)
    assert diagnosis.better_preprocessing[0].arguments == {"channels": "RGB"}
    _, notes = compared(source_of(by_colour("logits")), image, pictures, labels)
    assert "outputs=sealift.Classes" in notes[-1]


def test_pictures_that_the_declared_preprocessing_refuses(source: Source, pictures: list[Any], labels: Any) -> None:
    better, notes = compared(source, sealift.Image(crop=SIDE), pictures, labels)
    assert not better
    assert "because it failed: The picture at position 0 does not fit the preprocessing (R115)" in notes[-1]


def test_values_are_compared_by_their_errors(pictures: list[Any]) -> None:
    image = sealift.Image(resize=(SIDE, SIDE))
    y = answers(by_colour("value"), TRAINED, pictures, "value")[:, 0]
    best = compared(source_of(by_colour("value")), image, pictures, y)[0][0]
    assert dict(best.arguments) == {"mean": MEAN, "std": STD}
    assert (best.metric, best.better, best.worse) == ("mean_absolute_error", 60, 0)
    assert best.variant < 1e-5 < best.declared


def test_orientation(tmp_path: Path) -> None:
    """The net was trained on files that were not turned."""
    rng = np.random.default_rng(2)
    paths = []
    for i in range(40):
        levels = rng.integers(0, 120, (24, 24, 3)).astype(np.uint8)
        bright = rng.integers(0, 2)
        levels[12 * bright : 12 * bright + 12] += 60
        exif = Image.Exif()
        exif[0x0112] = 3
        paths.append(tmp_path / f"{i}.png")
        Image.fromarray(levels).save(paths[-1], exif=exif)
    y = (answers(by_corner(), sealift.Image(resize=(SIDE, SIDE), orientation=False), paths, "score")[:, 0] > 0).astype(
        int
    )
    head = sealift.Classes(["bottom", "top"], activation="sigmoid")
    declared = sealift.Image(resize=(SIDE, SIDE))
    diagnosis = sealift.doctor(by_corner(), paths, y, preprocess=declared, outputs=head)
    assert diagnosis.better_preprocessing[0].arguments == {"orientation": False}
    assert any(
        "40 of 40 pictures have an EXIF orientation, which the preprocessing applies" in n for n in diagnosis.notes
    )


def torchvision(name: str, call: Callable[[Any], Any], **attributes: Any) -> Any:
    """A stand-in of a class of torchvision."""
    made = type(name, (), {"__module__": "torchvision.transforms.transforms", "__call__": lambda _, x: call(x)})()
    made.__dict__.update(attributes)
    return made


def test_an_object_of_a_library_has_variants(source: Source, pictures: list[Any], labels: Any) -> None:
    def run(picture: Any) -> Any:
        small = picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        return np.asarray(small).transpose(2, 0, 1) / np.float32(255)

    bilinear = SimpleNamespace(value="bilinear")
    steps = [
        torchvision("Resize", run, size=(SIDE, SIDE), interpolation=bilinear, max_size=None),
        torchvision("ToTensor", run),
    ]
    declared = torchvision("Compose", run, transforms=steps)
    assert described(declared) == sealift.Image(resize=(SIDE, SIDE))
    assert dict(compared(source, declared, pictures, labels)[0][0].arguments) == {"mean": MEAN, "std": STD}


@pytest.mark.parametrize(
    "image",
    [
        sealift.Image(resize=18, crop=16, mean=MEAN, std=STD, channels="BGR"),
        sealift.Image(resize=(16, 16), library="opencv", filter="area", scale=None, layout="HWC", orientation=False),
        sealift.Image(longest=20, scale=0.5, std=2.0),
    ],
)
def test_the_description_of_an_object_has_its_stage(image: sealift.Image) -> None:
    description = described(recognised(image))
    assert description is not None
    assert description.spec()["steps"] == image.spec()["steps"]
    assert description.orientation == image.orientation


def test_an_object_with_other_steps_is_noted(source: Source, pictures: list[Any], labels: Any) -> None:
    declared = recognised(sealift.Image(letterbox=SIDE))
    assert described(declared) is None
    assert "variants of its steps cannot be made" in compared(source, declared, pictures, labels)[1][-1]


def test_rows_are_needed() -> None:
    with pytest.raises(sealift.PackError) as caught:
        sealift.doctor(by_colour(), preprocess=TRAINED)
    assert caught.value.code == "E305"


@pytest.mark.parametrize(
    "declared",
    [
        {"resize": 18, "crop": 16},
        {"letterbox": 16, "library": "opencv", "channels": "BGR", "layout": "HWC"},
        {"resize": (16, 16), "channels": "L", "mean": 0.0, "std": 1.0},
        {"longest": 20, "pad": 4},
        {},
    ],
)
def test_variants_differ_from_the_declared_and_keep_the_shape(declared: dict[str, Any]) -> None:
    image = sealift.Image(**declared)
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (50, 61, 3)).astype(np.uint8)
    if image.channels == "L":
        picture = picture[..., 0]

    def run(one: sealift.Image) -> Any:
        return recognised(one).original([picture])["pixels"][0]

    variants = variants_of(image, oriented=False)
    own = run(image)
    seen = [own]
    for variant in variants:
        made = run(variant.image)
        assert variant.arguments
        assert made.shape == own.shape
        assert not any(np.array_equal(made, other) for other in seen), variant.name
        seen.append(made)
    assert len(variants) >= (3 if image.channels == "L" else 7)
    assert any("orientation" in variant.arguments for variant in variants_of(image, oriented=True))


@pytest.mark.parametrize(("better", "worse"), [(0, 0), (5, 0), (0, 5), (30, 10), (250, 250), (1, 1)])
def test_the_sign_test_is_that_of_scipy(better: int, worse: int) -> None:
    count = better + worse
    expected = binomtest(better, count, alternative="greater").pvalue if count else 1.0
    assert sign_test(better, worse) == pytest.approx(expected)


def test_errors_of_several_labels_and_of_other_shapes() -> None:
    truth = np.array([[0, 1], [1, 1]])
    assert errors("labels", {"labels": np.array([[0, 1], [0, 1]])}, truth).tolist() == [0, 1]  # type: ignore[union-attr]
    assert errors("labels", {"labels": np.array([0, 1])}, truth) is None
    assert errors("value", {"value": np.array([1.0, np.nan])}, np.array([0.5, 1])).tolist() == [0.5, np.inf]  # type: ignore[union-attr]
    assert errors("value", {"value": np.array([1.0, 2.0])}, np.array(["a", "b"])) is None
    assert errors("label", {"label": np.array([1, 2])}, np.array(["a", "b"])) is None
    names = {"label": np.array(["a", "b"], dtype=object)}
    assert errors("label", names, np.array(["a", "c"])).tolist() == [0, 1]  # type: ignore[union-attr]
