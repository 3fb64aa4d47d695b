"""Nets of skorch, estimators of scikit-learn around a module, as sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sealift.contract.outputs.value import VALUE
from sealift.errors import PackError
from sealift.frameworks.base import ModelPart, RowFormat
from sealift.frameworks.sklearn.source import EstimatorSource
from sealift.frameworks.torch.source import ModuleSource
from sealift.graph.builder import Tensor
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table


class SkorchSource(EstimatorSource):
    """A fitted net: `predict` and `predict_proba` are the original, its module is converted."""

    def __init__(self, model: Any, rows: Any = None) -> None:
        super().__init__(model)
        self._inner = ModuleSource(model.module_, rows) if getattr(model, "initialized_", False) else None

    def check(self) -> None:
        """Raise PackError E301 for a net that was never fitted, E304 for one on another device or with NaN."""
        if self._inner is None:
            raise PackError("E301", "The net was never fitted.", where=self.kind, fix="Call fit(X, y) before packing.")
        self.model.module_.eval()
        self._inner.check()

    @property
    def rows(self) -> RowFormat:
        """Those of the module."""
        assert self._inner is not None
        return self._inner.rows

    @property
    def tolerance(self) -> float | None:
        """That of the module."""
        return None if self._inner is None else self._inner.tolerance

    def _ask(self, output: str, rows: Any) -> Any:
        given = rows.to_numpy() if hasattr(rows, "to_numpy") else rows
        if isinstance(given, dict):
            given = {name: _single(array) for name, array in given.items()}
        else:
            given = _single(np.asarray(given))
        answer = super()._ask(output, given)
        return answer[:, 0] if output == VALUE.name and answer.ndim == 2 and answer.shape[1] == 1 else answer

    def parts(self, rows: Any) -> Sequence[ModelPart]:
        """Those of the module."""
        assert self._inner is not None
        return self._inner.parts(rows)

    def convert(self, table: Table) -> tuple[StepOutput, str]:
        """The module, the nonlinearity that skorch applies, and the class with the largest probability."""
        assert self._inner is not None
        answer, how = self._inner.convert(table)
        raw = answer.value if not answer.named else answer.named[0].tensor
        if raw is None:
            raise refuse("Its module gives no numbers.", "Return one tensor.")
        if not hasattr(self.model, "predict_proba") or not hasattr(self.model, "classes_"):
            return StepOutput(value=raw), how
        probability = self._probability(raw)
        return StepOutput(
            class_index=probability.argmax(), classes=np.asarray(self.model.classes_), probability=probability
        ), how

    def _probability(self, raw: Tensor) -> Tensor:
        """What `predict_nonlinearity="auto"` applies, which depends on the loss."""
        loss = type(self.model.criterion_).__name__
        chosen = self.model.predict_nonlinearity
        if chosen not in ("auto", None):
            raise refuse(
                "Its predict_nonlinearity is a function.", "Use the loss's own, or put the function into the module."
            )
        if chosen == "auto" and loss == "CrossEntropyLoss":
            return raw.op("Softmax", axis=1)
        if chosen == "auto" and loss == "BCEWithLogitsLoss":
            positive = raw.op("Sigmoid")
            column = positive if len(positive.shape) == 2 else positive.matrix()
            return _both(column)
        if type(self.model).__name__ == "NeuralNetBinaryClassifier":
            return _both(raw if len(raw.shape) == 2 else raw.matrix())
        return raw


def _both(positive: Tensor) -> Tensor:
    """The probabilities of the two classes."""
    from sealift.graph.builder import concat

    return concat([1.0 - positive, positive])


def _single(array: Any) -> Any:
    """Floats as float32, which modules take."""
    return array.astype(np.float32) if array.dtype.kind == "f" else array
