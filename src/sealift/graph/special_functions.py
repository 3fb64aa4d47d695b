"""Functions of mathematics that ONNX Runtime lacks in double, accurate to a few units in the last place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sealift.graph.builder import Tensor, concat, where


def log1p(x: Tensor) -> Tensor:
    """log(1 + x), also for tiny x (Kahan)."""
    shifted = 1.0 + x
    step = shifted - 1.0
    exact = step.equals(0.0)
    return where(exact, x, shifted.log() * (x / where(exact, 1.0, step)))


def expm1(x: Tensor) -> Tensor:
    """eˣ − 1, also for tiny x (Kahan)."""
    power = x.exp()
    less, log = power - 1.0, power.log()
    # Near 0 the rounding of eˣ is put right; elsewhere, and where the logarithm is not finite, nothing is lost.
    small = (x.abs() < 1.0) & ~log.equals(0.0)
    return where(small, less * (x / where(small, log, 1.0)), where(log.equals(0.0), x, less))


def normal_quantile(p: Tensor) -> Tensor:
    """The quantile of the standard normal for 1e-14 < p < 1 − 1e-14 (Cephes' ndtri, as SciPy computes it)."""
    upper = p > 1.0 - _TAIL
    q = where(upper, 1.0 - p, p)
    y = q - 0.5
    y2 = y * y
    central = (y + y * (y2 * _polynomial(y2, _P0) / _polynomial(y2, _Q0))) * _ROOT_2_PI
    x = (-2.0 * where(q <= 0.0, 1e-300, q).log()).sqrt()
    z = 1.0 / x
    tail = x - x.log() / x - z * _polynomial(z, _P1) / _polynomial(z, _Q1)
    return where(q > _TAIL, central, where(upper, tail, -tail))


def erf(x: Tensor) -> Tensor:
    """The error function (Cephes, as SciPy computes it)."""
    square = x * x
    inner = x * _polynomial(square, _T) / _polynomial(square, _U)
    size = x.abs().clip(1.0, 8.0)
    outer = 1.0 - (-(size * size)).exp() * _polynomial(size, _P) / _polynomial(size, _Q)
    return where(x.abs() <= 1.0, inner, where(x < 0.0, -outer, outer))


def digamma(x: Tensor) -> Tensor:
    """The digamma function for x > 0 as scikit-learn's topic models compute it (`_online_lda_fast.pyx`, psi)."""
    shift = x * 0.0
    large = x
    for _ in range(6):
        below = large < 6.0
        shift = where(below, shift - 1.0 / large, shift)
        large = where(below, large + 1.0, large)
    r = 1.0 / large
    result = shift + (large.log() - 0.5 * r)
    r = r * r
    result = result - r * ((1.0 / 12.0) - r * ((1.0 / 120.0) - r * (1.0 / 252.0)))
    return where(x <= 1e-6, -_EULER - 1.0 / x, result)


def solve(a: Tensor, b: Tensor) -> Tensor:
    """The solution (k,) of a positive definite system a (k, k), b (k,), by elimination; it needs no pivots."""
    size = a.width
    joined = concat([a, b.matrix()])
    for i in range(size):
        at = np.array([i])
        row = joined.op("Gather", at, shape=(1, size + 1), axis=0)
        row = row / row.columns(at)
        here = np.arange(size)[:, None] == i
        joined = where(a.graph.constant(here), row, joined - joined.columns(at) * row)
    return joined.column(size)


def _polynomial(x: Tensor, coefficients: Sequence[float]) -> Tensor:
    result = x * coefficients[0] + coefficients[1]
    for coefficient in coefficients[2:]:
        result = result * x + coefficient
    return result


_T = (
    9.60497373987051638749e0,
    9.00260197203842689217e1,
    2.23200534594684319226e3,
    7.00332514112805075473e3,
    5.55923013010394962768e4,
)
_U = (
    1.0,
    3.35617141647503099647e1,
    5.21357949780152679795e2,
    4.59432382970980127987e3,
    2.26290000613890934246e4,
    4.92673942608635921086e4,
)
_P = (
    2.46196981473530512524e-10,
    5.64189564831068821977e-1,
    7.46321056442269912687e0,
    4.86371970985681366614e1,
    1.96520832956077098242e2,
    5.26445194995477358631e2,
    9.34528527171957607540e2,
    1.02755188689515710272e3,
    5.57535335369399327526e2,
)
_Q = (
    1.0,
    1.32281951154744992508e1,
    8.67072140885989742329e1,
    3.54937778887819891062e2,
    9.75708501743205489753e2,
    1.82390916687909736289e3,
    2.24633760818710981792e3,
    1.65666309194161350182e3,
    5.57535340817727675546e2,
)
_EULER = 0.577215664901532860606512090082402431
_ROOT_2_PI = 2.50662827463100050242
_TAIL = 0.13533528323661269189
_P0 = (
    -5.99633501014107895267e1,
    9.80010754185999661536e1,
    -5.66762857469070293439e1,
    1.39312609387279679503e1,
    -1.23916583867381258016e0,
)
_Q0 = (
    1.0,
    1.95448858338141759834e0,
    4.67627912898881538453e0,
    8.63602421390890590575e1,
    -2.25462687854119370527e2,
    2.00260212380060660359e2,
    -8.20372256168333339912e1,
    1.59056225126211695515e1,
    -1.18331621121330003142e0,
)
_P1 = (
    4.05544892305962419923e0,
    3.15251094599893866154e1,
    5.71628192246421288162e1,
    4.40805073893200834700e1,
    1.46849561928858024014e1,
    2.18663306850790267539e0,
    -1.40256079171354495875e-1,
    -3.50424626827848203418e-2,
    -8.57456785154685413611e-4,
)
_Q1 = (
    1.0,
    1.57799883256466749731e1,
    4.53907635128879210584e1,
    4.13172038254672030440e1,
    1.50425385692907503408e1,
    2.50464946208309415979e0,
    -1.42182922854787788574e-1,
    -3.80806407691578277194e-2,
    -9.33259480895457427372e-4,
)
