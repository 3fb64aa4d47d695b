"""An isolated model gives bit for bit the answers of the same model in this process, whatever the rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sealift
from sealift.runtime import SealedModel

pytest.importorskip("sklearn")

from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(200, 3))
WORDS = ["red wine", "white wine", "no wine", "blue water", "water", ""]


def texts_model() -> tuple[Any, Any]:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"number": X[:, 0], "text": RANDOM.choice(WORDS, len(X))})
    steps = [("number", StandardScaler(), ["number"]), ("text", TfidfVectorizer(), "text")]
    target = np.where(frame["text"].str.contains("wine"), "yes", "no")
    return make_pipeline(ColumnTransformer(steps), LogisticRegression()).fit(frame, target), frame


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[SealedModel, SealedModel]]]:
    folder = tmp_path_factory.mktemp("isolated")
    models: dict[str, tuple[Any, Any]] = {
        "forest": (RandomForestRegressor(10, random_state=0).fit(X, X[:, 0]), X),
        "network": (MLPClassifier((8,), max_iter=2000, random_state=0).fit(X, np.digitize(X[:, 1], [-0.5, 0.5])), X),
        "texts": texts_model(),
    }
    opened = {}
    for name, (model, rows) in models.items():
        path = folder / f"{name}.seal"
        sealift.pack(model, rows, name=name, output=path, proof=sealift.ProofOptions(engines=("native",)))
        opened[name] = (sealift.load(path), sealift.load(path, isolated=True))
    yield opened
    for _, isolated in opened.values():
        isolated.close()


NUMBER = st.floats(allow_nan=False, allow_infinity=False, width=32)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
COUNT = st.sampled_from([1, 1, 1, 2, 3, 100, 1025, 9000])


def compare(pair: tuple[SealedModel, SealedModel], rows: Any) -> None:
    here, isolated = (model.predict(rows) for model in pair)
    assert list(here) == list(isolated)
    for name, array in here.items():
        other = isolated[name]
        assert (other.dtype, other.shape) == (array.dtype, array.shape)
        assert other.tolist() == array.tolist() if array.dtype == object else other.tobytes() == array.tobytes()


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(["forest", "network"]), row=st.tuples(NUMBER, NUMBER, NUMBER), count=COUNT)
def test_numbers(pairs: dict[str, tuple[SealedModel, SealedModel]], name: str, row: Any, count: int) -> None:
    compare(pairs[name], np.array(row) * np.linspace(0.5, 1, count)[:, None])


@settings(max_examples=40, deadline=None)
@given(number=NUMBER, text=TEXT | st.sampled_from(WORDS), count=COUNT)
def test_texts(pairs: dict[str, tuple[SealedModel, SealedModel]], number: float, text: str, count: int) -> None:
    compare(pairs["texts"], {"number": np.full(count, number), "text": [text, *WORDS * 2000][:count]})
