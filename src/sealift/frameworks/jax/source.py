"""A function or module of JAX as a source: it is called, traced by JAX for any number of rows, and converted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from sealift.errors import PackError
from sealift.frameworks.base import ModelPart
from sealift.frameworks.exported import ExportedGraph
from sealift.frameworks.jax.checks import check_weights, computes_in
from sealift.frameworks.jax.models import JaxModel
from sealift.frameworks.jax.refusals import line_of, not_traced
from sealift.frameworks.jax.trace import answers_of_equations, exported, jaxpr_of
from sealift.frameworks.nets.arguments import named_results
from sealift.frameworks.nets.invariance import BATCHES, check_repeated
from sealift.frameworks.nets.source import NetSource
from sealift.warning_filters import no_warnings


class JaxSource(NetSource):
    """A model of JAX in evaluation mode whose arguments are arrays with one entry for each row."""

    def __init__(self, model: JaxModel, rows: Any = None) -> None:
        """Take the model in its common form, and the caller's rows as `NetSource`."""
        self._net = model
        self._keys: tuple[str, ...] = ()
        super().__init__(model.given, rows)

    @property
    def kind(self) -> str:
        """The name of the function or type."""
        return self._net.kind

    def check(self) -> None:
        """Raise PackError for a model that is not ready.

        E304 in training mode or on another device, E302 for other dtypes, E334 for weights that are NaN.
        """
        self._net.check()
        check_weights(self.weights, self.kind)

    @property
    def weights(self) -> dict[str, Any]:
        """The arrays that the model holds, by their paths."""
        return self._net.weights

    @property
    def _function(self) -> Callable[..., Any]:
        return self._net.signature

    @property
    def _dtype(self) -> str:
        return computes_in(self.weights)

    def _call(self, arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        """The results of the compiled model: compiling it takes less time than its operations one by one."""
        with no_warnings():
            try:
                results = self._compiled(*(jnp.asarray(array) for array in arrays.values()))
            except jax.errors.JAXTypeError as error:
                raise not_traced(error, self.kind) from error
            return {name: np.asarray(result) for name, result in zip(self._keys, results, strict=True)}

    @cached_property
    def _compiled(self) -> Callable[..., Any]:
        compiled: Callable[..., Any] = jax.jit(self._pure)
        return compiled

    def _pure(self, *arrays: Any) -> tuple[Any, ...]:
        """The results in order, whose names are kept: JAX would sort them."""
        named = named_results(self._arguments.call(self._net.pure, arrays), jax.Array)
        self._keys = tuple(named)
        return tuple(named.values())

    def _sizes(self, count: int, most: int) -> Sequence[int]:
        """Those for which the model is compiled anyway; compiling takes longer than several calls."""
        sizes: list[int] = []
        for size in (each for each in reversed(BATCHES) if each <= most or each == 1):
            sizes += [size] * ((count - sum(sizes)) // size)
        return sizes or [count]

    def _tried(self, examples: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        """The results for the example, which two calls of the user's own object give too (otherwise E330)."""
        examples = {name: np.resize(array, (BATCHES[-1], *array.shape[1:])) for name, array in examples.items()}
        first, second = (self._tried_by(self._own, examples) for _ in range(2))
        results = super()._tried(examples)
        check_repeated(first, second, self.kind)
        check_repeated(first, results, self.kind)
        return results

    def _own(self, arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        with no_warnings():
            given = [jnp.asarray(array) for array in self._prepared(arrays).values()]
            named = named_results(self._arguments.call(self._net.call, given), jax.Array)
        return {name: np.asarray(each) for name, each in named.items()}

    def _written(
        self, examples: Mapping[str, npt.NDArray[Any]], free: tuple[tuple[int, ...], ...], check: Callable[[], None]
    ) -> ExportedGraph:
        with no_warnings():
            try:
                closed = jaxpr_of(self._pure, examples, free, self.kind)
            except PackError as error:
                if error.code in ("E302", "E335"):  # a net of all rows of a call is fixed to their number
                    check()
                raise
            check()
            return exported(closed, [f"input{at}" for at in range(len(examples))], self.kind)

    def parts(self, rows: Any) -> Sequence[ModelPart]:
        """The results of its equations, by the lines of the user's code."""
        if not self._parts:
            return ()
        given = [jnp.asarray(array) for array in self._prepared(self._arguments.arrays(rows)).values()]
        with no_warnings():
            closed = jax.make_jaxpr(self._pure)(*given)
            answers = answers_of_equations(closed, given)
        return [ModelPart(line, answer, self._parts.get(line, ())) for line, answer in answers]

    def _line_of(self, error: BaseException) -> str:
        return line_of(error)
