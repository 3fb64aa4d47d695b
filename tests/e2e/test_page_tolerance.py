"""A page of a model that was packed with a looser tolerance says so, and checks each column by its own size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, expect
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression

import sealift
from pages import opened
from sealift.targets.page import build_page

X = np.random.default_rng(0).normal(size=(80, 3))
Y = X @ [1.0, 2.0, 3.0]


def test_the_page_states_a_looser_tolerance(browser: Browser, tmp_path: Path) -> None:
    model = LinearRegression().fit(X, Y)
    sealed = sealift.pack(
        model, X, Y, name="loose", output=tmp_path / "m.seal", proof=sealift.ProofOptions(tolerance=1e-5)
    )
    targets = np.column_stack([1e6 * (2 + np.abs(Y)), 1e-2 * (2 + X[:, 0])])
    strict = sealift.pack(
        RandomForestRegressor(5, random_state=0).fit(X, targets), X, name="strict", output=tmp_path / "strict.seal"
    )
    page = build_page(sealed.path, tmp_path / "loose.html")
    with opened(browser, page.path) as app:
        app.tab("Verify")
        note = app.inside.get_by_test_id("stated-tolerance")
        expect(note).to_contain_text("allowed its numbers to differ from the original's by 1e-5")
        expect(note).to_contain_text("The default of Sealift is 1e-9")
        expect(app.inside.get_by_text("within 1e-5")).to_be_visible()
        app.tab("About")
        expect(app.inside.get_by_test_id("card")).to_contain_text("stated by the packer; the default is 1e-9")
        expect(app.inside.get_by_test_id("card")).to_contain_text("Looser tolerance")
    page = build_page(strict.path, tmp_path / "strict.html")
    with opened(browser, page.path) as app:
        app.tab("Verify")
        expect(app.inside.get_by_text("within 1e-9")).to_be_visible()
        expect(app.inside.get_by_test_id("stated-tolerance")).to_have_count(0)
        expect(app.inside.get_by_test_id("verify-summary")).to_contain_text("examples match")
        assert app.errors == []
