"""A model of texts in the page: as scikit-learn answers, by form and by file, whatever the script of the text."""

from __future__ import annotations

import functools
import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, expect
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sealift
from pages import Opened, opened
from sealift.targets.page import build_page

ROWS = 240
WORDS = (
    *(
        "pain",
        "Fever",
        "COUGH",
        "caf\u00e9",
        "cafe\u0301",
        "Stra\u00dfe",
        "\u039f\u0394\u039f\u03a3",
        "\u0130stanbul",
        "\ufb01ne",
        "na\u00efve",
    ),
    *(
        "\u65e5\u672c\u8a9e",
        "\ud55c\uad6d\uc5b4",
        "\u0e20\u0e32\u0e29\u0e32",
        "\u0661\u0662",
        "\U0001f600",
        "\U00010400b",
        "don't",
        "x_1",
        "--",
        "no",
        "the",
    ),
)


@dataclass(frozen=True)
class Made:
    """The page, the rows it is asked about, and scikit-learn's answers."""

    page: Path
    rows: pd.DataFrame
    labels: np.ndarray[Any, Any]
    probabilities: np.ndarray[Any, Any]


@functools.cache
def made() -> Made:
    random = np.random.default_rng(5)
    texts = [" ".join(random.choice(WORDS, random.integers(1, 14))) for _ in range(ROWS)]
    rows = pd.DataFrame(
        {"note": texts, "age": random.normal(60, 9, ROWS).round(1), "title": random.choice(WORDS, ROWS).astype(object)}
    )
    truth = np.array(["pain" in text or "COUGH" in text for text in texts])
    reading = ColumnTransformer(
        [
            ("words", TfidfVectorizer(strip_accents="unicode", ngram_range=(1, 2), sublinear_tf=True), "note"),
            ("hashed", HashingVectorizer(n_features=2**12, analyzer="char_wb", ngram_range=(2, 4)), "note"),
            ("title", CountVectorizer(analyzer="char", ngram_range=(1, 3)), "title"),
            ("age", StandardScaler(), ["age"]),
        ]
    )
    model = make_pipeline(reading, LogisticRegression(max_iter=500)).fit(rows, truth)
    folder = Path(tempfile.mkdtemp(prefix="sealift-text-"))
    sealift.pack(model, rows, truth, name="notes", output=folder / "notes.seal")
    page = build_page(folder / "notes.seal", folder / "notes.html")
    return Made(page.path, rows, model.predict(rows), model.predict_proba(rows))


@pytest.fixture(scope="module", name="app")
def _app(browser: Browser) -> Iterator[Opened]:
    with opened(browser, made().page) as opened_page:
        yield opened_page
        assert opened_page.errors == []
        assert opened_page.outside_requests() == []


def test_the_form_takes_a_text_of_several_lines(app: Opened) -> None:
    note = app.field("note")
    assert note.evaluate("node => node.tagName") == "TEXTAREA"
    note.fill("Fever and pain\nsince Monday, \u65e5\u672c\u8a9e")
    app.fill("age", "61.5")
    app.fill("title", "Stra\u00dfe")
    expect(app.prediction).to_have_attribute("data-state", "ready")


def test_every_row_is_answered_as_scikit_learn_does(app: Opened) -> None:
    app.tab("File")
    app.choose(str(made().rows.to_csv(index=False)))
    expect(app.inside.get_by_test_id("file-status")).to_contain_text(f"{ROWS} of {ROWS} rows answered")
    table = pd.read_csv(io.BytesIO(app.download("Download results")[1]))
    assert table["label"].tolist() == made().labels.tolist()
    got = table[["probability_false", "probability_true"]].to_numpy(float)
    assert np.abs(got - made().probabilities).max() <= 1e-9


def test_the_golden_examples_are_reproduced(app: Opened) -> None:
    app.tab("Verify")
    expect(app.inside.get_by_test_id("verify-summary")).to_contain_text("of")
