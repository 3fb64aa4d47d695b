"""Masks and points over a picture: those of Python, in the form, in the table of many pictures and in saved files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, expect

import keypoint_seals
import mask_seals
import pictures
import sealift
from pages import SCHEMES, Opened, opened
from sealift.batch.picture_folder import score_pictures
from sealift.contract.numbers import percent
from sealift.targets.page import build_page

AXE = Path(__file__).parents[2] / "web/app/node_modules/axe-core/axe.min.js"
SLOW = 120_000  # milliseconds; the machine may be loaded
SCAN = mask_seals.scan(320, 240)
FACE = keypoint_seals.face(320, 240, (100, 80), (220, 110))
COLOURS = ((255, 176, 0), (92, 195, 255), (95, 224, 138))


@pytest.fixture(scope="module", name="masked")
def _masked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mask_seals.write(tmp_path_factory.mktemp("masks") / "regions.seal")


@pytest.fixture(scope="module", name="shown")
def _shown(chromium: Browser, masked: Path) -> Iterator[Opened]:
    """In Chromium; the drawing depends on no browser, and the viewer is tested in both (test_page_pictures.py)."""
    build_page(masked, masked.with_suffix(".html"))
    tall = {"width": 1280, "height": 1400}
    with opened(chromium, masked.with_suffix(".html"), viewport=tall, color_scheme="dark", script=AXE) as page:
        choose(page, "scan.png", SCAN)
        yield page
        assert page.outside_requests() == []
        assert page.errors == []


def png(levels: npt.NDArray[np.uint8]) -> bytes:
    return pictures.saved(Image.fromarray(levels), "PNG")


def choose(shown: Opened, name: str, levels: npt.NDArray[np.uint8]) -> None:
    chosen: Any = {"name": name, "mimeType": "", "buffer": png(levels)}
    shown.inside.locator("#field-0").set_input_files(chosen)
    shown.inside.get_by_text(name, exact=True).wait_for()
    shown.inside.get_by_role("button", name="Save what was found").wait_for(timeout=SLOW)


def legend(shown: Opened) -> Locator:
    return shown.inside.get_by_test_id("mask-legend").get_by_role("button")


def drawn(shown: Opened) -> npt.NDArray[np.int64]:
    """The colours of the canvas."""
    return np.array(
        Image.open(io.BytesIO(shown.inside.get_by_test_id("viewer").screenshot())).convert("RGB"), dtype=np.int64
    )


def saved(shown: Opened, button: str) -> Any:
    with shown.page.expect_download(timeout=SLOW) as waiting:
        shown.inside.get_by_role("button", name=button).click()
    return waiting.value.path().read_text(encoding="utf-8-sig")


def test_the_mask_of_python_is_drawn(shown: Opened, masked: Path) -> None:
    (expected,) = sealift.masks(sealift.load(masked).predict([SCAN])["mask"])
    texts = [text.split("\n") for text in legend(shown).all_inner_texts()]
    shares = [(expected == place).mean() for place in range(3)]
    assert [" ".join(text).replace("\xa0", " ") for text in texts] == [
        f"{name} {percent(share)}".replace("\xa0", " ") for name, share in zip(mask_seals.NAMES, shares, strict=True)
    ]
    slider = shown.inside.get_by_label("Opacity")
    slider.fill("1")
    shown.page.wait_for_timeout(300)
    canvas = drawn(shown)
    height, width = canvas.shape[:2]
    scale = min(width / 320, height / 240)
    left, top = (width - 320 * scale) / 2, (height - 240 * scale) / 2
    equal = total = 0
    for y in range(4, 236, 6):
        for x in range(4, 316, 6):
            colour = canvas[round(top + (y + 0.5) * scale), round(left + (x + 0.5) * scale)]
            equal += int(np.abs(colour - COLOURS[expected[y, x]]).max() <= 2)
            total += 1
    assert equal / total > 0.95  # the buttons cover a corner; points at edges are between two classes
    slider.fill("0.55")


def test_classes_are_hidden_and_shown(shown: Opened) -> None:
    whole = drawn(shown)
    legend(shown).nth(1).click()
    expect(legend(shown).nth(1)).to_have_attribute("aria-pressed", "false")
    shown.page.wait_for_timeout(300)
    part = drawn(shown)
    assert (np.abs(whole - part).max(axis=2) > 8).mean() > 0.5
    shown.inside.get_by_label("Show mask").uncheck()
    expect(shown.inside.get_by_label("Opacity")).to_be_disabled()
    shown.page.wait_for_timeout(300)
    bare = drawn(shown)
    middle = bare[40:-80, 40:-40]
    assert (middle.max(axis=2) - middle.min(axis=2)).max() <= 8  # the picture is grey
    shown.inside.get_by_label("Show mask").check()
    legend(shown).nth(1).click()
    shown.page.wait_for_timeout(300)
    assert (np.abs(whole - drawn(shown)).max(axis=2) > 8).mean() < 0.01


def test_what_was_found_is_saved_as_by_the_command(shown: Opened, masked: Path, tmp_path: Path) -> None:
    (tmp_path / "scan.png").write_bytes(png(SCAN))
    score_pictures(sealift.load(masked), [tmp_path / "scan.png"], tmp_path / "out")
    expected = json.loads((tmp_path / "out/coco.json").read_text(encoding="utf-8"))
    expected["images"][0]["file_name"] = "scan.png"
    assert json.loads(saved(shown, "Save what was found")) == expected


def test_many_pictures(shown: Opened, masked: Path) -> None:
    scans = [mask_seals.scan(*size) for size in ((64, 48), (45, 60))]
    files: Any = [{"name": f"s{i}.png", "mimeType": "", "buffer": png(scan)} for i, scan in enumerate(scans)]
    shown.inside.get_by_test_id("pictures").set_input_files(files)
    expect(shown.inside.get_by_text("2 of 2 pictures answered")).to_be_visible(timeout=SLOW)
    rows = list(csv.DictReader(io.StringIO(saved(shown, "Download results"))))
    masks = sealift.masks(sealift.load(masked).predict(scans)["mask"])
    for row, mask in zip(rows, masks, strict=True):
        assert [float(row[f"mask_{name}"]) for name in mask_seals.NAMES] == [(mask == i).mean() for i in range(3)]
    coco = json.loads(saved(shown, "Download COCO"))
    assert [image["file_name"] for image in coco["images"]] == ["s0.png", "s1.png"]
    for i in range(2):
        areas = {each["category_id"]: each["area"] for each in coco["annotations"] if each["image_id"] == i + 1}
        assert areas == {place + 1: (masks[i] == place).sum() for place in range(3) if (masks[i] == place).any()}
    small = np.array(Image.open(io.BytesIO(shown.inside.locator(".thumb canvas").first.screenshot())).convert("RGB"))
    inner = small[20:-20, 10:-10].astype(int)
    assert (inner.max(axis=2) - inner.min(axis=2)).mean() > 40  # a grey picture, with the colours of the mask
    shown.inside.get_by_role("tab", name="Predict").click()


def test_it_is_accessible_and_fits_a_phone(shown: Opened) -> None:
    inside = shown.page.frames[1]
    choose(shown, "again.png", SCAN)
    for scheme in SCHEMES:
        shown.page.emulate_media(color_scheme=scheme)
        violations = json.loads(
            inside.evaluate("axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify(r.violations))")
        )
        assert [(violation["id"], [node["html"] for node in violation["nodes"]]) for violation in violations] == []
    shown.page.set_viewport_size({"width": 375, "height": 800})
    assert inside.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_points(chromium: Browser, tmp_path: Path) -> None:
    path = keypoint_seals.write(tmp_path / "eyes.seal")
    build_page(path, path.with_suffix(".html"))
    expected = sealift.load(path).predict([FACE])["keypoints"][0]
    with opened(chromium, path.with_suffix(".html"), viewport={"width": 1280, "height": 1400}, script=AXE) as page:
        choose(page, "face.png", FACE)
        rows = page.inside.get_by_test_id("points").locator("tbody tr")
        expect(rows).to_have_count(2)
        viewer = page.inside.get_by_test_id("viewer").bounding_box()
        assert viewer is not None
        scale = min(viewer["width"] / 320, viewer["height"] / 240)
        left = viewer["x"] + (viewer["width"] - 320 * scale) / 2
        top = viewer["y"] + (viewer["height"] - 240 * scale) / 2
        for i, (x, y, score, _) in enumerate(expected):
            cells = [text.strip() for text in rows.nth(i).locator("td").all_inner_texts()]
            assert cells == [keypoint_seals.NAMES[i], f"{score:.3f}", f"{x:.1f}", f"{y:.1f}"]
            box = page.inside.locator(f".point[data-point='{i}']").bounding_box()
            assert box is not None
            centre = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
            np.testing.assert_allclose(centre, [left + x * scale, top + y * scale], atol=1)
        expect(page.inside.locator(".point-name")).to_have_text(list(keypoint_seals.NAMES))
        page.inside.get_by_label("Names").uncheck()
        expect(page.inside.locator(".point-name")).to_have_count(0)
        page.inside.get_by_label("Show points").uncheck()
        expect(page.inside.locator(".point")).to_have_count(0)
        numbers = json.loads(saved(page, "Save what was found"))["annotations"][0]["keypoints"]
        np.testing.assert_allclose(np.reshape(numbers, (2, 3))[:, :2], expected[:, :2], atol=1e-3)
        inside = page.page.frames[1]
        violations = json.loads(
            inside.evaluate("axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify(r.violations))")
        )
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in violations] == []
        assert page.outside_requests() == []
        assert page.errors == []
