"""Encoded pictures of each format and mode for spec/vectors/image/steps.json, as Pillow reads them."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

Levels = npt.NDArray[Any]
CHANNELS = {"L": 1, "RGB": 3, "RGBA": 4, "I;16": 1}
F32 = np.float32


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def levels_of(seed: int, mode: str, size: tuple[int, int]) -> Levels:
    """Smooth levels with some noise and the extremes; `size` is (width, height)."""
    rng = np.random.default_rng(seed)
    width, height = size
    top = 65535 if mode == "I;16" else 255
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / rng.uniform(2, 9) + k) * np.cos(y / rng.uniform(2, 9)) for k in range(CHANNELS[mode])]
    levels = (np.stack(waves, axis=-1) + 1) / 2 * top + rng.normal(0, top / 20, (height, width, CHANNELS[mode]))
    levels = np.clip(levels, 0, top).astype(np.uint16 if mode == "I;16" else np.uint8)
    return levels[..., 0] if levels.shape[2] == 1 else levels


def geometry(levels: Levels, scale: Sequence[float] = (1, 1), offset: Sequence[float] = (0, 0)) -> list[float]:
    return [float(n) for n in (*levels.shape[:2], *scale, *offset)]


def answer(pixels: Levels, placed_at: list[float]) -> dict[str, Any]:
    assert pixels.dtype == F32
    return {"shape": list(pixels.shape), "pixels": text(pixels.astype("<f4").tobytes()), "geometry": placed_at}


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def oriented(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def png_of(width: int, height: int) -> bytes:
    """A PNG with this size in its header, and hardly any data."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")


def files() -> Iterator[tuple[str, bytes, dict[str, str], str]]:
    """Why, the file, the keys of `decode`, and the code of the problem, or nothing."""
    rgb, grey = Image.fromarray(levels_of(1, "RGB", (12, 9))), Image.fromarray(levels_of(2, "L", (12, 9)))
    alpha, deep_levels = Image.fromarray(levels_of(3, "RGBA", (12, 9))), levels_of(4, "I;16", (12, 9))
    deep_levels[0, :8] = [0, 1, 255, 256, 257, 1000, 32767, 65535]
    deep16 = Image.fromarray(deep_levels)
    palette = rgb.quantize(12)
    for mode in ("RGB", "L", "RGBA"):
        for kind in ("PNG", "JPEG", "BMP", "TIFF"):
            yield f"{kind} with RGB as {mode}", saved(rgb, kind), {"mode": mode}, ""
        yield f"PNG with alpha as {mode}", saved(alpha, "PNG"), {"mode": mode}, ""
        yield f"PNG with grey and alpha as {mode}", saved(alpha.convert("LA"), "PNG"), {"mode": mode}, ""
        yield f"PNG of 1 bit as {mode}", saved(grey.convert("1"), "PNG"), {"mode": mode}, ""
        yield f"PNG with a palette as {mode}", saved(palette, "PNG"), {"mode": mode}, ""
        yield f"PNG with a transparent colour as {mode}", saved(palette, "PNG", transparency=3), {"mode": mode}, ""
        yield f"grey JPEG as {mode}", saved(grey, "JPEG"), {"mode": mode}, ""
        yield f"CMYK JPEG as {mode}", saved(rgb.convert("CMYK"), "JPEG"), {"mode": mode}, ""
        yield f"CMYK TIFF as {mode}", saved(rgb.convert("CMYK"), "TIFF"), {"mode": mode}, ""
        yield f"GIF as {mode}", saved(palette, "GIF"), {"mode": mode}, ""
        yield f"lossless WebP as {mode}", saved(rgb, "WEBP", lossless=True), {"mode": mode}, ""
        for sixteen in ("clipped", "high-byte"):
            yield f"PNG of 16 bits as {mode}, {sixteen}", saved(deep16, "PNG"), {"mode": mode, "sixteen": sixteen}, ""
    yield "WebP with alpha", saved(alpha, "WEBP", lossless=True, exact=True), {"mode": "RGBA"}, ""
    yield "WebP, lossy", saved(rgb, "WEBP", quality=60), {"mode": "RGB"}, ""
    yield "progressive JPEG", saved(rgb, "JPEG", progressive=True, quality=60), {"mode": "RGB"}, ""
    yield "JPEG 4:4:4", saved(rgb, "JPEG", subsampling=0), {"mode": "RGB"}, ""
    yield "JPEG 4:2:2", saved(rgb, "JPEG", subsampling=1), {"mode": "RGB"}, ""
    yield "TIFF with LZW", saved(rgb, "TIFF", compression="tiff_lzw"), {"mode": "RGB"}, ""
    yield "TIFF of 16 bits", saved(deep16, "TIFF"), {"mode": "I;16"}, ""
    yield "PNG of 16 bits", saved(deep16, "PNG"), {"mode": "I;16"}, ""
    for orientation in range(10):
        exif = oriented(orientation)
        for kind in ("JPEG", "PNG", "WEBP", "TIFF") if orientation == 6 else ("JPEG",):
            options = {"lossless": True} if kind == "WEBP" else {}
            data = saved(rgb, kind, exif=exif, **options)
            yield f"{kind} with orientation {orientation}", data, {"mode": "RGB"}, ""
    ignored = {"mode": "RGB", "orientation": "ignored"}
    yield "orientation ignored", saved(rgb, "JPEG", exif=oriented(6)), ignored, ""
    moving = saved(palette, "GIF", save_all=True, append_images=[grey.quantize(4)])
    yield "first frame of a GIF", moving, {"mode": "RGB"}, ""
    yield "several frames refused", moving, {"mode": "RGB", "frames": "refused"}, "R113"
    yield "one frame, several refused", saved(palette, "GIF"), {"mode": "RGB", "frames": "refused"}, ""
    yield "not a picture", b"%PDF-1.7 scan", {"mode": "RGB"}, "R110"
    yield "truncated PNG", saved(rgb, "PNG")[:-40], {"mode": "RGB"}, "R111"
    yield "truncated JPEG", saved(rgb.resize((64, 64)), "JPEG")[:900], {"mode": "RGB"}, "R111"
    yield "nothing but a signature", b"\x89PNG\r\n\x1a\n", {"mode": "RGB"}, "R111"
    yield "40,000 pixels a side", png_of(40000, 40000), {"mode": "L"}, "R112"
    yield "30,000 × 30,000 pixels", png_of(30000, 30000), {"mode": "L"}, "R112"
    yield "alpha refused", saved(alpha, "PNG"), {"mode": "RGB", "alpha": "refused"}, "R113"
    yield (
        "a transparent colour refused",
        saved(palette, "PNG", transparency=3),
        {"mode": "L", "alpha": "refused"},
        "R113",
    )
    yield "CMYK refused", saved(rgb.convert("CMYK"), "JPEG"), {"mode": "RGB", "cmyk": "refused"}, "R113"
    yield "16 bits refused", saved(deep16, "PNG"), {"mode": "RGB"}, "R113"
    yield "8 bits for a model of 16", saved(grey, "PNG"), {"mode": "I;16"}, "R113"
    yield "floating-point TIFF", saved(Image.fromarray(np.ones((3, 4), F32)), "TIFF"), {"mode": "L"}, "R113"


def by_pillow(data: bytes, decode: dict[str, str]) -> Levels:
    """The levels, as a user of Pillow reads them."""
    image: Image.Image = Image.open(io.BytesIO(data))
    if decode.get("orientation") != "ignored":
        image = ImageOps.exif_transpose(image)
    if decode.get("sixteen") == "high-byte":
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    levels = np.asarray(image if decode["mode"] == "I;16" else image.convert(decode["mode"]))
    return levels.reshape(*levels.shape[:2], -1)


def from_files() -> Iterator[dict[str, Any]]:
    for why, data, decode, code in files():
        channels = CHANNELS[decode["mode"]]
        stage = {"decode": decode, "steps": [], "layout": "HWC", "shape": [None, None, channels]}
        case = {"why": why, "spec": stage, "picture": {"file": text(data)}}
        if code:
            yield {**case, "code": code}
        else:
            levels = by_pillow(data, decode)
            yield {**case, **answer(levels.astype(F32), geometry(levels))}
