"""A jaxpr as an ONNX graph: its equations one after the other, those of known values computed by JAX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from onnx import helper

from sealift.frameworks.jax.lowering import calls, elements, indexing, products, reductions, shapes, windows
from sealift.frameworks.jax.lowering.emitter import Emitter, UnknownFormError, info
from sealift.frameworks.jax.lowering.operands import Operand, is_fixed, joined
from sealift.frameworks.jax.lowering.rules import RULES
from sealift.graph.builder import IR_VERSION, OPSETS

_LARGEST = 1 << 24
"""The number of elements of a result up to which it is computed beforehand, where its operands are known."""
_MODULES = (calls, elements, indexing, products, reductions, shapes, windows)  # which register the conversions
_LAZY = frozenset(
    {"broadcast_in_dim", "jit", "pjit", "closed_call", "custom_jvp_call", "custom_vjp_call", "checkpoint"}
)
"""Primitives that are not computed as a whole: a broadcast stays small, and a call consists of equations."""
_ELEMENTS = frozenset({
    "add", "sub", "mul", "div", "neg", "exp", "log", "max", "min", "convert_element_type", "lt", "le", "gt", "ge", "eq",
    "ne", "select_n", "sqrt", "rsqrt", "and", "or", "not", "integer_pow", "copy",
})  # fmt: skip
"""Primitives that can be computed of constants that are not yet broadcast."""


class Unconverted(Exception):  # noqa: N818 - it is turned into an error of Sealift by its caller
    """An equation that has no form in ONNX.

    Attributes:
        equation: the equation.
        reason: what of it has none, as the rest of a sentence; empty for a primitive that is unknown.
    """

    def __init__(self, equation: Any, reason: str) -> None:
        super().__init__(f"{equation.primitive.name} {reason}")
        self.equation, self.reason = equation, reason


class Program:
    """The conversion of one jaxpr.

    Attributes:
        graph: the graph.
    """

    def __init__(self, line_of: Callable[[Any], str]) -> None:
        """Take the function that gives the line of the user's code of an equation; empty where it is unknown."""
        self.graph = Emitter()
        self._line_of = line_of

    def inner(self, jaxpr: Any, consts: Sequence[Any], operands: Sequence[Operand]) -> list[Operand]:
        """The results of a jaxpr for operands."""
        known: dict[Any, Operand] = {}
        known.update(zip(jaxpr.constvars, (Operand.of_array(_plain(each)) for each in consts), strict=True))
        known.update(zip(jaxpr.invars, operands, strict=True))

        def read(atom: Any) -> Operand:
            if hasattr(atom, "val"):
                return Operand.of_array(np.asarray(atom.val, dtype=atom.aval.dtype))
            return known[atom]

        for equation in _needed(jaxpr):
            results = self._results(equation, [read(atom) for atom in equation.invars])
            known.update(zip(equation.outvars, results, strict=False))
        return [read(atom) for atom in jaxpr.outvars]

    def _results(self, equation: Any, operands: Sequence[Operand]) -> list[Operand]:
        computed = _computed(equation, operands)
        if computed is not None:
            return computed
        self.graph.place = self._line_of(equation) or self.graph.place
        rule = RULES.get(equation.primitive.name)
        if rule is None:
            raise Unconverted(equation, "")
        try:
            results = rule(self, equation, operands)
        except UnknownFormError as error:
            raise Unconverted(equation, str(error)) from error
        return [results] if isinstance(results, Operand) else results


def graph_of(closed: Any, names: Sequence[str], line_of: Callable[[Any], str]) -> tuple[Any, dict[str, str]]:
    """The ONNX model of a closed jaxpr, and the line of the user's code of each tensor.

    Args:
        closed: the jaxpr; its free sizes are those of its arguments.
        names: the names of its arguments.
        line_of: the line of the user's code of an equation.

    Raises:
        Unconverted: for an equation without a form in ONNX.
    """
    program = Program(line_of)
    graph, jaxpr = program.graph, closed.jaxpr
    operands = []
    for name, var in zip(names, jaxpr.invars, strict=True):
        shape = tuple(var.aval.shape)
        graph.declare_sizes(name, shape)
        operands.append(Operand(shape, np.dtype(var.aval.dtype), shape, name))
    results = program.inner(jaxpr, closed.consts, operands)
    outputs = [graph.node("Identity", [graph.full(value)]) for value in results]
    body = helper.make_graph(
        graph.nodes,
        "net",
        [info(name, var.aval.dtype, var.aval.shape) for name, var in zip(names, jaxpr.invars, strict=True)],
        [info(name, value.dtype, value.shape) for name, value in zip(outputs, results, strict=True)],
        list(graph.initializers.values()),
    )
    opsets = [helper.make_opsetid("", OPSETS[""])]
    return helper.make_model(body, opset_imports=opsets, ir_version=IR_VERSION), graph.places


def _plain(array: Any) -> Any:
    """An array of NumPy; keys of random numbers as they are."""
    return np.asarray(array) if isinstance(getattr(array, "dtype", None), np.dtype) else array


def _needed(jaxpr: Any) -> list[Any]:
    """The equations that the results depend on."""
    wanted = {id(atom) for atom in jaxpr.outvars}
    chosen: list[Any] = []
    for equation in reversed(jaxpr.eqns):
        if any(id(var) in wanted for var in equation.outvars):
            chosen.append(equation)
            wanted.update(id(atom) for atom in equation.invars)
    return chosen[::-1]


def _computed(equation: Any, operands: Sequence[Operand]) -> list[Operand] | None:
    """The results as constants, where all operands are constants; else None."""
    name, avals = equation.primitive.name, [var.aval for var in equation.outvars]
    if name in _LAZY or not all(value.is_constant for value in operands):
        return None
    if name in _ELEMENTS and operands:
        stored = joined([value.stored for value in operands])
        arrays = [np.broadcast_to(np.asarray(value.array), stored) for value in operands]
        result = np.asarray(equation.primitive.bind(*arrays, **equation.params))
        return [Operand(tuple(avals[0].shape), result.dtype, tuple(result.shape), array=result)]
    if not all(is_fixed(tuple(aval.shape)) and aval.size <= _LARGEST for aval in avals):
        return None
    if not all(is_fixed(value.shape) for value in operands):
        return None
    arrays = [
        np.broadcast_to(value.array, value.shape) if isinstance(value.array, np.ndarray) else value.array
        for value in operands
    ]
    bound = equation.primitive.bind(*arrays, **equation.params)
    results = bound if equation.primitive.multiple_results else [bound]
    return [Operand.of_array(_plain(jax.block_until_ready(each))) for each in results]
