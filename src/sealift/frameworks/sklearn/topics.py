"""`LatentDirichletAllocation` (`decomposition/_lda.py`, `_online_lda_fast.pyx`): iterated for each document."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import psi
from sklearn import decomposition

from sealift.frameworks.registry import converter
from sealift.frameworks.sklearn.column_names import named
from sealift.graph.builder import Tensor, where
from sealift.graph.control_flow import loop
from sealift.graph.special_functions import digamma
from sealift.graph.step import refuse
from sealift.graph.table import Table


@converter(decomposition.LatentDirichletAllocation)
def topics(step: Any, x: Table) -> Table:
    """The topic distribution; each row has its own stopping criterion, so it does not depend on other rows."""
    counts = x.numbers().cast("float64")
    words = np.asarray(step.exp_dirichlet_component_, dtype=np.float64)
    count = len(words)
    eps = float(np.finfo(np.float64).eps)
    start = counts.sum(keepdims=True) * 0.0 + np.ones((1, count))

    def refine(state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        shares, weights, open_rows = state
        expected = counts / (weights @ words + eps)
        refined = weights * (expected @ words.T) + float(step.doc_topic_prior_)
        weighted = (digamma(refined) - digamma(refined.sum(keepdims=True))).exp()
        change = (shares - refined).abs().sum(keepdims=True) / float(count)
        left = open_rows & ~(change < float(step.mean_change_tol))
        proceed = left.cast("float64").max(axis=0).max() > 0.0
        return proceed, [where(open_rows, refined, shares), where(open_rows, weighted, weights), left]

    weights = start * np.exp(psi(np.ones((1, count))) - psi(float(count)))
    open_rows = counts.sum(keepdims=True) > -1.0
    shares, _, _ = loop(x.graph, [start, weights, open_rows], refine, int(step.max_doc_update_iter))
    return named(step, shares / shares.sum(keepdims=True), x)


@converter(decomposition.NMF, decomposition.MiniBatchNMF)
def factorization(step: Any, x: Table) -> Table:
    """Not supported: the original stops when all rows together change little, so answers depend on other rows."""
    del step, x
    raise refuse(
        "Its answer for a row depends on the other rows: its iteration stops when all rows together change little.",
        "Use TruncatedSVD, LatentDirichletAllocation, or DictionaryLearning with transform_algorithm='omp'.",
    )
