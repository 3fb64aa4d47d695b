"""The original model as an oracle: its answers by output name, whatever rows it refuses left out."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Output
from sealift.errors import PackError
from sealift.packing.forms import Form, Values

# How the original is asked for each output of the contract.
_METHODS = {
    "label": ("predict",),
    "probability": ("predict_proba",),
    "score": ("decision_function", "score_samples"),
    "value": ("predict",),
    "features": ("transform",),
}


@dataclass(frozen=True)
class Original:
    """A fitted model and the form of the rows it takes."""

    model: Any
    form: Form
    outputs: Sequence[Output]

    def answer(self, X: Any) -> dict[str, npt.NDArray[Any]]:
        """The answers to rows in the caller's form; whatever the model raises comes through."""
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return {output.name: self._ask(output, X) for output in self.outputs}

    def answer_columns(self, columns: Mapping[str, Values]) -> dict[str, npt.NDArray[Any]]:
        """The answers to columns of plain values."""
        return self.answer(self.form.build(columns))

    def accepts(self, columns: Mapping[str, Values]) -> bool:
        """Whether the model answers these rows instead of raising."""
        try:
            self.answer_columns(columns)
        except Exception:  # any refusal is an answer to this question
            return False
        return True

    def accepted(self, columns: Mapping[str, Values], *, tries: int = 200) -> npt.NDArray[np.bool_]:
        """Which rows (N,) the model answers, found by halving; rows still unclear after `tries` count as refused."""
        count = len(next(iter(columns.values())))
        good = np.zeros(count, dtype=np.bool_)
        waiting = [(0, count)]
        while waiting and tries > 0:
            start, stop = waiting.pop()
            tries -= 1
            if self.accepts({name: values[start:stop] for name, values in columns.items()}):
                good[start:stop] = True
            elif stop - start > 1:
                middle = (start + stop) // 2
                waiting += [(start, middle), (middle, stop)]
        return good

    def _ask(self, output: Output, X: Any) -> npt.NDArray[Any]:
        method = next(m for m in _METHODS[output.name] if hasattr(self.model, m))
        found = getattr(self.model, method)(X)
        found = found.toarray() if hasattr(found, "toarray") else np.asarray(found)
        kind = {"float64": np.float64, "int64": np.int64, "bool": np.bool_, "string": np.object_}[output.dtype]
        found = found.astype(kind)
        # scikit-learn answers a single target sometimes as (N,), sometimes as (N, 1)
        return found[:, 0] if output.width is None and found.ndim == 2 and found.shape[1] == 1 else found


def check_rows(original: Original) -> dict[str, npt.NDArray[Any]]:
    """The answers to the caller's own rows. Raises PackError E305 with the model's message when it refuses them."""
    try:
        return original.answer(original.form.rows)
    except Exception as error:
        raise PackError(
            "E305",
            f"The model fails on the rows given: {type(error).__name__}: {' '.join(str(error).split())[:300]}",
            fix="Give X as the model takes it in predict: the same columns, types and order as in fit.",
        ) from error
