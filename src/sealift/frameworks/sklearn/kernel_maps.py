"""Approximate and exact kernel maps (`kernel_approximation.py`, `decomposition/_kernel_pca.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import decomposition, kernel_approximation

from sealift.frameworks.registry import converter
from sealift.frameworks.sklearn.column_names import named
from sealift.frameworks.sklearn.distances import kernel
from sealift.frameworks.sklearn.linear import dense
from sealift.frameworks.sklearn.scale import centered
from sealift.graph.builder import Tensor, concat, where
from sealift.graph.control_flow import scan
from sealift.graph.step import refuse
from sealift.graph.table import Table

_REDUNDANT = 1e-6  # eigenvalues below this share of the greatest make the result too inexact
_SINGULAR = 1e-6


@converter(kernel_approximation.RBFSampler)
def fourier(step: Any, x: Table) -> Table:
    """Cosines of random projections."""
    projected = x.numbers() @ step.random_weights_ + step.random_offset_
    return named(step, projected.op("Cos") * (2.0 / step.n_components) ** 0.5, x)


@converter(kernel_approximation.SkewedChi2Sampler)
def skewed(step: Any, x: Table) -> Table:
    """Cosines of random projections of the logarithms."""
    values = x.numbers()
    projected = (values + float(step.skewedness)).log() @ step.random_weights_ + step.random_offset_
    return named(step, projected.op("Cos") * float(np.sqrt(2.0) / np.sqrt(step.n_components)), x)


@converter(kernel_approximation.AdditiveChi2Sampler)
def additive(step: Any, x: Table) -> Table:
    """Samples of the additive chi-squared kernel's Fourier transform; 0 stays 0."""
    interval = step.sample_interval
    if interval is None:
        interval = {1: 0.8, 2: 0.5, 3: 0.4}[step.sample_steps]
    interval = float(interval)
    values = x.numbers()
    nothing = values.equals(0.0)
    safe = where(nothing, 1.0, values)
    logs, size = safe.log() * interval, safe * 2.0 * interval
    parts = [(safe * interval).sqrt()]
    for j in range(1, step.sample_steps):
        factor = (size / float(np.cosh(np.pi * j * interval))).sqrt()
        angle = logs * float(j)
        parts += [factor * angle.op("Cos"), factor * angle.op("Sin")]
    return named(step, concat(where(nothing, 0.0, part) for part in parts), x)


@converter(kernel_approximation.PolynomialCountSketch)
def count_sketch(step: Any, x: Table) -> Table:
    """The circular convolution of count sketches, by discrete Fourier transforms as matrices."""
    size = int(step.n_components)
    half = np.arange(size // 2 + 1)
    angle = 2 * np.pi * (np.outer(np.arange(size), half) % size) / size
    values = x.numbers().cast("float64")
    real: Tensor | None = None
    imaginary: Tensor | None = None
    for d in range(step.degree):
        sketch = np.zeros((step.indexHash_.shape[1], size))
        sketch[np.arange(len(sketch)), step.indexHash_[d]] = step.bitHash_[d]
        constant = np.sqrt(step.coef0) * sketch[x.width :].sum(axis=0)
        sketched = values * np.sqrt(step.gamma) @ sketch[: x.width] + constant
        re, im = sketched @ np.cos(angle), sketched @ -np.sin(angle)
        if real is None or imaginary is None:
            real, imaginary = re, im
        else:
            real, imaginary = real * re - imaginary * im, real * im + imaginary * re
    assert real is not None
    assert imaginary is not None
    # Only half of the spectrum is computed; the other half is its mirror image.
    weight = np.where((half == 0) | (2 * half == size), 1.0, 2.0)[:, None] / size
    return named(step, real @ (weight * np.cos(angle.T)) - imaginary @ (weight * np.sin(angle.T)), x)


@converter(kernel_approximation.Nystroem)
def nystroem(step: Any, x: Table) -> Table:
    """Kernels with the chosen training rows, orthonormalised."""
    spectrum = np.linalg.svd(step.normalization_, compute_uv=False)
    if spectrum[-1] < _SINGULAR * spectrum[0]:
        raise refuse(
            "Its components are redundant, so that part of its result is rounding noise blown up.",
            "Fit it with fewer components (n_components).",
        )
    params = step._get_kernel_params()
    values = x.numbers()
    points = dense(step.components_)
    if step.kernel == "precomputed":
        embedded = values
    else:
        (embedded,) = scan(values.cast("float64"), lambda row: [kernel(row, points, step.kernel, params)])
    return named(step, (embedded @ step.normalization_.T).cast(values.dtype), x)


@converter(decomposition.KernelPCA)
def kernel_pca(step: Any, x: Table) -> Table:
    """Centred kernels with all training rows, projected."""
    _check_spectrum(step)
    values = x.numbers()
    params = (
        (step.kernel_params or {})
        if callable(step.kernel)
        else {"gamma": step.gamma_, "degree": step.degree, "coef0": step.coef0}
    )
    points = dense(step.X_fit_)

    def body(row: Tensor) -> list[Tensor]:
        products = row if step.kernel == "precomputed" else kernel(row, points, step.kernel, params)
        return [kernel_components(step, products)]

    (products,) = scan(values.cast("float64"), body)
    return named(step, products.cast(values.dtype), x)


def _check_spectrum(step: Any) -> None:
    values = np.abs(step.eigenvalues_)
    noise = (values > 0) & (values < _REDUNDANT * values.max())
    if noise.any():
        raise refuse(
            f"{int(noise.sum())} of its {len(values)} components are rounding noise: their eigenvalues are next to 0.",
            f"Fit it with n_components={int((values >= _REDUNDANT * values.max()).sum())} or fewer.",
        )


def kernel_components(step: Any, row: Tensor) -> Tensor:
    """A fitted KernelPCA on the kernels (M,) of one row to the training rows."""
    scale = np.where(step.eigenvalues_ == 0, 1.0, np.sqrt(np.abs(step.eigenvalues_)))
    alphas = np.where(step.eigenvalues_ == 0, 0.0, step.eigenvectors_ / scale)
    return centered(step._centerer, row) @ alphas
