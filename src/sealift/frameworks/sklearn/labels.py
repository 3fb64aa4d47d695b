"""Encoders of the target (`preprocessing/_label.py`), for tables with this single column."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import preprocessing

from sealift.frameworks.registry import converter
from sealift.graph.builder import Tensor, where
from sealift.graph.categories import codes, indicators
from sealift.graph.step import refuse
from sealift.graph.table import Table, constant_column


def _code(step: Any, x: Table) -> Tensor:
    if x.width != 1:
        raise refuse(f"It encodes one column, but gets {x.width}.", "Use OrdinalEncoder or OneHotEncoder for inputs.")
    return codes(x, [step.classes_])


@converter(preprocessing.LabelEncoder)
def encoder(step: Any, x: Table) -> Table:
    """The index of the class; NaN for any other value, for which the original raises."""
    index = _code(step, x)
    return x.with_values(where(index < 0, np.nan, index.cast("float64")), x.names)


@converter(preprocessing.LabelBinarizer)
def binarizer(step: Any, x: Table) -> Table:
    """One column for each class, or a single column for two classes."""
    if step.y_type_.startswith("multilabel"):
        raise refuse("It was fitted on rows of several labels.", "Leave it out: such rows are binary already.")
    classes = [str(value) for value in step.classes_]
    if len(classes) == 1:
        return x.with_values(constant_column(x, float(step.neg_label)).matrix(), classes)
    hit = indicators(_code(step, x), [[1] if len(classes) == 2 else range(len(classes))], [len(classes)])
    names = classes[1:] if len(classes) == 2 else classes
    return x.with_values(where(hit > 0.5, float(step.pos_label), float(step.neg_label)), names)


@converter(preprocessing.MultiLabelBinarizer)
def multilabel(step: Any, x: Table) -> Table:
    """Not supported: it transforms targets, which are sets of labels, and not the rows of a model."""
    del step, x
    raise refuse(
        "It encodes the training target, a set of labels for each row, and not the rows of a model.",
        "Pack the classifier that was trained on its result, without it: its answer has a column for each label. If "
        "sets of labels are an input, give each label a column of its own that holds 0 or 1.",
    )
