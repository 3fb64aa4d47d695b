"""Encoders of many categories stay sparse: the same answers as the original's, and no matrix as wide as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.naive_bayes import BernoulliNB, ComplementNB, MultinomialNB
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    LabelBinarizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    StandardScaler,
)  # fmt: skip
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from parity import assert_same

RANDOM = np.random.default_rng(11)
ROWS, MANY = 900, 400
FRAME = pd.DataFrame(
    {
        "code": [f"c{i}" for i in [*range(MANY), *RANDOM.integers(0, MANY, ROWS - MANY)]],
        "kind": RANDOM.choice(["a", "b", "c"], ROWS),
        "zip": RANDOM.integers(0, 300, ROWS).astype(float),
        "age": RANDOM.normal(size=ROWS),
    }
)
FRAME.loc[::17, "code"] = np.nan
FRAME.loc[::19, "zip"] = np.nan
TRUTH = RANDOM.integers(0, 3, ROWS)
ROWS_UNSEEN = FRAME.iloc[:60].assign(code=[f"c{i * 11}" for i in range(60)], zip=np.arange(60.0) * 9)


def _encoder(**options: Any) -> ColumnTransformer:
    return ColumnTransformer(
        [("c", OneHotEncoder(**options), ["code", "kind", "zip"]), ("n", StandardScaler(), ["age"])]
    )


IGNORE = {"handle_unknown": "ignore"}
PIPELINES = {
    "ridge": (_encoder(**IGNORE), Ridge()),
    "logistic": (_encoder(**IGNORE), LogisticRegression(tol=0.1)),
    "hinge": (_encoder(**IGNORE), SGDClassifier(random_state=0)),
    "margin": (_encoder(**IGNORE), LinearSVC()),
    "first dropped": (_encoder(drop="first"), Ridge()),
    "last dropped": (_encoder(drop=["c99", "c", 299.0]), Ridge()),
    "infrequent": (_encoder(min_frequency=2, handle_unknown="infrequent_if_exist"), Ridge()),
    "at most": (_encoder(max_categories=300, handle_unknown="infrequent_if_exist"), Ridge()),
    "float32": (_encoder(dtype=np.float32, **IGNORE), Ridge()),
    "dense for the original": (_encoder(sparse_output=False, **IGNORE), Ridge()),
    "scaled": (_encoder(**IGNORE), StandardScaler(with_mean=False), Ridge()),
    "scaled by the largest": (_encoder(**IGNORE), MaxAbsScaler(), Ridge()),
    "normalised": (_encoder(**IGNORE), Normalizer(), Ridge()),
    "selected by variance": (_encoder(**IGNORE), VarianceThreshold(0.002), Ridge()),
    "selected": (_encoder(**IGNORE), SelectKBest(k=300), Ridge()),
    "components": (_encoder(**IGNORE), TruncatedSVD(3, random_state=0), Ridge()),
    "multinomial": (OneHotEncoder(**IGNORE), MultinomialNB()),
    "complement": (OneHotEncoder(**IGNORE), ComplementNB()),
    "bernoulli": (OneHotEncoder(**IGNORE), BernoulliNB()),
    "trees": (_encoder(**IGNORE), DecisionTreeClassifier(max_depth=8, random_state=0)),
    "shifted, and so dense": (_encoder(sparse_output=False, **IGNORE), MinMaxScaler((1, 2)), Ridge()),
    "union": (
        FeatureUnion([("a", OneHotEncoder(**IGNORE)), ("b", OneHotEncoder(min_frequency=3, **IGNORE))]),
        Ridge(),
    ),
}


@pytest.mark.parametrize("kind", PIPELINES)
def test_answers(kind: str) -> None:
    model = make_pipeline(*PIPELINES[kind]).fit(FRAME, TRUTH)
    conversion = assert_same(model, FRAME)
    if "dropped" not in kind:  # which refuses what it was not trained on
        assert_same(model, FRAME, ROWS_UNSEEN)
    laid_out = any(node.op_type == "ScatterElements" for node in conversion.model().graph.node)
    assert laid_out == (kind in {"trees", "shifted, and so dense", "normalised"})


def test_features() -> None:
    assert_same(OneHotEncoder(**IGNORE).fit(FRAME), FRAME)
    assert_same(_encoder(**IGNORE).fit(FRAME), FRAME, ROWS_UNSEEN)
    bins = KBinsDiscretizer(300, encode="onehot", strategy="uniform").fit(FRAME[["age"]])
    assert_same(make_pipeline(bins, Ridge()).fit(FRAME[["age"]], TRUTH), FRAME[["age"]])


def test_labels() -> None:
    codes = FRAME["code"].dropna().to_numpy()
    binarizer = LabelBinarizer().fit(codes)
    assert len(binarizer.classes_) > 256
    assert_same(binarizer, pd.DataFrame({"code": codes}), None)
