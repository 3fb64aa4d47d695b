"""Models and answers made by CatBoost's Python package; run with each of the versions in README.md."""

from __future__ import annotations

from typing import Any

import catboost
import numpy as np

from model_rows import HERE, ROWS, TRAIN, frame, save, targets

VERSION = catboost.__version__
TARGETS = targets(TRAIN)
SMALL = {
    "iterations": 3, "depth": 2, "verbose": 0, "allow_writing_files": False, "thread_count": 1, "random_seed": 0,
}  # fmt: skip


def make(name: str, kind: Any, target: Any, cats: Any = None, **options: Any) -> None:
    train, rows = (frame(TRAIN), frame(ROWS)) if cats else (TRAIN, ROWS)
    pool = catboost.Pool(train, target, cat_features=cats)
    model = kind(**SMALL, **options).fit(pool)
    path = HERE / "catboost" / f"{VERSION}-{name}"
    model.save_model(str(path), format=path.suffix[1:], pool=pool)
    answers = model.predict_proba(rows) if hasattr(model, "predict_proba") else model.predict(rows)
    save(path.with_name(path.name + ".answers"), answers)


words = np.where(TARGETS["two"], "yes", "no")
make("words.cbm", catboost.CatBoostClassifier, words)
make("counts.cbm", catboost.CatBoostRegressor, TARGETS["count"], loss_function="Poisson", nan_mode="Max")
make("categories.cbm", catboost.CatBoostClassifier, TARGETS["two"], ["c", "d"], max_ctr_complexity=2)
if VERSION.startswith("1.2"):
    make("branches.json", catboost.CatBoostRegressor, TARGETS["value"], ["c"], grow_policy="Lossguide")
