"""Small generated DICOM files of every transfer syntax and interpretation, with the pixels that they hold."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate

BASE = "1.2.840.10008.1.2"
RAW, RLE, JPEG, EXTENDED, PROCESS_14, LOSSLESS, JLS, NEAR_JLS, J2K, LOSSY_J2K = (
    f"{BASE}.1", f"{BASE}.5",
    *(f"{BASE}.4.{number}" for number in (50, 51, 57, 70, 80, 81, 90, 91)),
)  # fmt: skip

Array = npt.NDArray[Any]


class Case(NamedTuple):
    """A file, and its stored values or colours, unless it is lossy."""

    name: str
    file: bytes
    pixels: Array | None


def dicom(
    frames: Sequence[bytes] | bytes,
    syntax: str,
    pixels: Array,
    *,
    bits: int = 0,
    has_overlay: bool = False,
    **elements: Any,
) -> bytes:
    """The bytes of a file.

    Args:
        frames: the compressed frames, or the bytes of uncompressed ones.
        syntax: the transfer syntax.
        pixels: (rows, columns) or (rows, columns, 3), for the elements that describe a frame.
        bits: the bits that are stored; those of the array by default.
        has_overlay: whether there is an element of an overlay.
        elements: other elements, which may replace these.
    """
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    meta.MediaStorageSOPClassUID = pydicom.uid.SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = pydicom.uid.UID("1.2.3")
    data = Dataset()
    data.file_meta = meta
    data.Rows, data.Columns = pixels.shape[:2]
    data.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
    data.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
    data.BitsAllocated = 8 * pixels.dtype.itemsize
    data.BitsStored = bits or data.BitsAllocated
    data.HighBit = data.BitsStored - 1
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    if pixels.ndim == 3:
        data.PlanarConfiguration = 0
    if not isinstance(frames, bytes) and len(frames) > 1:
        data.NumberOfFrames = len(frames)
    for name, value in elements.items():
        setattr(data, name, value)
    if has_overlay:
        data.add_new((0x6000, 0x0010), "US", pixels.shape[0])
    data.PixelData = frames if isinstance(frames, bytes) else encapsulate(list(frames))
    data["PixelData"].VR = "OB" if data.BitsAllocated == 8 else "OW"
    file = io.BytesIO()
    pydicom.dcmwrite(file, data, enforce_file_format=True)
    return file.getvalue()


def shades(bits: int, *, signed: bool = False, rows: int = 21, columns: int = 26) -> Array:
    """Gradients, an edge and noise of some bits."""
    random = np.random.default_rng(bits)
    y, x = np.mgrid[:rows, :columns]
    most = (1 << bits) - 1
    values = (x * most // columns + y * 3) & most
    values[rows // 2 :, columns // 2 :] = random.integers(0, most + 1, values[rows // 2 :, columns // 2 :].shape)
    values[3:9, 4:14] = most
    kind = ("int" if signed else "uint") + ("8" if bits <= 8 else "16")
    made: Array = (values - (1 << (bits - 1)) if signed else values).astype(kind)
    return made


def paints(rows: int = 20, columns: int = 26) -> Array:
    """Colours of 8 bits."""
    return np.stack([shades(8, rows=rows, columns=columns), shades(8, rows=rows, columns=columns)[::-1],
                     shades(8, rows=rows, columns=columns)[:, ::-1]], -1)  # fmt: skip


def compressed(codecs: Any) -> Iterator[Case]:
    """Files of the codings that imagecodecs encodes."""
    for bits, signed in ((8, False), (8, True), (10, False), (12, False), (12, True), (16, False), (16, True)):
        pixels = shades(bits, signed=signed)
        name = f"{'signed' if signed else 'unsigned'} {bits}"
        bare = pixels.view(pixels.dtype.str.replace("i", "u")) & ((1 << bits) - 1)
        yield Case(f"JPEG-LS {name}", dicom([codecs.jpegls_encode(bare)], JLS, pixels, bits=bits), pixels)
        yield Case(
            f"JPEG-LS near {name}", dicom([codecs.jpegls_encode(bare, level=3)], NEAR_JLS, pixels, bits=bits), None
        )
        yield Case(
            f"JPEG 2000 {name}",
            dicom([_j2k(codecs, pixels, bits=bits)], J2K, pixels, bits=bits),
            pixels,
        )
        lossy = _j2k(codecs, pixels, bits=bits, reversible=False, level=40)
        yield Case(f"JPEG 2000 lossy {name}", dicom([lossy], LOSSY_J2K, pixels, bits=bits), None)
        for predictor in range(1, 8) if bits in (8, 16) else (1, 7):
            frame = lossless_jpeg(bare, bits, predictor)
            yield Case(f"JPEG lossless {predictor} {name}", dicom([frame], PROCESS_14, pixels, bits=bits), pixels)
    wide = shades(12, rows=30, columns=35)
    yield Case("JPEG lossless restarts", dicom([lossless_jpeg(wide, 12, 4, rows=9)], LOSSLESS, wide, bits=12), wide)
    for level in (30, 75, 95):
        frame = codecs.jpeg8_encode(wide, level=level, bitspersample=12)
        yield Case(f"JPEG of 12 bits {level}", dicom([frame], EXTENDED, wide, bits=12), None)
    yield from _coloured(codecs)


def _coloured(codecs: Any) -> Iterator[Case]:
    pixels = paints()
    yield Case("JPEG-LS colours", dicom([codecs.jpegls_encode(pixels)], JLS, pixels), pixels)
    yield Case("JPEG-LS near colours", dicom([codecs.jpegls_encode(pixels, level=2)], NEAR_JLS, pixels), None)
    for name, lossy in (("YBR_RCT", False), ("YBR_ICT", True)):
        frame = _j2k(codecs, pixels, bits=8, reversible=not lossy, mct=True, level=35 if lossy else None)
        syntax = LOSSY_J2K if lossy else J2K
        file = dicom([frame], syntax, pixels, PhotometricInterpretation=name)
        yield Case(f"JPEG 2000 {name}", file, None if lossy else pixels)
    plain = _j2k(codecs, pixels, bits=8, mct=False)
    yield Case("JPEG 2000 RGB", dicom([plain], J2K, pixels), pixels)
    yield Case("JPEG lossless colours", dicom([lossless_jpeg(pixels, 8, 1)], LOSSLESS, pixels), pixels)
    frame = codecs.jpeg8_encode(pixels, level=80, subsampling="420")
    yield Case("JPEG 4:2:0", dicom([frame], JPEG, pixels, PhotometricInterpretation="YBR_FULL_422"), None)
    grey = shades(8)
    yield Case("JPEG grey", dicom([codecs.jpeg8_encode(grey, level=80)], EXTENDED, grey), None)
    second = paints()[::-1].copy()
    frames = [codecs.jpegls_encode(pixels), codecs.jpegls_encode(second)]
    yield Case("JPEG-LS frames", dicom(frames, JLS, pixels), pixels)


def _j2k(codecs: Any, pixels: Array, *, bits: int, **options: Any) -> bytes:
    encoded: bytes = codecs.jpeg2k_encode(
        pixels, codecformat="j2k", bitspersample=bits, **{"reversible": True, "mct": False} | options
    )
    return encoded


def uncompressed() -> Iterator[Case]:
    """Files without compression, of every interpretation."""
    for bits, signed in ((8, False), (12, False), (12, True), (16, True)):
        pixels = shades(bits, signed=signed)
        name = f"{'signed' if signed else 'unsigned'} {bits}"
        # What is above the stored bits belongs to an overlay.
        held = pixels.view(pixels.dtype.str.replace("i", "u")) & ((1 << bits) - 1)
        held = held | (0x5000 & ~((1 << bits) - 1)) if bits == 12 else held
        yield Case(f"raw {name}", dicom(held.tobytes(), RAW, pixels, bits=bits), pixels)
        inverse = dicom(held.tobytes(), RAW, pixels, bits=bits, PhotometricInterpretation="MONOCHROME1")
        yield Case(f"raw inverse {name}", inverse, None)
    colours = paints()
    yield Case("raw colours", dicom(colours.tobytes(), RAW, colours), colours)
    planes = dicom(np.moveaxis(colours, 2, 0).tobytes(), RAW, colours, PlanarConfiguration=1)
    yield Case("raw planes", planes, colours)
    yield Case("raw YBR_FULL", dicom(colours.tobytes(), RAW, colours, PhotometricInterpretation="YBR_FULL"), None)
    halved = np.concatenate([colours[:, ::2, :1], colours[:, 1::2, :1], colours[:, ::2, 1:]], -1)
    file = dicom(halved.tobytes(), RAW, colours, PhotometricInterpretation="YBR_FULL_422")
    yield Case("raw YBR_FULL_422", file, None)
    yield from _palettes()


def _palettes() -> Iterator[Case]:
    random = np.random.default_rng(4)
    for entries, first, bits, signed in ((256, 0, 16, False), (200, 20, 8, False), (100, -50, 16, True)):
        pixels = shades(8, signed=signed)
        table = random.integers(0, 1 << bits, (3, entries)).astype("u1" if bits == 8 else "<u2")
        elements: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
        for channel, name in enumerate(("Red", "Green", "Blue")):
            elements[f"{name}PaletteColorLookupTableDescriptor"] = [entries, first, bits]
            elements[f"{name}PaletteColorLookupTableData"] = table[channel].tobytes()
        place = np.clip(pixels.astype(int) - first, 0, entries - 1)
        colours = np.moveaxis(table[:, place] >> (bits - 8), 0, 2).astype(np.uint8)
        yield Case(f"palette {entries} {bits}", dicom(pixels.tobytes(), RAW, pixels, **elements), colours)


def lossless_jpeg(pixels: Array, bits: int, predictor: int, *, rows: int = 0) -> bytes:
    """A lossless JPEG (ITU-T T.81 Annex H), written from the standard; with a restart after each `rows` rows.

    Each category has a code of 5 bits, so that no table needs to be optimized.
    """
    planes = pixels[..., None] if pixels.ndim == 2 else pixels
    height, width, count = planes.shape
    names = list(range(1, count + 1)) if count == 1 else [82, 71, 66]
    parts = [b"\xff\xd8", _segment(0xC3, struct.pack(">BHHB", bits, height, width, count)
             + b"".join(bytes([name, 0x11, 0]) for name in names))]  # fmt: skip
    parts.append(_segment(0xC4, bytes([0, *(17 if length == 5 else 0 for length in range(1, 17)), *range(17)])))
    if rows:
        parts.append(_segment(0xDD, struct.pack(">H", rows * width)))
    parts.append(_segment(0xDA, bytes([count, *(byte for name in names for byte in (name, 0)), predictor, 0, 0])))
    step = rows or height
    for number, top in enumerate(range(0, height, step)):
        if number:
            parts.append(bytes([0xFF, 0xD0 + (number - 1) % 8]))
        parts.append(_entropy(planes[top : top + step].astype(np.int64), bits, predictor))
    return b"".join([*parts, b"\xff\xd9"])


def _segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def _entropy(planes: npt.NDArray[np.int64], bits: int, predictor: int) -> bytes:
    left, above, corner = planes.copy(), planes.copy(), planes.copy()
    left[:, 1:], above[1:], corner[1:, 1:] = planes[:, :-1], planes[:-1], planes[:-1, :-1]
    guess = {
        1: left,
        2: above,
        3: corner,
        4: left + above - corner,
        5: left + ((above - corner) >> 1),
        6: above + ((left - corner) >> 1),
        7: (left + above) >> 1,
    }[predictor].copy()
    guess[0], guess[1:, 0] = left[0], above[1:, 0]
    guess[0, 0] = 1 << (bits - 1)
    difference = ((planes - guess + (1 << 15)) & 0xFFFF) - (1 << 15)
    text = []
    for value in difference.ravel().tolist():
        size = 16 if value == -(1 << 15) else abs(value).bit_length()
        text.append(f"{size:05b}")
        if 0 < size < 16:
            text.append(f"{value if value > 0 else value + (1 << size) - 1:0{size}b}")
    joined = "".join(text)
    joined += "1" * (-len(joined) % 8)
    return int(joined, 2).to_bytes(len(joined) // 8, "big").replace(b"\xff", b"\xff\x00")
