"""Packs a model of JAX and compares the sealed file with JAX itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np

import sealift


def packed(model: Any, rows: Any, tmp_path: Path, call: Any = None) -> Any:
    """The result of `pack`, after each output was compared for one row and for seven.

    Args:
        model: the model.
        rows: X: an array, a tuple or a dict of arrays.
        tmp_path: the folder of the file.
        call: computes the original's results; by default the model.
    """
    result = sealift.pack(model, rows, name="net", output=tmp_path / "net.seal", progress=lambda _: None)
    sealed, original = result.load(), call or model
    for count in (1, 7):
        part = _taken(rows, count)
        given = part if isinstance(part, tuple) else () if isinstance(part, dict) else (part,)
        named = part if isinstance(part, dict) else {}
        wanted = _leaves(original(*map(_array, given), **{k: _array(v) for k, v in named.items()}))
        answers = sealed.predict(_named(part, result.contract))
        for output, answer in zip(result.contract.outputs, wanted, strict=True):
            expected = np.asarray(answer)
            got = np.asarray(answers[output.name]).reshape(expected.shape)
            scale = max(1.0, float(np.abs(expected).max(initial=0)))
            np.testing.assert_allclose(got, expected, rtol=2e-5, atol=2e-5 * scale)
    return result


def _named(rows: Any, contract: Any) -> Any:
    """A tuple as a dict by the names of the inputs, which `predict` takes."""
    if not isinstance(rows, tuple):
        return rows
    return dict(zip((field.name for field in contract.inputs), rows, strict=True))


def _leaves(result: Any) -> list[Any]:
    """The arrays of a result in its own order; that of `jax.tree` is sorted."""
    if isinstance(result, dict | tuple | list):
        parts = result.values() if isinstance(result, dict) else result
        return [leaf for part in parts for leaf in _leaves(part)]
    return [result]


def _array(values: Any) -> Any:
    array = np.asarray(values)
    return jax.numpy.asarray(array.astype(np.float32) if array.dtype == np.float64 else array)


def _taken(rows: Any, count: int) -> Any:
    """The first rows, repeated where there are too few."""
    if isinstance(rows, tuple):
        return tuple(_taken(part, count) for part in rows)
    if isinstance(rows, dict):
        return {name: _taken(part, count) for name, part in rows.items()}
    return rows[np.arange(count) % len(rows)]
