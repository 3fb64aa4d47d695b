"""Models that consist of others: a tuple applies one after the other, a list answers with the mean of all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, cast

import numpy.typing as npt

from sealift.contract.outputs.features import FEATURES
from sealift.errors import PackError
from sealift.frameworks.base import RowFormat, Source
from sealift.frameworks.registry import apply
from sealift.graph.builder import Tensor
from sealift.graph.step import NamedOutput, StepOutput, refuse
from sealift.graph.table import Table

Make = Callable[[Any, Any], Source]
_ROWS = 32


class _SourceOfSeveral(Source):
    """A source that consists of others, the first of which takes the rows."""

    _sources: list[Source]

    def check(self) -> None:
        """As each of the models."""
        for source in self._sources:
            source.check()

    @property
    def rows(self) -> RowFormat:
        """Those of the first model."""
        return self._sources[0].rows


class ChainSource(_SourceOfSeveral):
    """Models of which each takes the numbers that the one before gives: a scaler and a net, a net and a classifier."""

    def __init__(self, models: Sequence[Any], rows: Any, make: Make) -> None:
        """Take the models in order; `make(model, rows)` makes the source of each."""
        super().__init__(tuple(models))
        self._sources = []
        for at, model in enumerate(models):
            self._sources.append(make(model, rows))
            if at < len(models) - 1 and rows is not None:
                rows = _numbers(self._sources[-1], _head(rows))

    @property
    def kind(self) -> str:
        """The types in order."""
        return " + ".join(source.kind for source in self._sources)

    @property
    def outputs(self) -> Collection[str]:
        """Those of the last model."""
        return self._sources[-1].outputs

    @property
    def classes(self) -> npt.NDArray[Any] | None:
        """Those of the last model."""
        return self._sources[-1].classes

    def answer(self, rows: Any, outputs: Collection[str]) -> dict[str, npt.NDArray[Any]]:
        """The last model's answers to the numbers of the others."""
        for source in self._sources[:-1]:
            rows = _numbers(source, rows)
        return self._sources[-1].answer(rows, outputs)

    def convert(self, table: Table) -> tuple[StepOutput, str]:
        """Each model applied to the output of the one before."""
        for source in self._sources[:-1]:
            table = _features(apply(source, table), table)
        return apply(self._sources[-1], table), "own"


class MeanSource(_SourceOfSeveral):
    """Several models with the same inputs, whose numbers are averaged."""

    def __init__(self, models: Sequence[Any], rows: Any, make: Make) -> None:
        """Take the models; `make(model, rows)` makes the source of each."""
        super().__init__(list(models))
        self._sources = [make(model, rows) for model in models]

    @property
    def kind(self) -> str:
        """The number of models and their type."""
        return f"mean of {len(self._sources)} models ({self._sources[0].kind})"

    @property
    def outputs(self) -> Collection[str]:
        """Those of the first model."""
        return self._sources[0].outputs

    def answer(self, rows: Any, outputs: Collection[str]) -> dict[str, npt.NDArray[Any]]:
        """The mean of the models' answers."""
        each = [source.answer(rows, outputs) for source in self._sources]
        return {name: cast("npt.NDArray[Any]", sum(a[name] for a in each) / len(each)) for name in outputs}

    def convert(self, table: Table) -> tuple[StepOutput, str]:
        """The sum of the models' numbers in their order, divided by their number."""
        answers = [apply(source, table, f"model {at}") for at, source in enumerate(self._sources)]
        if all(answer.value is not None and answer.classes is None for answer in answers):
            return StepOutput(value=_mean([answer.value for answer in answers if answer.value is not None])), "own"
        names = [[output.name for output in answer.named] for answer in answers]
        if not names[0] or any(other != names[0] for other in names):
            raise refuse(
                "The models of a list do not give the same numbers.",
                "Give nets with equal outputs; for classifiers of scikit-learn use VotingClassifier.",
            )
        named = []
        for parts in zip(*(answer.named for answer in answers), strict=True):
            if not parts[0].tensor.dtype.startswith("float"):
                raise refuse(f"The output {parts[0].name!r} is not floats.", "Leave it out of the nets' results.")
            named.append(NamedOutput(parts[0].name, _mean([part.tensor for part in parts]), sizes=parts[0].sizes))
        return StepOutput(named=tuple(named)), "own"


def _mean(tensors: Sequence[Tensor]) -> Tensor:
    total = tensors[0]
    for tensor in tensors[1:]:
        total = total + tensor
    return total / float(len(tensors))


def _numbers(source: Source, rows: Any) -> Any:
    """What a model passes to the next one: its features, or its only output of numbers."""
    offered = source.outputs
    if FEATURES.name in offered:
        return source.features(rows).values
    (name,) = offered if len(offered) == 1 else (next(iter(offered)),)
    answer = source.answer(rows, (name,))[name]
    return answer.reshape(-1, 1) if answer.ndim == 1 else answer


def _features(answer: StepOutput, table: Table) -> Table:
    if answer.features is not None:
        return answer.features
    tensor = answer.value if answer.value is not None else answer.named[0].tensor if len(answer.named) == 1 else None
    if tensor is None or len(tensor.shape) > 2 or None in tensor.shape[1:]:
        raise PackError(
            "E302",
            "A model before the last one does not give one matrix of numbers.",
            where=table.context.path,
            fix="Put a transformer or a net whose forward returns its embedding before the last model.",
        )
    return table.with_values(tensor if len(tensor.shape) == 2 else tensor.matrix())


def _head(rows: Any) -> Any:
    if isinstance(rows, dict):
        return {name: part[:_ROWS] for name, part in rows.items()}
    return rows[:_ROWS]
