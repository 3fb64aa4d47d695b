"""A million rows predicted by each tree library and by the graphs of Sealift: differing labels, and times.

    python -m bench.trees.flips [--rows 1000000] [--write docs/fidelity-trees.md]

The rows are float64: continuous; on a grid of decimals, where thresholds and values coincide; and full of ties, where
votes and sums are often equal. They pass in chunks through the original and through a sealed model's engine, one
thread each. Numbers are compared too: `worst` is the greatest difference of a probability.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from sealift.contract import Field
from sealift.frameworks import convert
from sealift.runtime import Engine

CHUNK = 50_000
COLUMNS = 8
KINDS = ("continuous", "grid", "ties")


@dataclass(frozen=True)
class Result:
    model: str
    kind: str
    flips: int
    worst: float
    original: float
    ours: float


def rows(kind: str, count: int, rng: np.random.Generator) -> Any:
    if kind == "ties":
        return rng.integers(0, 3, size=(count, COLUMNS)).astype(np.float64)
    X = rng.normal(size=(count, COLUMNS))
    return np.round(X, 1) if kind == "grid" else X


def classes(X: Any, rng: np.random.Generator) -> tuple[Any, Any]:
    """Two and three classes, with noise, so that many rows are near the decision boundary."""
    score = X[:, 0] * X[:, 1] + X[:, 2] - X[:, 3] + rng.normal(size=len(X))
    return (score > np.median(score)).astype(int), np.digitize(score, np.quantile(score, [0.33, 0.66]))


def models() -> Iterator[tuple[str, Any, bool]]:
    """Name, model, and whether it has three classes."""
    import catboost
    import lightgbm
    import xgboost
    from sklearn import ensemble

    yield "scikit-learn RandomForest, 2 classes", ensemble.RandomForestClassifier(100, max_depth=8, n_jobs=1), False
    yield "scikit-learn ExtraTrees, 3 classes", ensemble.ExtraTreesClassifier(100, max_depth=8, n_jobs=1), True
    yield "scikit-learn GradientBoosting, 2 classes", ensemble.GradientBoostingClassifier(n_estimators=100), False
    yield "scikit-learn HistGradientBoosting, 3 classes", ensemble.HistGradientBoostingClassifier(max_iter=60), True
    few = {"n_estimators": 100, "n_jobs": 1}
    yield "XGBoost, 2 classes", xgboost.XGBClassifier(**few), False
    yield "XGBoost, 3 classes", xgboost.XGBClassifier(**few), True
    yield "XGBoost dart, 2 classes", xgboost.XGBClassifier(booster="dart", rate_drop=0.2, **few), False
    yield "XGBoost forest, 2 classes", xgboost.XGBRFClassifier(**few), False
    yield "LightGBM, 2 classes", lightgbm.LGBMClassifier(verbose=-1, **few), False
    yield "LightGBM, 3 classes", lightgbm.LGBMClassifier(verbose=-1, **few), True
    forest = {"boosting_type": "rf", "subsample": 0.6, "subsample_freq": 1}
    yield "LightGBM forest, 2 classes", lightgbm.LGBMClassifier(verbose=-1, **forest, **few), False
    quiet = {"iterations": 100, "thread_count": 1, "verbose": 0, "allow_writing_files": False}
    yield "CatBoost, 2 classes", catboost.CatBoostClassifier(**quiet), False
    yield "CatBoost, 3 classes", catboost.CatBoostClassifier(**quiet), True


def run(name: str, model: Any, kind: str, three: bool, count: int) -> Result:
    rng = np.random.default_rng(0)
    X = rows(kind, 5000, rng)
    model.fit(X, classes(X, rng)[int(three)])
    conversion = convert(model, [Field(name=f"x{i}", dtype="float64", missing="allowed") for i in range(COLUMNS)])
    engine = Engine(conversion.model().SerializeToString(), threads=1)
    flips, worst, original, ours = 0, 0.0, 0.0, 0.0
    for start in range(0, count, CHUNK):
        chunk = rows(kind, min(CHUNK, count - start), rng)
        begin = time.perf_counter()
        probability = np.asarray(model.predict_proba(chunk))
        original += time.perf_counter() - begin
        label = np.asarray(model.predict(chunk)).reshape(-1)
        begin = time.perf_counter()
        answers = engine.run({"number": chunk})
        ours += time.perf_counter() - begin
        flips += int((answers["label"] != label).sum())
        worst = max(worst, float(np.abs(answers["probability"] - probability).max()))
    return Result(name, kind, flips, worst, original, ours)


def packages() -> Iterator[str]:
    for name in ("scikit-learn", "xgboost", "xgboost-cpu", "lightgbm", "catboost", "numpy", "onnxruntime"):
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            continue


def document(results: list[Result], count: int, seconds: float) -> str:
    total = sum(result.flips for result in results)
    lines = [
        "# Label flips of tree models",
        "",
        f"For data scientists who seal tree models. Each model and its graph predict {count:,} rows of float64, with "
        f"one thread, in chunks of {CHUNK:,}: "
        f"**{total} labels differ** in {len(results) * count:,} answers. The run took {seconds / 60:.1f} minutes.",
        "",
        "*Continuous* rows are normally distributed. *Grid* rows are rounded to 0.1, so that values and thresholds "
        "coincide. *Ties* rows are 0, 1 or 2, so that votes and sums are often equal. *Worst* is the largest "
        "difference of a probability. The times are those of `predict_proba`, and of Sealift's engine, which computes "
        "label and probability together; they do not include training. Other work on the machine affects both.",
        "",
        f"Versions: {', '.join(packages())}; Python {platform.python_version()}, {platform.machine()}.",
        "",
        f"Command: `python -m bench.trees.flips --rows {count} --write docs/fidelity-trees.md`",
        "",
        "| model | rows | label flips | worst | original, s | Sealift, s |",
        "|---|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {r.model} | {r.kind} | {r.flips} | {r.worst:.1e} | {r.original:.1f} | {r.ours:.1f} |" for r in results
    ]
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"  # before the libraries are imported
    warnings.simplefilter("ignore")
    begin = time.perf_counter()
    results = []
    for kind in KINDS:
        for name, model, three in models():
            results.append(run(name, model, kind, three, options.rows))
            last = results[-1]
            print(f"{name:45} {kind:11} {last.flips} flips, {last.original:.1f} s, ours {last.ours:.1f} s", flush=True)
    text = document(results, options.rows, time.perf_counter() - begin)
    if options.write:
        options.write.write_text(text, encoding="utf-8")
    raise SystemExit(1 if any(result.flips for result in results) else 0)


if __name__ == "__main__":
    main()
