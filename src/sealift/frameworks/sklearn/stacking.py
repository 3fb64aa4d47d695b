"""Stacking (`ensemble/_stacking.py`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sklearn import ensemble

from sealift.frameworks.registry import apply, converter
from sealift.frameworks.sklearn.response import response
from sealift.graph.builder import Tensor
from sealift.graph.classify import renamed
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table


def _meta(step: Any, x: Table) -> Table:
    """The outputs of the members, concatenated, followed by the inputs if they are passed through."""
    names = [name for name, member in step.estimators if not isinstance(member, str)]
    parts: list[Table] = []
    for name, member, method in zip(names, step.estimators_, step.stack_method_, strict=True):
        predicted, _ = response(member, apply(member, x, name), method)
        parts.append(x.with_values(_columns(step, predicted, method)))
    return Table.join([*parts, x] if step.passthrough else parts)


def _columns(step: Any, predicted: Tensor, method: str) -> Tensor:
    if predicted.dtype == "object":
        raise refuse("A member answers in text.", "Fit the members together with the stack, without cv='prefit'.")
    if len(predicted.shape) == 1:
        return predicted.matrix()
    return predicted.columns([1]) if method == "predict_proba" and len(step.classes_) == 2 else predicted


@converter(ensemble.StackingClassifier)
def classifier(step: Any, x: Table) -> StepOutput:
    """The final estimator, applied to the outputs of the members."""
    if isinstance(step._label_encoder, list):
        raise refuse("It predicts several targets at once.", "Pack one model for each target.")
    meta = _meta(step, x)
    answer = renamed(apply(step.final_estimator_, meta, "final_estimator"), step.classes_)
    return replace(answer, features=meta)


@converter(ensemble.StackingRegressor)
def regressor(step: Any, x: Table) -> StepOutput:
    """The final estimator, applied to the outputs of the members."""
    meta = _meta(step, x)
    value, _ = response(step.final_estimator_, apply(step.final_estimator_, meta, "final_estimator"), "predict")
    return StepOutput(value=value, features=meta)
