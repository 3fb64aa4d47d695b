"""Gaussian processes (`gaussian_process/`)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sklearn import gaussian_process
from sklearn.gaussian_process import _gpc, kernels

from sealift.errors import PackError
from sealift.frameworks.registry import apply, converter
from sealift.frameworks.sklearn.distances import kernel, squared
from sealift.graph.builder import Tensor
from sealift.graph.classify import by_sign, two_columns
from sealift.graph.control_flow import scan
from sealift.graph.special_functions import erf
from sealift.graph.step import StepOutput, refuse
from sealift.graph.table import Table


def covariance(k: Any, row: Tensor, points: Any) -> Tensor:
    """The kernel `k` (M,) between a row (d,) and points (M, d)."""
    kind = type(k)
    if kind is kernels.Sum:
        return covariance(k.k1, row, points) + covariance(k.k2, row, points)
    if kind is kernels.Product:
        return covariance(k.k1, row, points) * covariance(k.k2, row, points)
    if kind is kernels.Exponentiation:
        return covariance(k.kernel, row, points) ** float(k.exponent)
    if kind in (kernels.ConstantKernel, kernels.WhiteKernel):
        value = k.constant_value if kind is kernels.ConstantKernel else 0.0
        return row.graph.constant(np.full(len(points), float(value)))
    if kind is kernels.RBF:
        return (-0.5 * squared(row / k.length_scale, points / k.length_scale)).exp()
    if kind is kernels.Matern:
        return _matern(k, squared(row / k.length_scale, points / k.length_scale).sqrt())
    if kind is kernels.RationalQuadratic:
        scale = float(2 * k.alpha * k.length_scale**2)
        return (1.0 + squared(row, points) / scale) ** float(-k.alpha)
    if kind is kernels.ExpSineSquared:
        wave = (squared(row, points).sqrt() * float(np.pi / k.periodicity)).op("Sin") / float(k.length_scale)
        return (-2.0 * (wave * wave)).exp()
    if kind is kernels.DotProduct:
        return row.graph.constant(points) @ row + float(k.sigma_0**2)
    if kind is kernels.PairwiseKernel:
        return kernel(row, points, k.metric, {"gamma": k.gamma, **(k.pairwise_kernels_kwargs or {})})
    raise refuse(f"Its kernel {kind.__name__} is not converted.", "Use another kernel, such as RBF, Matern or sums.")


def _matern(k: Any, distance: Tensor) -> Tensor:
    if k.nu == 0.5:
        return (-distance).exp()
    if k.nu in (1.5, 2.5):
        scaled = distance * math.sqrt(2 * k.nu)
        base = 1.0 + scaled if k.nu == 1.5 else 1.0 + scaled + scaled * scaled / 3.0
        return base * (-scaled).exp()
    if k.nu == np.inf:
        return (-(distance * distance) / 2.0).exp()
    raise refuse(f"Its Matérn kernel has nu={k.nu}.", "Use nu=0.5, 1.5, 2.5 or infinity.")


def _variance(k: Any, row: Tensor) -> Tensor:
    """`k.diag`: the kernel of a row with itself, (1,)."""
    kind = type(k)
    if kind is kernels.Sum:
        return _variance(k.k1, row) + _variance(k.k2, row)
    if kind is kernels.Product:
        return _variance(k.k1, row) * _variance(k.k2, row)
    if kind is kernels.Exponentiation:
        return _variance(k.kernel, row) ** float(k.exponent)
    if kind is kernels.DotProduct:
        return (row * row).sum(keepdims=True) + float(k.sigma_0**2)
    if kind is kernels.PairwiseKernel:
        raise refuse("The variance of its PairwiseKernel is not converted.", "Use another kernel, such as RBF.")
    value = k.constant_value if kind is kernels.ConstantKernel else getattr(k, "noise_level", 1.0)
    return row.graph.constant(np.array([float(value)]))


@converter(gaussian_process.GaussianProcessRegressor)
def regressor(step: Any, x: Table) -> StepOutput:
    """The mean of the process."""
    if not hasattr(step, "X_train_"):
        raise PackError("E301", "The step was never fitted.", fix="Call fit(X, y) on it before packing.")
    points, weights = np.asarray(step.X_train_), np.asarray(step.alpha_)
    # The scale is included in the weights: ONNX Runtime converts a scalar factor after a matrix product to float32.
    scaled = (weights if weights.ndim == 2 else weights[:, None]) * step._y_train_std
    (products,) = scan(x.numbers(), lambda row: [covariance(step.kernel_, row, points) @ scaled])
    mean = products + np.broadcast_to(np.asarray(step._y_train_mean, dtype=np.float64), (scaled.shape[1],))
    return StepOutput(value=mean.vector() if mean.width == 1 else mean)


@converter(gaussian_process.GaussianProcessClassifier)
def classifier(step: Any, x: Table) -> StepOutput:
    """One process, or one for each class or pair of classes."""
    answer = apply(step.base_estimator_, x, "base_estimator")
    return StepOutput(class_index=answer.class_index, classes=step.classes_, probability=answer.probability)


@converter(_gpc._BinaryGaussianProcessClassifierLaplace)
def laplace(step: Any, x: Table) -> StepOutput:
    """The sign of the latent mean; the probability from its mean and variance (Williams and Barber 1998)."""
    points = np.asarray(step.X_train_)
    weights = (step.y_train_ - step.pi_)[:, None]
    whitened = np.linalg.solve(step.L_, np.diag(step.W_sr_))

    def latent(row: Tensor) -> list[Tensor]:
        covariances = covariance(step.kernel_, row, points)
        v = row.graph.constant(whitened) @ covariances
        return [covariances @ weights, _variance(step.kernel_, row) - (v * v).sum(keepdims=True)]

    mean, variance = scan(x.numbers(), latent)
    alpha = 1.0 / (2.0 * variance)
    squares = (_gpc.LAMBDAS**2).T
    integrals = ((np.pi / alpha).sqrt() * erf(mean * _gpc.LAMBDAS.T * (alpha / (alpha + squares)).sqrt())) / (
        2.0 * (variance * (2 * np.pi)).sqrt()
    )
    positive = (integrals * _gpc.COEFS.T).sum() + float(0.5 * _gpc.COEFS.sum())
    return StepOutput(class_index=by_sign(mean.vector()), classes=step.classes_, probability=two_columns(positive))
