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


def middle(shown: Opened) -> int:
    """The level that the viewer shows in its middle."""
    shade: int = shown.inside.get_by_test_id("viewer").evaluate(
        "(c) => c.getContext('2d').getImageData(c.width / 2, c.height / 2, 1, 1).data[0]"
    )
    return shade


def expect_middle(shown: Opened, level: int) -> None:
    for _ in range(100):
        if middle(shown) == level:
            return
        shown.page.wait_for_timeout(50)
    assert middle(shown) == level


def test_the_window_changes_the_display_and_not_the_answer(shown: Opened) -> None:
    pixels = np.full((40, 40), -600, np.int16)
    pixels[:4] = 900
    elements: dict[str, Any] = {
        "Modality": "CT",
        "WindowCenter": [0, -500],
        "WindowWidth": [4000, 500],
        "RescaleSlope": 1,
    }
    file = dicom(pixels.tobytes(), RAW, pixels, WindowCenterWidthExplanation=["WIDE", "DARK"], **elements)
    give(shown, "ct.dcm", file)
    window = shown.inside.get_by_test_id("window")
    window.wait_for(timeout=SLOW)
    expect(shown.prediction).to_have_attribute("data-state", "ready", timeout=SLOW)
    before = shown.prediction.get_attribute("data-probability")
    names = window.locator("option").all_inner_texts()
    usual = ["Lung", "Bone", "Soft tissue", "Brain", "All values"]
    assert names == ["As the model takes it", "WIDE", "DARK", *usual]
    for name, centre, width in (
        ("Lung", -600, 1500),
        ("DARK", -500, 500),
        ("Brain", 40, 80),
        ("All values", 150.5, 1501),
    ):
        window.select_option(label=name)
        level = np.clip(((-600 - (centre - 0.5)) / (width - 1) + 0.5) * 255 + 0.5, 0, 255)
        expect_middle(shown, int(level))
    for name, text in (("centre", "-600"), ("width", "3")):
        shown.inside.get_by_test_id(name).press("ControlOrMeta+a")
        shown.inside.get_by_test_id(name).press_sequentially(text)
        shown.inside.get_by_test_id(name).press("Tab")
    expect_middle(shown, 191)  # 0.75 × 255, rounded
    window.select_option(label="Bone")
    box = shown.inside.get_by_test_id("viewer").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    shown.page.mouse.move(x, y)
    shown.page.mouse.down(button="right")
    shown.page.mouse.move(x + 60, y - 40, steps=4)
    shown.page.mouse.up(button="right")
    expect(window.locator("option:checked")).to_have_text("Own")
    assert float(shown.inside.get_by_test_id("width").input_value()) > 1800
    assert float(shown.inside.get_by_test_id("centre").input_value()) < 400
    assert shown.prediction.get_attribute("data-probability") == before
    expect(shown.inside.get_by_test_id("scan-note")).to_contain_text("change only what you see")


def test_frames_are_shown_and_one_is_answered(shown: Opened) -> None:
    pixels = np.zeros((3, 30, 30), np.uint8) + np.array([10, 120, 230], np.uint8)[:, None, None]
    pixels[:, 0, 0], pixels[:, 0, 1] = 0, 255
    file = dicom(pixels.tobytes(), RAW, pixels[0], NumberOfFrames=3)
    give(shown, "loop.dcm", file)
    slider = shown.inside.get_by_test_id("frame")
    slider.wait_for(timeout=SLOW)
    expect(shown.prediction).to_have_attribute("data-state", "ready", timeout=SLOW)
    before = shown.prediction.get_attribute("data-probability")
    expect_middle(shown, 10)
    slider.fill("3")
    expect_middle(shown, 230)
    expect(shown.inside.get_by_test_id("scan-note")).to_contain_text("The model answers frame 1")
    assert shown.prediction.get_attribute("data-probability") == before
    shown.inside.get_by_role("button", name="Show the answered frame").click()
    expect_middle(shown, 10)


def test_identifying_fields_are_hidden_and_never_saved(shown: Opened) -> None:
    colours = paints(60, 80)
    person: dict[str, Any] = {
        "PatientName": "Muster^Erika",
        "PatientID": "4711-ABC",
        "Manufacturer": "Works",
        "Modality": "OT",
    }
    file = dicom(colours.tobytes(), RAW, colours, **person)
    give(shown, "person.dcm", file)
    header = shown.inside.get_by_test_id("header")
    header.wait_for(timeout=SLOW)
    header.locator("summary").click()
    rows = header.locator("tbody tr")
    expect(rows.filter(has_text="Patient's Name")).to_contain_text("hidden")
    expect(rows.filter(has_text="Modality")).to_contain_text("OT")
    assert "Erika" not in shown.inside.locator("body").inner_text()
    header.get_by_role("searchbox").fill("erika")
    expect(rows).to_have_text(["No element has these words."])
    header.get_by_role("searchbox").fill("patient id")
    expect(rows).to_have_count(1)
    header.get_by_role("button", name="Show identifying fields").click()
    expect(rows).to_contain_text(["4711-ABC"])
    header.get_by_role("button", name="Hide identifying fields").click()
    expect(rows).to_contain_text(["hidden"])
    shown.tab("Many pictures")
    both: Any = [{"name": f"{i}.dcm", "mimeType": "", "buffer": file} for i in (1, 2)]
    shown.inside.get_by_test_id("pictures").set_input_files(both)
    expect(shown.inside.get_by_test_id("gallery-status")).to_contain_text("2 of 2 pictures answered", timeout=SLOW)
    _, content = shown.download("Download results")
    assert b"1.dcm" in content
    assert not any(text in content for text in (b"Erika", b"Muster", b"4711"))


def test_only_pages_that_read_dicom_have_its_decoders(tmp_path: Path) -> None:
    check_page(made())
    plain = build_page(image_seals.write(tmp_path / "plain.seal"), tmp_path / "plain.html")
    assert 200_000 < made().stat().st_size - plain.size < 600_000
