"""NumPy's universal functions: NumPy is asked for the dtypes of a computation; the functions are written here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sealift.graph.special_functions import erf, expm1
from sealift.graph.tensor import Builder, Tensor, where
from sealift.tracing import elementwise as el
from sealift.tracing.array import Array, is_array, tensor_dtype
from sealift.tracing.integers import by_pandas, counts, if_narrow, keeps_whole, with_gaps, wrapped_around
from sealift.tracing.recording import current
from sealift.tracing.series import Series
from sealift.tracing.shapes import broadcast, constant, expanded
from sealift.tracing.unsupported import UnsupportedOperation

_Function = Callable[..., Tensor]


def _op(kind: str, dtype: str | None = None) -> _Function:
    return lambda x: x.op(kind, dtype=dtype)


def _double(function: _Function) -> _Function:
    """Computed in float64, whatever the dtype, and rounded once."""
    return lambda *xs: function(*(x.cast("float64") for x in xs)).cast(xs[0].dtype)


def _flag(function: _Function) -> _Function:
    """A question about floating-point numbers; of whole ones the answer is the same for all."""
    return lambda x: function(x.cast("float64") if not x.dtype.startswith("float") else x)


def _logical(function: _Function) -> _Function:
    return lambda *xs: function(*(el.truth(x) for x in xs))


def _either(on_bool: _Function, on_numbers: _Function) -> _Function:
    return lambda *xs: (on_bool if xs[0].dtype == "bool" else on_numbers)(*xs)


def _xor(a: Tensor, b: Tensor) -> Tensor:
    return a.op("Xor", b, dtype="bool", shape=broadcast(a.shape, b.shape))


def _whole_division(a: Tensor, b: Tensor) -> Tensor:
    if a.dtype.startswith("float"):
        return el.floor_divide(a, b)
    # NumPy answers 0 to a whole number divided by 0.
    left, right = a.cast("float64"), b.cast("float64")
    return where(b.equals(0), 0.0, el.floor_divide(left, where(b.equals(0), 1.0, right))).cast(a.dtype)


def _rest(a: Tensor, b: Tensor) -> Tensor:
    if a.dtype.startswith("float"):
        return el.remainder(a, b)
    left, right = a.cast("float64"), b.cast("float64")
    return where(b.equals(0), 0.0, el.remainder(left, where(b.equals(0), 1.0, right))).cast(a.dtype)


def _signed_rest(a: Tensor, b: Tensor) -> Tensor:
    shape = broadcast(a.shape, b.shape)
    if a.dtype.startswith("float"):
        return a.op("Mod", b, shape=shape, fmod=1)
    nothing = b.equals(0)
    one = np.array(1)
    return where(nothing, np.array(0), a.op("Mod", where(nothing, one, b), shape=shape, fmod=1))


def _whole_reciprocal(x: Tensor) -> Tensor:
    """1 and −1 are their own, all larger numbers have 0. That of 0 is left to the processor."""
    return where(x.abs() > 1, np.array(0), x)


def _sign_of(value: Tensor, sign: Tensor) -> Tensor:
    negative = (sign < 0.0) | (sign.equals(0.0) & ((1.0 / sign) < 0.0))
    return where(negative, -value.abs(), value.abs())


FUNCTIONS: dict[str, _Function] = {
    "absolute": Tensor.abs,
    "add": _either(lambda a, b: a | b, lambda a, b: a + b),
    "arccos": _double(el.arccos),
    "arccosh": _double(el.arccosh),
    "arcsin": _double(el.arcsin),
    "arcsinh": _double(el.arcsinh),
    "arctan": _double(el.arctan),
    "arctan2": _double(el.arctan2),
    "arctanh": _double(el.arctanh),
    "bitwise_and": lambda a, b: a & b,
    "bitwise_or": lambda a, b: a | b,
    "bitwise_xor": _xor,
    "cbrt": _double(el.cbrt),
    "ceil": _op("Ceil"),
    "conjugate": lambda x: x,
    "copysign": _sign_of,
    "cos": _op("Cos"),
    "cosh": _double(el.cosh),
    "deg2rad": lambda x: x * (np.pi / 180),
    "degrees": lambda x: x * (180 / np.pi),
    "divide": lambda a, b: a / b,
    "equal": lambda a, b: a.equals(b),
    "erf": _double(erf),
    "exp": Tensor.exp,
    "exp2": lambda x: x.graph.constant(np.array(2, x.dtype)) ** x,
    "expit": _double(el.expit),
    "expm1": _double(expm1),
    "fabs": Tensor.abs,
    "float_power": lambda a, b: a**b,
    "floor": _op("Floor"),
    "floor_divide": _whole_division,
    "fmax": _either(lambda a, b: a | b, el.fmax),
    "fmin": _either(lambda a, b: a & b, el.fmin),
    "fmod": _signed_rest,
    "greater": lambda a, b: a > b,
    "greater_equal": lambda a, b: a >= b,
    "heaviside": lambda a, b: where(a.isnan(), a, where(a < 0.0, 0.0, where(a > 0.0, 1.0, b))),
    "hypot": _double(el.hypot),
    "invert": lambda x: ~x,
    "isfinite": _flag(lambda x: x.abs() < np.inf),
    "isinf": _flag(_op("IsInf", "bool")),
    "isnan": _flag(Tensor.isnan),
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
    "log": Tensor.log,
    "log10": _double(lambda x: el.logarithm(x, 10.0)),
    "log1p": _double(el.log1p),
    "log2": _double(lambda x: el.logarithm(x, 2.0)),
    "logaddexp": _double(el.logaddexp),
    "logical_and": _logical(lambda a, b: a & b),
    "logical_not": _logical(lambda x: ~x),
    "logical_or": _logical(lambda a, b: a | b),
    "logical_xor": _logical(_xor),
    "logit": _double(el.logit),
    "maximum": _either(lambda a, b: a | b, el.maximum),
    "minimum": _either(lambda a, b: a & b, el.minimum),
    "multiply": _either(lambda a, b: a & b, lambda a, b: a * b),
    "negative": _op("Neg"),
    "not_equal": lambda a, b: ~a.equals(b),
    "positive": lambda x: x,
    "power": lambda a, b: a**b,
    "rad2deg": lambda x: x * (180 / np.pi),
    "radians": lambda x: x * (np.pi / 180),
    "reciprocal": lambda x: 1.0 / x if x.dtype.startswith("float") else _whole_reciprocal(x),
    "remainder": _rest,
    "rint": _op("Round"),
    "sign": lambda x: where(x.isnan(), x, x.op("Sign")) if x.dtype.startswith("float") else x.op("Sign"),
    "signbit": lambda x: (x < 0.0) | (x.equals(0.0) & ((1.0 / x) < 0.0)),
    "sin": _op("Sin"),
    "sinh": _double(el.sinh),
    "sqrt": Tensor.sqrt,
    "square": lambda x: x * x,
    "subtract": lambda a, b: a - b,
    "tan": lambda x: x.op("Sin") / x.op("Cos"),
    "tanh": _op("Tanh"),
    "trunc": el.trunc,
}
_PAIRS = {"divmod": (np.floor_divide, np.remainder)}
_BITS: dict[str, Callable[..., Tensor]] = {
    "bitwise_and": lambda a, b: a.op("BitwiseAnd", b, shape=broadcast(a.shape, b.shape)),
    "bitwise_or": lambda a, b: a.op("BitwiseOr", b, shape=broadcast(a.shape, b.shape)),
    "bitwise_xor": lambda a, b: a.op("BitwiseXor", b, shape=broadcast(a.shape, b.shape)),
    "invert": lambda x: x.op("BitwiseNot"),
}
"""The same functions of whole numbers, bit by bit."""


def apply(function: Any, inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """The values of a universal function of numbers, flags or strings, written into `out` where it is given."""
    if function.__name__ in _PAIRS:
        if any(getattr(value, "nullable", False) for value in inputs if is_array(value)):
            current().integer_operations += 1
            raise UnsupportedOperation("it calls divmod on a column of one of pandas' own types", "Use // and %.")
        return tuple(part(*inputs) for part in _PAIRS[function.__name__])
    out, mask = options.pop("out", None), options.pop("where", True)
    options.pop("casting", None)
    result = _computed(function, inputs, options)
    return result if out is None and mask is True else _written(result, out, mask)


def _computed(function: Any, inputs: Sequence[Any], options: dict[str, Any]) -> Array:
    name = function.__name__
    known = FUNCTIONS.get(name)
    if known is None or function.nout != 1 or set(options) - {"dtype"}:
        raise UnsupportedOperation(f"it calls {_called(function)}, which is not traced", "Use functions that are.")
    first = next(value for value in inputs if is_array(value))
    if any(is_array(value) and value.dtype == object for value in inputs):
        return wrapped(_texts(name, first._tensor.graph, inputs), inputs)
    graph = first._tensor.graph
    loop = _loop(function, inputs, options.get("dtype"))
    if loop[0] != np.bool_:
        known = _BITS.get(name, known)
    tensors = []
    for value, dtype in zip(inputs, loop, strict=False):
        raw = value.tensor() if is_array(value) else constant(graph, value)
        tensors.append(el.as_type(raw, tensor_dtype(dtype)))
    _note(graph, name, tensors)
    shape = broadcast(*(tensor.shape for tensor in tensors))
    result = known(*tensors)
    values = Tensor(graph, result.name, result.dtype, shape) if result.shape != shape else result
    if loop[-1] == np.bool_:
        return wrapped(values, inputs)
    result = wrapped_around(name, values.cast(tensor_dtype(loop[-1])), loop[-1])
    return _by_column(function, inputs, wrapped(result, inputs, if_narrow(loop[-1])))


def _by_column(function: Any, inputs: Sequence[Any], result: Array) -> Array:
    """The result as pandas gives it, where an operand is a column."""
    series = [value for value in inputs if issubclass(type(value), Series)]
    if not series:
        return result
    if keeps_whole(function.__name__, inputs):
        whole = Series(with_gaps(function.__name__, inputs, result).tensor(), series[0].name, nullable=True)
        whole.masked = True
        return whole
    values = by_pandas(function, inputs, result, nullable=any(value.nullable for value in series))
    return result if values is result else wrapped(values.tensor(), inputs)


def _loop(function: Any, inputs: Sequence[Any], dtype: Any) -> tuple[np.dtype[Any], ...]:
    """The dtypes of the operands and of the result, by NumPy's own rules."""
    kinds = [value.dtype if is_array(value) else _kind(value) for value in inputs]
    options = {} if dtype is None else {"signature": (*[None] * function.nin, np.dtype(dtype))}
    try:
        result: tuple[np.dtype[Any], ...] = function.resolve_dtypes((*kinds, None), **options)
    except TypeError:
        listed = " and ".join(getattr(kind, "name", getattr(kind, "__name__", str(kind))) for kind in kinds)
        raise UnsupportedOperation(
            f"NumPy has no {function.__name__} of {listed}", "Convert the values first: .astype(float), .astype(bool)."
        ) from None
    current().integer_operations += counts(
        function.__name__, [np.dtype(kind) for kind in kinds if not isinstance(kind, type)], result
    )
    for kind in result:
        tensor_dtype(kind)
    return result


def _kind(value: Any) -> Any:
    # Python's own numbers take the other operand's dtype.
    return type(value) if type(value) in (int, float, complex) else np.asarray(value).dtype


def _texts(name: str, graph: Builder, inputs: Sequence[Any]) -> Tensor:
    if name not in ("equal", "not_equal"):
        raise UnsupportedOperation(
            f"it calls np.{name} on strings", "Strings can be compared with == and !=, looked up with isin and map."
        )
    tensors = [value.tensor() if is_array(value) else constant(graph, value) for value in inputs]
    if any(tensor.dtype != "object" for tensor in tensors):
        raise UnsupportedOperation("it compares strings with numbers", "Compare strings with strings.")
    same = tensors[0].equals(tensors[1])
    for value in inputs:
        if is_array(value) and value.missing is not None:
            same = same & ~value.missing
    return ~same if name == "not_equal" else same


def wrapped(tensor: Tensor, inputs: Sequence[Any], narrow: np.dtype[Any] | None = None) -> Array:
    """The result as an array, or as a series of pandas where an operand was one."""
    series = [value for value in inputs if issubclass(type(value), Series)]
    if not series or len(tensor.shape) != 1:
        return Array(tensor, narrow=narrow)
    nullable = any(value.nullable for value in series)
    return Series(tensor, series[0].name, narrow=narrow, nullable=nullable)


# The operand whose special values are listed, and these.
_SPECIAL: dict[str, tuple[int, tuple[float, ...]]] = {
    **dict.fromkeys(("divide", "floor_divide", "remainder", "fmod"), (1, (0.0,))),
    **dict.fromkeys(("arccos", "arcsin", "arctanh"), (0, (-1.0, 1.0))),
    **dict.fromkeys(("cbrt", "copysign", "heaviside", "log", "log10", "log2"), (0, (0.0,))),
    **dict.fromkeys(("power", "reciprocal", "sign", "sqrt"), (0, (0.0,))),
    "arccosh": (0, (1.0,)),
    "log1p": (0, (-1.0,)),
    "logit": (0, (0.0, 1.0)),
}


_COMPARISONS = frozenset({"equal", "greater", "greater_equal", "less", "less_equal", "not_equal"})


def _note(graph: Builder, name: str, tensors: Sequence[Tensor]) -> None:
    """Remember the operand at whose special values probes are to be made."""
    if graph.nodes is not graph.top:
        return
    at, values = _SPECIAL.get(name, (0, ()))
    if name in _COMPARISONS and all(tensor.dtype not in ("bool", "object") for tensor in tensors):
        broadcast(*(tensor.shape for tensor in tensors))
        tensors, values = [tensors[0] - tensors[1]], (0.0,)
    if values and tensors[at].shape[:1] == (None,):
        current().special_operands.append((tensors[at], values))


def _written(result: Array, out: Any, mask: Any) -> Array:
    target = out[0] if isinstance(out, tuple) else out
    if not is_array(target):
        raise UnsupportedOperation(
            "it writes the result into an array made beforehand (out=), or leaves entries unset (where=)",
            "Use np.where(condition, value, otherwise).",
        )
    tensor, old = result.tensor(), target.tensor()
    if not np.can_cast(tensor.dtype, old.dtype, "same_kind"):
        raise UnsupportedOperation(
            f"it writes {tensor.dtype} into an array of {old.dtype}", "Convert it first: .astype(float)."
        )
    if mask is not True:
        flag = mask.tensor() if is_array(mask) else constant(old.graph, mask)
        tensor = where(flag, tensor, old.cast(tensor.dtype))
    target.write(expanded(el.as_type(tensor, old.dtype), old.shape, old))
    return target  # type: ignore[no-any-return]


def _called(function: Any) -> str:
    name = getattr(function, "__name__", str(function))
    return f"np.{name}" if getattr(np, name, None) is function else f"the function {name!r:.60}"
