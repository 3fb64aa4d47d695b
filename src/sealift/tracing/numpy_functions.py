"""NumPy's functions that choose, reduce and look up, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np

from sealift.graph.builder import Tensor, where
from sealift.tracing import elementwise as el
from sealift.tracing import shapes
from sealift.tracing.array import Array, dtype_of, is_array
from sealift.tracing.protocol import common, graph_of, implements, tensors_of
from sealift.tracing.reduce import reduce
from sealift.tracing.ufuncs import wrapped
from sealift.tracing.unsupported import UnsupportedOperation, rows_at_once

for _name in ("all", "any", "argmax", "argmin", "count_nonzero", "max", "mean", "median", "min", "nanmax", "nanmean",
              "nanmedian", "nanmin", "nanprod", "nansum", "prod", "ptp", "sum"):  # fmt: skip

    def _reduction(a: Any, axis: Any = None, *, keepdims: Any = False, _name: str = _name, **rest: Any) -> Any:
        _only_defaults(rest, _name)
        return reduce(_name, a, axis, keepdims=keepdims is True)

    implements(getattr(np, _name))(_reduction)

for _name in ("std", "var", "nanstd", "nanvar"):

    def _spread(
        a: Any, axis: Any = None, *, ddof: float = 0, keepdims: Any = False, _name: str = _name, **rest: Any
    ) -> Any:
        _only_defaults(rest, _name)
        return reduce(_name, a, axis, keepdims=keepdims is True, ddof=ddof)

    implements(getattr(np, _name))(_spread)


def _only_defaults(rest: dict[str, Any], name: str) -> None:
    unusual = [key for key, value in rest.items() if value is not None and value is not np._NoValue]
    if unusual:
        raise UnsupportedOperation(f"it calls np.{name} with {', '.join(unusual)}=", "Leave it out.")


def reduce_by(function: Any, array: Any, options: dict[str, Any]) -> Any:
    """`np.add.reduce(x, axis=1)` and its like."""
    name = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min", "logical_and": "all",
            "logical_or": "any"}.get(function.__name__)  # fmt: skip
    if isinstance(array, list | tuple) and options.get("axis", 0) == 0:
        result = array[0]
        for part in array[1:]:
            result = function(result, part)
        return result
    if name is None or not is_array(array):
        raise UnsupportedOperation(
            f"it uses np.{function.__name__}.reduce", "Use np.sum, np.prod, np.max or np.min over axis=1."
        )
    return reduce(name, array, options.get("axis", 0), keepdims=bool(options.get("keepdims", False)))


@implements(np.where)
def choose(condition: Any, x: Any = None, y: Any = None) -> Any:
    """`np.where(condition, x, y)`."""
    if x is None or y is None:
        raise rows_at_once("np.where(condition) with one argument", "Write np.where(condition, value, otherwise).")
    flag, yes, no = tensors_of(condition, x, y)
    if "object" in (yes.dtype, no.dtype):
        if yes.dtype != no.dtype:
            raise UnsupportedOperation("it mixes strings and numbers in np.where", "Give both of one kind.")
        return Array(where(el.truth(flag), yes, no), _missing_of(condition, x, y))
    # Python's own numbers take the other's dtype.
    kinds = [value if type(value) in (int, float, bool) else np.empty(0, tensor.dtype)
             for value, tensor in ((x, yes), (y, no))]  # fmt: skip
    common = dtype_of(np.result_type(*kinds))
    shape = shapes.broadcast(flag.shape, yes.shape, no.shape)
    result = where(el.truth(flag), el.as_type(yes, common), el.as_type(no, common))
    return Array(result if result.shape == shape else Tensor(result.graph, result.name, result.dtype, shape))


def _missing_of(condition: Any, x: Any, y: Any) -> Tensor | None:
    sides = [getattr(value, "missing", None) if is_array(value) else None for value in (x, y)]
    if sides == [None, None]:
        return None
    graph = graph_of(condition, x, y)
    flags = [graph.constant(np.array(False)) if side is None else side for side in sides]
    return where(el.truth(shapes.operand(graph, condition)), flags[0], flags[1])


@implements(np.select)
def _select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    result = default
    for condition, choice in list(zip(condlist, choicelist, strict=True))[::-1]:
        result = np.where(condition, choice, result)
    return result


@implements(np.clip)
def clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """Held between two bounds; NaN stays NaN."""
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    result = a if low is None else np.maximum(a, low)
    return result if high is None else np.minimum(result, high)


@implements(np.einsum)
def _einsum(subscripts: Any, *operands: Any, optimize: Any = False) -> Any:
    """Sums of products along letters (ONNX's Einsum, in float64)."""
    del optimize
    if not isinstance(subscripts, str) or "." in subscripts:
        raise UnsupportedOperation(
            "it calls np.einsum without letters for all axes", "Write np.einsum('ij,jk->ik', a, b)."
        )
    given, arrow, kept = subscripts.replace(" ", "").partition("->")
    letters = given.split(",")
    if not arrow:
        kept = "".join(sorted(c for c in set(given) - {","} if given.count(c) == 1))
    tensors = [
        tensor if tensor.dtype.startswith("float") else tensor.cast("float64") for tensor in tensors_of(*operands)
    ]
    if [len(part) for part in letters] != [len(tensor.shape) for tensor in tensors]:
        raise UnsupportedOperation(
            "it calls np.einsum with letters that do not fit", "Give each operand a letter for each axis."
        )
    sizes = {
        c: size
        for part, tensor in zip(letters, tensors, strict=True)
        for c, size in zip(part, tensor.shape, strict=True)
    }
    if any(size is None and c not in kept for c, size in sizes.items()):
        raise rows_at_once("np.einsum over the rows", "Keep the letter of the rows behind the arrow.")
    dtype = common(tensors)
    alike = [tensor.cast(dtype) for tensor in tensors]
    equation = f"{','.join(letters)}->{kept}"
    shape = tuple(sizes[c] for c in kept)
    return Array(graph_of(*operands).add("Einsum", alike, dtype, shape, equation=equation))


@implements(np.nan_to_num)
def _nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    if not copy:
        raise UnsupportedOperation("it calls np.nan_to_num with copy=False", "Assign the result: x = np.nan_to_num(x).")
    tensor = x.tensor()
    if not tensor.dtype.startswith("float"):
        return x
    limits = np.finfo(tensor.dtype)
    high, low = (limits.max if posinf is None else posinf), (limits.min if neginf is None else neginf)
    kind = tensor.dtype
    result = where(tensor.isnan(), np.array(nan, kind), tensor)
    result = where(tensor.equals(np.array(np.inf, kind)), np.array(high, kind), result)
    return wrapped(where(tensor.equals(np.array(-np.inf, kind)), np.array(low, kind), result), [x])


@implements(np.round, np.around)
def rounded(a: Any, decimals: int = 0, out: Any = None) -> Any:
    """`np.round`, half to even."""
    if out is not None:
        raise UnsupportedOperation("it calls np.round with out=", "Assign the result.")
    return wrapped(el.rounded(a.tensor(), int(decimals)), [a]) if a.dtype.kind == "f" else a


@implements(np.diff)
def _diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    if n != 1 or axis % a.ndim != 1 or a.ndim != 2:
        raise rows_at_once("np.diff along the rows", "Use np.diff(x, axis=1) between columns.")
    return a[:, 1:] - a[:, :-1]


@implements(np.cumsum)
def _cumsum(a: Any, axis: Any = None) -> Any:
    tensor = a.tensor()
    if axis is None or tensor.shape[axis % a.ndim] is None:
        raise rows_at_once("np.cumsum along the rows", "Use axis=1.")
    plain = tensor.cast("int64") if tensor.dtype == "bool" else tensor
    return Array(plain.op("CumSum", np.array(axis % a.ndim)))


@implements(np.average)
def _average(a: Any, axis: Any = None, weights: Any = None, *, keepdims: Any = False) -> Any:
    if weights is None:
        return reduce("mean", a, axis, keepdims=keepdims is True)
    share = np.asarray(weights, dtype=np.float64)
    return reduce("sum", a * share, axis, keepdims=keepdims is True) / share.sum()


@implements(np.sort)
def _sort(a: Any, axis: int = -1) -> Any:
    tensor = a.tensor()
    size = tensor.shape[-1]
    if size is None or axis % a.ndim != a.ndim - 1:
        raise rows_at_once("np.sort over the rows", "Use axis=1, which sorts within each row.")
    if not tensor.dtype.startswith("float"):
        return Array(tensor.smallest(size)[0])
    missing = tensor.isnan()
    ordered, _ = where(missing, np.array(np.inf, tensor.dtype), tensor).smallest(size)
    missing_count = missing.cast("int64").sum(axis=-1, keepdims=True)
    # What is missing stands last, as in NumPy.
    return Array(where(missing_count > size - 1 - np.arange(size), np.array(np.nan, tensor.dtype), ordered))


@implements(np.isin)
def isin(element: Any, test_elements: Any, *_: Any, invert: bool = False, **__: Any) -> Any:
    """Whether a value is one of those listed."""
    if isinstance(test_elements, set | frozenset):
        # It takes a set for a single object, which equals nothing.
        raise UnsupportedOperation(
            "it gives np.isin a set, in which NumPy finds nothing", "Give it a list: np.isin(x, list(values))."
        )
    result: Any = None
    for value in np.asarray(test_elements).reshape(-1).tolist():
        same = element == value
        result = same if result is None else result | same
    if result is None:
        raise UnsupportedOperation("it looks a value up in an empty list", "Leave the condition out.")
    return ~result if invert else result


@implements(np.digitize)
def _digitize(x: Any, bins: Any, right: bool = False) -> Any:
    edges = np.asarray(bins, dtype=np.float64)
    if np.any(np.diff(edges) < 0):
        raise UnsupportedOperation("its bins do not ascend", "Give np.digitize ascending bins.")
    wide = shapes.expand(x, x.ndim)
    beyond = ~(wide <= edges) if right else ~(wide < edges)
    return beyond.sum(axis=-1)


@implements(np.searchsorted)
def _searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    if is_array(a) or sorter is not None:
        raise rows_at_once("np.searchsorted in a computed column", "Give it a constant list of edges.")
    return _digitize(v, a, right=side == "left")


@implements(np.interp)
def _interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    if period is not None or is_array(xp) or is_array(fp) or x.ndim != 1:
        raise UnsupportedOperation(
            "it calls np.interp in a way that is not traced", "Give it one column and constant points."
        )
    xs, fs = np.asarray(xp, dtype=np.float64), np.asarray(fp, dtype=np.float64)
    slopes = np.append(np.diff(fs) / np.diff(xs), 0.0)
    place = np.clip(_digitize(x, xs) - 1, 0, len(xs) - 1).tensor()
    result = place.take_from(fs) + place.take_from(slopes) * (x.tensor().cast("float64") - place.take_from(xs))
    result = where(x.tensor() < float(xs[0]), float(fs[0] if left is None else left), result)
    result = where(x.tensor() > float(xs[-1]), float(fs[-1] if right is None else right), result)
    return wrapped(where(x.tensor().isnan(), np.nan, result) if x.dtype.kind == "f" else result, [x])


@implements(np.dot)
def matmul(a: Any, b: Any) -> Any:
    """The product of a matrix of rows with a constant one."""
    left, right = tensors_of(a, b)
    if not left.shape or not right.shape:
        return a * b
    if None in right.shape or left.shape[0] is not None or left.shape[-1] != right.shape[0] or len(right.shape) > 2:
        raise rows_at_once("a matrix product between rows", "Multiply with a constant matrix from the right: x @ W.")
    dtype = common([left, right])
    return Array(left.cast(dtype) @ right.cast(dtype))


@implements(np.linalg.norm)
def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    if axis is None or not isinstance(axis, int):
        raise rows_at_once("np.linalg.norm of the whole array", "Use axis=1.")
    if ord == 1:
        return reduce("sum", abs(x), axis, keepdims=keepdims)
    if ord == np.inf:
        return reduce("max", abs(x), axis, keepdims=keepdims)
    if ord not in (None, 2):
        raise UnsupportedOperation("it uses a rare norm", "Use the norms 1, 2 or np.inf.")
    return np.sqrt(reduce("sum", x * x, axis, keepdims=keepdims))
