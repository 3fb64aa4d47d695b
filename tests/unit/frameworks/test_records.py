"""Vectorizers of dicts in the graph: numbers, texts, absent keys, and what is no number and no text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.image import PatchExtractor

import cases
from parity import answers

ROWS: list[dict[str, Any]] = [
    {"a": 1.0, "c": "x"},
    {"a": 2.0, "c": "é", "z": 3},
    {"c": ""},
    {"a": 0.0, "c": "b=c"},
    {"absent": "y", "void": 1},
]
ASKED = [*ROWS[:4], {"c": "unseen"}, {}]
DICTS = [
    DictVectorizer(),
    DictVectorizer(sparse=False, sort=False, separator=":"),
    DictVectorizer(dtype=np.float32),
    DictVectorizer(separator=""),
]


def table(rows: list[dict[str, Any]], *, absent: bool) -> pd.DataFrame:
    """The rows as columns; missing is None where it means an absent key, else NaN."""
    frame = pd.DataFrame(rows, columns=["a", "c", "z"]).astype(object)
    return frame.where(frame.notna(), None if absent else np.nan)


@pytest.mark.parametrize("model", DICTS, ids=str)
def test_absent_keys(model: DictVectorizer) -> None:
    truth = model.fit(ROWS).transform(ASKED)
    _, actual = answers(model, table(ASKED, absent=True))
    np.testing.assert_array_equal(actual["features"], truth.toarray() if model.sparse else truth)


@pytest.mark.parametrize("model", DICTS, ids=str)
def test_keys_that_are_nan(model: DictVectorizer) -> None:
    """A key that held NaN in training has a column of its own beside those of its texts."""
    rows = [*ROWS, {"c": np.nan}]
    asked = [{key: row.get(key, np.nan) for key in ("a", "c", "z")} for row in ASKED]
    truth = model.fit(rows).transform(asked)
    _, actual = answers(model, table(asked, absent=False))
    np.testing.assert_array_equal(actual["features"], truth.toarray() if model.sparse else truth)
    assert np.isnan(actual["features"]).any()


def test_what_a_vectorizer_of_dicts_can_not_be() -> None:
    frame = table(ASKED, absent=True)
    cases.refused(DictVectorizer(dtype=int).fit(ROWS), frame, "int64", "Leave dtype at its default")
    cases.refused(DictVectorizer().fit([{}]), frame, "None of its keys")
    cases.refused(DictVectorizer().fit([{"q": 1}]), frame, "None of its keys is an input")


def test_images_are_refused() -> None:
    images = PatchExtractor(patch_size=(2, 2)).fit(np.zeros((1, 3, 3)))
    cases.refused(images, np.zeros((1, 3)), "takes images", "Cut the images into patches before the model")
