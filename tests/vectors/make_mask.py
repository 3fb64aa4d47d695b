"""Makes spec/vectors/mask.json: answers with their masks, computed pixel by pixel, and comparisons of answers.

Run it with `python tests/vectors/make_mask.py`. No code of Sealift is used.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

TARGET = Path(__file__).parents[2] / "spec" / "vectors" / "mask.json"
STEPS = 4096


def parts(value: float) -> tuple[float, float]:
    high = float(np.float32(value))
    return high, float(np.float32(value - high))


def answer(
    size: tuple[int, int],
    scale: tuple[float, float],
    offset: tuple[float, float],
    grid: list[list[int]],
    margins: int = 900,
) -> list[float]:
    """The numbers of an answer; a class of −1 is a cell without a class."""
    pairs = [parts(value) for value in (*scale, *offset)]
    cells = [STEPS * value + margins if value >= 0 else -1 for row in grid for value in row]
    head = [*size, *(high for high, _ in pairs), len(grid), len(grid[0]), *(low for _, low in pairs)]
    return [float(number) for number in [*head, *cells]]


def pixels_of(numbers: list[float], classes: int) -> list[list[int]]:
    height, width, h, w = (int(numbers[i]) for i in (0, 1, 6, 7))
    scale_y, scale_x, offset_y, offset_x = (numbers[2 + i] + numbers[8 + i] for i in range(4))
    rows = []
    for y in range(height):
        row = []
        for x in range(width):
            ty, tx = (y + 0.5) * scale_y + offset_y, (x + 0.5) * scale_x + offset_x
            value = -1.0
            if 0 <= ty < h and 0 <= tx < w:
                value = numbers[12 + math.floor(ty) * w + math.floor(tx)]
            row.append(math.floor(value / STEPS) if 0 <= value < classes * STEPS else -1)
        rows.append(row)
    return rows


def runs_of(pixels: list[list[int]]) -> list[tuple[int, list[int]]]:
    flat = [pixels[y][x] for x in range(len(pixels[0])) for y in range(len(pixels))]
    lengths = []
    for value in sorted({value for value in flat if value >= 0}):
        counts, state = [0], False
        for pixel in flat:
            if (pixel == value) != state:
                counts.append(0)
                state = not state
            counts[-1] += 1
        lengths.append((value, counts))
    return lengths


def mask(why: str, numbers: list[float], classes: int = 3) -> dict[str, Any]:
    pixels = pixels_of(numbers, classes)
    totals = [sum(row.count(value) for row in pixels) for value in range(classes)]
    return {"why": why, "classes": classes, "numbers": numbers, "pixels": pixels, "totals": totals,
            "runs": runs_of(pixels)}  # fmt: skip


def without(why: str, numbers: list[Any]) -> dict[str, Any]:
    return {"why": why, "classes": 3, "numbers": numbers, "pixels": None, "totals": None, "runs": None}


def masks() -> list[dict[str, Any]]:
    grid = [[0, 0, 1], [0, 2, 1], [2, 2, 1], [0, 0, 0]]
    random = np.random.default_rng(0)
    large = random.integers(-1, 3, (8, 8)).tolist()
    plain = answer((4, 3), (1, 1), (0, 0), grid)
    return [
        mask("the grid is the picture", plain),
        mask("a larger picture", answer((8, 9), (0.5, 1 / 3), (0, 0), grid)),
        mask("a smaller picture", answer((3, 2), (4 / 3, 1.5), (0, 0), grid)),
        mask("a letterbox: cells above and below are not read", answer((5, 8), (1, 1), (1.5, 0), large)),
        mask("a crop: pixels at the sides are not covered", answer((8, 13), (1, 1), (0, -2.5), large)),
        mask("a shift by half a pixel", answer((8, 8), (1, 1), (-0.5, 0.5), large)),
        mask("scales that are not exact in float32", answer((11, 7), (8 / 11, 8 / 7), (0.1, -0.1), large)),
        mask("a class that is not one of the classes", answer((4, 3), (1, 1), (0, 0), grid), 2),
        mask("one pixel", answer((1, 1), (4, 3), (0, 0), grid)),
        without("no picture", [None, *plain[1:]]),
        without("a size that is no integer", [4.5, *plain[1:]]),
        without("a picture that is too large", [32768, 32768, *plain[2:]]),
        without("other sizes than cells", [*plain[:6], 5, *plain[7:]]),
    ]


def comparisons() -> list[dict[str, Any]]:
    grid = [[0, 0, 1], [0, 2, 1]]
    base = answer((2, 3), (1, 1), (0, 0), grid)
    other = [[0, 0, 1], [0, 1, 1]]

    def one(why: str, got: list[Any], expected: list[Any], *, same: bool, margin: float = 1e-5) -> dict[str, Any]:
        return {"why": why, "got": got, "expected": expected, "margin": margin, "same": same}

    def changed(at: int, value: float) -> list[float]:
        return [*base[:at], value, *base[at + 1 :]]

    return [
        one("the same", base, base, same=True),
        one("another class where the margin is large", answer((2, 3), (1, 1), (0, 0), other), base, same=False),
        one("another class where both margins are small", changed(16, STEPS + 2.0), changed(16, 2 * STEPS + 1.0),
            same=True),
        one("another class where one margin is small", changed(16, STEPS + 2.0), base, same=False),
        one("a margin that differs by a step", changed(16, base[16] + 1), base, same=True),
        one("a margin that differs by three steps", changed(16, base[16] + 3), base, same=False),
        one("a margin that differs by three steps, with a larger tolerance", changed(16, base[16] + 3), base,
            same=True, margin=3e-4),
        one("a cell without a class", changed(16, -1.0), changed(16, 0.0), same=False),
        one("another size", changed(0, 3.0), base, same=False),
        one("an offset within a millionth", changed(4, 5e-7), base, same=True),
        one("another offset", changed(4, 0.01), base, same=False),
        one("neither has a mask", [None, *base[1:]], [None, *base[1:]], same=True),
        one("one has no mask", [None, *base[1:]], base, same=False),
    ]  # fmt: skip


if __name__ == "__main__":
    lists = {"masks": masks(), "comparisons": comparisons()}
    body = ",\n".join(
        f'"{key}": [\n' + ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases) + "\n]"
        for key, cases in lists.items()
    )
    TARGET.write_text(f"{{{body}}}\n", encoding="utf-8")
