"""Makes spec/vectors/image/pillow.json and opencv.json: images as Pillow and OpenCV resize them.

Run it with `python tests/vectors/make_image.py`. The versions of the libraries are in the files. With `--random 100` it
makes 100 images of random sizes in each mode instead, in the folder `--out`, which `make image-cases` tests.
"""

from __future__ import annotations

import argparse
import base64
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import PIL
from PIL import Image

OUT = Path(__file__).parents[2] / "spec" / "vectors" / "image"
Levels = npt.NDArray[Any]
Size = tuple[int, int]

# The channels of an image in each mode. OpenCV has no modes; these names stand for 1, 3 and 4 channels.
CHANNELS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "I;16": 1}
PILLOW = ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos")
OPENCV = ("nearest", "linear", "area")
# Sizes are (width, height). They grow, shrink, do both, and keep one dimension.
PILLOW_SIZES: Sequence[tuple[Size, Size]] = [
    ((17, 13), (7, 9)), ((13, 40), (12, 6)), ((5, 4), (16, 11)), ((40, 3), (11, 8)), ((6, 19), (6, 8)),
    ((1, 9), (5, 1)),
    ((4, 6), (7, 15)),  # sums and products give other positions
]  # fmt: skip
OPENCV_SIZES: Sequence[tuple[Size, Size]] = [
    *PILLOW_SIZES, ((24, 14), (12, 7)), ((30, 20), (10, 5)), ((12, 7), (24, 14)), ((9, 16), (9, 8)),
    ((26, 14), (10, 18)),  # the scale is not the quotient of the sizes
]  # fmt: skip
# The constants 0.54 and 0.46 as float64 give other levels here.
HAMMING = [
    238, 234, 36, 5, 23, 216, 0, 148, 214, 190, 101, 45, 99, 188, 157, 187, 143, 1, 79, 204, 214, 101, 203, 107, 224,
    156, 47, 179, 133, 192, 63, 243, 214, 229, 120, 239, 102, 242, 159,
]  # fmt: skip
# A pixel that is covered by less than a thousandth occurs only in long rows.
AREA: tuple[Size, Size] = ((2003, 1), (1001, 1))


def image(rng: np.random.Generator, mode: str, size: Size) -> Levels:
    """Random levels in blocks or pixel by pixel, with the extremes among them."""
    width, height = size
    top = 65535 if mode == "I;16" else 255
    levels = rng.integers(0, top + 1, (height, width, CHANNELS[mode]))
    extreme = rng.random(levels.shape)
    levels[extreme < 0.2] = 0
    levels[extreme > 0.8] = top
    if CHANNELS[mode] == 1:
        levels = levels[..., 0]
    return levels.astype(np.uint16 if mode == "I;16" else np.uint8)


def by_pillow(levels: Levels, mode: str, after: Size, name: str, passes: str) -> Levels:
    """What Pillow 13 answers; its order of passes up to 12.3 is had by one call for each pass."""
    picture = Image.fromarray(levels)
    assert picture.mode == mode
    filtered = Image.Resampling[name.upper()]
    if passes == "by-size" or name == "nearest":
        return np.asarray(picture.resize(after, filtered))
    premultiplied = {"LA": "La", "RGBA": "RGBa"}.get(mode, mode)
    if premultiplied != mode:
        if picture.size == after:
            return levels
        picture = picture.convert(premultiplied)
    picture = picture.resize((after[0], picture.height), filtered).resize(after, filtered)
    return np.asarray(picture.convert(mode) if premultiplied != mode else picture)


def by_opencv(levels: Levels, mode: str, after: Size, name: str, passes: str) -> Levels:
    """What OpenCV answers; it has one order of passes."""
    return np.asarray(cv2.resize(levels, after, interpolation=getattr(cv2, f"INTER_{name.upper()}")))


def encoded(levels: Levels) -> str:
    return base64.b64encode(levels.astype(levels.dtype.newbyteorder("<")).tobytes()).decode()


def case(levels: Levels, mode: str, after: Size, library: str) -> dict[str, Any]:
    """An image with its answers by filter and order of passes."""
    filters, orders, oracle = LIBRARIES[library]
    answers = [
        {"filter": name, "passes": order, "levels": encoded(oracle(levels, mode, after, name, order))}
        for name in filters
        for order in orders
    ]
    height, width = levels.shape[:2]
    return {"mode": mode, "from": [width, height], "to": after, "levels": encoded(levels), "answers": answers}


LIBRARIES: dict[str, tuple[Sequence[str], Sequence[str], Callable[[Levels, str, Size, str, str], Levels]]] = {
    "pillow": (PILLOW, ("by-size", "horizontal-first"), by_pillow),
    "opencv": (OPENCV, ("by-size",), by_opencv),
}


def random_cases(
    library: str, rng: np.random.Generator, modes: Sequence[str], sizes: Sequence[tuple[Size, Size]]
) -> Iterator[dict[str, Any]]:
    """An image in each mode and size."""
    for mode in modes:
        for before, after in sizes:
            yield case(image(rng, mode, before), mode, after, library)


def write(folder: Path, library: str, version: str, made: Iterable[dict[str, Any]]) -> None:
    """One image a line."""
    folder.mkdir(exist_ok=True)
    lines = ",\n".join(json.dumps(each, separators=(",", ":")) for each in made)
    head = json.dumps({"library": library, "version": version}, separators=(",", ":"))[:-1]
    (folder / f"{library}.json").write_text(f'{head},"cases":[\n{lines}\n]}}\n', encoding="utf-8")


def write_all() -> None:
    """The vectors of the specification."""
    pillow = random_cases("pillow", np.random.default_rng(1), tuple(CHANNELS), PILLOW_SIZES)
    hamming = case(np.array([HAMMING], np.uint8), "L", (13, 1), "pillow")
    write(OUT, "pillow", PIL.__version__, [*pillow, hamming])
    opencv = random_cases("opencv", np.random.default_rng(2), ("L", "RGB", "RGBA"), OPENCV_SIZES)
    area = random_cases("opencv", np.random.default_rng(24), ("L",), [AREA])
    write(OUT, "opencv", cv2.__version__, [*opencv, *area])


def write_random(folder: Path, seed: int, count: int) -> None:
    """`count` images in each mode, of random sizes up to 60, in the form of the vectors."""
    rng = np.random.default_rng(seed)
    quadruples = rng.integers(1, 61, (count, 4)).tolist()
    # A fifth shrinks by whole numbers, and a fifth keeps one dimension.
    for at, sizes in enumerate(quadruples):
        if at % 5 == 0:
            sizes[:2] = [size * int(rng.integers(1, 4)) for size in sizes[2:]]
        elif at % 5 == 1:
            sizes[2 + at % 2] = sizes[at % 2]
    pairs = [((width, height), (w, h)) for width, height, w, h in quadruples]
    write(folder, "pillow", PIL.__version__, random_cases("pillow", rng, tuple(CHANNELS), pairs))
    write(folder, "opencv", cv2.__version__, random_cases("opencv", rng, ("L", "RGB", "RGBA"), pairs))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    if given.random:
        write_random(given.out, given.seed, given.random)
    else:
        write_all()
