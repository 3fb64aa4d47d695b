"""Data frames whose column names a library spells in its own way: spaces, levels, numbers, other scripts."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from catboost import CatBoostClassifier, CatBoostRegressor
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier, XGBRegressor

import sealift
from sealift.errors import PackError

VALUES = np.random.default_rng(0).normal(size=(160, 3))
Y = (VALUES[:, 0] + VALUES[:, 1] > 0).astype(int)
NAMES: dict[str, Any] = {
    "spaces": ["mean radius", " lead", "trail  end"],
    "other scripts": ["é", "日本", "ß x"],
    "numbers": [2, 1, 0],
    "brackets": ["a[0]", "b<1", "c]"],
    "JSON": ["a,b", "c:d", 'e"f'],
    "like underscores": ["a b", "a_b", "c"],
    "levels": pd.MultiIndex.from_tuples([("a", "x"), ("b", "y"), ("c", "z")]),
}
L: dict[str, Any] = {"n_estimators": 4, "verbose": -1, "n_jobs": 1, "min_child_samples": 5}
X: dict[str, Any] = {"n_estimators": 4, "n_jobs": 1}
C: dict[str, Any] = {"iterations": 4, "verbose": False, "thread_count": 1, "allow_writing_files": False}
BOOSTERS: dict[str, Callable[[], Any]] = {
    "LightGBM": lambda: LGBMClassifier(**L),
    "XGBoost": lambda: XGBClassifier(**X),
    "CatBoost": lambda: CatBoostClassifier(**C),
}


def check(model: Any, frame: pd.DataFrame, folder: Path) -> None:
    """Packed with its columns in the model's order and in another; answers by name, as the original with its own."""
    truth = model.predict(frame)
    for rows in (frame, frame.iloc[:, ::-1]):
        if rows is not frame and type(model) in (CatBoostClassifier, CatBoostRegressor):
            continue  # looks for its columns by name itself
        sealed = sealift.pack(model, rows, name="m", output=folder / "m.seal").load()
        answers = sealed.predict(frame)
        np.testing.assert_allclose(answers["label"] if "label" in answers else answers["value"], truth, rtol=1e-5)
        (folder / "m.seal").unlink()


@pytest.mark.parametrize("library", BOOSTERS)
@pytest.mark.parametrize("names", NAMES)
def test_names(library: str, names: str, tmp_path: Path) -> None:
    frame = pd.DataFrame(VALUES, columns=NAMES[names])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = BOOSTERS[library]().fit(frame, Y)
    except Exception:  # LightGBM and XGBoost refuse some names themselves
        assert (library, names) in {
            *(("LightGBM", refused) for refused in ("brackets", "JSON", "like underscores", "levels")),
            ("XGBoost", "brackets"),
        }
        return
    check(model, frame, tmp_path)


AROUND: dict[str, Callable[[], Any]] = {
    "pipeline": lambda: make_pipeline(StandardScaler(), LGBMClassifier(**L)),
    "pipeline of data frames": lambda: make_pipeline(StandardScaler(), LGBMClassifier(**L)).set_output(
        transform="pandas"
    ),
    "ColumnTransformer": lambda: make_pipeline(
        ColumnTransformer([("s", StandardScaler(), ["mean radius"])], remainder="passthrough"), LGBMClassifier(**L)
    ),
    "search": lambda: GridSearchCV(LGBMClassifier(**L), {"max_depth": [2, 3]}, cv=2),
    "calibrated": lambda: CalibratedClassifierCV(LGBMClassifier(**L), cv=2),
    "calibrated search": lambda: CalibratedClassifierCV(
        GridSearchCV(LGBMClassifier(**L), {"max_depth": [2, 3]}, cv=2), cv=2
    ),
    "bagging": lambda: BaggingClassifier(LGBMClassifier(**L), 2, random_state=0),
    "vote": lambda: VotingClassifier([(name, make()) for name, make in BOOSTERS.items()], voting="soft"),
    "stack": lambda: StackingClassifier([("l", LGBMClassifier(**L)), ("x", XGBClassifier(**X))], LogisticRegression()),
}


@pytest.mark.parametrize("name", AROUND)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_around_lightgbm(name: str, tmp_path: Path) -> None:
    frame = pd.DataFrame(VALUES, columns=NAMES["spaces"])
    check(AROUND[name]().fit(frame, Y), frame, tmp_path)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_targets(tmp_path: Path) -> None:
    frame = pd.DataFrame(VALUES, columns=NAMES["spaces"])
    for regressor in (LGBMRegressor(**L), XGBRegressor(**X), CatBoostRegressor(**C)):
        model = TransformedTargetRegressor(regressor, func=np.log1p, inverse_func=np.expm1)
        check(model.fit(frame, np.abs(VALUES[:, 0])), frame, tmp_path)
    several = MultiOutputClassifier(LGBMClassifier(**L)).fit(frame, np.column_stack([Y, 1 - Y]))
    check(several, frame, tmp_path)


def test_the_data_of_the_readme(tmp_path: Path) -> None:
    frame, y = load_breast_cancer(return_X_y=True, as_frame=True)
    model = LGBMClassifier(**L).fit(frame[::2], y[::2])
    packed = sealift.pack(model, frame[1::2], y[1::2], name="breast-cancer", output=tmp_path / "m.seal")
    assert [f.name for f in packed.contract.inputs] == list(frame.columns)


def test_other_columns_are_still_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame(VALUES, columns=NAMES["spaces"])
    model = LGBMClassifier(**L).fit(frame, Y)
    with pytest.raises(PackError) as caught:
        sealift.pack(model, frame.rename(columns={" lead": "other"}), name="m", output=tmp_path / "m.seal")
    assert caught.value.code == "E305"
    assert "'other'" in caught.value.what
