"""Makes spec/vectors/image/interpolation.json: pictures, and the floats that PyTorch computes from them.

Run it with `python tests/vectors/make_image_interpolation.py` where PyTorch is installed. The cases of TensorFlow have
the results of the filters of PyTorch to which they are equal by their definition.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sealift.stages.image.steps.resize import Resize

OUT = Path(__file__).parents[2] / "spec" / "vectors" / "image" / "interpolation.json"
SIZES = [
    ((5, 7), (9, 4), 3), ((7, 5), (3, 11), 1), ((1, 1), (2, 3), 4), ((31, 3), (5, 3), 1), ((1, 300), (1, 224), 1),
    ((1, 224), (1, 300), 1), ((6, 4), (6, 4), 3),
]  # fmt: skip
RULES: list[tuple[str, str, bool]] = [
    ("torch", "nearest", False), ("torch", "nearest-exact", False), ("torch", "bilinear", False),
    ("torch", "bicubic", False), ("torch", "bilinear", True), ("torch", "bicubic", True),
    ("tensorflow", "nearest", False), ("tensorflow", "bilinear", False),
]  # fmt: skip
MALFORMED: list[dict[str, Any]] = [
    {"library": "jax", "filter": "bilinear"},
    {"library": "torch", "filter": "lanczos"},
    {"library": "torch", "filter": "nearest", "antialias": True},
    {"library": "torch", "filter": "bilinear", "antialias": 1},
    {"library": "torch", "filter": "bilinear", "passes": "by-size"},
    {"library": "tensorflow", "filter": "bicubic"},
    {"library": "tensorflow", "filter": "bilinear", "antialias": False},
]


def expected(levels: Any, size: tuple[int, int], library: str, name: str, antialias: bool) -> list[float]:
    """The floats of PyTorch, row by row."""
    tensor = torch.from_numpy(levels.astype(np.float32).transpose(2, 0, 1)[None].copy())
    mode = "nearest-exact" if (library, name) == ("tensorflow", "nearest") else name
    smooth = {} if mode.startswith("nearest") else {"align_corners": False, "antialias": antialias}
    made = torch.nn.functional.interpolate(tensor, size=size, mode=mode, **smooth)
    return [float(number) for number in made[0].numpy().transpose(1, 2, 0).ravel()]


def main() -> None:
    """Write the file."""
    draw = np.random.default_rng(5)
    pictures, cases = [], []
    for (height, width), size, channels in SIZES:
        levels = draw.integers(0, 256, (height, width, channels)).astype(np.uint8)
        pictures.append({"size": [height, width, channels], "levels": levels.ravel().tolist()})
        for library, name, antialias in RULES:
            step: dict[str, Any] = {"step": "resize", "library": library, "filter": name, "to": {"size": list(size)}}
            if antialias:
                step["antialias"] = True
            numbers = [float(f"{n:.7g}") for n in expected(levels, size, library, name, antialias)]
            cases.append({"picture": len(pictures) - 1, "step": step, "expected": numbers})
    malformed = []
    for change in MALFORMED:
        step = {"step": "resize", "to": {"size": [2, 2]}, **change}
        try:
            Resize.of(step)
        except ValueError as error:
            malformed.append({"step": step, "message": str(error)})
    assert len(malformed) == len(MALFORMED)
    parts = {"torch": torch.__version__, "pictures": pictures, "cases": cases, "malformed": malformed}
    OUT.write_text(json.dumps(parts, separators=(",", ":"), sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main()
