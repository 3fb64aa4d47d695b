"""Several targets (`multioutput.py`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn import multioutput

from sealift.frameworks.registry import apply, converter
from sealift.frameworks.sklearn.response import response
from sealift.graph.builder import Tensor, stack
from sealift.graph.step import StepOutput
from sealift.graph.table import Table


@converter(multioutput.MultiOutputClassifier)
def classifiers(step: Any, x: Table) -> StepOutput:
    """One classifier for each target."""
    return StepOutput(targets=tuple(apply(each, x, f"target {i}") for i, each in enumerate(step.estimators_)))


@converter(multioutput.MultiOutputRegressor)
def regressors(step: Any, x: Table) -> StepOutput:
    """One regressor for each target."""
    predictions = [
        response(each, apply(each, x, f"target {i}"), "predict")[0] for i, each in enumerate(step.estimators_)
    ]
    return StepOutput(value=stack(predictions))


@converter(multioutput.RegressorChain)
def regressor_chain(step: Any, x: Table) -> StepOutput:
    """Each regressor also gets the outputs of the previous ones."""
    predictions: list[Tensor] = []
    for i, each in enumerate(step.estimators_):
        predictions.append(response(each, apply(each, _with_outputs(x, predictions), f"link {i}"), "predict")[0])
    return StepOutput(value=stack([predictions[i] for i in np.argsort(step.order_)]))


@converter(multioutput.ClassifierChain)
def classifier_chain(step: Any, x: Table) -> StepOutput:
    """Each classifier also gets the outputs of the previous ones."""
    method = getattr(step, "chain_method_", "predict")
    seen: list[Tensor] = []
    outputs: list[StepOutput] = []
    for i, each in enumerate(step.estimators_):
        answer = apply(each, _with_outputs(x, seen), f"link {i}")
        rated, used = response(each, answer, method)
        seen.append(rated.column(rated.width - 1) if used == "predict_proba" else rated)
        binary = len(np.asarray(answer.classes)) == 2
        second = answer.probability.columns([1]) if binary and answer.probability is not None else None
        outputs.append(replace(answer, probability=second, score=answer.score if binary else None))
    return StepOutput(targets=tuple(outputs[i] for i in np.argsort(step.order_)))


def _with_outputs(x: Table, seen: list[Tensor]) -> Table:
    given = x.with_values(x.numbers().cast("float64"), x.names).stored(sparse=x.sparse)
    return Table.join([given, x.with_values(stack(seen))]) if seen else given
