"""The display, copies, pickles and scikit-learn attributes of a sealed model."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt

from sealift import notebook
from sealift import seal as sealing
from sealift.contract import Contract, Output
from sealift.contract.display import summary, tables
from sealift.contract.outputs.probability import PROBABILITY
from sealift.runtime.limits import Limits
from sealift.seal import Seal


class EstimatorBase:
    """The base class of `SealedModel`.

    A copy or an unpickled model loads its own graph when it first predicts. A pickle holds the bytes of the sealed
    file, which are checked again when it is loaded. A copy of a closed model is closed.
    """

    seal: Seal
    contract: Contract
    _threads: int | None
    _limits: Limits | None
    _closed: bool

    def predict(self, rows: Any, *, ignore_extra: bool = False) -> dict[str, npt.NDArray[Any]]:
        """As `SealedModel.predict`."""
        raise NotImplementedError

    def __init__(
        self, seal: Seal, *, threads: int | None = None, limits: Limits | None = None, until: float | None = None
    ) -> None:
        raise NotImplementedError

    def __repr__(self) -> str:
        closed = ", closed" if self._closed else ""
        isolated = ", isolated" if self._limits is not None else ""
        manifest = self.seal.manifest
        return (
            f"<SealedModel {manifest.name} {manifest.version}: {summary(self.contract)}; "
            f"identity {self.seal.identity[:12]}…{isolated}{closed}>"
        )

    def _repr_html_(self) -> str:
        """The model's name, inputs and outputs for notebooks."""
        manifest = self.seal.manifest
        lines = [
            f"{manifest.name} {manifest.version}, {manifest.task}, made by {manifest.producer}",
            f"identity {self.seal.identity}",
        ]
        return notebook.facts(self.contract.title or manifest.name, notebook.text(*lines) + tables(self.contract))

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (type(self), self.seal.as_bytes(), self._threads, self._limits, self._closed)

    def __copy__(self) -> Self:
        copied = type(self)(self.seal, threads=self._threads, limits=self._limits)
        copied._closed = self._closed
        return copied

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.__copy__()  # the shared objects are immutable

    @property
    def classes_(self) -> npt.NDArray[Any]:
        """The classes (K,) in the order of `predict_proba`'s columns. Raises AttributeError where there are none."""
        output = next((output for output in self.contract.outputs if output.classes is not None), None)
        if output is None or output.classes is None:
            raise AttributeError(f"a model of the task {self.contract.task} has no classes_")
        if all(isinstance(value, bool) for value in output.classes):
            return np.array(output.classes, dtype=np.bool_)
        if all(isinstance(value, str) for value in output.classes):
            return np.array(output.classes, dtype=object)
        return np.array(output.classes)

    def predict_proba(self, rows: Any, *, ignore_extra: bool = False) -> npt.NDArray[np.float64]:
        """The probabilities (N, K) of the classes, in the order of `classes_`; the arguments are those of `predict`.

        Raises:
            AttributeError: the model has no probabilities.
            ContractError, SealError: as `predict`.
        """
        name = self.of_kind(PROBABILITY.name).name
        answers: npt.NDArray[np.float64] = self.predict(rows, ignore_extra=ignore_extra)[name]
        return answers

    @property
    def feature_names_in_(self) -> npt.NDArray[np.object_]:
        """The names of the inputs (k,), in the contract's order."""
        return np.array([field.name for field in self.contract.inputs], dtype=object)

    @property
    def n_features_in_(self) -> int:
        """The number of inputs."""
        return len(self.contract.inputs)

    def of_kind(self, kind: str) -> Output:
        """The output of a kind. Raises AttributeError where there is none, as scikit-learn's estimators do."""
        output = next((output for output in self.contract.outputs if output.kind == kind), None)
        if output is None:
            listed = ", ".join(output.name for output in self.contract.outputs)
            raise AttributeError(f"the model has no output of the kind {kind}; it has {listed}")
        return output


def _unpickled(
    kind: type[EstimatorBase], data: bytes, threads: int | None, limits: Limits | None, closed: bool
) -> EstimatorBase:
    model = kind(sealing.parse(data), threads=threads, limits=limits)
    model._closed = closed
    return model
