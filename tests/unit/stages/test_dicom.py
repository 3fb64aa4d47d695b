"""DICOM: frames against the samples that plugins of pydicom decode, interpretations, and files that are refused."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sealift.contract import Batch
from sealift.stages.image.batch import ImageRun
from sealift.stages.image.decode import Decode
from sealift.stages.image.dicom.frames import stored_values
from sealift.stages.image.dicom.header import DicomHeader
from sealift.stages.image.dicom.pixels import DicomPixels
from sealift.stages.image.kind import image_stage
from sealift.stages.image.problems import PictureError

pytest.importorskip("pydicom", reason="the extra dicom is not installed")
codecs = pytest.importorskip("imagecodecs", reason="the extra dicom is not installed")

import dicom_files  # noqa: E402
from dicom_files import J2K, JLS, LOSSLESS, RAW, dicom, paints, shades  # noqa: E402

CASES = json.loads((Path(__file__).parents[3] / "spec/vectors/image/dicom.json").read_text(encoding="utf-8"))["cases"]
BARE = {"decode": {"mode": "RGB", "dicom": {}}, "steps": [], "layout": "HWC", "shape": [None, None, 3]}


def samples(file: bytes) -> np.ndarray[Any, Any]:
    data, pixels = DicomPixels.read(file)
    header = DicomHeader.of(data, has_pixels=pixels is not None)
    assert pixels is not None
    return stored_values(pixels, header, 0)


def refused(file: bytes, **options: Any) -> tuple[str, str]:
    with pytest.raises(PictureError) as caught:
        Decode.of({"mode": "RGB", "dicom": options}).levels(file)
    return caught.value.code, str(caught.value)


@pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])
def test_samples_are_those_of_the_plugins_of_pydicom(case: dict[str, str]) -> None:
    values = samples(base64.b64decode(case["file"])).astype("<i4").astype("<i2")
    assert base64.b64encode(values.tobytes()).decode() == case["samples"]


@pytest.mark.parametrize("case", list(dicom_files.uncompressed()), ids=lambda case: str(case.name))
def test_uncompressed_pixels_are_as_written(case: dicom_files.Case) -> None:
    if case.pixels is not None and case.pixels.ndim == 2:
        assert np.array_equal(samples(case.file), case.pixels)
    elif case.pixels is not None:
        assert np.array_equal(Decode.of({"mode": "RGB", "dicom": {}}).levels(case.file), case.pixels)
    else:
        assert Decode.of({"mode": "RGB", "dicom": {}}).levels(case.file).shape == (
            21 if "inverse" in case.name else 20,
            26,
            3,
        )


def test_bits_above_the_stored_ones_are_ignored() -> None:
    pixels = shades(12, signed=True)
    held = (pixels.view(np.uint16) & 0xFFF) | 0x5000
    assert np.array_equal(samples(dicom(held.tobytes(), RAW, pixels, bits=12)), pixels)


def test_a_frame_that_differs_from_its_header_is_refused_before_it_is_decoded() -> None:
    pixels = shades(16)
    huge = bytearray(codecs.jpegls_encode(pixels))
    place = huge.index(b"\xff\xf7") + 5
    huge[place : place + 4] = b"\xff\xff\xff\xff"  # 65535 × 65535 pixels
    assert refused(dicom([bytes(huge)], JLS, pixels)) == ("R111", "is damaged: its picture differs from its header")
    wide = codecs.jpeg2k_encode(shades(16), codecformat="j2k", reversible=True, bitspersample=16)
    code, message = refused(dicom([wide], J2K, shades(8)))
    assert (code, message) == ("R113", "is a DICOM file of 8 bits, whose picture has 16")


def test_truncated_frames_are_refused() -> None:
    pixels = shades(12)
    for frame, syntax in (
        (codecs.jpegls_encode(pixels), JLS),
        (codecs.jpeg2k_encode(pixels, codecformat="j2k", reversible=True, bitspersample=12), J2K),
        (dicom_files.lossless_jpeg(pixels, 12, 1), LOSSLESS),
    ):
        assert refused(dicom([frame[: len(frame) * 2 // 3]], syntax, pixels, bits=12))[0] == "R111"
        whole = dicom([frame], syntax, pixels, bits=12)
        assert refused(whole[: len(whole) * 2 // 3]) == ("R111", "is truncated")
    whole = dicom(pixels.tobytes(), RAW, pixels)
    assert refused(whole[:-100]) == ("R111", "is truncated")


def test_kinds_that_are_not_read_are_named() -> None:
    pixels = shades(16)
    for file, code, words in (
        (dicom([b"\0\0"], f"{dicom_files.BASE}.4.100", pixels), "R113", "transfer syntax 1.2.840.10008.1.2.4.100"),
        (dicom(pixels.tobytes(), RAW, pixels, Rows=40000), "R112", "40000 pixels"),
        (dicom(pixels.tobytes(), RAW, pixels, PhotometricInterpretation="YBR_RCT"), "R113", "YBR_RCT"),
        (dicom(pixels.tobytes(), RAW, pixels, BitsAllocated=32), "R113", "32 bits"),
        (dicom([b"\0" * 200], JLS, pixels), "R111", "do not have the form of its transfer syntax"),
        (dicom([b"\0\0\0\x0cjP  \r\n" + b"\0" * 200], J2K, pixels), "R113", "is a JP2 file"),
        (dicom(pixels.tobytes(), RAW, pixels, PhotometricInterpretation="PALETTE COLOR"), "R111", "no palette"),
    ):
        refusal = refused(file)
        assert refusal[0] == code, (refusal, words)
        assert words in refusal[1]
    assert refused(dicom(pixels.tobytes(), RAW, pixels), frame=1)[0] == "R115"


def test_colours_that_contradict_the_header_are_refused() -> None:
    colours = paints()
    transformed = codecs.jpeg2k_encode(colours, codecformat="j2k", reversible=True, mct=True)
    assert "different colours" in refused(dicom([transformed], J2K, colours))[1]
    jpeg = codecs.jpeg8_encode(colours)
    assert "different colours" in refused(dicom([jpeg], dicom_files.JPEG, colours))[1]


def test_annotations_and_overlays_are_noted_with_the_answer() -> None:
    pixels = shades(8)
    noted = dicom(pixels.tobytes(), RAW, pixels, BurnedInAnnotation="YES", has_overlay=True)
    plain = dicom(pixels.tobytes(), RAW, pixels, BurnedInAnnotation="NO")
    run = ImageRun({0: image_stage(0, BARE)}, ["scan"])
    values: Any = np.empty(2, dtype=np.object_)
    values[:] = [noted, plain]
    batch = run.checked(Batch({"field0": values}, np.ones(2, bool), []))
    assert run.notes
    ((row, field, note),) = run.cautions(batch.tensors)
    assert (row, field) == (0, 0)
    assert "burnt-in annotations" in note
    assert "overlays, which are ignored" in note
