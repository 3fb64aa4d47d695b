"""Every other refusal of a trace, one by one: what is refused, where it stands, and what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import FunctionTransformer

from parity import fields_of
from sealift.errors import PackError
from sealift.frameworks import convert

X = np.round(np.random.default_rng(0).normal(size=(30, 3)), 2)
FRAME = pd.DataFrame(X, columns=list("abc"))
WORDS = FRAME.assign(word="x", other="y")
SET: Any = {0.5}


def error_of(function: Callable[[Any], Any], rows: Any) -> PackError:
    """The refusal of a function that stands in this file, whatever it does to real rows."""
    step = FunctionTransformer()
    if hasattr(rows, "columns"):
        step.set_output(transform="default")
    step.fit(rows)
    step.func = function
    fields, nulls = fields_of(rows)
    with pytest.raises(PackError) as caught:
        convert(step, fields, nulls)
    return caught.value


def assigned(target: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Statements as functions."""

    def run(x: Any) -> Any:
        x = x.copy()
        target(x)
        return x

    run.__name__ = "run"
    return run


def put(key: Callable[[Any], Any], value: Any) -> Callable[[Any], Any]:
    def write(x: Any) -> None:
        x[key(x)] = value(x) if callable(value) else value

    return assigned(write)


def named(name: str, value: Any) -> Callable[[Any], Any]:
    return assigned(lambda x: setattr(x, name, value))


# What is done, what is said of it, and the remedy.
ARRAYS: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "shape set": (named("shape", (30, 3)), "sets .shape of an array", "Use .reshape() or .astype()"),
    "out": (lambda x: np.sum(x, axis=1, out=np.zeros(30))[:, None], "np.sum with out=", "Leave it out"),
    "reduce": (lambda x: np.arctan2.reduce(x, axis=1)[:, None], "uses np.arctan2.reduce", "Use np.sum"),
    "where, one argument": (lambda x: np.where(x > 0)[0][:, None], "np.where(condition) with one", "otherwise"),
    "nan_to_num in place": (lambda x: np.nan_to_num(x, copy=False), "with copy=False", "Assign the result"),
    "round out": (lambda x: np.round(x, 1, out=x), "np.round with out=", "Assign the result"),
    "diff of rows": (lambda x: np.diff(x, axis=0), "np.diff along the rows", "np.diff(x, axis=1)"),
    "empty isin": (lambda x: np.isin(x, []), "in an empty list", "Leave the condition out"),
    "a set": (lambda x: np.isin(x, SET), "np.isin a set, in which NumPy finds nothing", "np.isin(x, list(values))"),
    "bins": (lambda x: np.digitize(x, [1.0, 0.0]), "bins do not ascend", "ascending bins"),
    "searchsorted": (lambda x: np.searchsorted(x[:, 0], [0.0])[:, None], "np.searchsorted in a", "constant list"),
    "interp": (lambda x: np.interp(x[:, 0], [0, 1], [0, 1], period=3)[:, None], "np.interp in a way", "one column"),
    "norm of all": (lambda x: x / np.linalg.norm(x), "np.linalg.norm of the whole array", "Use axis=1"),
    "rare norm": (lambda x: np.linalg.norm(x, 3, axis=1)[:, None], "a rare norm", "norms 1, 2 or np.inf"),
    "texts and numbers": (lambda x: np.where(x > 0, "a", x), "mixes texts and numbers in np.where", "both of one kind"),
    "two lists": (lambda x: x[[0, 1], [0, 1]][:, None], "indexes several axes with lists", "one axis after the other"),
    "text into numbers": (put(lambda x: (slice(None), 0), "a"), "assigns strings to numbers", "arrays of their own"),
    "rows": (put(lambda x: (0, slice(None)), 1.0), "assigns to single rows", "np.where(condition, value, x)"),
    "column by mask": (
        put(lambda x: x > 0, lambda x: x[:, 0]), "a column to the rows where a condition", "np.where(condition, y, x)",
    ),
    "part by mask": (
        put(lambda x: (x[:, 0] > 0, 0), lambda x: x[:, 1]), "by a condition to a part of an array", "the array anew",
    ),
    "mask of another shape": (
        put(lambda x: (x > 0)[:, :2], 0.0), "by a condition of another shape", "Build the array anew",
    ),
    "computed columns": (
        put(lambda x: (slice(None), x[:, 0].astype(int)), 0.0), "columns by computed numbers", "Build the array anew",
    ),
    "ranks": (lambda x: np.concatenate([x, x[:, 0]], axis=1), "joins arrays of different ranks", "for a column"),
    "delete": (lambda x: np.delete(x, [0], axis=0), "np.delete of rows", "Use axis=1"),
    "atleast": (lambda x: np.atleast_2d(x[:, 0]), "np.atleast_2d turns a column into a row", "x[:, None]"),
    "flip": (lambda x: np.flip(x, axis=0), "np.flip of the rows", "Use axis=1"),
    "sort": (lambda x: np.percentile(x, 50), "np.percentile uses all rows", "Learn such a number in fit"),
    "arguments": (lambda x: np.cumsum(x, axis=1, dtype=int), "np.cumsum with arguments", "Leave out the rare ones"),
    "trace of axes": (lambda x: np.ptp(x[:, :, None], axis=(1, 2)), "np.ptp in a way", "np.sum, np.mean"),
    "median": (
        lambda x: np.median(x[:, :, None], axis=1), "the median of an axis that is not the last", "axis=1 on a matrix",
    ),
    "reshape": (lambda x: x.reshape(-1, 2), "moves values from one row into another", "Keep the rows as the first"),
    "transposed": (lambda x: x.T.reshape(3, -1), "moves values from one row into another", "Keep the rows"),
    "squeeze": (lambda x: np.squeeze(x, axis=1), "squeezes an axis that is not of length one", "x[:, 0]"),
    "objects": (lambda x: np.where(x > 0, np.array([None] * 3), x), "neither numbers nor strings", "numbers, booleans"),
    "full": (lambda x: np.full((len(x), 3), x), "fills a new array with a column", "np.column_stack"),
    "accumulate": (lambda x: np.maximum.accumulate(x, axis=1), "np.maximum.accumulate", "NumPy's functions on columns"),
    "shifts": (lambda x: x.astype(int) << 3, "np.left_shift, which is not traced", "functions that are"),
    "out given": (lambda x: np.exp(x, out=np.zeros((30, 3))), "an array made beforehand", "np.where(condition"),
    "out of another kind": (
        lambda x: np.exp(x, out=x.astype(int)), "writes float64 into an array of int64", ".astype(float)",
    ),
    "no loop": (lambda x: ~x, "NumPy has no invert of float64", ".astype(bool)"),
    "an error of its own": (lambda x: x + int("lost"), "ValueError: invalid literal", "on whole columns"),
}  # fmt: skip
TABLES: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "own numbers": (assigned(lambda x: x.__setitem__("d", np.arange(len(x)))), "of its own for each", "this row only"),
    "several columns": (
        assigned(lambda x: x.__setitem__("d", x[["a", "b"]].to_numpy())), "several columns to one name", "one by one",
    ),
    "options": (lambda x: np.exp(x, where=True, dtype=np.float64), "on a data frame with options", "Leave them out"),
    "other columns": (lambda x: x + x[["b", "a", "c"]], "data frames whose columns differ", "in one order"),
    "where": (put(lambda x: x > 0, 1.0), "assigns where a condition holds", "df.mask(condition, value)"),
    "twice": (lambda x: x.rename(columns={"b": "a"})["a"].to_frame(), "column 'a' stands there twice", "of their own"),
    "by the wrong axis": (lambda x: x / x["a"], "which pandas matches by the wrong axis", "df.div(column, axis=0)"),
    "attribute": (named("index", 3), "sets .index of a data frame", "df['index'] = …"),
    "values mapped": (lambda x: x.map(lambda v: v), "a Python function over single values", "on the whole frame"),
    "rows dropped": (lambda x: x.drop([0]), "drops rows", "Every row needs an answer"),
    "filled from others": (lambda x: x.fillna(method="ffill"), "fills gaps from other rows", "SimpleImputer"),
    "chosen oddly": (lambda x: x.where(x["a"] > 0, 0), "else than a frame of conditions", "df.where(df > 0, 0)"),
    "chosen by others": (lambda x: x.where(x[["a", "b"]] > 0, 0), "uses .where of a data frame", "the same columns"),
    "level": (lambda x: x.add(1, fill_value=0), "fill_value= or level= of .add", "df.fillna(0) first"),
    "rare": (lambda x: x.sum(axis=1, min_count=2).to_frame(), "calls .sum with rare arguments", "Leave them out"),
    "single rows": (lambda x: x.loc[0:3, ["a"]], "picks single rows", "df.loc[:, ['a', 'b']]"),
    "matched by names": (lambda x: x.div(x["a"]), "matches a column with the column names in .div", "axis=0"),
    "clip in place": (lambda x: x["a"].clip(0, 1, inplace=True), "clips in place", "Assign the result"),
    "fill in place": (lambda x: x["a"].fillna(0, limit=3).to_frame(), "uses limit=", "x = x.fillna(0)"),
    "operation": (lambda x: x["a"].add(1, level=0).to_frame(), "level= of an operation", "the operator itself"),
    "below": (lambda x: pd.concat([x, x]), "joins data frames below each other", "axis=1"),
}  # fmt: skip
TEXTED: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "one array": (lambda x: x.to_numpy(), "one array of strings and numbers", "Pick the columns of numbers"),
    "filled": (lambda x: x[["word"]].assign(word=x["word"].fillna(0)), "fills texts with a number", "with a string"),
    "read": (lambda x: x["word"].astype(float).to_frame(), "reads texts as numbers", "hold numbers as numbers"),
    "computed": (lambda x: (x["word"] + "!").to_frame(), "np.add on texts", "looked up with isin and map"),
    "compared": (lambda x: (x["word"] == x["a"]).to_frame(), "compares texts with numbers", "strings with strings"),
    "reduced": (lambda x: x[["word", "other"]].max(axis=1).to_frame(), "np.max on texts", "Encode strings as numbers"),
    "mixed": (
        lambda x: np.column_stack([x["a"], x["word"]]), "mixes texts into an array", "in columns of their own",
    ),
    "written": (
        lambda x: put(lambda y: (slice(None), 0), "b")(x[["word", "other"]].to_numpy()),
        "assigns into an array of strings", "Build the array anew",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "function", "what", "fix"),
    [
        pytest.param(rows, *case, id=name)
        for rows, cases in ((X, ARRAYS), (FRAME, TABLES), (WORDS, TEXTED))
        for name, case in cases.items()
    ],
)
def test_refusals(rows: Any, function: Callable[[Any], Any], what: str, fix: str) -> None:
    error = error_of(function, rows)
    assert (error.code, error.where) == ("E302", "FunctionTransformer")
    assert what in error.what
    assert fix in error.fix
    assert "test_trace_refusals_all.py, line " in error.what
