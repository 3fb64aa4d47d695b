"""Picture files of many kinds, made with Pillow: those that the page decodes, and those that it refuses."""

from __future__ import annotations

import functools
import io
import shutil
import struct
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

WEB = Path(__file__).parents[1] / "web/app"
SIZES = ((1, 1), (7, 5), (16, 16), (33, 17), (64, 48), (101, 67))


@functools.cache
def decoders() -> str:
    """The decoders of the page as a script for a worker (web/app/test/pictures.ts)."""
    node = shutil.which("node")
    assert node is not None
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "worker.js")
        subprocess.run([node, "build/worker.mjs", "test/pictures.ts", str(out)], cwd=WEB, check=True, timeout=300)
        return out.read_text()


def colours(width: int, height: int, channels: int = 3, seed: int = 3) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Gradients, edges and noise, of the shape (height, width, channels)."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    levels = np.stack([(x * 5 + y * i) % 256 for i in range(1, channels + 1)], -1).astype(np.uint8)
    levels[height // 4 : height // 2, width // 4 : width // 2] = np.arange(channels, dtype=np.uint8) * 60 + 40
    noisy = levels[height // 2 :, width // 2 :]
    noisy[:] = random.integers(0, 256, noisy.shape)
    return levels


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The bytes of a file of the picture."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def decoded() -> Iterator[tuple[str, bytes]]:
    """Names and files that the page decodes with the levels of Pillow."""
    yield from _jpegs()
    yield from _pngs()
    yield from _others()
    yield from _tiffs()


def _jpegs() -> Iterator[tuple[str, bytes]]:
    for width, height in SIZES:
        image = Image.fromarray(colours(width, height))
        for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
            for options in ({"quality": 75}, {"quality": 95, "progressive": True}):
                name = f"jpeg {width}x{height} {subsampling} {options}"
                yield name, saved(image, "JPEG", subsampling=subsampling, **options)
        yield f"jpeg grey {width}x{height}", saved(image.convert("L"), "JPEG", quality=80)
    image = Image.fromarray(colours(45, 31))
    yield "jpeg restart markers", saved(image, "JPEG", restart_marker_blocks=1)
    yield "jpeg optimized", saved(image, "JPEG", optimize=True, quality=30)
    yield "jpeg stored as RGB", saved(image, "JPEG", keep_rgb=True)
    profile = b"\0" * 128  # not a valid profile: it must be ignored
    yield "jpeg ICC", saved(image, "JPEG", icc_profile=profile, comment=b"a comment")
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        yield f"jpeg orientation {orientation}", saved(image, "JPEG", exif=exif)
        yield f"png orientation {orientation}", saved(image, "PNG", exif=exif)
        yield f"webp orientation {orientation}", saved(image, "WEBP", exif=exif, quality=80)
        yield f"tiff orientation {orientation}", saved(image, "TIFF", exif=exif)


def png(width: int, height: int, depth: int, colour: int, levels: bytes, *, interlaced: bool = False) -> bytes:
    """A PNG of the given rows (each with its filter), for kinds that Pillow does not write."""
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))),
            (b"IDAT", zlib.compress(levels, 1)),
            (b"IEND", b""),
        )
    )


def _pngs() -> Iterator[tuple[str, bytes]]:
    random = np.random.default_rng(11)
    for width, height in SIZES:
        for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
            image = Image.fromarray(colours(width, height, 4)).convert(mode)
            yield f"png {mode} {width}x{height}", saved(image, "PNG")
        yield (
            f"png I;16 {width}x{height}",
            saved(Image.fromarray(colours(width, height, 1)[..., 0] * np.uint16(257)), "PNG"),
        )
        for depth, colour, samples in (
            (1, 0, 1),
            (2, 0, 1),
            (4, 0, 1),
            (8, 2, 3),
            (16, 0, 1),
            (16, 2, 3),
            (16, 4, 2),
            (16, 6, 4),
        ):
            stride = (width * samples * depth + 7) // 8
            rows = random.integers(0, 256, (height, stride + 1), np.uint8)
            rows[:, 0] = random.integers(0, 5, height)
            yield (
                f"png depth {depth} colour {colour} {width}x{height}",
                png(width, height, depth, colour, rows.tobytes()),
            )
        yield (
            f"png interlaced {width}x{height}",
            png(width, height, 8, 2, _passes(width, height, random), interlaced=True),
        )
    image = Image.fromarray(colours(33, 20))
    yield "png transparent colour", saved(image, "PNG", transparency=(5, 7, 9))
    yield "png transparent palette", saved(image.quantize(17), "PNG", transparency=bytes(range(0, 170, 10)))
    for count in (2, 4, 16):
        yield f"png palette of {count}", saved(image.quantize(count), "PNG")


def _passes(width: int, height: int, random: np.random.Generator) -> bytes:
    """The rows of an interlaced PNG of random levels."""
    parts = []
    for x, y, dx, dy in (
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ):
        columns, rows = -(-(width - x) // dx), -(-(height - y) // dy)
        if columns > 0 and rows > 0:
            part = random.integers(0, 256, (rows, 3 * columns + 1), np.uint8)
            part[:, 0] = random.integers(0, 5, rows)
            parts.append(part.tobytes())
    return b"".join(parts)


def _others() -> Iterator[tuple[str, bytes]]:
    for width, height in SIZES:
        image = Image.fromarray(colours(width, height))
        for mode in ("1", "L", "P", "RGB", "RGBA"):
            yield f"bmp {mode} {width}x{height}", saved(image.convert(mode), "BMP")
        for mode in ("1", "L", "P"):
            yield f"gif {mode} {width}x{height}", saved(image.convert(mode), "GIF")
        yield f"gif not interlaced {width}x{height}", saved(image.quantize(60), "GIF", interlace=0)
        for options in ({"quality": 80}, {"quality": 20, "method": 0}, {"lossless": True}):
            yield f"webp {options} {width}x{height}", saved(image, "WEBP", **options)
    image = Image.fromarray(colours(40, 30))
    yield "gif transparent", saved(image.quantize(9), "GIF", transparency=3)
    frames = [image.rotate(angle) for angle in (10, 20)]
    yield "gif animated", saved(image, "GIF", save_all=True, append_images=frames)
    yield "bmp from the top", _downward(saved(image, "BMP"))
    yield "bmp runs", _runs()
    for bits in (4, 16):
        yield f"bmp {bits} bits", _bmp(bits)


def _downward(file: bytes) -> bytes:
    """A BMP whose first row is the uppermost one."""
    (height,) = struct.unpack_from("<i", file, 22)
    return file[:22] + struct.pack("<i", -height) + file[26:]


def _bmp(bits: int) -> bytes:
    width, height = 13, 6
    stride = (width * bits + 31) // 32 * 4
    levels = np.random.default_rng(bits).integers(0, 256, stride * height, np.uint8).tobytes()
    palette = np.random.default_rng(1).integers(0, 256, 4 * 2**bits, np.uint8).tobytes() if bits <= 8 else b""
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, 0, len(levels), 0, 0, 0, 0)
    return (
        b"BM" + struct.pack("<IHHI", 54 + len(palette) + len(levels), 0, 0, 54 + len(palette)) + head + palette + levels
    )


def _runs() -> bytes:
    """Run lengths: a run, single pixels, a skip, ends of rows."""
    levels = bytes([5, 7, 0, 0, 0, 3, 1, 2, 3, 0, 2, 9, 0, 0, 2, 4, 0, 2, 1, 1, 2, 8, 0, 0, 5, 1, 0, 1])
    palette = np.random.default_rng(1).integers(0, 256, 4 * 256, np.uint8).tobytes()
    head = struct.pack("<IiiHHIIiiII", 40, 5, 5, 1, 8, 1, len(levels), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + 1024 + len(levels), 0, 0, 54 + 1024) + head + palette + levels


def _tiffs() -> Iterator[tuple[str, bytes]]:
    for width, height in SIZES:
        image = Image.fromarray(colours(width, height, 4))
        for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
            for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
                name = f"tiff {mode} {compression} {width}x{height}"
                yield name, saved(image.convert(mode), "TIFF", compression=compression)
        wide = Image.fromarray(colours(width, height, 1)[..., 0].astype(np.uint16) * 251)
        yield f"tiff I;16 {width}x{height}", saved(wide, "TIFF")
        for compression in ("tiff_lzw", "tiff_deflate"):
            name = f"tiff predicted {compression} {width}x{height}"
            yield name, saved(image.convert("RGB"), "TIFF", compression=compression, tiffinfo={317: 2})
            yield f"{name} 16", saved(wide, "TIFF", compression=compression, tiffinfo={317: 2})
    large = Image.fromarray(colours(301, 200))
    yield "tiff in strips", saved(large, "TIFF", compression="tiff_lzw", strip_size=4096)
    yield "tiff pages", saved(large, "TIFF", save_all=True, append_images=[large.rotate(90)])
    for options in ({"quality": 70}, {"lossless": True}):
        yield (
            f"webp animated {options}",
            saved(large, "WEBP", save_all=True, append_images=[large.rotate(50)], **options),
        )


def refused() -> Iterator[tuple[str, str, bytes]]:
    """Names, reasons and files that the page refuses."""
    image = Image.fromarray(colours(64, 48))
    clear = Image.fromarray(colours(64, 48, 4))
    yield "empty", "unknown", b""
    yield "text", "unknown", b"name,age\nA,1\n"
    yield "pdf", "unknown", saved(image, "PDF")
    yield "avif", "unknown", b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf"
    yield "jpeg CMYK", "unsupported", saved(image.convert("CMYK"), "JPEG")
    yield "webp transparent", "unsupported", saved(clear, "WEBP")
    yield "webp transparent lossless", "unsupported", saved(clear, "WEBP", lossless=True)
    yield (
        "webp animated, transparent",
        "unsupported",
        saved(clear, "WEBP", save_all=True, append_images=[clear.rotate(9)]),
    )
    yield "tiff CMYK", "unsupported", saved(image.convert("CMYK"), "TIFF")
    yield "tiff float", "unsupported", saved(image.convert("F"), "TIFF")
    yield "tiff jpeg", "unsupported", saved(image, "TIFF", compression="jpeg")
    yield "tiff fax", "unsupported", saved(image.convert("1"), "TIFF", compression="group4")
    for kind in ("JPEG", "PNG", "GIF", "BMP", "WEBP"):
        file = saved(image.quantize(40) if kind == "GIF" else image, kind)
        for share in (0.2, 0.5, 0.9):
            yield f"{kind} truncated to {share}", "damaged", file[: int(len(file) * share)]
    yield "tiff truncated", "damaged", saved(image, "TIFF")[:3000]
    for side in (30_000, 65_000):
        yield f"png {side}", "large", png(side, side, 8, 2, b"")
    yield "jpeg huge", "large", _resized_header(saved(image, "JPEG"), 30_000)
    yield "png of no size", "large", png(0, 5, 8, 2, b"")
    yield "png of noise", "damaged", saved(image, "PNG")[:80] + bytes(300)


def _resized_header(file: bytes, side: int) -> bytes:
    """A JPEG whose header declares another size."""
    at = file.index(b"\xff\xc0") + 5
    return file[:at] + struct.pack(">HH", side, side) + file[at + 4 :]
