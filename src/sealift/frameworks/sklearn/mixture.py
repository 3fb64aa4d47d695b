"""Gaussian mixtures (`mixture/`): the log density of each component, all four shapes of covariance."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import digamma
from sklearn import mixture
from sklearn.mixture._gaussian_mixture import _compute_log_det_cholesky

from sealift.frameworks.registry import converter
from sealift.graph.builder import Tensor
from sealift.graph.classify import log_sum_exp
from sealift.graph.step import StepOutput
from sealift.graph.table import Table


@converter(mixture.GaussianMixture, mixture.BayesianGaussianMixture)
def gaussian_mixture(step: Any, x: Table) -> StepOutput:
    """The most probable component, and the probability of each."""
    values = x.numbers()
    dtype = values.dtype
    features = x.width
    shape = step.covariance_type
    constant = _compute_log_det_cholesky(step.precisions_cholesky_, shape, features) + step._estimate_log_weights()
    if isinstance(step, mixture.BayesianGaussianMixture):
        freedom = step.degrees_of_freedom_
        spread = digamma(0.5 * (freedom - np.arange(0, features)[:, np.newaxis]))
        log_lambda = features * np.log(2.0) + np.sum(spread, 0)
        constant = constant - 0.5 * features * np.log(freedom) + 0.5 * (log_lambda - features / step.mean_precision_)
    quadratic = _quadratic(values, step.means_, step.precisions_cholesky_, shape)
    weighted = (quadratic + features * float(np.log(2 * np.pi))) * -0.5 + np.asarray(constant).astype(dtype)
    # Not shifted first, since the original loses precision far from all components.
    return StepOutput(label=weighted.argmax(), probability=(weighted - log_sum_exp(weighted)).exp())


def _quadratic(x: Tensor, means: npt.NDArray[Any], cholesky: npt.NDArray[Any], shape: str) -> Tensor:
    """(x − mean)ᵀ precision (x − mean) for each component, expanded as the original does."""
    count, features = means.shape
    if shape in ("full", "tied"):
        factors = cholesky if shape == "full" else [cholesky] * count
        centres = np.concatenate([mean @ factor for mean, factor in zip(means, factors, strict=True)])
        if shape == "full":
            projected = x @ np.concatenate(list(cholesky), axis=1)
        else:
            projected = (x @ cholesky).columns(np.tile(np.arange(features), count))
        gap = projected - centres
        wide = (gap * gap).op("Reshape", np.array([0, count, features]), shape=(x.shape[0], count, features))
        return wide.sum()
    precisions = cholesky**2
    if shape == "diag":
        fixed = np.sum(means**2 * precisions, axis=1)
        forms: Tensor = x @ (means * precisions).T * -2.0 + fixed + (x * x) @ precisions.T
        return forms
    fixed = np.sum(means**2, axis=1) * precisions
    spherical: Tensor = x @ means.T * -2.0 * precisions + fixed
    size: Tensor = (x * x).sum(keepdims=True) * precisions
    return spherical + size
