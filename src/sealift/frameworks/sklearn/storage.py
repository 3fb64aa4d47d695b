"""Which transformers return a sparse matrix.

Meta-estimators need no rule: they pass on the tables of their members, or join them (`Table.sparse`).
"""

from __future__ import annotations

from typing import Any

from sklearn import (
    ensemble,
    feature_extraction,
    impute,
    kernel_approximation,
    neighbors,
    preprocessing,
    random_projection,
)
from sklearn.feature_extraction import text

from sealift.frameworks.registry import storage
from sealift.frameworks.sklearn.select import ELIMINATIONS, SELECTORS
from sealift.graph.sparse import StoredCells
from sealift.graph.table import Table


@storage(
    feature_extraction.FeatureHasher,
    neighbors.KNeighborsTransformer,
    neighbors.RadiusNeighborsTransformer,
    text.CountVectorizer,
    text.HashingVectorizer,
    text.TfidfTransformer,
    text.TfidfVectorizer,
)
def always(step: Any, given: Table, made: Table) -> Table:
    """Sparse, whatever the input."""
    del step, given
    return made.stored(sparse=True)


@storage(
    *SELECTORS,
    *ELIMINATIONS,
    impute.SimpleImputer,
    kernel_approximation.AdditiveChi2Sampler,
    preprocessing.Binarizer,
    preprocessing.PolynomialFeatures,
)
def as_given(step: Any, given: Table, made: Table) -> Table:
    """Sparse if the input is."""
    del step
    return made.stored(sparse=given.sparse)


@storage(
    preprocessing.MaxAbsScaler,
    preprocessing.Normalizer,
    preprocessing.QuantileTransformer,
    preprocessing.RobustScaler,
    preprocessing.StandardScaler,
)
def same_cells(step: Any, given: Table, made: Table) -> Table:
    """Sparse if the input is; a stored cell remains stored, even if its value becomes 0."""
    del step
    if not given.sparse:
        return made
    return made.with_values(StoredCells(made.numbers(), given.numbers()), made.names).stored(sparse=True)


@storage(
    ensemble.RandomTreesEmbedding,
    preprocessing.LabelBinarizer,
    preprocessing.OneHotEncoder,
    preprocessing.SplineTransformer,
)
def asked(step: Any, given: Table, made: Table) -> Table:
    """Sparse if `sparse_output` is set."""
    del given
    return made.stored(sparse=bool(step.sparse_output))


@storage(feature_extraction.DictVectorizer)
def dicts(step: Any, given: Table, made: Table) -> Table:
    """Sparse if `sparse` is set."""
    del given
    return made.stored(sparse=bool(step.sparse))


@storage(preprocessing.KBinsDiscretizer)
def bins(step: Any, given: Table, made: Table) -> Table:
    """Sparse if each bin is a column (`encode="onehot"`)."""
    del given
    return made.stored(sparse=step.encode == "onehot")


@storage(impute.MissingIndicator)
def indicator(step: Any, given: Table, made: Table) -> Table:
    """Sparse if `sparse` is set; like the input for "auto"."""
    return made.stored(sparse=given.sparse if step.sparse == "auto" else bool(step.sparse))


@storage(random_projection.GaussianRandomProjection, random_projection.SparseRandomProjection)
def projection(step: Any, given: Table, made: Table) -> Table:
    """Sparse if it is a product of two sparse matrices, unless `dense_output` is set. A sum of 0 is not stored."""
    both = given.sparse and hasattr(step.components_, "toarray")
    return made.stored(sparse=both and not getattr(step, "dense_output", False))
