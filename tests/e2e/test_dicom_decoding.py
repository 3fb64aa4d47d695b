"""DICOM files: pydicom's own test files, decoded in two browsers and in Python, and compared with pydicom."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

import dicom_files
import pictures
from sealift.stages.image.decode import Decode
from sealift.stages.image.problems import PictureError

pydicom = pytest.importorskip("pydicom", reason="the extra dicom is not installed")
codecs = pytest.importorskip("imagecodecs", reason="the extra dicom is not installed")

FOLDER = Path(pydicom.__file__).parent / "data/test_files"
READ = """async (files) => {
  const worker = new Worker(URL.createObjectURL(new Blob([window.code], { type: "text/javascript" })));
  const waiting = new Map();
  worker.onmessage = ({ data }) => waiting.get(data.id)(data);
  return Promise.all(files.map(([file, decode], id) => new Promise((resolve) => {
    waiting.set(id, resolve);
    worker.postMessage({ id, file, decode });
  })));
}"""
GREY: tuple[tuple[str, dict[str, Any]], ...] = (
    ("CT_small.dcm", {"window": [40, 400]}),
    ("CT_small.dcm", {"window": "full"}),
    ("CT_small.dcm", {}),
    ("MR_small.dcm", {}),
    ("MR_small_RLE.dcm", {}),
    ("MR_small_bigendian.dcm", {}),
    ("MR_small_implicit.dcm", {"window": [500, 1]}),
    ("examples_overlay.dcm", {}),
)
COLOUR: tuple[tuple[str, dict[str, Any]], ...] = (
    ("SC_rgb_rle.dcm", {}),
    ("SC_rgb_rle_2frame.dcm", {"frame": 1}),
    ("SC_rgb_rle_2frame.dcm", {"frame": "middle"}),
    ("SC_rgb_small_odd.dcm", {}),
    ("ExplVR_BigEnd.dcm", {}),
    ("examples_rgb_color.dcm", {}),
    ("examples_ybr_color.dcm", {"frame": 7}),
    ("SC_rgb_dcmtk_+eb+cy+np.dcm", {}),
)
COMPRESSED = (
    "693_J2KI.dcm",
    "J2K_pixelrep_mismatch.dcm",
    "JPEG-lossy.dcm",
    "JPEG2000.dcm",
    "JPEGLSNearLossless_08.dcm",
    "JPEGLSNearLossless_16.dcm",
    "JPGExtended.dcm",
    "MR_small_jp2klossless.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "SC_jpeg_no_color_transform_2.dcm",
    "SC_rgb_dcmtk_+eb+cr.dcm",
    "SC_rgb_gdcm_KY.dcm",
    "SC_rgb_jls_lossy_line.dcm",
    "SC_rgb_jls_lossy_sample.dcm",
    "SC_rgb_jpeg_gdcm.dcm",
    "SC_rgb_small_odd_big_endian.dcm",
    "SC_ybr_full_422_uncompressed.dcm",
    "examples_jpeg2k.dcm",
    "examples_palette.dcm",
)
REFUSED: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("GDCMJ2K_TextGBR.dcm", {}, "R113"),
    ("JPEG2000-embedded-sequence-delimiter.dcm", {}, "R111"),
    ("SC_jpeg_no_color_transform.dcm", {}, "R113"),
    ("SC_rgb_jpeg.dcm", {}, "R111"),
    ("SC_rgb_rle_16bit.dcm", {}, "R113"),
    ("image_dfl.dcm", {}, "R113"),
    ("liver_1frame.dcm", {}, "R113"),
    ("rtdose_1frame.dcm", {}, "R113"),
    ("test-SR.dcm", {}, "R113"),
    ("MR_truncated.dcm", {}, "R111"),
    ("SC_rgb_small_odd.dcm", {"frame": 3}, "R115"),
)


def bytes_of(name: str) -> bytes:
    return next(FOLDER.rglob(name)).read_bytes()


def in_python(file: bytes, mode: str, dicom: dict[str, Any]) -> bytes:
    levels: np.ndarray[Any, Any] = Decode.of({"mode": mode, "dicom": dicom}).levels(file)
    return levels.tobytes()


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page()
    opened.evaluate("(code) => { window.code = code; }", pictures.decoders())
    yield opened
    opened.close()


def in_browser(page: Page, cases: list[tuple[bytes, str, dict[str, Any]]]) -> list[dict[str, Any]]:
    given = [[base64.b64encode(file).decode(), {"mode": mode, "dicom": dicom}] for file, mode, dicom in cases]
    answers: list[dict[str, Any]] = page.evaluate(READ, given)
    return answers


def test_levels_are_those_of_python(page: Page) -> None:
    cases = [(name, "L", dicom) for name, dicom in GREY] + [(name, "RGB", dicom) for name, dicom in COLOUR]
    cases += [(name, "RGB", {}) for name in COMPRESSED]
    answers = in_browser(page, [(bytes_of(name), mode, dicom) for name, mode, dicom in cases])
    for (name, mode, dicom), answer in zip(cases, answers, strict=True):
        assert "levels" in answer, (name, answer)
        assert base64.b64decode(answer["levels"]) == in_python(bytes_of(name), mode, dicom), (name, dicom)


def test_generated_files_of_every_coding_have_the_levels_of_python(page: Page) -> None:
    cases = [*dicom_files.compressed(codecs), *dicom_files.uncompressed()]
    answers = in_browser(page, [(case.file, "RGB", {}) for case in cases])
    for case, answer in zip(cases, answers, strict=True):
        assert "levels" in answer, (case.name, answer)
        assert base64.b64decode(answer["levels"]) == in_python(case.file, "RGB", {}), case.name


def test_refused_files_have_the_codes_of_python(page: Page) -> None:
    answers = in_browser(page, [(bytes_of(name), "RGB", dicom) for name, dicom, _ in REFUSED])
    for (name, dicom, wanted), answer in zip(REFUSED, answers, strict=True):
        with pytest.raises(PictureError) as caught:
            in_python(bytes_of(name), "RGB", dicom)
        assert (answer.get("code"), caught.value.code) == (wanted, wanted), (name, answer, str(caught.value))


@pytest.mark.parametrize(("name", "dicom"), GREY)
def test_windows_are_those_of_pydicom(name: str, dicom: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = pydicom.dcmread(next(FOLDER.rglob(name)))
        window = dicom.get("window", "file")
        if window == "full" or (window == "file" and "WindowCenter" not in file):
            values = pydicom.pixels.apply_modality_lut(file.pixel_array, file)
            shown = (values - values.min()) / (values.max() - values.min()) * 255
        else:
            if window != "file":
                file.WindowCenter, file.WindowWidth = window
            file.VOILUTFunction = "LINEAR"
            shown = pydicom.pixels.apply_windowing(pydicom.pixels.apply_modality_lut(file.pixel_array, file), file)
            # pydicom's window ends at the limits of the stored values, ours at 0 and 255.
            low, high = shown.min(), shown.max()
            bits = file.BitsStored
            least = -(2.0 ** (bits - 1)) if file.PixelRepresentation else 0.0
            slope, intercept = float(file.get("RescaleSlope", 1)), float(file.get("RescaleIntercept", 0))
            least, most = least * slope + intercept, (least + 2**bits - 1) * slope + intercept
            assert least - 1e-6 <= low <= high <= most + 1e-6
            shown = (shown - least) / (most - least) * 255
    levels = np.frombuffer(in_python(bytes_of(name), "L", dicom), np.uint8).reshape(shown.shape)
    assert np.abs(levels - shown).max() <= 0.5 + 1e-6


def test_a_model_without_dicom_names_the_file(page: Page) -> None:
    (answer,) = page.evaluate(READ, [[base64.b64encode(bytes_of("CT_small.dcm")).decode(), {"mode": "L"}]])
    assert answer["code"] == "R110"
    assert "DICOM" in answer["message"]
    with pytest.raises(PictureError, match="is a DICOM file") as caught:
        Decode.of({"mode": "L"}).levels(bytes_of("CT_small.dcm"))
    assert caught.value.code == "R110"
