"""The original model as an oracle: its answers by output name, whatever rows it refuses left out."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Output
from sealift.errors import PackError
from sealift.packing.inputs.base import Form
from sealift.packing.inputs.columns import Values, picked
from sealift.packing.inputs.row_format import check_entrance

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
    """A fitted model and the form of the rows it takes.

    Attributes:
        single: the outputs that it has given in float32 so far.
    """

    model: Any
    form: Form
    outputs: Sequence[Output]
    single: set[str] = field(default_factory=set)

    def answer(self, X: Any) -> dict[str, npt.NDArray[Any]]:
        """The answers to rows in the caller's form; whatever the model raises comes through."""
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return {output.name: self._ask(output, X) for output in self.outputs}

    def answer_columns(self, columns: Mapping[str, Values]) -> dict[str, npt.NDArray[Any]]:
        """The answers to columns of plain values."""
        return self.answer(self._built(columns))

    def tried(self, columns: Mapping[str, Values], *, wholly: bool = True) -> dict[str, npt.NDArray[Any]] | None:
        """The answers, or None where the model raises instead; unless `wholly`, asked for one output only."""
        rows = self._built(columns)
        try:
            return (self if wholly else replace(self, outputs=self.outputs[:1])).answer(rows)
        except Exception:  # any refusal is an answer to this question
            return None

    def accepts(self, columns: Mapping[str, Values], *, wholly: bool = True) -> bool:
        """Whether the model answers these rows instead of raising; unless `wholly`, asked for one output only."""
        return self.tried(columns, wholly=wholly) is not None

    def accepted(
        self, columns: Mapping[str, Values], *, tries: int = 400
    ) -> tuple[npt.NDArray[np.bool_], dict[str, npt.NDArray[Any]]]:
        """Which of the rows (N,) the model answers, found by halving, and its answers to them, asked for in one go.

        Rows that are still unclear after `tries` count as refused.
        """
        count = len(next(iter(columns.values())))
        good = np.zeros(count, dtype=np.bool_)
        waiting = [(0, count)]
        while waiting and tries > 0:
            start, stop = waiting.pop()
            tries -= 1
            answers = self.tried({name: values[start:stop] for name, values in columns.items()})
            if answers is not None and stop - start == count:
                return ~good, answers
            if answers is not None:
                good[start:stop] = True
            elif stop - start > 1:
                middle = (start + stop) // 2
                waiting += [(start, middle), (middle, stop)]
        if not good.any():
            return good, {}
        return good, self.answer_columns(picked(columns, good))

    def _built(self, columns: Mapping[str, Values]) -> Any:
        # Apart from the asking: rows that cannot be built would look as if the model refused them.
        try:
            return self.form.built(columns)
        except Exception as error:
            reason = " ".join(str(error).split())[:200]
            raise PackError(
                "E304",
                f"Rows like those of X cannot be generated: {type(error).__name__}: {reason}",
                fix="Give X with plain column types: float64, int64, bool, object or category.",
            ) from error

    def _ask(self, output: Output, X: Any) -> npt.NDArray[Any]:
        method = next(m for m in _METHODS[output.name] if hasattr(self.model, m))
        found = getattr(self.model, method)(X)
        if isinstance(found, list):  # predict_proba of several targets: one matrix for each
            found = np.hstack(found)
        found = found.toarray() if hasattr(found, "toarray") else np.asarray(found)
        kind = {"float64": np.float64, "int64": np.int64, "bool": np.bool_, "string": np.object_}[output.dtype]
        if found.dtype == np.float32:
            self.single.add(output.name)
        found = found.astype(kind)
        # scikit-learn answers a single target or feature sometimes as (N,), sometimes as (N, 1)
        single = found.size == len(found)
        return found.reshape(-1) if single and output.width is None else found.reshape(-1, 1) if single else found


def check_model(model: Any) -> None:
    """Raise PackError for what cannot be asked.

    E304 for what is no fitted model at all, E301 for an estimator that was never fitted, E302 for one whose rows no
    contract describes.
    """
    if isinstance(model, type):
        raise PackError("E304", f"{model.__name__} is a class.", fix="Give a fitted object: model = ...().fit(X, y).")
    if getattr(model, "refit", None) is False and hasattr(model, "cv_results_"):
        raise PackError(
            "E304",
            "The search was told not to fit the best estimator (refit=False).",
            where=type(model).__name__,
            fix="Search with refit=True; or fit the estimator with best_params_ and pack that.",
        )
    if not any(hasattr(model, name) for name in ("predict", "transform", "fit_predict", "score_samples")):
        raise PackError(
            "E304",
            f"The type {type(model).__name__} neither predicts nor transforms.",
            fix="Give a fitted model, such as a scikit-learn pipeline.",
        )
    if hasattr(model, "__sklearn_tags__") and hasattr(model, "get_params"):
        from sklearn.exceptions import NotFittedError
        from sklearn.utils.validation import check_is_fitted

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                check_is_fitted(model)
        except NotFittedError as error:
            raise PackError(
                "E301",
                "The model was never fitted.",
                where=type(model).__name__,
                fix="Call fit(X, y) on it before packing.",
            ) from error
        except Exception:  # noqa: S110 - an estimator with ideas of its own; the conversion will tell
            pass
    check_entrance(model)


def check_rows(original: Original) -> dict[str, npt.NDArray[Any]]:
    """The answers to the caller's own rows. Raises PackError E305 with the model's message when it refuses them."""
    try:
        answers = original.answer(original.form.rows)
    except Exception as error:
        raise PackError(
            "E305",
            f"The model fails on the rows given: {type(error).__name__}: {' '.join(str(error).split())[:300]}",
            fix="Give X as the model takes it in predict: the same columns, types and order as in fit.",
        ) from error
    given, found = len(original.form), len(next(iter(answers.values())))
    if given != found:
        # A text vectorizer takes a data frame for the list of its column names.
        raise PackError(
            "E305",
            f"The model gives {found} answers to {given} rows.",
            fix="Give a model of texts its one column, X['text'], and not a data frame; in a ColumnTransformer, name "
            "the column by a plain string.",
        )
    return answers
