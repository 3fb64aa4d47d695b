"""Functions of NumPy arrays give in the graph what they give in NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st

from traces import traced

SPECIAL = [0.0, -0.0, np.nan, 1e200, -1e200, 1.0, -1.0, 0.5, -0.5, 2.0, 1e-300, -1e-9, 1e15, 700.0, 720.0, 1000.0]


def numbers(columns: int = 3, rows: int = 120, scale: float = 3.0) -> Any:
    rng = np.random.default_rng(7)
    X = np.round(rng.normal(scale=scale, size=(rows, columns)), 3)
    for i, value in enumerate(SPECIAL):
        X[i, i % columns] = value
        X[-1 - i, :] = value
    return X


ONE = [
    np.abs, np.arccos, np.arccosh, np.arcsin, np.arcsinh, np.arctan, np.arctanh, np.cbrt, np.ceil, np.cos, np.cosh,
    np.deg2rad, np.degrees, np.exp, np.exp2, np.expm1, np.fabs, np.floor, np.isfinite, np.isinf, np.isnan, np.log,
    np.log10, np.log1p, np.log2, np.logical_not, np.negative, np.positive, np.rad2deg, np.radians, np.reciprocal,
    np.rint, np.sign, np.signbit, np.sin, np.sinh, np.sqrt, np.square, np.tan, np.tanh, np.trunc,
    scipy.special.expit, scipy.special.logit, scipy.special.erf,
]  # fmt: skip


@pytest.mark.parametrize("function", ONE, ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_functions_of_one_number(function: Any, dtype: Any) -> None:
    X = numbers()
    if function in (np.sin, np.cos, np.tan):
        X[np.abs(X) > 1e6] = 1.0
    if dtype is np.float32:
        X = np.clip(X, -1e30, 1e30)
    traced(function, X.astype(dtype), relative=1e-12 if dtype is np.float64 else 3e-6)


TWO = [
    np.add, np.arctan2, np.copysign, np.divide, np.equal, np.floor_divide, np.fmax, np.fmin, np.fmod, np.greater,
    np.greater_equal, np.heaviside, np.hypot, np.less, np.less_equal, np.logaddexp, np.logical_and, np.logical_or,
    np.logical_xor, np.maximum, np.minimum, np.multiply, np.not_equal, np.power, np.remainder, np.subtract,
    np.float_power,
]  # fmt: skip


@pytest.mark.parametrize("function", TWO, ids=lambda f: f.__name__)
def test_functions_of_two_numbers(function: Any) -> None:
    pairs = np.array([[a, b] for a in SPECIAL for b in SPECIAL])
    X = np.concatenate([pairs, numbers(2)])
    traced(lambda x: np.c_[function(x[:, 0], x[:, 1])], X)
    traced(lambda x: function(x, 2), X)
    traced(lambda x: function(3.0, x), X)


ROWWISE: list[Callable[[Any], Any]] = [
    lambda x: x.sum(axis=1, keepdims=True),
    lambda x: np.sum(x, axis=-1).reshape(-1, 1),
    lambda x: x.mean(axis=1)[:, None],
    lambda x: np.column_stack([x.min(axis=1), x.max(1), np.ptp(x, axis=1)]),
    lambda x: np.c_[x.std(axis=1), x.var(axis=1, ddof=1)],
    lambda x: np.c_[np.nansum(x, axis=1), np.nanmean(x, axis=1), np.nanmax(x, axis=1), np.nanmin(x, axis=1)],
    lambda x: np.c_[np.nanstd(x, axis=1), np.nanvar(x, axis=1, ddof=1), np.nanprod(x, axis=1)],
    lambda x: np.c_[np.argmax(x, axis=1), x.argmin(axis=1)],
    lambda x: np.c_[np.median(x, axis=1), np.median(x[:, :2], axis=1)],
    lambda x: np.c_[np.prod(x, axis=1), np.count_nonzero(x, axis=1)],
    lambda x: np.c_[(x > 0).any(axis=1), (x > 0).all(axis=1), (x > 0).sum(axis=1)],
    lambda x: np.linalg.norm(x, axis=1, keepdims=True),
    lambda x: x / np.linalg.norm(x, ord=1, axis=1)[:, np.newaxis],
    lambda x: np.cumsum(x, axis=1),
    lambda x: np.diff(x, axis=1),
    lambda x: np.add.reduce(x, axis=1, keepdims=True),
    lambda x: np.where(x > 0, x, -x),
    lambda x: np.where(np.isnan(x), 0, x),
    lambda x: np.select([x < 0, x > 1], [-1, x * 2], default=0.5),
    lambda x: np.clip(x, -1, 1),
    lambda x: np.clip(x, [0, -1, -2], [1, 2, 3]),
    lambda x: x.clip(min=0),
    lambda x: np.clip(x, a_min=None, a_max=0.5),
    np.nan_to_num,
    lambda x: np.nan_to_num(x, nan=-1, posinf=9, neginf=-9),
    lambda x: np.round(x, 1),
    lambda x: x.round(-1),
    lambda x: np.isin(x, [0, 1, -0.5]),
    lambda x: np.digitize(x, [-1.0, 0.0, 0.5, 2.0]),
    lambda x: np.digitize(x, [-1.0, 0.0, 0.5, 2.0], right=True),
    lambda x: np.searchsorted([-1.0, 0.0, 2.0], x[:, 0])[:, None],
    lambda x: np.interp(x[:, 0], [-1.0, 0.0, 2.0], [5.0, 6.0, 4.0])[:, None],
    lambda x: x @ np.array([[1.0, 2.0], [0.5, -1.0], [0.0, 3.0]]),
    lambda x: np.dot(x, np.array([1.0, 2.0, 3.0])).reshape(-1, 1),
    lambda x: x[:, [2, 0]],
    lambda x: x[:, ::-1],
    lambda x: x[..., -1:],
    lambda x: x[:, np.array([True, False, True])],
    lambda x: np.hstack([x, x**2]),
    lambda x: np.concatenate([x, np.ones((len(x), 1))], axis=1),
    lambda x: np.concatenate((np.zeros((x.shape[0], 1)), x[:, :1]), axis=1),
    lambda x: np.stack([x[:, 0], x[:, 1]], axis=1),
    lambda x: np.vstack([x[:, 0], x[:, 1] * 2]).T,
    lambda x: np.array([x[:, 0], x[:, 2]]).T,
    lambda x: np.asarray(x, dtype=np.float32) * np.float32(0.1),
    lambda x: np.append(x, x[:, :1], axis=1),
    lambda x: np.delete(x, 1, axis=1),
    lambda x: np.nan_to_num(x.T).T,
    lambda x: np.column_stack([c * i for i, c in enumerate(x.T)]),
    lambda x: np.column_stack([x[:, i] * x[:, j] for i in range(x.shape[1]) for j in range(i)]),
    lambda x: (np.nan_to_num(x) > 0).astype(int) * 2 + 1,
    lambda x: np.nan_to_num(x, posinf=5, neginf=-5).astype(int) // 2,
    lambda x: np.nan_to_num(x, posinf=5, neginf=-5).astype(np.int64) % 3,
    lambda x: (x > 0) & ~(x > 1) | (x < -2),
    lambda x: (x > 0) ^ (x > 1),
    lambda x: 1 / x,
    lambda x: x**0.5,
    lambda x: 2**x,
    lambda x: -x + +x - abs(x),
    lambda x: np.divmod(x, 0.7)[1],
    lambda x: x % -0.3,
    lambda x: np.full_like(x, 3.0) - x,
    np.zeros_like,
    lambda x: np.squeeze(x[:, None, :], axis=1),
    lambda x: np.reshape(x, (len(x), -1)),
    lambda x: x.reshape(x.shape[0], x.shape[1]),
    lambda x: x[:, 0].ravel()[:, None],
    lambda x: x - x.mean(axis=1, keepdims=True),
    lambda x: np.log(x, out=np.zeros_like(x), where=x > 0),
    lambda x: np.divide(x[:, [0]], x[:, [1]], out=np.full((len(x), 1), -1.0), where=x[:, [1]] != 0),
    lambda x: np.ones((len(x), 2)),
    lambda x: np.logical_or(x > 0, True),
    lambda x: np.sort(x, axis=1),
    lambda x: np.sort(x.astype(np.float32)),
    lambda x: np.flip(x, axis=1),
    lambda x: np.average(x, axis=1, weights=[1, 2, 3])[:, None],
    lambda x: np.sum([x[:, 0], x[:, 1]], axis=0)[:, None],
    lambda x: np.max([x[:, 0], x[:, 1]], axis=0)[:, None],
    lambda x: np.mean(np.array([x, x * 2]), axis=0),
    lambda x: sum(x[:, i] * w for i, w in enumerate([1, 2, 3]))[:, None],
    lambda x: (x > 0) * x - (x < 0.5),
    lambda x: x.astype(np.float32) * np.float64(0.1),
]  # fmt: skip


@pytest.mark.parametrize("function", ROWWISE, ids=range(len(ROWWISE)))
def test_functions_of_rows(function: Any) -> None:
    traced(function, numbers())


def in_place(x: Any) -> Any:
    x = x.copy()
    x[x < 0] = 0
    x[:, 1] = np.log1p(x[:, 1])
    x[:, [0, 2]] /= 2
    x[x[:, 0] > 1, 2] = -1
    x += 1
    return x


def filled(x: Any) -> Any:
    out = np.empty((x.shape[0], 3))
    out[:, 0] = x[:, 0] - x[:, 1]
    out[:, 1:] = x[:, :2] * 10
    return out


def counted(x: Any) -> Any:
    risk = np.zeros(len(x))
    risk[x[:, 0] > 0] = 1
    risk[(x[:, 1] > 1) & (x[:, 2] < 0)] += 0.5 if False else 0
    return risk.reshape(-1, 1)


def helped(x: Any, power: float = 1.0, *, shift: float = 0.0) -> Any:
    def inner(column: Any) -> Any:
        return np.sign(column) * np.abs(column) ** power

    return np.column_stack([inner(x[:, i]) for i in range(x.shape[1])]) + shift


class Scaled:
    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __call__(self, x: Any) -> Any:
        if isinstance(x, np.ndarray) and x.ndim == 2:
            return x * self.factor
        raise AssertionError("not an array")


def test_assignments() -> None:
    traced(in_place, numbers())
    traced(filled, numbers())


def test_arguments_helpers_and_objects() -> None:
    traced(helped, numbers(), kw_args={"power": 0.3, "shift": 2.0})
    traced(Scaled(0.3), numbers())
    traced(Scaled(2.0), numbers(), validate=False)


def test_the_input_assigned_to_is_not_the_graphs() -> None:
    def clipped(x: Any) -> Any:
        x[x < 0] = 0
        return x

    traced(clipped, numbers())


def test_validated_rows_are_an_array() -> None:
    import pandas as pd

    X = pd.DataFrame(np.nan_to_num(numbers(), posinf=1.0, neginf=1.0), columns=list("abc"))
    traced(lambda x: x[:, :2] * 2, X, validate=True)


_LEAVES = st.sampled_from(["x[:, 0]", "x[:, 1]", "x[:, 2]", "2", "0.5", "-1.5", "3"])
_BINARY = ["({} + {})", "({} - {})", "({} * {})", "np.maximum({}, {})", "np.where({} > 0, {}, 1.0)"]
_UNARY = ["np.abs({})", "np.tanh({})", "(-{})", "np.sqrt(np.abs({}))", "np.floor({})", "np.exp(-np.abs({}))"]


def _extended(inner: Any) -> Any:
    pairs = st.tuples(st.sampled_from(_BINARY), inner, inner).map(lambda t: t[0].format(t[1], t[2]))
    return pairs | st.tuples(st.sampled_from(_UNARY), inner).map(lambda t: t[0].format(t[1]))


@settings(max_examples=60)
@given(st.recursive(_LEAVES, _extended, max_leaves=8))
def test_any_expression(text: str) -> None:
    function = eval(f"lambda x: np.c_[x[:, 0] * 0 + {text}]", {"np": np})
    traced(function, np.nan_to_num(numbers(), posinf=4.0, neginf=-4.0))


def test_a_constant_of_math_is_fine() -> None:
    traced(lambda x: x * math.pi + math.sqrt(2), numbers())
