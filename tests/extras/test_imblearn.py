"""imbalanced-learn: a sealed pipeline predicts without its samplers, as the original does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from imblearn import FunctionSampler, ensemble
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import sealift

RNG = np.random.default_rng(0)
NUMBERS = pd.DataFrame({"a": RNG.normal(size=300), "b": RNG.integers(0, 20, 300), "c": RNG.normal(size=300)})
MIXED = NUMBERS.assign(s=RNG.choice(list("xyz"), 300))
Y = (NUMBERS["a"] + NUMBERS["b"] / 10 > 1.8).astype(int)

PIPELINES: dict[str, tuple[Callable[[], Any], pd.DataFrame]] = {
    "SMOTE": (lambda: make_pipeline(StandardScaler(), SMOTE(random_state=0), LogisticRegression()), NUMBERS),
    "undersampling behind an encoder": (
        lambda: make_pipeline(
            make_column_transformer((OneHotEncoder(), ["s"]), remainder="passthrough"),
            RandomUnderSampler(random_state=0),
            DecisionTreeClassifier(max_depth=4),
        ),
        MIXED,
    ),
    "in a search": (
        lambda: GridSearchCV(
            make_pipeline(StandardScaler(), RandomOverSampler(random_state=0), LogisticRegression()),
            {"logisticregression__C": [0.1, 1.0]},
            cv=3,
        ),
        NUMBERS,
    ),
    "a sampler first": (lambda: make_pipeline(FunctionSampler(), LogisticRegression()), NUMBERS),
    "a pipeline of transformers": (
        lambda: make_pipeline(StandardScaler(), RandomOverSampler(random_state=0), StandardScaler()),
        NUMBERS,
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PIPELINES)
def test_pipelines(name: str, tmp_path: Path) -> None:
    make, X = PIPELINES[name]
    model = make().fit(X, Y)
    sealed = sealift.pack(model, X, name="m", output=tmp_path / "m.seal").load()
    unseen = X.sample(frac=1.0, random_state=1).reset_index(drop=True)
    answers = sealed.predict(unseen)
    if hasattr(model, "predict_proba"):
        np.testing.assert_allclose(answers["probability"], model.predict_proba(unseen), rtol=0, atol=1e-9)
    else:
        np.testing.assert_allclose(answers["features"], model.transform(unseen), rtol=1e-9)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "kind",
    [
        ensemble.BalancedRandomForestClassifier,
        ensemble.BalancedBaggingClassifier,
        ensemble.EasyEnsembleClassifier,
        ensemble.RUSBoostClassifier,
    ],
)
def test_ensembles(kind: Any, tmp_path: Path) -> None:
    model = kind(n_estimators=5, random_state=0).fit(NUMBERS, Y)
    assert sealift.pack(model, NUMBERS, name="m", output=tmp_path / "m.seal").report.passed
