"""Sparse codes over a dictionary (`decomposition/_dict_learning.py`, `linear_model/_omp.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import decomposition

from sealift.frameworks.registry import converter
from sealift.frameworks.sklearn.column_names import named
from sealift.graph.builder import Tensor, concat, where
from sealift.graph.control_flow import scan
from sealift.graph.step import refuse
from sealift.graph.table import Table


@converter(decomposition.SparseCoder, decomposition.DictionaryLearning, decomposition.MiniBatchDictionaryLearning)
def sparse_code(step: Any, x: Table) -> Table:
    """Soft thresholding or orthogonal matching pursuit; the path algorithms are not supported."""
    atoms = np.asarray(step.dictionary if isinstance(step, decomposition.SparseCoder) else step.components_)
    likeness = x.numbers() @ atoms.T
    algorithm = step.transform_algorithm
    if algorithm == "threshold":
        alpha = getattr(step, "alpha", None) if step.transform_alpha is None else step.transform_alpha
        least = 1.0 if alpha is None else float(alpha)
        code = likeness.op("Sign") * (likeness.abs() - least).clip(0.0, np.inf)
        code = code.clip(0.0, np.inf) if step.positive_code else code
    elif algorithm == "omp":
        wanted = step.transform_n_nonzero_coefs
        count = int(min(max(x.width / 10, 1), len(atoms)) if wanted is None else wanted)
        (code,) = scan(likeness, lambda row: [_pursuit(row, atoms @ atoms.T, count)])
    else:
        raise refuse(
            f"transform_algorithm={algorithm!r} follows a path of regressions for every row.",
            "Use transform_algorithm='omp' or 'threshold'.",
        )
    if step.split_sign:
        code = concat([code.clip(0.0, np.inf), (-code).clip(0.0, np.inf)])
    return named(step, code, x)


def _pursuit(likeness: Tensor, gram: Any, count: int) -> Tensor:
    """The code (atoms,) of one row: in each step, the atom with the largest correlation with the residual.

    The inverse of the chosen atoms' Cholesky factor grows by a row with each atom.
    """
    graph = likeness.graph
    eps = float(np.finfo(gram.dtype).eps)
    nothing = graph.constant(np.zeros(len(gram), dtype=gram.dtype))
    diagonal = graph.constant(np.diag(gram))
    code, left = nothing, likeness
    chosen: Tensor | None = None
    inverse: Tensor | None = None
    sound: Tensor | None = None
    for size in range(1, count + 1):
        atom = left.abs().argmax()
        strength = atom.take_from(left)
        good = strength * strength >= eps
        rest = atom.take_from(diagonal)
        if chosen is None or inverse is None or sound is None:
            inverse = (1.0 / rest.sqrt()).op("Reshape", np.array([1, 1]), shape=(1, 1))
            chosen = atom.op("Reshape", np.array([1]), shape=(1,))
            sound = good
        else:
            across = inverse @ chosen.take_from(atom.take_from(gram))
            rest = rest - (across * across).sum()
            again = chosen.equals(atom).cast("float64").max() > 0.5
            good = good & (rest > eps) & ~again
            scale = 1.0 / where(rest > eps, rest, 1.0).sqrt()
            row = _join([-(across @ inverse) * scale, scale.op("Reshape", np.array([1]), shape=(1,))], (size,))
            widened = concat([inverse, graph.constant(np.zeros((size - 1, 1), dtype=gram.dtype))])
            inverse = _join([widened, row.op("Unsqueeze", np.array([0]), shape=(1, size))], (size, size))
            chosen = _join([chosen, atom.op("Reshape", np.array([1]), shape=(1,))], (size,))
            sound = sound & good
        weights = (inverse @ chosen.take_from(likeness)) @ inverse
        left = likeness - weights @ chosen.take_from(gram)
        code = where(sound, nothing.op("ScatterElements", chosen, weights, axis=0), code)
    return code


def _join(parts: list[Tensor], shape: tuple[int, ...]) -> Tensor:
    return parts[0].graph.add("Concat", parts, parts[0].dtype, shape, axis=0)
