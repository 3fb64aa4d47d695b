"""The page of a model that reads DICOM: compressed frames, cautions, and files that are refused."""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

import image_seals
import sealift
from pages import Opened, opened
from sealift.targets.page import build_page
from sealift.targets.page.verify import check_page

pytest.importorskip("pydicom", reason="the extra dicom is not installed")
codecs = pytest.importorskip("imagecodecs", reason="the extra dicom is not installed")

import dicom_files  # noqa: E402
from dicom_files import EXTENDED, J2K, JLS, LOSSLESS, LOSSY_J2K, RAW, dicom, paints, shades  # noqa: E402

SLOW = 120_000  # milliseconds; the machine may be loaded
SPEC = {**image_seals.SPEC, "decode": {"mode": "RGB", "dicom": {}}}


@functools.cache
def made() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="sealift-dicom-"))
    page = folder / "scans.html"
    build_page(image_seals.write(folder / "scans.seal", SPEC), page)
    return page


@functools.cache
def files() -> dict[str, bytes]:
    """A file of each coding, by name."""
    colours, deep = paints(60, 80), shades(12, rows=60, columns=70)
    lossy = codecs.jpeg2k_encode(colours, codecformat="j2k", level=35, reversible=False, mct=True)
    return {
        "raw.dcm": dicom(colours.tobytes(), RAW, colours),
        "jls.dcm": dicom([codecs.jpegls_encode(colours)], JLS, colours),
        "j2k.dcm": dicom([codecs.jpeg2k_encode(colours, codecformat="j2k", mct=False)], J2K, colours),
        "lossy.dcm": dicom([lossy], LOSSY_J2K, colours, PhotometricInterpretation="YBR_ICT"),
        "lossless.dcm": dicom([dicom_files.lossless_jpeg(colours, 8, 4)], LOSSLESS, colours),
        "deep.dcm": dicom([codecs.jpeg8_encode(deep, level=80, bitspersample=12)], EXTENDED, deep, bits=12),
    }


@pytest.fixture(scope="module")
def shown(browser: Browser) -> Iterator[Opened]:
    with opened(browser, made()) as page:
        expect(page.inside.get_by_test_id("badge")).to_contain_text("3 of 3", timeout=SLOW)
        yield page
        assert page.outside_requests() == []
        assert page.errors == []


def give(shown: Opened, name: str, file: bytes) -> None:
    shown.tab("Predict")
    content: Any = {"name": name, "mimeType": "", "buffer": file}
    shown.inside.locator("#field-0").set_input_files(content)
    shown.inside.get_by_text(name, exact=True).wait_for()


def test_compressed_frames_have_the_answers_of_python(shown: Opened) -> None:
    sealed = sealift.load(made().with_suffix(".seal"))
    for name, file in files().items():
        give(shown, name, file)
        wanted = sealed.predict([file])["probability"][0]
        for _ in range(300):
            probabilities = json.loads(shown.prediction.get_attribute("data-probability") or "[]")
            if probabilities and np.allclose(probabilities, wanted, rtol=1e-6):
                break
            shown.page.wait_for_timeout(100)
        np.testing.assert_allclose(probabilities, wanted, rtol=1e-6, err_msg=name)


def test_burnt_in_annotations_are_a_caution(shown: Opened) -> None:
    colours = paints(60, 80)
    file = dicom(colours.tobytes(), RAW, colours, BurnedInAnnotation="YES", has_overlay=True)
    give(shown, "named.dcm", file)
    caution = shown.inside.locator(".caution", has_text="burnt-in annotations")
    caution.wait_for(timeout=SLOW)
    expect(caution).to_contain_text("overlays, which are ignored")
    (note,) = sealift.load(made().with_suffix(".seal")).notes([file])
    assert "burnt-in annotations" in note["picture"]


def test_files_that_are_refused_are_named(shown: Opened) -> None:
    colours = paints(60, 80)
    frame = codecs.jpegls_encode(colours)
    for name, code, file in (
        ("cut.dcm", "R111", dicom([frame[:500]], JLS, colours)),
        ("video.dcm", "R113", dicom([frame], "1.2.840.10008.1.2.4.100", colours)),
        ("large.dcm", "R112", dicom([frame], JLS, colours, Rows=60000)),
    ):
        give(shown, name, file)
        problem = shown.inside.get_by_test_id("picture-problem")
        expect(problem).to_have_attribute("data-code", code, timeout=SLOW)
        expect(shown.prediction).to_have_attribute("data-state", "incomplete")


def test_only_pages_that_read_dicom_have_its_decoders(tmp_path: Path) -> None:
    check_page(made())
    plain = build_page(image_seals.write(tmp_path / "plain.seal"), tmp_path / "plain.html")
    assert 200_000 < made().stat().st_size - plain.size < 500_000
