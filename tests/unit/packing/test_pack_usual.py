"""Pictures unlike those given to pack: photographs for a net on grey scans, and held-out scans, which are usual."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

import sealift
from image_nets import net
from sealift.cli import main
from sealift.packing.describe import usual_pictures


def chests(count: int, seed: int) -> list[Any]:
    """Grey pictures like X-ray images of a chest: two dark fields in a bright body, with noise."""
    random = np.random.default_rng(seed)
    pictures = []
    for _ in range(count):
        height, width = random.integers(90, 130, 2)
        y, x = np.mgrid[:height, :width] / np.array([height, width])[:, None, None]
        body = 190 * np.exp(-(((x - 0.5) / random.uniform(0.4, 0.5)) ** 4))
        for side in (0.3, 0.7):
            lung = ((x - side) / random.uniform(0.1, 0.16)) ** 2 + ((y - 0.5) / random.uniform(0.25, 0.35)) ** 2
            body -= 120 * np.exp(-(lung**2))
        levels = body * random.uniform(0.8, 1.1) + random.normal(0, 5, body.shape)
        pictures.append(np.clip(levels, 0, 255).astype(np.uint8))
    return pictures


def photographs() -> list[Any]:
    """Parts of the two photographs of scikit-learn, in colours."""
    return [picture[at : at + 300, at : at + 300] for picture in load_sample_images().images for at in (0, 100)]


@pytest.fixture(scope="module", name="sealed")
def _sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("usual") / "chest.seal"
    sealift.pack(
        net(1), chests(150, 0), name="chest", output=path, proof=sealift.ProofOptions(engines=("native",)),
        preprocess=sealift.Image(resize=(32, 32), channels="L"),
    )  # fmt: skip
    return path


def test_photographs_are_noticed_and_held_out_pictures_are_not(sealed: Path) -> None:
    model = sealift.load(sealed)
    for note in model.notes(photographs()):
        assert "colour" in note["image"]
        assert note["image"].endswith("unlike the training pictures")
    grey = [np.asarray(Image.fromarray(photo).convert("L")) for photo in photographs()]
    assert all("layout" in note["image"] or "sharpness" in note["image"] for note in model.notes(grey))
    (blank,) = model.notes([np.full((100, 110), 128, np.uint8)])
    assert "contrast" in blank["image"]
    unusual = [note for note in model.notes(chests(400, 1)) if note]
    assert len(unusual) <= 4  # one per cent


def test_the_command_line_counts_them(sealed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, picture in enumerate([*chests(3, 2), *photographs()[:2]]):
        Image.fromarray(picture).save(tmp_path / f"{number}.png")
    with pytest.raises(SystemExit) as ended:
        main(["predict", str(sealed), str(tmp_path), "-o", str(tmp_path / "answers.csv")])
    assert ended.value.code == 0
    out, err = capsys.readouterr()
    assert "2 noted" in out + err
    assert "unlike the training pictures" in out + err


def test_bounds_stand_for_many_pictures(sealed: Path) -> None:
    """A single extreme picture does not move them, and without enough pictures there are none."""
    stage = sealift.load(sealed).contract.stages[0]
    assert {"size", "colour", "contrast", "centre"} <= set(stage.spec["usual"])
    column = np.random.default_rng(0).normal(10, 1, 500)
    low, high = usual_pictures.bounds("brightness", np.append(column[:-1], 1e6), 1.0)
    assert 5 < low < 6
    assert 14 < high < 15.5
    assert usual_pictures.bounds("colour", np.zeros(60), 1.0) == (0.0, 6.0)
    low, high = usual_pictures.bounds("size", np.full(60, 512.0), 1.0)
    assert 230 <= low <= 256
    assert 1024 <= high <= 1040


def test_few_pictures_have_no_bounds(tmp_path: Path) -> None:
    packed = sealift.pack(
        net(1), chests(20, 0), name="few", output=tmp_path / "few.seal",
        proof=sealift.ProofOptions(engines=("native",)), preprocess=sealift.Image(resize=(32, 32), channels="L"),
    )  # fmt: skip
    assert packed.report.passed
    model = sealift.load(tmp_path / "few.seal")
    assert "usual" not in model.contract.stages[0].spec
    assert model.notes(photographs()) == [{}] * 4


def test_a_file_in_memory_has_the_same_note(sealed: Path) -> None:
    stream = io.BytesIO()
    Image.fromarray(photographs()[0]).save(stream, "PNG")
    model = sealift.load(sealed)
    assert model.notes([stream.getvalue()]) == model.notes([photographs()[0]])
