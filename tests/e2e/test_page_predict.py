"""The form: by its labels, by keyboard alone, with each problem shown beside its field."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from pages import NAMES, Opened, demo, opened


@pytest.fixture(scope="module", name="app")
def _app(browser: Browser) -> Iterator[Opened]:
    with opened(browser, demo().page.path) as opened_page:
        yield opened_page
        assert opened_page.errors == []
        assert opened_page.outside_requests() == []


@pytest.fixture(autouse=True)
def _empty(app: Opened) -> None:
    app.tab("Predict")
    clear = app.inside.get_by_role("button", name="Clear", exact=True)
    if clear.is_enabled():
        clear.click()


def test_the_page_is_small_and_says_when_it_is_ready(browser: Browser) -> None:
    assert demo().page.size <= 5_500_000
    times = []
    for _ in range(3):
        started = time.perf_counter()
        with opened(browser, demo().page.path):
            times.append(time.perf_counter() - started)
    print(f"page {demo().page.size} bytes, ready after {', '.join(f'{t:.2f}' for t in times)} s")


def test_typing_gives_the_original_answer(app: Opened) -> None:
    for row in (0, 100, 250):
        for name, value in demo().rows.iloc[row].items():
            app.fill(str(name), value)
        wanted = demo().probabilities[row]
        name = NAMES[int(demo().labels[row])]
        expect(app.prediction).to_contain_text(name)
        expect(app.prediction).to_have_attribute("data-label", str(int(demo().labels[row])))
        shown = json.loads(app.prediction.get_attribute("data-probability") or "")
        assert np.abs(np.array(shown) - wanted).max() <= 1e-6
        expect(app.prediction).to_contain_text(f"{max(wanted) * 100:.1f} %" if max(wanted) <= 0.999 else "> 99.9 %")


def test_every_field_is_found_by_its_name_alone(app: Opened) -> None:
    for name in demo().rows.columns:
        assert app.field(name).count() == 1, name
        expect(app.field(name)).to_have_accessible_name(name)


def test_units_and_usual_values_describe_the_field(app: Opened) -> None:
    described = app.field("mean radius").evaluate(
        "node => node.getAttribute('aria-describedby').split(' ')"
        ".map(id => document.getElementById(id).textContent).join('|')"
    )
    assert "mm" in described
    assert "usually" in described
    assert "permitted 0 to 100" in described


def test_an_incomplete_form_says_what_is_needed(app: Opened) -> None:
    expect(app.prediction).to_contain_text("One field is still needed")
    app.inside.get_by_role("button", name="mean radius", exact=True).click()
    expect(app.field("mean radius")).to_be_focused()
    assert app.prediction.get_attribute("data-label") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("abc", "must be a finite number"),
        ("1,5", "written with a point"),
        ("1e999", "finite number"),
        ("-1", "at least 0"),
    ],
)
def test_a_wrong_value_is_reported_at_its_field(app: Opened, text: str, message: str) -> None:
    app.fill("mean radius", text)
    app.field("mean radius").blur()
    note = app.inside.locator('[data-field="mean radius"] .note.error')
    expect(note).to_contain_text(message)
    expect(app.field("mean radius")).to_have_attribute("aria-invalid", "true")
    expect(app.prediction).to_contain_text("needs correction")


def test_a_value_unlike_the_training_data_is_pointed_out(app: Opened) -> None:
    app.fill("mean radius", "99")
    expect(app.inside.locator('[data-field="mean radius"]')).to_contain_text("Unlike the training data")
    expect(app.prediction).to_contain_text("rely on this answer less")
    assert app.prediction.get_attribute("data-state") == "ready"


def test_examples_fill_the_form_and_clear_empties_it(app: Opened) -> None:
    app.inside.get_by_role("button", name="Fill with an example").click()
    expect(app.prediction).to_have_attribute("data-state", "ready")
    app.inside.get_by_role("button", name="Next example").click()
    expect(app.inside.get_by_text("Example 2 of")).to_be_visible()
    app.inside.get_by_role("button", name="Clear").click()
    expect(app.field("mean area")).to_have_value("")


def test_a_category_outside_the_list_can_be_typed_where_it_is_allowed(app: Opened) -> None:
    app.fill("mean radius", "14")
    app.inside.locator('[data-field="size"]').get_by_role("button", name="Another value").click()
    app.field("size").fill("enormous")
    expect(app.inside.locator('[data-field="size"]')).to_contain_text("Unlike the training data")
    expect(app.prediction).to_have_attribute("data-state", "ready")
    app.inside.get_by_role("button", name="Choose from the list").click()
    expect(app.field("size")).to_have_value("")
    assert app.inside.locator('[data-field="side"]').get_by_role("button", name="Another value").count() == 0


def test_the_keyboard_is_enough(browser: Browser) -> None:
    with opened(browser, demo().page.path) as app:
        keyboard = app.page.keyboard
        focused = "document.activeElement.id || document.activeElement.textContent.trim()"
        frame = app.page.frames[1]
        for _ in range(12):
            keyboard.press("Tab")
            if frame.evaluate(focused) == "field-0":
                break
        keyboard.type("14.5")
        expect(app.prediction).to_have_attribute("data-state", "ready")
        app.field("side").focus()
        keyboard.press("ArrowDown")
        expect(app.field("side")).not_to_have_value("")
        app.inside.get_by_role("tab", name="Predict").focus()
        keyboard.press("ArrowRight")
        expect(app.inside.get_by_role("tab", name="File")).to_be_focused()
        expect(app.inside.get_by_label("Data file")).to_be_visible()
        keyboard.press("End")
        expect(app.inside.get_by_test_id("card")).to_be_visible()
