"""Nets on pictures: packed with their preprocessing, proved against Pillow and OpenCV, and predicted from files."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import pytest
from PIL import Image

import sealift
from image_nets import net, scans
from sealift.errors import ContractError, PackError
from sealift.frameworks import Source, source_of
from sealift.packing.inputs.pictures import read_pictures
from sealift.packing.preprocess import with_preprocessing

NATIVE = sealift.ProofOptions(engines=("native",))
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def by_pillow(path: Path) -> Any:
    picture = Image.open(path).convert("RGB")
    picture = picture.resize(
        (36, int(36 * picture.height / picture.width))
        if picture.width < picture.height
        else (int(36 * picture.width / picture.height), 36),
        Image.Resampling.BILINEAR,
    )
    top, left = round((picture.height - 32) / 2), round((picture.width - 32) / 2)
    levels = np.asarray(picture.crop((left, top, left + 32, top + 32)), np.float32) / np.float32(255)
    return ((levels - np.array(MEAN, np.float32)) / np.array(STD, np.float32)).transpose(2, 0, 1)


def by_opencv(path: Path) -> Any:
    read = cv2.imread(str(path))
    assert read is not None
    factor = min(32 / read.shape[0], 32 / read.shape[1])
    small = cv2.resize(read, (round(read.shape[1] * factor), round(read.shape[0] * factor)))
    top, left = (32 - small.shape[0]) // 2, (32 - small.shape[1]) // 2
    whole = np.full((32, 32, 3), 114, np.uint8)
    whole[top : top + small.shape[0], left : left + small.shape[1]] = small
    return whole.astype(np.float32) / np.float32(255)


CASES: dict[str, tuple[sealift.Image, dict[str, Any], Callable[[Path], Any]]] = {
    "pillow": (sealift.Image(resize=36, crop=32, mean=MEAN, std=STD), {}, by_pillow),
    "opencv": (
        sealift.Image(letterbox=32, library="opencv", channels="BGR", fill=114, layout="HWC", name="scan"),
        {"last": True},
        by_opencv,
    ),
}


@pytest.fixture(scope="module", params=list(CASES))
def packed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp(request.param)
    paths = scans(folder / "scans")
    preprocess, options, oracle = CASES[request.param]
    result = sealift.pack(
        net(**options), paths, name="net", output=folder / "net.seal", preprocess=preprocess, proof=NATIVE
    )
    return result, paths, net(**options), oracle


def test_the_answers_are_those_of_the_library_and_the_net(packed: Any) -> None:
    result, paths, model, oracle = packed
    assert result.report.passed
    assert result.report.compared["pictures"] >= 30
    arrays = np.stack([oracle(path) for path in paths])
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    expected = session.run(["probabilities"], {"in": arrays})[0]
    answers = result.load().predict(paths)
    assert np.abs(answers["probability"] - expected).max() < 1e-6


def test_every_form_of_a_picture_has_the_same_answer(packed: Any) -> None:
    result, paths, _, _ = packed
    sealed = result.load()
    (field,) = (field.name for field in sealed.contract.inputs)
    path = paths[1]
    data = path.read_bytes()
    uri = "data:image/png;base64," + base64.b64encode(data).decode()
    forms = [
        [str(path)],
        [path],
        [data],
        [Image.open(path)],
        [np.asarray(Image.open(path))],
        [uri],
        path,
        [{field: data}],
    ]
    expected = sealed.predict(paths)["probability"][1]
    for rows in forms:
        assert np.array_equal(sealed.predict(rows)["probability"][0], expected)


def test_bad_pictures_are_reported_and_the_others_answered(packed: Any, tmp_path: Path) -> None:
    result, paths, _, _ = packed
    sealed = result.load()
    (tmp_path / "cut.png").write_bytes(paths[1].read_bytes()[:300])
    (tmp_path / "text.png").write_text("no picture")
    rows = [paths[0], tmp_path / "cut.png", tmp_path / "absent.png", tmp_path / "text.png", paths[1]]
    answers = sealed.predict(rows, on_error="null")
    assert [(problem.row, problem.code) for problem in answers.problems] == [(2, "R111"), (3, "R114"), (4, "R110")]
    assert answers.good.tolist() == [True, False, False, False, True]
    assert np.array_equal(answers["probability"][[0, 4]], sealed.predict([paths[0], paths[1]])["probability"])
    with pytest.raises(ContractError) as caught:
        sealed.predict(rows)
    assert caught.value.code == "R111"


def test_examples_are_generated_pictures(packed: Any) -> None:
    result, paths, _, _ = packed
    sealed = result.load()
    assert sealed.examples.source == "generated"
    own = {base64.b64encode(path.read_bytes()).decode() for path in paths}
    (column,) = sealed.examples.inputs.values()
    assert len(column) >= 8
    assert own.isdisjoint(column)
    assert sealed.self_test().passed


def test_more_rows_than_are_answered_at_once(packed: Any) -> None:
    result, paths, _, _ = packed
    sealed = result.load()
    answers = sealed.predict(paths * 9)
    assert np.array_equal(answers["probability"], np.tile(sealed.predict(paths)["probability"], (9, 1)))
    bad = sealed.predict([*paths * 9, b"x"], on_error="null")
    assert [problem.row for problem in bad.problems] == [73]


def test_webassembly_gives_the_same_answers(tmp_path: Path) -> None:
    paths = scans(tmp_path / "scans", mode="L")
    preprocess = sealift.Image(resize=(32, 32), filter="lanczos", channels="L")
    packed = sealift.pack(
        net(channels=1), tmp_path / "scans", name="grey", output=tmp_path / "grey.seal", preprocess=preprocess
    )
    assert packed.report.passed
    assert packed.report.compared["caller"] == len(paths)
    assert packed.report.compared["webassembly"] >= 80


def test_a_preprocessing_that_does_not_equal_its_original_is_refused(tmp_path: Path) -> None:
    paths = scans(tmp_path / "scans")
    preprocessing = with_preprocessing(
        sealift.frameworks.source_of(net()), sealift.Image(resize=(32, 32))
    ).preprocessing  # type: ignore[attr-defined]
    other = sealift.Image(resize=(32, 32), filter="nearest")
    wrong = type(preprocessing)(other.spec(), preprocessing.run)
    with pytest.raises(sealift.ParityError) as caught:
        sealift.pack(net(), paths, name="net", output=tmp_path / "net.seal", preprocess=wrong, proof=NATIVE)
    assert caught.value.code == "E303"
    assert not (tmp_path / "net.seal").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"library": "skimage"}, "library must be"),
        ({"filter": "area"}, "filter of pillow"),
        ({"resize": 3, "letterbox": 4}, "only one of"),
        ({"channels": "HSV"}, "channels must be"),
        ({"mean": (1, 2)}, "one for each of the 3 channels"),
        ({"std": 0}, "must not be 0"),
        ({"resize": (8, 8), "crop": 9}, "larger than the picture"),
        ({"resize": (0, 8)}, "whole and from 1"),
    ],
)
def test_wrong_options(options: dict[str, Any], words: str) -> None:
    with pytest.raises(PackError, match=words) as caught:
        sealift.Image(**options)
    assert caught.value.code == "E324"


@pytest.fixture(scope="module")
def source() -> Source:
    return source_of(net())


@pytest.mark.parametrize(
    ("preprocess", "code", "words"),
    [
        (sealift.Image(resize=(30, 32)), "E322", "takes \\[3, 32, 32\\].*makes \\[3, 30, 32\\]"),
        (sealift.Image(resize=(32, 32), layout="HWC"), "E322", "layout"),
        (sealift.Image(resize=(32, 32), channels="L"), "E322", "\\[1, 32, 32\\]"),
        (sealift.Image(resize=36), "E322", "\\[3, any, any\\]"),
        (object(), "E321", "builtins.object"),
    ],
)
def test_preprocessing_that_does_not_fit(source: Source, preprocess: Any, code: str, words: str) -> None:
    with pytest.raises(PackError, match=words) as caught:
        with_preprocessing(source, preprocess)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (["absent.png"], "absent.png"),
        (np.zeros((4, 3, 32, 32), np.float32), "ndarray"),
        ([], "list"),
        ([b"", b"x"], "0"),
    ],
)
def test_rows_that_are_no_pictures(X: Any, words: str) -> None:
    with pytest.raises(PackError, match=words) as caught:
        read_pictures(X, "image")
    assert caught.value.code == "E320"


def test_a_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    paths = scans(tmp_path / "scans")
    (tmp_path / "scans" / ".hidden").write_text("x")
    assert read_pictures(tmp_path / "scans", "image").rows == sorted(paths)


@pytest.mark.parametrize("library", ["pillow", "opencv"])
def test_a_picture_that_is_smaller_than_the_crop_is_named(library: Any, tmp_path: Path) -> None:
    small = np.zeros((20, 40, 3), np.uint8)
    large = np.zeros((60, 60, 3), np.uint8)
    preprocess = sealift.Image(crop=32, library=library)
    wanted = r"at position 1 .*\(R115\): it has 40 × 20 pixels, fewer than the 32 × 32"
    with pytest.raises(PackError, match=wanted) as failure:
        sealift.pack(
            net(), [large, small], name="small", output=tmp_path / "a.seal", preprocess=preprocess, proof=NATIVE
        )
    assert failure.value.code == "E320"
    assert "resize before the crop" in failure.value.fix
