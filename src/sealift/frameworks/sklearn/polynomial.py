"""`PolynomialFeatures` (`preprocessing/_polynomial.py`)."""

from __future__ import annotations

from itertools import combinations, combinations_with_replacement
from typing import Any

from sklearn import preprocessing

from sealift.frameworks.registry import converter
from sealift.frameworks.sklearn.column_names import named
from sealift.graph.builder import Tensor, concat
from sealift.graph.step import refuse
from sealift.graph.table import Table, constant_column


@converter(preprocessing.PolynomialFeatures)
def polynomial(step: Any, x: Table) -> Table:
    """Products of columns, each degree computed from the previous one as in the original, so that rounding is equal."""
    values = x.numbers()
    parts: list[Tensor] = []
    if step.include_bias:
        parts.append(constant_column(x, 1.0).matrix().cast(values.dtype))
    choose: Any = combinations if step.interaction_only else combinations_with_replacement
    terms: list[tuple[int, ...]] = [(i,) for i in range(x.width)]
    products = values
    for degree in range(1, step._max_degree + 1):
        if degree > 1:
            place = {term: i for i, term in enumerate(terms)}
            terms = list(choose(range(x.width), degree))
            if not terms:
                break
            rest, first = [place[term[1:]] for term in terms], [term[0] for term in terms]
            products = products.columns(rest) * values.columns(first)
        if degree >= step._min_degree:
            parts.append(products)
    if not parts:
        raise refuse("It keeps no column.", "Use include_bias=True or a degree above 0.")
    return named(step, concat(parts), x)
