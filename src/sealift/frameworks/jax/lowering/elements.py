"""Primitives that compute each element of their result from the elements at the same place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sealift.frameworks.jax.lowering.emitter import Emitter, UnknownFormError
from sealift.frameworks.jax.lowering.operands import Operand
from sealift.frameworks.jax.lowering.rules import RULES, Walk, rule

_OPERATORS = {
    "abs": "Abs", "acos": "Acos", "acosh": "Acosh", "asin": "Asin", "asinh": "Asinh", "atan": "Atan", "atanh": "Atanh",
    "ceil": "Ceil", "cos": "Cos", "cosh": "Cosh", "erf": "Erf", "exp": "Exp", "floor": "Floor", "log": "Log",
    "logistic": "Sigmoid", "neg": "Neg", "sign": "Sign", "sin": "Sin", "sinh": "Sinh", "sqrt": "Sqrt", "tan": "Tan",
    "tanh": "Tanh", "add": "Add", "add_any": "Add", "div": "Div", "mul": "Mul", "pow": "Pow", "sub": "Sub",
    "eq": "Equal", "ge": "GreaterOrEqual", "gt": "Greater", "le": "LessOrEqual", "lt": "Less",
}  # fmt: skip
"""Primitives that are one operator."""
_LOGICAL = {
    "and": ("And", "BitwiseAnd"), "or": ("Or", "BitwiseOr"), "xor": ("Xor", "BitwiseXor"), "not": ("Not", "BitwiseNot"),
    "max": ("Or", "Max"), "min": ("And", "Min"), "mul": ("And", "Mul"), "add": ("Or", "Add"),
}  # fmt: skip
"""Primitives that are one operator for booleans and another one for numbers."""


def _operator(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    kind = _OPERATORS[equation.primitive.name]
    return walk.graph.elementwise(kind, operands, equation.outvars[0].aval)


def _logical(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    kind = _LOGICAL[equation.primitive.name][operands[0].dtype.kind != "b"]
    return walk.graph.elementwise(kind, operands, equation.outvars[0].aval)


RULES.update(dict.fromkeys(_OPERATORS, _operator))
RULES.update(dict.fromkeys(_LOGICAL, _logical))


def _composed(*names: str) -> Callable[[Callable[..., str]], Callable[..., str]]:
    """Register `(graph, number, *operands) -> tensor`, where `number` makes a constant of the operands' dtype."""

    def register(function: Callable[..., str]) -> Callable[..., str]:
        def convert(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
            graph, dtype = walk.graph, operands[0].dtype

            def number(value: float) -> str:
                return graph.constant(value, dtype)

            return graph.elementwise(lambda *given: function(graph, number, *given), operands, equation.outvars[0].aval)

        RULES.update(dict.fromkeys(names, convert))
        return function

    return register


@_composed("rsqrt")
def _rsqrt(graph: Emitter, number: Callable[[float], str], x: str) -> str:
    return graph.node("Div", [number(1.0), graph.node("Sqrt", [x])])


@_composed("square")
def _square(graph: Emitter, _: Callable[[float], str], x: str) -> str:
    return graph.node("Mul", [x, x])


@_composed("log1p")
def _log1p(graph: Emitter, number: Callable[[float], str], x: str) -> str:
    """Kahan's form log(u) · x / (u - 1) with u = 1 + x, which keeps the digits of a small x."""
    u = graph.node("Add", [x, number(1.0)])
    plain = graph.node("Log", [u])
    less = graph.node("Sub", [u, number(1.0)])
    is_zero = graph.node("Equal", [less, number(0.0)])
    ratio = graph.node("Div", [x, graph.node("Where", [is_zero, number(1.0), less])])
    # Above 1 nothing is lost, and x / (u - 1) of an infinite x would be NaN.
    is_small = graph.node("Less", [graph.node("Abs", [x]), number(1.0)])
    kept = graph.node("Where", [is_zero, x, graph.node("Mul", [plain, ratio])])
    return graph.node("Where", [is_small, kept, plain])


@_composed("expm1")
def _expm1(graph: Emitter, number: Callable[[float], str], x: str) -> str:
    """tanh(x / 2) · (exp(x) + 1), which keeps the digits of a small x."""
    exp = graph.node("Exp", [x])
    half = graph.node("Tanh", [graph.node("Mul", [x, number(0.5)])])
    precise = graph.node("Mul", [half, graph.node("Add", [exp, number(1.0)])])
    is_small = graph.node("Less", [graph.node("Abs", [x]), number(0.5)])
    return graph.node("Where", [is_small, precise, graph.node("Sub", [exp, number(1.0)])])


@_composed("exp2")
def _exp2(graph: Emitter, number: Callable[[float], str], x: str) -> str:
    return graph.node("Pow", [number(2.0), x])


@_composed("erfc")
def _erfc(graph: Emitter, number: Callable[[float], str], x: str) -> str:
    return graph.node("Sub", [number(1.0), graph.node("Erf", [x])])


@_composed("cbrt")
def _cbrt(graph: Emitter, number: Callable[[float], str], x: str) -> str:
    root = graph.node("Pow", [graph.node("Abs", [x]), number(1.0 / 3.0)])
    return graph.node("Mul", [graph.node("Sign", [x]), root])


@_composed("is_finite")
def _is_finite(graph: Emitter, _: Callable[[float], str], x: str) -> str:
    return graph.node("Not", [graph.node("Or", [graph.node("IsNaN", [x]), graph.node("IsInf", [x])])])


@_composed("rem")
def _rem(graph: Emitter, _: Callable[[float], str], x: str, y: str) -> str:
    return graph.node("Mod", [x, y], fmod=1)


@_composed("atan2")
def _atan2(graph: Emitter, number: Callable[[float], str], y: str, x: str) -> str:
    """The angle of (x, y) from that of y / x; the two zeros are not distinguished."""
    zero, half = number(0.0), graph.node("Mul", [graph.node("Sign", [y]), number(np.pi / 2)])
    is_axis = graph.node("Equal", [x, zero])
    angle = graph.node("Atan", [graph.node("Div", [y, graph.node("Where", [is_axis, number(1.0), x])])])
    turn = graph.node("Where", [graph.node("Less", [y, zero]), number(-np.pi), number(np.pi)])
    behind = graph.node("Where", [graph.node("Less", [x, zero]), graph.node("Add", [angle, turn]), angle])
    return graph.node("Where", [is_axis, half, behind])


@rule("ne")
def _ne(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    graph = walk.graph
    return graph.elementwise(
        lambda x, y: graph.node("Not", [graph.node("Equal", [x, y])]), operands, equation.outvars[0].aval
    )


@rule("integer_pow")
def _integer_pow(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    graph, power, dtype = walk.graph, int(equation.params["y"]), operands[0].dtype

    def raised(x: str) -> str:
        if power == 0:
            return graph.node("Add", [graph.node("Mul", [x, graph.constant(0, dtype)]), graph.constant(1, dtype)])
        if abs(power) > 8:
            return graph.node("Pow", [x, graph.constant(power, dtype)])
        product, square, left = "", x, abs(power)
        while left:
            if left & 1:
                product = graph.node("Mul", [product, square]) if product else square
            left >>= 1
            square = graph.node("Mul", [square, square]) if left else square
        return graph.node("Div", [graph.constant(1, dtype), product]) if power < 0 else product

    return graph.elementwise(raised, operands, equation.outvars[0].aval)


@rule("round")
def _round(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    """To the even number (`lax.RoundingMethod` 1), or away from zero (0)."""
    graph, aval = walk.graph, equation.outvars[0].aval
    if int(equation.params["rounding_method"]) == 1:
        return graph.elementwise("Round", operands, aval)

    def away(x: str) -> str:
        up = graph.node("Floor", [graph.node("Add", [graph.node("Abs", [x]), graph.constant(0.5, aval.dtype)])])
        return graph.node("Mul", [graph.node("Sign", [x]), up])

    return graph.elementwise(away, operands, aval)


@rule("clamp")
def _clamp(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    graph = walk.graph
    return graph.elementwise(
        lambda low, x, high: graph.node("Min", [graph.node("Max", [x, low]), high]), operands, equation.outvars[0].aval
    )


@rule("select_n")
def _select(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    graph, aval, (which, *cases) = walk.graph, equation.outvars[0].aval, operands
    if which.dtype.kind == "b":
        return graph.elementwise("Where", [which, cases[1], cases[0]], aval)

    def chosen(index: str, *given: str) -> str:
        result = given[-1]
        for at, case in reversed(list(enumerate(given[:-1]))):
            is_case = graph.node("Equal", [index, graph.constant(at, which.dtype)])
            result = graph.node("Where", [is_case, case, result])
        return result

    return graph.elementwise(chosen, operands, aval)


@rule("convert_element_type")
def _convert(walk: Walk, equation: Any, operands: Sequence[Operand]) -> Operand:
    graph, aval = walk.graph, equation.outvars[0].aval
    if operands[0].dtype == aval.dtype:
        return operands[0]
    return graph.elementwise(lambda x: graph.cast(x, aval.dtype), operands, aval)


@rule("copy", "copy_p", "stop_gradient", "device_put", "reduce_precision", "sharding_constraint", "pvary",
      "optimization_barrier", "layout_constraint", "mesh_cast", "reshard")  # fmt: skip
def _same(_walk: Walk, equation: Any, operands: Sequence[Operand]) -> list[Operand]:
    if equation.primitive.name == "reduce_precision" and equation.params["mantissa_bits"] not in (23, 52):
        raise UnknownFormError("with fewer digits than float32 has")
    return list(operands)
