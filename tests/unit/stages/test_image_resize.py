"""Resizing against the shared vectors, and against Pillow and OpenCV themselves on random images."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL
import pytest
from PIL import Image

from sealift.stages.image.resize import Pixels, ResizeRule, resized
from sealift.stages.image.resize.pillow import vertical_first
from sealift.stages.image.resize.rule import FILTERS

VECTORS = Path(__file__).parents[3] / "spec" / "vectors" / "image"
CHANNELS = {"L": (), "LA": (2,), "RGB": (3,), "RGBA": (4,), "I;16": ()}
# `make image-cases` sets more.
COUNT = int(os.environ.get("SEALIFT_IMAGE_CASES", "300"))


def _decoded(text: str, mode: str, size: tuple[int, int]) -> Pixels:
    levels = np.frombuffer(base64.b64decode(text), "<u2" if mode == "I;16" else np.uint8)
    return levels.reshape(size[1], size[0], *CHANNELS[mode]).astype(levels.dtype.newbyteorder("="))


@pytest.mark.parametrize("library", FILTERS)
def test_vectors(library: str) -> None:
    vectors: dict[str, Any] = json.loads((VECTORS / f"{library}.json").read_text("utf-8"))
    assert len(vectors["cases"]) >= 30
    for case in vectors["cases"]:
        pixels = _decoded(case["levels"], case["mode"], case["from"])
        assert {answer["filter"] for answer in case["answers"]} == set(FILTERS[library])
        for answer in case["answers"]:
            width, height = case["to"]
            got = resized(pixels, width, height, ResizeRule(library, answer["filter"], answer["passes"]))
            np.testing.assert_array_equal(got, _decoded(answer["levels"], case["mode"], case["to"]), str(case["from"]))


def _image(rng: np.random.Generator, mode: str) -> tuple[Pixels, tuple[int, int]]:
    """An image of random size, and a size: of any ratio, of a whole ratio, or with one dimension kept."""
    most = 300 if rng.random() < 0.1 else 60
    width, height, *after = (int(n) for n in rng.integers(1, most, 4))
    kind = rng.random()
    if kind < 0.1:
        after[0] = width
    elif kind < 0.2:
        after[1] = height
    elif kind < 0.3:
        width, height = 2 * after[0], 2 * after[1]
    elif kind < 0.4:
        width, height = (n * int(rng.integers(1, 6)) for n in after)
    dtype = np.uint16 if mode == "I;16" else np.uint8
    shape = (height, width, *CHANNELS[mode])
    top = np.iinfo(dtype).max
    levels = rng.integers(0, top + 1, shape) if rng.random() < 0.7 else rng.choice([0, top], shape)
    return levels.astype(dtype), (after[0], after[1])


@pytest.mark.skipif(not PIL.__version__.startswith("13."), reason="Pillow 12 has the other order of passes")
@pytest.mark.parametrize("mode", CHANNELS)
@pytest.mark.parametrize("name", FILTERS["pillow"])
def test_pillow(mode: str, name: str) -> None:
    rng = np.random.default_rng([13, *mode.encode(), *name.encode()])
    for _ in range(max(COUNT // 30, 1)):
        pixels, size = _image(rng, mode)
        picture = Image.fromarray(pixels)
        assert picture.mode == mode
        wanted = np.asarray(picture.resize(size, Image.Resampling[name.upper()]))
        np.testing.assert_array_equal(resized(pixels, *size, ResizeRule("pillow", name)), wanted, f"to {size}")


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("name", FILTERS["opencv"])
def test_opencv(mode: str, name: str) -> None:
    rng = np.random.default_rng([5, *mode.encode(), *name.encode()])
    for _ in range(max(COUNT // 9, 1)):
        pixels, size = _image(rng, mode)
        wanted = cv2.resize(pixels, size, interpolation=getattr(cv2, f"INTER_{name.upper()}"))
        np.testing.assert_array_equal(resized(pixels, *size, ResizeRule("opencv", name)), wanted, f"to {size}")


def test_a_photograph_is_resized_as_pillow_does() -> None:
    across, down = np.meshgrid(np.arange(641), np.arange(480))
    pixels = np.stack([across * 2 % 256, down % 256, (across * down) % 256], axis=2).astype(np.uint8)
    for name in FILTERS["pillow"]:
        wanted = np.asarray(Image.fromarray(pixels).resize((224, 224), Image.Resampling[name.upper()]))
        np.testing.assert_array_equal(resized(pixels, 224, 224, ResizeRule("pillow", name)), wanted)


def test_the_order_of_passes() -> None:
    assert vertical_first((10, 40), (5, 20), "by-size")
    assert not vertical_first((10, 40), (5, 30), "by-size")  # 10 fewer rows is not more than twice 5 fewer columns
    assert not vertical_first((10, 10), (20, 10), "by-size")
    assert vertical_first((10, 10), (20, 9), "by-size")
    assert not vertical_first((10, 40), (5, 20), "horizontal-first")


def test_the_answer_shares_no_memory_with_the_image() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    for rule in (ResizeRule("pillow", "box"), ResizeRule("opencv", "area"), ResizeRule("opencv", "linear")):
        got = resized(pixels, 4, 3, rule)
        assert np.array_equal(got, pixels)
        assert not np.shares_memory(got, pixels)


def test_rules_that_do_not_exist() -> None:
    with pytest.raises(ValueError, match="library must be one of pillow, opencv"):
        ResizeRule("pil", "box")
    with pytest.raises(ValueError, match="filter of opencv must be one of nearest, linear, area"):
        ResizeRule("opencv", "cubic")
    with pytest.raises(ValueError, match="passes must be one of"):
        ResizeRule("pillow", "box", "vertical-first")


@pytest.mark.parametrize(
    ("shape", "dtype", "size", "library"),
    [
        ((4,), np.uint8, (2, 2), "pillow"),
        ((0, 4), np.uint8, (2, 2), "pillow"),
        ((4, 4), np.uint8, (0, 2), "pillow"),
        ((4, 4), np.uint8, (2, 40000), "opencv"),
        ((4, 4), np.float32, (2, 2), "pillow"),
        ((4, 4), np.uint16, (2, 2), "opencv"),
        ((4, 4, 3), np.uint16, (2, 2), "pillow"),
        ((4, 4, 2), np.uint8, (2, 2), "opencv"),
        ((4, 4, 5), np.uint8, (2, 2), "pillow"),
    ],
)
def test_images_that_are_refused(shape: tuple[int, ...], dtype: type, size: tuple[int, int], library: str) -> None:
    with pytest.raises(ValueError, match=r"rows and columns|does not resize"):
        resized(np.zeros(shape, dtype), *size, ResizeRule(library, "nearest"))
