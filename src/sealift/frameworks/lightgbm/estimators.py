"""LightGBM's estimators: raw scores, then the objective's output (`src/objective/`, `sklearn.py`)."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt

from sealift.frameworks.boosting import check_order, regression
from sealift.frameworks.lightgbm.model_text import LightGBMBooster, parse
from sealift.frameworks.lightgbm.native import NativeModel, adapt
from sealift.frameworks.lightgbm.raw import matrix, raw
from sealift.frameworks.registry import converter
from sealift.graph.builder import Tensor
from sealift.graph.classify import expit, softmax, two_columns
from sealift.graph.special_functions import log1p
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table

_IDENTITY = {"", "huber", "fair", "quantile", "mape", "regression_l1", "lambdarank", "rank_xendcg"}


@converter(lightgbm.LGBMClassifier)
def classifier(step: Any, x: Table) -> StepOutput:
    """Two or several classes."""
    parsed = _parsed(step)
    if not parsed.objective:
        raise refuse(
            "It was trained with a custom objective, so it predicts scores instead of classes.",
            "Pack its booster_ instead, or train it with one of LightGBM's objectives.",
        )
    return _classes(parsed, x, np.asarray(step.classes_))


@converter(lightgbm.LGBMRegressor, lightgbm.LGBMRanker)
def regressor(step: Any, x: Table) -> StepOutput:
    """The objective's value; a ranker's raw score."""
    parsed = _parsed(step)
    return regression(linked(raw(parsed, matrix(x, parsed)), parsed))


@converter(NativeModel, lightgbm.Booster)
def native(step: Any, x: Table) -> StepOutput:
    """A booster without an estimator."""
    step = adapt(step)
    check_order(x, step.booster.feature_name())
    parsed = parse(step.booster.model_to_string())
    if step.classes_ is None:
        return regression(linked(raw(parsed, matrix(x, parsed)), parsed))
    return _classes(parsed, x, step.classes_)


def linked(score: Tensor, parsed: LightGBMBooster) -> Tensor:
    """The objective's output (N, targets).

    Raises:
        PackError: E302 for an objective that is not known.
    """
    sigmoid = float(parsed.options.get("sigmoid", 1.0))
    match parsed.objective:
        case "binary" | "multiclassova":
            return expit(score * sigmoid)
        case "multiclass":
            return softmax(score)
        case "cross_entropy":
            return expit(score)
        case "cross_entropy_lambda":
            return log1p(score.exp())
        case "poisson" | "gamma" | "tweedie":
            return score.exp()
        case "regression":
            return score.op("Sign") * score * score if "sqrt" in parsed.options else score
        case name if name in _IDENTITY:
            return score
    raise refuse(f"Its objective {parsed.objective!r} is not known.", "Train it with one of LightGBM's own objectives.")


def _classes(parsed: LightGBMBooster, x: Table, classes: npt.ArrayLike) -> StepOutput:
    score = raw(parsed, matrix(x, parsed))
    answer = linked(score, parsed)
    probability = answer if answer.width > 1 else two_columns(answer.vector())
    score = score if score.width > 1 else score.vector()
    return StepOutput(class_index=probability.argmax(), classes=classes, probability=probability, score=score)


def _parsed(step: Any) -> LightGBMBooster:
    if step.get_params().get("pred_early_stop"):
        raise refuse(
            "It skips trees for rows whose prediction is nearly certain (pred_early_stop).",
            "Call set_params(pred_early_stop=False) before packing.",
        )
    return parse(step.booster_.model_to_string())
