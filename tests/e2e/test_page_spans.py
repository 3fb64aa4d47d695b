"""Labelled parts of a text: those of Python, marked in the text and listed, with characters outside the first plane."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

import sealift
import span_seals
from pages import SCHEMES, Opened, Scheme, opened
from sealift.serve import values
from sealift.targets.page import build_page

AXE = Path(__file__).parents[2] / "web/app/node_modules/axe-core/axe.min.js"
SLOW = 120_000  # milliseconds; the machine may be loaded


@pytest.fixture(scope="module", name="sealed")
def _sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return span_seals.write(tmp_path_factory.mktemp("spans") / "drugs.seal")


@pytest.fixture(scope="module", name="shown")
def _shown(chromium: Browser, sealed: Path) -> Iterator[Opened]:
    """In Chromium; the arithmetic is that of the vectors in any browser."""
    build_page(sealed, sealed.with_suffix(".html"))
    with opened(chromium, sealed.with_suffix(".html"), script=AXE) as page:
        yield page
        assert page.outside_requests() == []
        assert page.errors == []


def test_the_spans_of_python_are_marked_and_listed(shown: Opened, sealed: Path) -> None:
    model = sealift.load(sealed)
    for text in span_seals.TEXTS[::2]:
        (row,) = values.rows(model.contract, model.predict([text]))
        shown.inside.locator("#field-0").fill(text)
        rows = shown.inside.get_by_test_id("spans").locator("tbody tr")
        expect(rows).to_have_count(len(row["spans"]), timeout=SLOW)
        expect(rows.first).to_contain_text(text[row["spans"][0]["start"] : row["spans"][0]["end"]])
        for shown_row, span in zip(rows.all(), row["spans"], strict=True):
            cells = [cell.strip() for cell in shown_row.locator("td").all_inner_texts()]
            part = text[span["start"] : span["end"]]
            assert cells == [span["label"], part, f"{span['score']:.3f}", f"{span['start']}\u2013{span['end']}"]
        marks = shown.inside.get_by_test_id("marked").locator("mark").all_inner_texts()
        assert marks == [text[span["start"] : span["end"]] + span["label"] for span in row["spans"]]
        summary = shown.prediction.locator(".answer").inner_text()
        assert sum(int(part.split("\u00a0")[0]) for part in summary.split(", ")) == len(row["spans"])


def test_a_text_without_labels_and_one_that_is_cut(shown: Opened) -> None:
    field = shown.inside.locator("#field-0")
    field.fill("No pain after surgery.")
    expect(shown.inside.get_by_test_id("nothing")).to_be_visible(timeout=SLOW)
    field.fill("Anna takes aspirin. " * 20)
    expect(shown.prediction).to_contain_text("tokens cut off", timeout=SLOW)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_is_accessible(shown: Opened, scheme: Scheme) -> None:
    shown.page.emulate_media(color_scheme=scheme)
    shown.inside.locator("#field-0").fill(span_seals.TEXT)
    expect(shown.inside.get_by_test_id("spans").locator("tbody tr")).to_have_count(6, timeout=SLOW)
    script = "axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations.map((v) => v.id))"
    assert shown.page.frames[1].evaluate(script) == []
