"""Generated pictures: plausible ones, and one of each format, mode, size and orientation."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.optional import need
from sealift.packing.inputs.picture_value import Picture

_LONGEST = 96
"""The longest side of plausible pictures, some of which are stored in the file."""


def plausible(properties: tuple[float, ...]) -> Picture:
    """A picture with these properties: height, width, brightness, contrast, colour (`sealift.stats.Pictures`)."""
    height, width, brightness, contrast, colour = properties
    seed = int.from_bytes(np.array(properties).tobytes()[-6:], "little")
    factor = min(1.0, _LONGEST / max(height, width, 1.0))
    size = max(round(height * factor), 4), max(round(width * factor), 4)
    levels = _levels(seed, *size, 3, brightness=brightness, contrast=contrast, colour=colour)
    kind = "JPEG" if seed % 2 else "PNG"
    return _saved(levels, kind, quality=90) if kind == "JPEG" else _saved(levels, kind)


def edge_cases() -> Iterator[Picture]:
    """Pictures of every mode, format and orientation, of odd sizes, and of extreme levels."""
    for seed, (height, width) in enumerate(((1, 1), (1, 64), (64, 1), (3, 200), (151, 7), (33, 33), (47, 130))):
        yield _saved(_levels(seed, height, width, 3), "PNG")
        yield _saved(_levels(seed, height, width, 1), "PNG")
    rgb, grey, alpha = _levels(11, 37, 29, 3), _levels(12, 37, 29, 1), _levels(13, 37, 29, 4)
    for kind in ("JPEG", "BMP", "TIFF", "WEBP", "GIF"):
        yield _saved(rgb, kind)
        if kind != "WEBP":
            yield _saved(grey, kind)
    yield _saved(alpha, "PNG")
    yield _saved(alpha, "WEBP", lossless=True, exact=True)
    yield _saved(alpha[..., :2], "PNG")
    image = need("PIL.Image", "image", "Generating pictures")
    yield _named(image.fromarray(rgb), "PNG", "palette", convert="P")
    yield _named(image.fromarray(grey[..., 0]), "PNG", "1 bit", convert="1")
    yield _named(image.fromarray(rgb), "JPEG", "CMYK", convert="CMYK")
    yield _named(image.fromarray(grey[..., 0].astype(np.uint16) * 257), "PNG", "16 bits")
    for orientation in range(2, 9):
        exif = image.Exif()
        exif[0x0112] = orientation
        yield _saved(rgb, "JPEG", exif=exif, what=f"orientation {orientation}")
    for level in (0, 255):
        yield _saved(np.full((40, 50, 3), level, np.uint8), "PNG", what=f"all {level}")
    board = np.indices((64, 64)).sum(axis=0) % 2 * 255
    yield _saved(np.repeat(board[..., None], 3, axis=2).astype(np.uint8), "PNG", what="checkerboard")
    yield _saved(_levels(14, 300, 400, 3), "JPEG", quality=60, progressive=True, what="progressive")


def _levels(
    seed: int,
    height: int,
    width: int,
    channels: int,
    *,
    brightness: float = 128.0,
    contrast: float = 60.0,
    colour: float = 60.0,
) -> npt.NDArray[np.uint8]:
    """Waves and a disc, with a little noise."""
    rng = np.random.Generator(np.random.PCG64(seed))
    y, x = np.mgrid[:height, :width] / max(height, width)
    waves = [np.sin(rng.uniform(2, 20) * x + k) * np.cos(rng.uniform(2, 20) * y - k) for k in range(channels)]
    disc = (x - rng.uniform(0, 1)) ** 2 + (y - rng.uniform(0, 1)) ** 2 < rng.uniform(0.01, 0.1)
    shared = waves[0] + disc
    planes = [shared * contrast + wave * colour + rng.normal(0, 2, shared.shape) for wave in waves]
    stacked = np.stack(planes, axis=-1) + brightness - float(np.mean(shared)) * contrast
    return np.clip(stacked, 0, 255).astype(np.uint8)


def _saved(levels: npt.NDArray[np.uint8], kind: str, *, what: str = "", **options: Any) -> Picture:
    image = need("PIL.Image", "image", "Generating pictures")
    return _named(image.fromarray(levels[..., 0] if levels.shape[2] == 1 else levels), kind, what, **options)


def _named(image: Any, kind: str, what: str, *, convert: str = "", **options: Any) -> Picture:
    if convert:
        image = image.convert(convert)
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    name = f"generated {kind}, {image.mode}, {image.width} × {image.height}{', ' * bool(what)}{what}"
    return Picture(stream.getvalue(), name)
