"""A page of a model whose weights are outside its graph, and whose text stages have data in members of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import Browser, expect
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline

import sealift
from pages import opened
from sealift.targets.page import build_page


def test_the_page_answers_with_weights_and_data_of_members(browser: Browser, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    words = ["fever", "cough", "pain", "none"]
    rows = pd.DataFrame({"age": rng.normal(50, 9, 90), "note": [" ".join(rng.choice(words, 3)) for _ in range(90)]})
    columns = ColumnTransformer([("note", CountVectorizer(), "note")], remainder="passthrough")
    network = MLPRegressor(hidden_layer_sizes=(370, 370), max_iter=20, tol=1e9, n_iter_no_change=2, random_state=0)
    model = make_pipeline(columns, network).fit(rows, rows["age"])
    packed = sealift.pack(model, rows, rows["age"], name="wide", output=tmp_path / "wide.seal")
    sealed = packed.load()
    assert {"weights", "blobs"} <= {name.split("/")[0] for name in sealed.seal.members}
    page = build_page(packed.path, tmp_path / "wide.html")
    with opened(browser, page.path) as app:
        app.fill("age", "61.5")
        app.inside.locator("textarea").first.fill("fever cough fever")
        expect(app.prediction).to_have_attribute("data-state", "ready")
        value = float(app.prediction.get_attribute("data-value") or "")
        (expected,) = sealed.predict({"age": 61.5, "note": "fever cough fever"})["value"]
        assert value == float(expected) or abs(value - expected) < 1e-9 * abs(expected)
        app.tab("Verify")
        expect(app.inside.get_by_test_id("verify-summary")).to_contain_text("examples match")
        assert app.errors == []
        assert app.outside_requests() == []
