"""Boxes over a picture: those of Python, hidden by class and score, and highlighted from the picture and the table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, expect

import box_seals
import pictures
import sealift
from pages import SCHEMES, Opened, opened
from sealift.targets.page import build_page

AXE = Path(__file__).parents[2] / "web/app/node_modules/axe-core/axe.min.js"
SLOW = 120_000  # milliseconds; the machine may be loaded
SIZE = (320, 240)
STREET = pictures.saved(Image.fromarray(box_seals.street(*SIZE)), "PNG")
NIGHT = pictures.saved(Image.fromarray(np.full((60, 80, 3), 20, np.uint8)), "PNG")


@pytest.fixture(scope="module", name="sealed")
def _sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return box_seals.write(tmp_path_factory.mktemp("boxes") / "street.seal")


@pytest.fixture(scope="module", name="shown")
def _shown(chromium: Browser, sealed: Path) -> Iterator[Opened]:
    """In Chromium; nothing here depends on the browser, and the viewer is tested in both (test_page_pictures.py)."""
    build_page(sealed, sealed.with_suffix(".html"))
    tall = {"width": 1280, "height": 1400}  # the picture and the table are visible at once
    with opened(chromium, sealed.with_suffix(".html"), viewport=tall, color_scheme="dark", script=AXE) as page:
        yield page
        assert page.outside_requests() == []
        assert page.errors == []


@pytest.fixture(autouse=True)
def _street(shown: Opened) -> None:
    choose(shown, "street.png", STREET)
    expect(rows(shown)).to_have_count(5, timeout=SLOW)


def choose(shown: Opened, name: str, file: bytes) -> None:
    chosen: Any = {"name": name, "mimeType": "", "buffer": file}
    shown.inside.locator("#field-0").set_input_files(chosen)
    shown.inside.get_by_text(name, exact=True).wait_for()


def rows(shown: Opened) -> Locator:
    return shown.inside.get_by_test_id("objects").locator("tbody tr")


def frames(shown: Opened) -> Locator:
    return shown.inside.locator(".frame")


def place(locator: Locator) -> list[float]:
    box = locator.bounding_box()
    assert box is not None
    return [box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]]


def test_the_boxes_of_python_are_drawn_and_listed(shown: Opened, sealed: Path) -> None:
    expected = sealift.load(sealed).predict([np.array(Image.fromarray(box_seals.street(*SIZE)))])["boxes"][0]
    expected = expected[expected[:, 5] >= 0]
    left, top, right, bottom = place(shown.inside.get_by_test_id("viewer"))
    scale = min((right - left) / SIZE[0], (bottom - top) / SIZE[1])
    start = [(left + right - SIZE[0] * scale) / 2, (top + bottom - SIZE[1] * scale) / 2]
    labels = shown.inside.locator(".object-label").all_inner_texts()
    for i, (*box, score, klass) in enumerate(expected):
        name = box_seals.NAMES[int(klass)]
        cells = rows(shown).nth(i).locator("td").all_inner_texts()
        assert [cell.strip() for cell in cells] == [name, f"{score:.3f}", *(f"{corner:.1f}" for corner in box)]
        assert f"{name} {score:.2f}" in labels
        drawn = place(shown.inside.locator(f".frame[data-object='{i}']"))
        np.testing.assert_allclose(drawn, np.array(box) * scale + np.tile(start, 2), atol=1)
    assert len(labels) == frames(shown).count() == len(expected) == 5


def test_classes_and_low_scores_are_hidden(shown: Opened) -> None:
    legend = shown.inside.get_by_role("group", name="Classes").get_by_role("button")
    assert [text.split() for text in legend.all_inner_texts()] == [["car", "3"], ["bus", "1"], ["van", "1"]]
    legend.first.click()
    expect(legend.first).to_have_attribute("aria-pressed", "false")
    expect(frames(shown)).to_have_count(2)
    expect(rows(shown)).to_have_count(2)
    expect(shown.inside.get_by_test_id("objects-shown")).to_have_text("2 of 5 objects")
    shown.inside.get_by_label("Least score").fill("0.8")
    expect(frames(shown)).to_have_count(0)
    shown.inside.get_by_role("button", name="Show all").click()
    expect(frames(shown)).to_have_count(5)
    shown.inside.get_by_label("Least score").fill("0.5")
    assert [text.split() for text in legend.all_inner_texts()] == [["car", "2"], ["bus", "1"], ["van", "0"]]
    expect(rows(shown)).to_have_count(3)
    shown.inside.get_by_label("Least score").fill("0.25")
    shown.inside.get_by_label("Show boxes").uncheck()
    expect(frames(shown)).to_have_count(0)
    expect(rows(shown)).to_have_count(5)
    shown.inside.get_by_label("Show boxes").check()


def test_a_row_highlights_its_box_and_a_box_its_row(shown: Opened) -> None:
    active = shown.inside.locator(".frame.active")
    rows(shown).nth(1).hover()
    expect(active).to_have_attribute("data-object", "1")
    x0, y0, x1, y1 = place(frames(shown).and_(shown.inside.locator("[data-object='3']")))  # within the first one
    shown.page.mouse.move((x0 + x1) / 2, (y0 + y1) / 2)
    expect(shown.inside.locator("tr.active")).to_have_attribute("data-object", "3")
    shown.page.mouse.down()
    shown.page.mouse.up()
    expect(rows(shown).nth(3).get_by_role("button")).to_have_attribute("aria-pressed", "true")
    shown.page.mouse.move(1, 1)
    expect(active).to_have_attribute("data-object", "3")
    # By keyboard: one stop for the table, the arrow keys, and the key that chooses.
    rows(shown).nth(3).get_by_role("button").focus()
    shown.page.keyboard.press("ArrowDown")
    expect(active).to_have_attribute("data-object", "4")
    shown.page.keyboard.press("Enter")
    expect(rows(shown).nth(4).get_by_role("button")).to_have_attribute("aria-pressed", "true")
    # The chosen box stays in the view when the picture is enlarged.
    shown.inside.get_by_role("button", name="Enlarge").click(click_count=2)
    viewer, box = place(shown.inside.get_by_test_id("viewer")), place(active)
    assert viewer[0] - 2 <= box[0] < box[2] <= viewer[2] + 2
    assert viewer[1] - 2 <= box[1] < box[3] <= viewer[3] + 2


def test_nothing_was_found(shown: Opened) -> None:
    choose(shown, "night.png", NIGHT)
    text = shown.inside.get_by_test_id("nothing")
    expect(text).to_have_text("Nothing was found above the threshold of 0.25.", timeout=SLOW)
    expect(frames(shown)).to_have_count(0)


def test_it_is_accessible_and_fits_a_phone(shown: Opened) -> None:
    inside = shown.page.frames[1]
    for scheme in SCHEMES:
        shown.page.emulate_media(color_scheme=scheme)
        violations = json.loads(
            inside.evaluate("axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify(r.violations))")
        )
        assert [(violation["id"], [node["html"] for node in violation["nodes"]]) for violation in violations] == []
    shown.page.set_viewport_size({"width": 375, "height": 800})
    choose(shown, "again.png", STREET)
    expect(frames(shown)).to_have_count(5)
    assert inside.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert inside.evaluate("(box => box.scrollWidth - box.clientWidth)(document.querySelector('.objects-box'))") <= 0


def test_where_it_looked_is_about_the_score_of_a_box(shown: Opened) -> None:
    shown.inside.get_by_test_id("look").click()
    text = shown.inside.get_by_test_id("heat")
    name = rows(shown).first.locator("td").first.inner_text().strip()
    expect(text).to_contain_text(f"the score of this {name}", timeout=SLOW)
    again = shown.inside.get_by_test_id("look")
    expect(again).to_be_disabled()
    other = rows(shown).last
    other.click()
    again.click()
    expect(text).to_contain_text(f"the score of this {other.locator('td').first.inner_text().strip()}", timeout=SLOW)
    choose(shown, "night.png", NIGHT)
    expect(shown.inside.get_by_test_id("nothing")).to_be_visible(timeout=SLOW)
    expect(shown.inside.get_by_test_id("look")).to_have_count(0)


def test_the_picture_is_fitted_to_a_window_of_another_size(shown: Opened) -> None:
    before = shown.page.viewport_size
    assert before is not None
    try:
        shown.page.set_viewport_size({"width": 420, "height": 900})
        expect(shown.inside.get_by_role("button", name="Fit", exact=True)).to_be_disabled()
        left, _, right, _ = place(shown.inside.get_by_test_id("viewer"))
        scale = (right - left) / SIZE[0]
        zoom = shown.inside.locator(".zoom span")
        expect(zoom).to_have_text(f"{round(100 * scale)} %")
    finally:
        shown.page.set_viewport_size(before)
