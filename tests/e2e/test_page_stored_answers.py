"""A page of a model whose expected answers are stored outside the JSON: the browser reads and reproduces them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, expect
from sklearn.linear_model import LinearRegression

import sealift
from packs import member
from pages import opened
from sealift.targets.page import build_page

WIDTH = 1000


def test_the_page_reproduces_answers_in_a_member_of_their_own(browser: Browser, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(200, 2))
    model = LinearRegression().fit(X, X @ random.normal(size=(2, WIDTH)) + 5)
    packed = sealift.pack(model, X, name="wide", output=tmp_path / "m.seal")
    golden = member(packed, "golden/examples.json")
    reference = golden["answers"]["value"]
    assert reference["shape"] == [len(golden["rows"]), WIDTH]
    page = build_page(packed.path, tmp_path / "wide.html")
    with opened(browser, page.path) as app:
        app.tab("Verify")
        count = len(golden["rows"])
        expect(app.inside.get_by_test_id("verify-summary")).to_contain_text(f"{count} of {count} examples match")
        assert app.errors == []
