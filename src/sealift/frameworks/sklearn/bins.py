"""`KBinsDiscretizer` (`preprocessing/_discretization.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import preprocessing

from sealift.frameworks.registry import converter
from sealift.frameworks.sklearn.column_names import named
from sealift.graph.categories import indicators
from sealift.graph.search import positions
from sealift.graph.table import Table


@converter(preprocessing.KBinsDiscretizer)
def bins(step: Any, x: Table) -> Table:
    """The index of the bin, or one column for each bin."""
    values = x.numbers()
    if step.dtype is not None:
        values = values.cast(np.dtype(step.dtype).name)
    places = positions(values, [edges[1:-1] for edges in step.bin_edges_])
    if step.encode == "ordinal":
        return named(step, places.cast(values.dtype), x)
    counts = [int(count) for count in step.n_bins_]
    return named(step, indicators(places, [range(count) for count in counts], counts).cast(values.dtype), x)
