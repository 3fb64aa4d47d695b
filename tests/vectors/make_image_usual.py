"""Makes spec/vectors/image/usual.json: pictures, their statistics by NumPy and Pillow, and what is unusual in them.

Run it with `python tests/vectors/make_image_usual.py`. No code of Sealift is used.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from make_image_files import Levels, levels_of, saved, text
from PIL import Image

OUT = Path(__file__).parents[2] / "spec" / "vectors" / "image" / "usual.json"
ANY = {name: [-1e9, 1e9] for name in (
    "size", "proportions", "colour", "warmth", "greenness", "brightness", "contrast", "sharpness", "top", "left",
    "centre",
)}  # fmt: skip


def spec(mode: str, size: tuple[int, int] | None, layout: str, **usual: list[float]) -> dict[str, Any]:
    """A stage that resizes to (height, width), if given, and divides by 255."""
    to = {"step": "resize", "library": "pillow", "filter": "bilinear", "to": {"size": list(size or ())}}
    channels = len(Image.new(mode, (1, 1)).getbands())
    sides = list(size) if size else [None, None]
    return {
        "decode": {"mode": mode},
        "steps": [*([to] if size else []), {"step": "divide", "by": [255]}],
        "layout": layout,
        "shape": [channels, *sides] if layout == "CHW" else [*sides, channels],
        "usual": usual or ANY,
    }


def mean(values: Levels) -> float:
    return float(values.mean()) if values.size else 0.0


def measured(picture: Image.Image, mode: str, size: tuple[int, int] | None) -> dict[str, float]:
    """The statistics of spec/IMAGE.md §9."""
    coloured = np.asarray(picture.convert("RGB")).astype(np.int64)
    colour = mean(coloured.max(axis=2) - coloured.min(axis=2))
    small = picture.convert(mode)
    small = small.resize((size[1], size[0]), Image.Resampling.BILINEAR) if size else small
    numbers = np.asarray(small).reshape(small.height, small.width, -1).astype(np.float32) / np.float32(255)
    step = math.ceil(max(numbers.shape[:2]) / 512)
    numbers = numbers[::step, ::step].astype(np.float64)
    grey = numbers.mean(axis=2)
    contrast = math.sqrt(mean((grey - mean(grey)) ** 2))
    contrast = 0.0 if contrast <= 1e-6 * float(abs(grey).max()) else contrast
    red, green, blue = (mean(numbers[..., i]) for i in range(3)) if numbers.shape[2] > 2 else (0.0, 0.0, 0.0)
    rows, columns = grey.shape
    pairs = [abs(grey[y, x] - grey[y, x - 1]) for y in range(rows) for x in range(1, columns)]
    pairs += [abs(grey[y, x] - grey[y - 1, x]) for y in range(1, rows) for x in range(columns)]
    inner = grey[rows // 4 : rows - rows // 4, columns // 4 : columns - columns // 4]
    relative = {
        "warmth": red - blue,
        "greenness": green - (red + blue) / 2,
        "sharpness": mean(np.array(pairs)),
        "top": mean(grey[: rows // 2]) - mean(grey[math.ceil(rows / 2) :]) if rows > 1 else 0.0,
        "left": mean(grey[:, : columns // 2]) - mean(grey[:, math.ceil(columns / 2) :]) if columns > 1 else 0.0,
        "centre": mean(inner) - mean(grey),
    }
    quotients = {name: value / contrast if contrast else 0.0 for name, value in relative.items()}
    sizes = {"size": math.sqrt(picture.height * picture.width), "proportions": picture.width / picture.height}
    return {**sizes, "colour": colour, "brightness": mean(grey), "contrast": contrast, **quotients}


def cases() -> Iterator[dict[str, Any]]:
    colours = Image.fromarray(levels_of(1, "RGB", (40, 24)))
    tall = Image.fromarray(levels_of(2, "L", (9, 31)))
    alpha = Image.fromarray(levels_of(3, "RGBA", (20, 20)))
    flat = Image.new("RGB", (12, 10), (200, 30, 30))
    given: list[tuple[str, Image.Image, str, tuple[int, int] | None, str]] = [
        ("colours", colours, "RGB", (16, 16), "CHW"),
        ("colours, channels last", colours, "RGB", (15, 17), "HWC"),
        ("a colour picture for a grey net", colours, "L", (16, 16), "CHW"),
        ("grey", tall, "L", None, "CHW"),
        ("grey for a net of colours", tall, "RGB", (8, 8), "HWC"),
        ("alpha", alpha, "RGBA", None, "CHW"),
        ("a palette", colours.quantize(20), "RGB", None, "CHW"),
        ("one colour", flat, "RGB", (8, 8), "CHW"),
        ("one pixel", Image.new("L", (1, 1), 7), "L", None, "CHW"),
        ("one row", Image.fromarray(levels_of(4, "L", (1, 30))), "L", None, "CHW"),
        ("a large picture", Image.fromarray(levels_of(5, "L", (530, 20))), "L", None, "CHW"),
    ]
    for why, picture, mode, size, layout in given:
        statistics = measured(picture, mode, size)
        file = text(saved(picture, "PNG"))
        yield {"why": why, "spec": spec(mode, size, layout), "file": file, "statistics": statistics, "unlike": []}
    statistics = measured(colours, "L", (16, 16))
    file = text(saved(colours, "PNG"))
    for why, usual, unlike in (
        ("too much colour", {"colour": [0.0, 6.0], "size": [10.0, 1000.0]}, ["colour"]),
        ("each thing once, in order",
         {"centre": [9.0, 9.0], "left": [9.0, 9.0], "contrast": [9.0, 9.0], "warmth": [9.0, 9.0], "colour": [0, 0],
          "size": [1.0, 2.0]},
         ["size", "colour", "contrast", "layout"]),
        ("at a bound", {"size": [math.sqrt(960), math.sqrt(960)], "proportions": [40 / 24, 1.7]}, []),
        ("nothing is known", {}, []),
    ):  # fmt: skip
        stage = {**spec("L", (16, 16), "CHW"), "usual": usual}
        yield {"why": why, "spec": stage, "file": file, "statistics": statistics, "unlike": unlike}


REFUSED: dict[str, Any] = {
    "no object": [],
    "an unknown statistic": {"beauty": [0, 1]},
    "one number": {"size": [1]},
    "three numbers": {"size": [1, 2, 3]},
    "descending": {"size": [2, 1]},
    "an infinite bound": {"size": [0, "Infinity"]},
    "a boolean": {"size": [False, True]},
    "null": {"size": None},
}


if __name__ == "__main__":
    spelled = [json.dumps(case, separators=(",", ":"), ensure_ascii=False) for case in cases()]
    refused = [
        json.dumps({"why": why, "spec": {**spec("L", None, "CHW"), "usual": usual}}, separators=(",", ":"))
        for why, usual in REFUSED.items()
    ]
    head = '{"cases":[\n' + ",\n".join(spelled)
    OUT.write_text(head + '\n],"refused":[\n' + ",\n".join(refused) + "\n]}\n", encoding="utf-8")
