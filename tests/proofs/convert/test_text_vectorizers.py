"""Text vectorizers: every option as scikit-learn computes it, on texts made to be misread; and the refusals."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest, chi2
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.naive_bayes import BernoulliNB, ComplementNB, MultinomialNB
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import MaxAbsScaler, StandardScaler
from sklearn.svm import LinearSVC

from cases import fitted, refused, same_fitted
from parity import answers
from sealift.errors import PackError
from sealift.frameworks import Conversion

WORDS = (
    *(
        "caf\u00e9",
        "cafe\u0301",
        "Stra\u00dfe",
        "na\u00efve",
        "\u039f\u0394\u039f\u03a3",
        "\u0130stanbul",
        "data",
        "great",
        "the",
        "a",
    ),
    *(
        "\ufb01ne",
        "\u65e5\u672c\u8a9e",
        "don't",
        "x_1",
        "\u0661\u0662",
        "\U0001f600",
        "and",
        "\u0e01\u0e34",
        "--",
        "\n\n",
        " ",
    ),
)


@cache
def corpus() -> tuple[list[str], Any]:
    """200 texts and a class for each."""
    random = np.random.default_rng(0)
    texts = ["", *(" ".join(random.choice(WORDS, random.integers(0, 12))) for _ in range(199))]
    return texts, random.integers(0, 3, len(texts))


def _same(model: Any, **options: Any) -> Conversion:
    texts, truth = corpus()
    return same_fitted(fitted(model, texts, truth), texts, [*texts, "unseen \u1e9e words", "GREAT data"], **options)


def _kinds(conversion: Conversion) -> set[str]:
    return {node.op_type for node in conversion.model().graph.node}


@pytest.mark.parametrize(
    "model",
    [
        CountVectorizer(),
        CountVectorizer(binary=True, ngram_range=(1, 3), strip_accents="unicode"),
        CountVectorizer(analyzer="char", ngram_range=(2, 4), dtype=np.float32),
        CountVectorizer(analyzer="char_wb", ngram_range=(1, 5), lowercase=False),
        CountVectorizer(vocabulary=["great", "data", "the"], stop_words=["the"], token_pattern=r"\w+"),
        CountVectorizer(min_df=3, max_df=0.5, max_features=5, token_pattern=r"(?i)\b([a-z]+)\b"),
        TfidfVectorizer(sublinear_tf=True),
        TfidfVectorizer(norm="l1", smooth_idf=False, strip_accents="ascii"),
        TfidfVectorizer(norm=None, use_idf=False, stop_words="english"),
        TfidfVectorizer(binary=True, sublinear_tf=True, analyzer="char_wb", ngram_range=(2, 3)),
        HashingVectorizer(n_features=64),
        HashingVectorizer(n_features=32, binary=True, norm="l1"),
        HashingVectorizer(n_features=8, binary=True, norm=None, analyzer="char"),
        HashingVectorizer(n_features=100, alternate_sign=False, norm=None, analyzer="char", ngram_range=(1, 2)),
        make_pipeline(CountVectorizer(), TfidfTransformer(sublinear_tf=True, norm="l1")),
        make_pipeline(CountVectorizer(), StandardScaler(with_mean=False), TfidfTransformer(sublinear_tf=True)),
        make_pipeline(HashingVectorizer(n_features=50, alternate_sign=False, norm=None), TfidfTransformer()),
    ],
    ids=lambda model: " ".join(repr(model).split())[:90],
)
def test_vectorizers(model: Any) -> None:
    _same(model)


def test_float32_stays_float32() -> None:
    assert _same(TfidfVectorizer(dtype=np.float32, sublinear_tf=True), relative=1e-6).single


@pytest.mark.parametrize(
    ("last", "in_full"),
    [
        (LogisticRegression(), False),
        (SGDClassifier(random_state=0), False),
        (LinearSVC(random_state=0), False),
        (Ridge(), False),
        (MultinomialNB(), False),
        (ComplementNB(), False),
        (BernoulliNB(), True),
        (RandomForestClassifier(15, random_state=0), True),
    ],
    ids=lambda model: type(model).__name__,
)
def test_models_of_texts(last: Any, in_full: bool) -> None:
    conversion = _same(make_pipeline(TfidfVectorizer(), last))
    assert ("ScatterElements" in _kinds(conversion)) == in_full


def test_a_linear_model_on_a_million_columns_is_never_laid_out_in_full() -> None:
    conversion = _same(make_pipeline(HashingVectorizer(), SGDClassifier(random_state=0, max_iter=5, tol=None)))
    assert "ScatterElements" not in _kinds(conversion)


def test_selected_and_scaled_terms() -> None:
    assert "ScatterElements" not in _kinds(_same(make_pipeline(TfidfVectorizer(), SelectKBest(chi2, k=5), LinearSVC())))
    _same(make_pipeline(TfidfVectorizer(), MaxAbsScaler(), LogisticRegression()))


def test_the_same_reading_is_done_once() -> None:
    conversion = _same(make_pipeline(make_union(TfidfVectorizer(), CountVectorizer()), LogisticRegression()))
    assert len(conversion.stages) == 1
    conversion = _same(make_pipeline(make_union(TfidfVectorizer(), CountVectorizer(binary=True)), LogisticRegression()))
    assert len(conversion.stages) == 1


def _frame() -> pd.DataFrame:
    texts, _ = corpus()
    random = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "n": random.normal(size=len(texts)),
            "note": texts,
            "sex": random.choice(["f", "m"], len(texts)).astype(object),
            "title": [text[:8] for text in texts],
        }
    )


def test_vectorizers_in_a_column_transformer() -> None:
    X, truth = _frame(), corpus()[1]
    reading = ColumnTransformer(
        [
            ("note", TfidfVectorizer(ngram_range=(1, 2)), "note"),
            ("title", CountVectorizer(analyzer="char_wb", ngram_range=(2, 3)), 3),
            ("n", StandardScaler(), ["n"]),
            ("hash", HashingVectorizer(n_features=2**9), "note"),
        ],
        transformer_weights={"note": 2.0},
    )
    conversion = same_fitted(fitted(make_pipeline(reading, LogisticRegression()), X, truth), X, X)
    assert [stage.field for stage in conversion.stages] == [1, 3, 1]
    (columns,) = (step for step in conversion.steps if isinstance(step.source.model, ColumnTransformer))
    assert columns.answer.features is not None
    assert columns.answer.features.width == columns.source.model.transform(X[:1]).shape[1]
    same_fitted(fitted(make_pipeline(reading, RandomForestClassifier(10, random_state=0)), X, truth), X, X)


def test_the_answers_of_one_row_do_not_depend_on_its_neighbours() -> None:
    texts, truth = corpus()
    model = fitted(make_pipeline(TfidfVectorizer(), LogisticRegression()), texts, truth)
    _, many = answers(model, texts, texts[:30])
    for i in range(30):
        _, one = answers(model, texts, [texts[i]])
        np.testing.assert_allclose(one["probability"][0], many["probability"][i], rtol=1e-14)


@pytest.mark.parametrize(
    ("model", "parts"),
    [
        (CountVectorizer(analyzer=str.split), ("analyzer", "function of your own")),
        (CountVectorizer(tokenizer=str.split, token_pattern=None), ("tokenizer", "before the model")),
        (CountVectorizer(preprocessor=str.lower), ("preprocessor", "function of your own")),
        (CountVectorizer(strip_accents=str.lower), ("strip_accents", "function of your own")),
        (CountVectorizer(token_pattern=r"(?:a|b)(?=cd)|\w+"), ("token_pattern", "more than one character")),
        (CountVectorizer(dtype=np.uint8), ("uint8", "default")),
        (CountVectorizer(analyzer="char", ngram_range=(1, 80)), ("ngram_range", "64")),
        (HashingVectorizer(n_features=2**20 + 1), ("columns", "2**20")),
    ],
)
def test_refusals(model: Any, parts: tuple[str, ...]) -> None:
    texts, truth = corpus()
    refused(fitted(model, texts, truth), texts, *parts)


def test_a_million_columns_as_the_answer_are_refused() -> None:
    texts, truth = corpus()
    with pytest.raises(PackError, match="returns 1048576 columns") as caught:
        same_fitted(fitted(HashingVectorizer(), texts, truth), texts, texts)
    assert caught.value.code == "E302"
    assert "n_features" in caught.value.fix


def test_files_are_refused() -> None:
    texts, truth = corpus()
    model = fitted(CountVectorizer(), texts, truth).set_params(input="filename")
    refused(model, texts, "filename", "input='content'")


def test_a_vocabulary_that_was_meddled_with_is_refused() -> None:
    texts, truth = corpus()
    model = fitted(CountVectorizer(), texts, truth)
    model.vocabulary_.pop("data")
    refused(model, texts, "gaps")


def test_texts_that_were_changed_before_are_refused() -> None:
    X = _frame()[["note"]]
    filled = SimpleImputer(strategy="constant", fill_value="x").fit(X)
    error = refused(
        make_pipeline(filled, CountVectorizer().fit(["a b c dd"])), X, "changed by a step before it", "first"
    )
    assert "(CountVectorizer)" in error.where


def test_several_columns_and_numbers_are_refused() -> None:
    X = _frame()
    model = CountVectorizer().fit(["aa bb"])
    refused(model, X[["note", "title"]], "2 columns", "ColumnTransformer")
    refused(model, X[["n"]], "holds numbers")


def test_feature_hasher_is_refused() -> None:
    refused(FeatureHasher(input_type="string").fit(), _frame()[["note"]], "HashingVectorizer")
