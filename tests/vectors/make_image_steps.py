"""Makes spec/vectors/image/steps.json: pictures, and the tensors that Pillow, OpenCV and NumPy compute from them.

Run it with `python tests/vectors/make_image_steps.py`. No code of Sealift is used: each case has the specification of a
stage and, beside it, the same computation as users of the libraries write it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL
from make_image_files import F32, Levels, answer, from_files, geometry, levels_of, text
from PIL import Image

OUT = Path(__file__).parents[2] / "spec" / "vectors" / "image" / "steps.json"
Spec = dict[str, Any]
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
FREE, FREE_L = [3, None, None], [1, None, None]
BILINEAR, BICUBIC, NEAREST = Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.NEAREST


def spec(mode: str, steps: Sequence[Any], shape: Sequence[int | None], layout: str = "CHW", **decode: str) -> Spec:
    return {"decode": {"mode": mode, **decode}, "steps": list(steps), "layout": layout, "shape": list(shape)}


def area(to: Spec, **more: str) -> Spec:
    return resize("opencv", "area", to, **more)


def resize(library: str, name: str, to: Spec, **more: str) -> Spec:
    return {"step": "resize", "library": library, "filter": name, "to": to, **more}


def arithmetic(step: str, *by: float, **more: str) -> Spec:
    return {"step": step, "by": list(by), **more}


def normalized(scaled: Levels) -> Levels:
    return (scaled - np.array(MEAN, F32)) / np.array(STD, F32)


NORMALIZED = [arithmetic("divide", 255), arithmetic("subtract", *MEAN), arithmetic("divide", *STD)]


def classification(levels: Levels) -> tuple[Levels, list[float]]:
    """As torchvision: Resize(24), CenterCrop(21), ToTensor, Normalize."""
    picture = Image.fromarray(levels)
    width, height = picture.size
    new = (24, int(24 * height / width)) if width <= height else (int(24 * width / height), 24)
    small = picture.resize(new, BILINEAR)
    top, left = round((small.height - 21) / 2), round((small.width - 21) / 2)
    cropped = np.asarray(small.crop((left, top, left + 21, top + 21)))
    return normalized(cropped.astype(F32) / F32(255)), geometry(
        levels, (new[1] / height, new[0] / width), (-top, -left)
    )


def processor(levels: Levels) -> tuple[Levels, list[float]]:
    """As an image processor of Hugging Face: the product is rounded once, from float64."""
    small = np.asarray(Image.fromarray(levels).resize((15, 17), BICUBIC))
    scaled = (small.astype(np.float64) * (1 / 255)).astype(F32)
    return normalized(scaled), geometry(levels, (17 / levels.shape[0], 15 / levels.shape[1]))


def letterbox(levels: Levels) -> tuple[Levels, list[float]]:
    """As detectors do it with OpenCV; blue first."""
    rows, columns = levels.shape[:2]
    factor = min(32 / rows, 32 / columns)
    width, height = round(columns * factor), round(rows * factor)
    small = cv2.resize(levels, (width, height), interpolation=cv2.INTER_LINEAR)
    top, left = (32 - height) // 2, (32 - width) // 2
    whole = np.full((32, 32, 3), 114, np.uint8)
    whole[top : top + height, left : left + width] = small
    return whole[..., ::-1].astype(F32) / F32(255), geometry(levels, (height / rows, width / columns), (top, left))


def longest(levels: Levels) -> tuple[Levels, list[float]]:
    """Longest side and a square, by OpenCV."""
    rows, columns = levels.shape[:2]
    factor = 20 / max(rows, columns)
    width, height = round(columns * factor), round(rows * factor)
    small = cv2.resize(levels, (width, height), interpolation=cv2.INTER_AREA)
    whole = cv2.copyMakeBorder(small, 0, 20 - height, 0, 20 - width, cv2.BORDER_CONSTANT, value=(1, 2, 3))
    return whole.astype(F32), geometry(levels, (height / rows, width / columns))


def limited(levels: Levels) -> tuple[Levels, list[float]]:
    """Shortest side 16, longest at most 25."""
    rows, columns = levels.shape[:2]
    assert rows > columns
    made = int(16 * rows / columns)
    assert made > 25
    new = (int(25 * 16 / made), 25)
    small = np.asarray(Image.fromarray(levels).resize(new, BILINEAR))
    return small.astype(F32), geometry(levels, (25 / rows, new[0] / columns))


def quotient(levels: Levels) -> tuple[Levels, list[float]]:
    """Nearest pixels; each side is divided by the same number and rounded."""
    rows, columns = levels.shape[:2]
    new = (round(columns / (min(rows, columns) / 9)), round(rows / (min(rows, columns) / 9)))
    small = np.asarray(Image.fromarray(levels).resize(new, NEAREST))
    return small.astype(F32), geometry(levels, (new[1] / rows, new[0] / columns))


def gray(levels: Levels) -> tuple[Levels, list[float]]:
    grey = np.asarray(Image.fromarray(levels).convert("L"))
    return np.dstack([grey] * 3).astype(F32), geometry(levels)


def gray_opencv(levels: Levels) -> tuple[Levels, list[float]]:
    return cv2.cvtColor(levels, cv2.COLOR_RGB2GRAY)[..., None].astype(F32) * F32(0.1), geometry(levels)


def deep(levels: Levels) -> tuple[Levels, list[float]]:
    small = np.asarray(Image.fromarray(levels).resize((9, 7), BILINEAR))
    return small[..., None].astype(F32) / F32(65535), geometry(levels, (7 / levels.shape[0], 9 / levels.shape[1]))


def in_double(levels: Levels) -> tuple[Levels, list[float]]:
    """NumPy's default: float64 until the end."""
    return ((levels / 255.0 - np.array(MEAN)) / np.array(STD)).astype(F32), geometry(levels)


def padded(levels: Levels) -> tuple[Levels, list[float]]:
    """Pads of every kind, and of numbers after arithmetic."""
    wide = np.pad(levels, ((1, 2), (3, 4), (0, 0)), constant_values=7)
    rows, columns = (-(-n // 8) * 8 for n in wide.shape[:2])
    down, right = rows - wide.shape[0], columns - wide.shape[1]
    wide = np.pad(wide, ((down - down // 2, down // 2), (right - right // 2, right // 2), (0, 0)))
    numbers = wide.astype(F32) * F32(0.3) + F32(0.1)
    side = max(rows, columns)
    numbers = np.pad(numbers, ((side - rows, 0), (side - columns, 0), (0, 0)), constant_values=F32(-0.7))
    offset = (1 + down - down // 2 + side - rows, 3 + right - right // 2 + side - columns)
    return numbers, geometry(levels, offset=offset)


def placed(levels: Levels) -> tuple[Levels, list[float]]:
    return levels[2:7, 3:9].astype(F32), geometry(levels, offset=(-2, -3))


def untouched(levels: Levels) -> tuple[Levels, list[float]]:
    return levels.reshape(*levels.shape[:2], -1).astype(F32), geometry(levels)


def rows_first(levels: Levels) -> tuple[Levels, list[float]]:
    """Pillow up to 12.3 filters rows first."""
    picture = Image.fromarray(levels)
    small = np.asarray(picture.resize((11, picture.height), BILINEAR).resize((11, 5), BILINEAR))
    return small[..., None].astype(F32), geometry(levels, (5 / levels.shape[0], 11 / levels.shape[1]))


Oracle = Callable[[Levels], tuple[Levels, list[float]]]
# Why, the picture's mode and size, the stage, and the same computation.
CASES: Sequence[tuple[str, str, tuple[int, int], Spec, Oracle]] = [
    *(
        (
            f"shortest side, middle, normalized: {width} × {height}",
            "RGB",
            (width, height),
            spec(
                "RGB",
                [
                    resize("pillow", "bilinear", {"shortest": 24, "rounding": "trunc-quotient"}),
                    {"step": "crop", "size": [21, 21], "at": "half-even"},
                    *NORMALIZED,
                ],
                [3, 21, 21],
            ),
            classification,
        )
        for width, height in ((41, 29), (29, 41), (24, 24), (5, 7), (90, 11))
    ),
    (
        "fixed size, one rounding of the product", "RGB", (23, 31),
        spec("RGB", [resize("pillow", "bicubic", {"size": [17, 15]}),
                     arithmetic("multiply", 1 / 255, precision="float64"), *NORMALIZED[1:]], [3, 17, 15]), processor,
    ),
    *(
        (
            f"letterbox: {size[0]} × {size[1]}", "RGB", size,
            spec("RGB", [resize("opencv", "linear", {"inside": [32, 32], "rounding": "rint-product"}),
                         {"step": "pad", "to": {"least": [32, 32]}, "at": "floor", "value": [114]},
                         {"step": "channels", "order": [2, 1, 0]}, arithmetic("divide", 255)], [3, 32, 32]), letterbox,
        )
        for size in ((45, 27), (27, 45), (13, 10), (32, 32))
    ),
    (
        "longest side, then a square", "RGB", (33, 27),
        spec("RGB", [area({"longest": 20, "rounding": "rint-product"}),
                     {"step": "pad", "to": {"square": True}, "at": "start", "value": [1, 2, 3]}], [3, 20, 20]), longest,
    ),
    (
        "the longest side has a limit", "RGB", (14, 31),
        spec("RGB", [resize("pillow", "bilinear", {"shortest": 16, "rounding": "trunc-quotient", "most": 25})],
             FREE), limited,
    ),
    (
        "sides divided and rounded", "RGB", (13, 22),
        spec("RGB", [resize("pillow", "nearest", {"shortest": 9, "rounding": "rint-quotient"})], FREE), quotient,
    ),
    ("grey in three channels", "RGB", (12, 9),
     spec("RGB", [{"step": "gray", "library": "pillow"}, {"step": "channels", "order": [0, 0, 0]}], FREE), gray),
    ("grey of OpenCV", "RGB", (12, 9),
     spec("RGB", [{"step": "gray", "library": "opencv"}, arithmetic("multiply", 0.1)], FREE_L), gray_opencv),
    ("16 bits", "I;16", (14, 10),
     spec("I;16", [resize("pillow", "bilinear", {"size": [7, 9]}), arithmetic("divide", 65535)], [7, 9, 1], "HWC"),
     deep),
    ("arithmetic in float64", "RGB", (9, 8),
     spec("RGB", [arithmetic("divide", 255, precision="float64"), arithmetic("subtract", *MEAN, precision="float64"),
                  arithmetic("divide", *STD, precision="float64")], FREE), in_double),
    ("pads", "RGB", (11, 6),
     spec("RGB", [{"step": "pad", "to": {"by": [1, 2, 3, 4]}, "value": [7]},
                  {"step": "pad", "to": {"multiple": 8}, "at": "ceil"},
                  arithmetic("multiply", 0.3), arithmetic("add", 0.1),
                  {"step": "pad", "to": {"square": True}, "at": "end", "value": [-0.7]}], FREE), padded),
    ("a crop from a fixed pixel on", "RGB", (10, 8),
     spec("RGB", [{"step": "crop", "size": [5, 6], "at": [2, 3]}], [5, 6, 3], "HWC"), placed),
    ("alpha is kept", "RGBA", (5, 4), spec("RGBA", [], [None, None, 4], "HWC"), untouched),
    ("one pixel", "L", (1, 1), spec("L", [], FREE_L), untouched),
    ("rows first", "L", (10, 40),
     spec("L", [resize("pillow", "bilinear", {"size": [5, 11]}, passes="horizontal-first")], [1, 5, 11]), rows_first),
]  # fmt: skip

# Stages whose picture is a problem of its row.
PROBLEMS: Sequence[tuple[str, str, tuple[int, int], Spec, str]] = [
    ("smaller than the crop", "L", (9, 30),
     spec("L", [{"step": "crop", "size": [10, 10], "at": "floor"}], [1, 10, 10]), "R115"),
    ("smaller than a fixed crop", "L", (9, 9),
     spec("L", [{"step": "crop", "size": [5, 5], "at": [5, 0]}], [1, 5, 5]), "R115"),
    ("another size than declared", "L", (9, 9), spec("L", [], [1, 8, 9]), "R115"),
    ("infinite", "L", (9, 9), spec("L", [arithmetic("multiply", 3e38), arithmetic("multiply", 3e38)], FREE_L), "R115"),
    ("too large after a pad", "L", (9, 9),
     spec("L", [{"step": "pad", "to": {"multiple": 30000}, "at": "start"}], FREE_L), "R112"),
]  # fmt: skip

PLAIN = spec("RGB", [], FREE)
REFUSED: Sequence[tuple[str, Any]] = [
    ("no object", []),
    ("a key is missing", {key: value for key, value in PLAIN.items() if key != "layout"}),
    ("an unknown key", {**PLAIN, "gamma": 1}),
    ("an unknown mode", spec("HSV", [], FREE)),
    ("an unknown rule", spec("RGB", [], FREE, orientation="guessed")),
    ("an unknown layout", spec("RGB", [], FREE, "WHC")),
    ("other channels than the steps make", spec("L", [], FREE)),
    ("a height without a width", spec("RGB", [], [3, 5, None])),
    ("another size than the steps make", spec("RGB", [area({"size": [5, 6]})], [3, 6, 5])),
    ("a known size that is not declared", spec("RGB", [area({"size": [5, 6]})], FREE)),
    ("too many steps", spec("RGB", [arithmetic("add", 1)] * 65, FREE)),
    ("an unknown step", spec("RGB", [{"step": "blur"}], FREE)),
    ("a step that is no object", spec("RGB", ["gray"], FREE)),
    ("an unknown filter", spec("RGB", [resize("opencv", "bicubic", {"size": [5, 6]})], [3, 5, 6])),
    ("an order of passes for OpenCV", spec("RGB", [area({"size": [5, 6]}, passes="by-size")], [3, 5, 6])),
    ("two sizes", spec("RGB", [area({"size": [5, 6], "shortest": 5})], [3, 5, 6])),
    ("no rounding", spec("RGB", [area({"shortest": 5})], FREE)),
    ("a rounding that does not fit", spec("RGB", [area({"inside": [5, 5], "rounding": "trunc-quotient"})],
                                          FREE)),
    ("a limit that does not fit",
     spec("RGB", [area({"shortest": 5, "rounding": "rint-product", "most": 9})],
                                       FREE)),
    ("a size of 0", spec("RGB", [area({"size": [0, 6]})], FREE)),
    ("a resize after arithmetic", spec("RGB", [arithmetic("add", 1), area({"size": [5, 6]})], [3, 5, 6])),
    ("a crop larger than the picture", spec("RGB", [area({"size": [5, 6]}),
                                                    {"step": "crop", "size": [6, 6], "at": "floor"}], [3, 6, 6])),
    ("an unknown place", spec("RGB", [{"step": "crop", "size": [6, 6], "at": "ceil"}], [3, 6, 6])),
    ("a pad without a place", spec("RGB", [{"step": "pad", "to": {"square": True}}], FREE)),
    ("a pad with a fraction", spec("RGB", [{"step": "pad", "to": {"by": [1, 1, 1, 1]}, "value": [0.5]}], FREE)),
    ("a pad with too many values", spec("RGB", [{"step": "pad", "to": {"by": [1, 1, 1, 1]}, "value": [1, 2]}], FREE)),
    ("a square that is false", spec("RGB", [{"step": "pad", "to": {"square": False}, "at": "start"}], FREE)),
    ("grey of one channel", spec("L", [{"step": "gray", "library": "pillow"}], FREE_L)),
    ("grey after arithmetic", spec("RGB", [arithmetic("add", 1), {"step": "gray", "library": "pillow"}], FREE_L)),
    ("a channel that does not exist", spec("RGB", [{"step": "channels", "order": [3]}], FREE_L)),
    ("no channels", spec("RGB", [{"step": "channels", "order": []}], FREE_L)),
    ("a division by 0", spec("RGB", [arithmetic("divide", 0)], FREE)),
    ("a divisor that rounds to 0", spec("RGB", [arithmetic("divide", 1e-60)], FREE)),
    ("a number beyond float32", spec("RGB", [arithmetic("multiply", 1e39)], FREE)),
    ("two numbers for three channels", spec("RGB", [arithmetic("multiply", 1, 2)], FREE)),
    ("a boolean for a number", spec("RGB", [arithmetic("multiply", True)], FREE)),
    ("an unknown precision", spec("RGB", [arithmetic("multiply", 1, precision="float16")], FREE)),
]  # fmt: skip


def from_levels() -> Iterator[dict[str, Any]]:
    for seed, (why, mode, size, stage, oracle) in enumerate(CASES):
        levels = levels_of(seed, mode, size)
        numbers, placed_at = oracle(levels)
        pixels = numbers.transpose(2, 0, 1) if stage["layout"] == "CHW" else numbers
        yield {"why": why, "spec": stage, "picture": picture(levels, mode), **answer(pixels, placed_at)}
    for seed, (why, mode, size, stage, code) in enumerate(PROBLEMS):
        yield {"why": why, "spec": stage, "picture": picture(levels_of(seed, mode, size), mode), "code": code}


def picture(levels: Levels, mode: str) -> dict[str, Any]:
    data = levels.astype(levels.dtype.newbyteorder("<")).tobytes()
    return {"mode": mode, "size": [levels.shape[1], levels.shape[0]], "levels": text(data)}


if __name__ == "__main__":
    spelled = [json.dumps(case, separators=(",", ":"), ensure_ascii=False) for case in (*from_levels(), *from_files())]
    refused = [json.dumps({"why": why, "spec": raw}, separators=(",", ":")) for why, raw in REFUSED]
    versions = json.dumps({"pillow": PIL.__version__, "opencv": cv2.__version__, "numpy": np.__version__})
    head = f'{{"versions":{versions},"cases":[\n'
    OUT.write_text(head + ",\n".join(spelled) + '\n],"refused":[\n' + ",\n".join(refused) + "\n]}\n", encoding="utf-8")
