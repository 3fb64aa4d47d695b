"""The output of an inner estimator that the enclosing estimator uses."""

from __future__ import annotations

from typing import Any

from sealift.graph.builder import Tensor
from sealift.graph.classify import labels
from sealift.graph.step import StepOutput, refuse


def response(estimator: Any, answer: StepOutput, *methods: str) -> tuple[Tensor, str]:
    """The output of the first of `methods` that the estimator has, and the name of this method.

    Raises PackError E302 when its converter does not compute this output.
    """
    for method in methods:
        if not hasattr(estimator, method):
            continue
        if method == "predict":
            tensor = answer.value if answer.class_index is None else labels(answer)
        else:
            tensor = {"predict_proba": answer.probability, "decision_function": answer.score}[method]
        if tensor is not None:
            return tensor, method
        break
    raise refuse(
        f"It needs {' or '.join(methods)} of {type(estimator).__name__}, which is not converted.",
        "Use another estimator inside it.",
    )
