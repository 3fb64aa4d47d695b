"""Models and answers made by LightGBM's Python package; run with each of the versions in README.md."""

from __future__ import annotations

from typing import Any

import lightgbm

from model_rows import HERE, ROWS, TRAIN, frame, save, strange, targets

VERSION = lightgbm.__version__
TARGETS = targets(TRAIN)
SMALL = {"num_leaves": 5, "min_data_in_leaf": 10, "min_data_per_group": 5, "cat_smooth": 1, "verbose": -1}


def make(name: str, target: Any, *, train: Any = TRAIN, rows: Any = ROWS, **options: Any) -> None:
    cats = options.pop("cats", "auto")
    booster = lightgbm.train(
        {**SMALL, "num_threads": 1, **options},
        lightgbm.Dataset(
            train,
            target,
            categorical_feature=cats,
            params={"verbose": -1, "linear_tree": options.get("linear_tree", False)},
        ),
        3,
    )
    path = HERE / "lightgbm" / f"{VERSION}-{name}.txt"
    booster.save_model(str(path))
    save(path.with_suffix(".txt.answers"), booster.predict(rows))


make("categories", TARGETS["two"], rows=strange(ROWS), objective="binary", cats=[2, 3])
make("zeros", TARGETS["three"], objective="multiclass", num_class=3, zero_as_missing=True)
make("never", TARGETS["value"], rows=strange(ROWS), objective="regression", use_missing=False, cats=[3])
if not VERSION.startswith("2."):
    make("linear", TARGETS["value"], rows=strange(ROWS), objective="regression", linear_tree=True, cats=[2])
names = [frame(X)[["a", "b", "c"]].astype({"c": "category"}) for X in (TRAIN, ROWS)]
make("names", TARGETS["value"], train=names[0], rows=names[1], objective="poisson")
