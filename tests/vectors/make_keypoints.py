"""Makes spec/vectors/keypoints.json: comparisons of points, decided by hand.

Run it with `python tests/vectors/make_keypoints.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[2] / "spec" / "vectors" / "keypoints.json"
Point = list[float | None]
POINT: Point = [100.0, 50.0, 0.8, 0.5]


def case(why: str, got: list[Point], expected: list[Point], *, same: bool, relative: float = 1e-5) -> dict[str, Any]:
    return {"why": why, "got": got, "expected": expected, "relative": relative, "margin": relative, "same": same}


CASES = [
    case("the same", [POINT], [POINT], same=True),
    case("within a tenth of a pixel", [[100.1, 49.9, 0.8, 0.5]], [POINT], same=True),
    case("another x", [[100.2, 50.0, 0.8, 0.5]], [POINT], same=False),
    case("another y", [[100.0, 51.0, 0.8, 0.5]], [POINT], same=False),
    case("another x, with a larger tolerance", [[100.2, 50.0, 0.8, 0.5]], [POINT], same=True, relative=1e-3),
    case("another score", [[100.0, 50.0, 0.79, 0.5]], [POINT], same=False),
    case("another cell with an equal number", [[10.0, 5.0, 0.8, 0.0001]], [[100.0, 50.0, 0.8, 0.0002]], same=True),
    case("another cell where one margin is large", [[10.0, 5.0, 0.8, 0.0001]], [POINT], same=False),
    case("an equal number with another score", [[10.0, 5.0, 0.7, 0.0001]], [[100.0, 50.0, 0.8, 0.0002]], same=False),
    case("the second point differs", [POINT, [1.0, 2.0, 0.8, 0.5]], [POINT, [3.0, 2.0, 0.8, 0.5]], same=False),
    case("neither has a place", [[None] * 4], [[None] * 4], same=True),
    case("one has no place", [[None] * 4], [POINT], same=False),
]

if __name__ == "__main__":
    body = ",\n".join(json.dumps(each, ensure_ascii=False) for each in CASES)
    TARGET.write_text(f'{{"cases": [\n{body}\n]}}\n', encoding="utf-8")
