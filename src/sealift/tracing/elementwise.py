"""Functions of one or two numbers on tensors of one dtype, as NumPy computes them, NaN and infinities included."""

from __future__ import annotations

import numpy as np

from sealift.graph import special_functions
from sealift.graph.builder import Tensor, concat, where


def truth(x: Tensor) -> Tensor:
    """Whether a value is not zero; NaN is not."""
    return x if x.dtype == "bool" else ~x.equals(0)


def as_type(x: Tensor, dtype: str) -> Tensor:
    """`x.astype(dtype)`; what no int64 holds is the least one, as on most processors."""
    if dtype == "bool":
        return truth(x)
    if dtype == "int64" and x.dtype.startswith("float"):
        return where(x.abs() < 2.0**63, x, -(2.0**63)).cast("int64")
    return x.cast(dtype)


def maximum(a: Tensor, b: Tensor) -> Tensor:
    """The greater; NaN where either is NaN."""
    return where(_or_nan(a >= b, a), a, b)


def minimum(a: Tensor, b: Tensor) -> Tensor:
    """The lesser; NaN where either is NaN."""
    return where(_or_nan(a <= b, a), a, b)


def fmax(a: Tensor, b: Tensor) -> Tensor:
    """The greater; NaN only where both are."""
    return where(_or_nan(a >= b, b), a, b)


def fmin(a: Tensor, b: Tensor) -> Tensor:
    """The lesser; NaN only where both are."""
    return where(_or_nan(a <= b, b), a, b)


def _or_nan(condition: Tensor, x: Tensor) -> Tensor:
    return condition | x.isnan() if x.dtype.startswith("float") else condition


def remainder(a: Tensor, b: Tensor) -> Tensor:
    """`a % b`, of the sign of b (NumPy's npy_divmod)."""
    rest = a.op("Mod", b, shape=(a + b).shape, fmod=1)
    wrong = ((b < 0.0).op("Xor", rest < 0.0, shape=rest.shape)) & truth(rest)
    signed = where(b < 0.0, -0.0, 0.0) + rest * 0.0
    return where(wrong, rest + b, where(rest.equals(0.0), signed, rest))


def floor_divide(a: Tensor, b: Tensor) -> Tensor:
    """`a // b` (NumPy's npy_divmod)."""
    quotient = (a - remainder(a, b)) / b
    low = quotient.op("Floor")
    nearest = where(quotient - low > 0.5, low + 1.0, low)
    zero = quotient.equals(0.0)
    return where(b.equals(0.0), a / b, where(zero, (a / b) * 0.0, nearest))


def trunc(x: Tensor) -> Tensor:
    """Towards zero."""
    return where(x < 0.0, x.op("Ceil"), x.op("Floor"))


def rounded(x: Tensor, decimals: int) -> Tensor:
    """`np.round`: scaled, rounded half to even, scaled back."""
    if decimals == 0:
        return x.op("Round")
    factor = 10.0 ** abs(decimals)
    return (x * factor).op("Round") / factor if decimals > 0 else (x / factor).op("Round") * factor


def log1p(x: Tensor) -> Tensor:
    """log(1 + x), of infinity too."""
    return where(x.equals(np.inf), x, special_functions.log1p(x))


def sinh(x: Tensor) -> Tensor:
    """(eˣ − e⁻ˣ)/2, also near 0 and near the greatest."""
    small = (special_functions.expm1(x) - special_functions.expm1(-x)) / 2.0
    half = (x.abs() / 2.0).exp()
    return where(x.abs() < 20.0, small, x.op("Sign") * (half / 2.0) * half)


def cosh(x: Tensor) -> Tensor:
    """(eˣ + e⁻ˣ)/2, also near the greatest."""
    half = (x.abs() / 2.0).exp()
    return (half / 2.0) * half + 0.5 / half / half


def arcsinh(x: Tensor) -> Tensor:
    """The inverse of sinh."""
    size = x.abs()
    near = log1p(size + size * size / (1.0 + (size * size + 1.0).sqrt()))
    return _odd(x, where(size < 1e150, near, size.log() + _LN2))


def arccosh(x: Tensor) -> Tensor:
    """The inverse of cosh, NaN below 1."""
    above = x - 1.0
    near = log1p(above + (above * 2.0 + above * above).sqrt())
    return where(x < 1.0, np.nan, where(x < 1e150, near, x.log() + _LN2))


def arctanh(x: Tensor) -> Tensor:
    """The inverse of tanh."""
    size = x.abs()
    return _odd(x, log1p(2.0 * size / (1.0 - size)) * 0.5)


def arctan(x: Tensor) -> Tensor:
    """The inverse of tan (Cephes' atan)."""
    size = x.abs()
    far, middle = size > 2.414213562373095048, size > 0.66
    turned = where(far, -1.0 / size, where(middle, (size - 1.0) / (size + 1.0), size))
    z = turned * turned
    ratio = z * _polynomial(z, _P) / _polynomial(z, _Q)
    start = where(far, np.pi / 2, where(middle, np.pi / 4, 0.0))
    more = where(far, 6.123233995736765886130e-17, where(middle, 3.061616997868382943065e-17, 0.0))
    return _odd(x, start + (turned * ratio + turned + more))


def arcsin(x: Tensor) -> Tensor:
    """The inverse of sin, NaN beyond ±1."""
    return arctan(x / ((1.0 - x) * (1.0 + x)).sqrt())


def arccos(x: Tensor) -> Tensor:
    """The inverse of cos, NaN beyond ±1."""
    return 2.0 * arctan(((1.0 - x) / (1.0 + x)).sqrt())


def arctan2(y: Tensor, x: Tensor) -> Tensor:
    """The angle of the point (x, y)."""
    both = y.op("IsInf", dtype="bool") & x.op("IsInf", dtype="bool")
    up, right = where(both, y.op("Sign"), y), where(both, x.op("Sign"), x)
    # The division is not guarded by Where, which loses the sign of zero in ONNX Runtime.
    angle = where(truth(right) | truth(up) | up.isnan() | right.isnan(), arctan(up / right), up)
    turn = where(_negative(y), -np.pi, np.pi)
    return where(_negative(x), angle + turn, angle)


def _negative(x: Tensor) -> Tensor:
    """The sign bit of what is no NaN: minus zero is negative."""
    return (x < 0.0) | (x.equals(0.0) & ((1.0 / x) < 0.0))


def hypot(a: Tensor, b: Tensor) -> Tensor:
    """√(a² + b²) without overflow."""
    high, low = fmax(a.abs(), b.abs()), fmin(a.abs(), b.abs())
    share = where(truth(high), low / high, 0.0)
    result = high * (1.0 + share * share).sqrt()
    return where(a.isnan() | b.isnan(), np.nan, where(high.op("IsInf", dtype="bool"), np.inf, result))


def cbrt(x: Tensor) -> Tensor:
    """The cube root, one step of Newton's after the power."""
    size = x.abs()
    plain = truth(size) & ~size.op("IsInf", dtype="bool")
    root = size ** (1.0 / 3.0)
    better = root - (root - size / (root * root)) / 3.0
    return _odd(x, where(plain, better, size))


def logarithm(x: Tensor, base: float) -> Tensor:
    """The logarithm to `base`, whole where x is a whole power of it."""
    result = x.log() / float(np.log(base))
    whole = result.op("Round")
    power = where(whole.equals(whole), base, 0.0) ** whole
    return where(power.equals(x) & (x > 0.0) & (x < np.inf), whole, result)


def logaddexp(a: Tensor, b: Tensor) -> Tensor:
    """log(eᵃ + eᵇ)."""
    high = maximum(a, b)
    return where(a.equals(b), a + _LN2, high + log1p((-(a - b).abs()).exp()))


def expit(x: Tensor) -> Tensor:
    """The logistic function, as SciPy computes it."""
    return 1.0 / (1.0 + (-x).exp())


def logit(p: Tensor) -> Tensor:
    """The inverse of the logistic function."""
    middle = (p >= 0.3) & (p <= 0.65)
    shifted = 2.0 * (p - 0.5)
    return where(middle, log1p(shifted) - log1p(-shifted), (p / (1.0 - p)).log())


def _odd(x: Tensor, size: Tensor) -> Tensor:
    """The value for |x| with the sign of x; zeros and NaN stay as they are."""
    return where(x < 0.0, -size, where(x > 0.0, size, x))


def _polynomial(x: Tensor, coefficients: tuple[float, ...]) -> Tensor:
    result: Tensor = x * coefficients[0] + coefficients[1]
    for coefficient in coefficients[2:]:
        result = result * x + coefficient
    return result


def side_by_side(parts: list[Tensor], axis: int, dtype: str) -> Tensor:
    """Arrays of one rank joined along `axis`."""
    if axis == 1 and all(len(part.shape) == 2 for part in parts):
        return concat(part.cast(dtype) for part in parts)
    sizes = [part.shape[axis] for part in parts]
    total = None if None in sizes else sum(size for size in sizes if size is not None)
    shape = (*parts[0].shape[:axis], total, *parts[0].shape[axis + 1 :])
    return parts[0].graph.add("Concat", [part.cast(dtype) for part in parts], dtype, shape, axis=axis)


_LN2 = float(np.log(2))
_P = (
    -8.750608600031904122785e-1,
    -1.615753718733365076637e1,
    -7.500855792314704667340e1,
    -1.228866684490136173410e2,
    -6.485021904942025371773e1,
)
_Q = (
    1.0,
    2.485846490142306297962e1,
    1.650270098316988542046e2,
    4.328810604912902668951e2,
    4.853903996359136964868e2,
    1.945506571482613964425e2,
)
