"""`sealift predict` of pictures into a folder: the table, masks as PNG files, and annotations in the format of COCO.

The annotations are read here without code of Sealift. On 2026-11-28 pycocotools 2.0.11 read such files, and its masks
were equal.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

import box_seals
import mask_seals
import sealift
from sealift.cli import main


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as caught:
        main([str(argument) for argument in arguments])
    return caught.value.code if isinstance(caught.value.code, int) else 0


def decoded(segmentation: dict[str, Any]) -> npt.NDArray[np.bool_]:
    """The pixels of uncompressed run lengths, as COCO defines them."""
    height, width = segmentation["size"]
    flat: list[bool] = []
    for place, count in enumerate(segmentation["counts"]):
        flat += [place % 2 == 1] * count
    assert len(flat) == height * width
    return np.array(flat).reshape(width, height).T


def check(coco: dict[str, Any]) -> None:
    """The rules of COCO for all annotations."""
    categories = [category["id"] for category in coco["categories"]]
    assert categories == list(range(1, len(categories) + 1))
    images = {image["id"]: image for image in coco["images"]}
    assert [annotation["id"] for annotation in coco["annotations"]] == list(range(1, len(coco["annotations"]) + 1))
    for annotation in coco["annotations"]:
        image = images[annotation["image_id"]]
        assert annotation["category_id"] in categories
        left, top, width, height = annotation["bbox"]
        assert 0 <= left <= left + width <= image["width"]
        assert 0 <= top <= top + height <= image["height"]
        assert annotation["area"] >= 0
        assert annotation["iscrowd"] in (0, 1)


@pytest.fixture(scope="module", name="pictures")
def _pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scans")
    (folder / "late").mkdir()
    for name, size in (("a.png", (64, 48)), ("b.png", (45, 60)), ("late/a.png", (100, 30)), ("a.bmp", (33, 33))):
        Image.fromarray(mask_seals.scan(*size)).save(folder / name)
    (folder / "bad.png").write_text("no picture")
    return folder


def test_masks(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = mask_seals.write(tmp_path / "m.seal")
    assert run("predict", file, pictures, "-o", tmp_path / "out", "--json") == 3
    summary = json.loads(capsys.readouterr().out)
    assert (summary["rows"], summary["refused"], summary["masks"]) == (5, 1, 4)
    assert summary["coco"] == str(tmp_path / "out/coco.json")
    coco = json.loads((tmp_path / "out/coco.json").read_text(encoding="utf-8"))
    check(coco)
    assert [category["name"] for category in coco["categories"]] == list(mask_seals.NAMES)
    with (tmp_path / "out/answers.csv").open(encoding="utf-8", newline="") as stream:
        rows = {row["file"]: row for row in csv.DictReader(stream)}
    assert len(coco["images"]) == 4
    names = {"a.bmp": "a", "a.png": "a-2", "b.png": "b", "late/a.png": "late/a"}
    for image in coco["images"]:
        path = Path(image["file_name"])
        (expected,) = sealift.masks(sealift.load(file).predict([path])["mask"])
        assert (image["height"], image["width"]) == expected.shape
        classes = np.full(expected.shape, -1)
        for each in coco["annotations"]:
            if each["image_id"] == image["id"]:
                own = decoded(each["segmentation"])
                assert each["area"] == own.sum()
                at = np.argwhere(own)
                (top, left), (bottom, right) = at.min(axis=0), at.max(axis=0)
                assert each["bbox"] == [left, top, right + 1 - left, bottom + 1 - top]
                classes[own] = each["category_id"] - 1
        np.testing.assert_array_equal(classes, expected)
        with Image.open(tmp_path / "out/mask" / f"{names[path.relative_to(pictures).as_posix()]}.png") as picture:
            assert picture.mode == "P"
            np.testing.assert_array_equal(np.array(picture), expected)
        assert float(rows[str(path)]["mask_dark"]) == (expected == 0).mean()


def test_boxes(pictures: Path, tmp_path: Path) -> None:
    file = box_seals.write(tmp_path / "m.seal")
    assert (
        run("predict", file, pictures / "a.png", pictures / "b.png", "-o", tmp_path / "out", "--format", "jsonl") == 0
    )
    coco = json.loads((tmp_path / "out/coco.json").read_text(encoding="utf-8"))
    check(coco)
    answers = sealift.load(file).predict([pictures / "a.png", pictures / "b.png"])["boxes"]
    expected = [[*box[:2], *(box[2:4] - box[:2]), *box[4:]] for row in answers for box in row if box[5] >= 0]
    boxes = [[*each["bbox"], each["score"], each["category_id"] - 1] for each in coco["annotations"]]
    np.testing.assert_allclose(boxes, expected)
    assert len(boxes) == 10
    assert (tmp_path / "out/answers.jsonl").exists()
    assert not (tmp_path / "out/mask").exists()


def test_a_second_run_replaces_the_first_and_leaves_out_what_it_wrote(pictures: Path, tmp_path: Path) -> None:
    file = mask_seals.write(tmp_path / "m.seal")
    folder = tmp_path / "scans"
    folder.mkdir()
    Image.open(pictures / "a.png").save(folder / "a.png")
    for _ in range(2):
        assert run("predict", file, folder, "-o", folder / "out/") == 0
        assert len(json.loads((folder / "out/coco.json").read_text(encoding="utf-8"))["images"]) == 1


def test_options_of_tables_are_refused(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = mask_seals.write(tmp_path / "m.seal")
    assert run("predict", file, pictures, "-o", tmp_path / "out", "--processes", 2) == 2
    assert "--processes needs a table of rows" in capsys.readouterr().err
