"""A function of JAX as a jaxpr for any number of rows, and that as a graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
import numpy.typing as npt
from jax import export

from sealift.frameworks.exported import ExportedGraph
from sealift.frameworks.jax.lowering.program import Unconverted, graph_of
from sealift.frameworks.jax.refusals import line_of_equation, not_converted, not_traced


def jaxpr_of(
    function: Callable[..., tuple[Any, ...]],
    examples: Mapping[str, npt.NDArray[Any]],
    free: Sequence[Sequence[int]],
    kind: str,
) -> Any:
    """The operations of a function for free sizes.

    Args:
        function: takes an array for each of the examples, by position.
        examples: rows by argument.
        free: the axes after the rows whose size may vary, for each argument. Axes whose sizes are equal in the
            examples have one size.
        kind: the name of the model, for messages.

    Raises:
        PackError: E332 for control flow that depends on values, E335 for a fixed number of rows or size, E302 for any
            other reason.
    """
    sizes = sorted({array.shape[at] for array, axes in zip(examples.values(), free, strict=True) for at in axes})
    rows, *others = export.symbolic_shape(", ".join(["b", *(f"n{at}" for at in range(len(sizes)))]))
    symbols = dict(zip(sizes, others, strict=True))
    given = [
        jax.ShapeDtypeStruct(
            (rows, *(symbols[size] if at in axes else size for at, size in enumerate(array.shape) if at)),
            jax.dtypes.canonicalize_dtype(array.dtype),
        )
        for array, axes in zip(examples.values(), free, strict=True)
    ]
    try:
        return jax.make_jaxpr(function)(*given)
    except Exception as error:  # the user's function can raise any exception
        raise not_traced(error, kind) from error


def exported(closed: Any, names: Sequence[str], kind: str) -> ExportedGraph:
    """The graph of a jaxpr.

    Raises:
        PackError: E330 for random numbers, E332 for loops without a fixed number of turns, E333 for operations without
            a form in ONNX, E302 for what a sealed file must not contain.
    """
    try:
        proto, places = graph_of(closed, names, line_of_equation)
    except Unconverted as error:
        raise not_converted(error, kind) from error
    return ExportedGraph.of(proto, kind, places)


def answers_of_equations(closed: Any, arrays: Sequence[Any]) -> list[tuple[str, npt.NDArray[np.float64]]]:
    """The line of the user's code and the result of each equation, in order, for arrays of the jaxpr's shapes."""
    answers: list[tuple[str, npt.NDArray[np.float64]]] = []

    def evaluate(jaxpr: Any, consts: Sequence[Any], operands: Sequence[Any]) -> list[Any]:
        known: dict[Any, Any] = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*consts, *operands), strict=True))
        for equation in jaxpr.eqns:
            given = [atom.val if hasattr(atom, "val") else known[atom] for atom in equation.invars]
            inner = equation.params.get("jaxpr") if equation.primitive.name in ("jit", "pjit") else None
            if inner is not None:
                results = evaluate(inner.jaxpr, inner.consts, given)
            else:
                functions, options = equation.primitive.get_bind_params(equation.params)
                bound = equation.primitive.bind(*functions, *given, **options)
                results = list(bound) if equation.primitive.multiple_results else [bound]
                line = line_of_equation(equation)
                if line and results and np.asarray(results[0]).dtype.kind == "f":
                    answers.append((line, np.asarray(results[0], dtype=np.float64)))
            known.update(zip(equation.outvars, results, strict=True))
        return [atom.val if hasattr(atom, "val") else known[atom] for atom in jaxpr.outvars]

    evaluate(closed.jaxpr, closed.consts, arrays)
    return answers
