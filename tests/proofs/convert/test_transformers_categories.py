"""Encoders of categories: missing, unseen, infrequent, dropped; and encoders of the target."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import preprocessing

import cases
import tables
from parity import answers
from sealift.contract import Field
from sealift.frameworks import convert

ONE_HOT, ORDINAL = preprocessing.OneHotEncoder, preprocessing.OrdinalEncoder
KNOWN_ONLY = [
    ONE_HOT(),
    ONE_HOT(drop="first"),
    ONE_HOT(drop="if_binary"),
    ONE_HOT(min_frequency=30),
    ONE_HOT(max_categories=3, dtype=np.float32),
    ONE_HOT(sparse_output=False, dtype=int),
    ORDINAL(),
    ORDINAL(encoded_missing_value=-7),
    ORDINAL(min_frequency=30),
    ORDINAL(max_categories=2, dtype=np.float32),
]
ANY = [
    ONE_HOT(handle_unknown="ignore"),
    ONE_HOT(handle_unknown="ignore", drop="first"),
    ONE_HOT(handle_unknown="infrequent_if_exist", min_frequency=40),
    ONE_HOT(handle_unknown="ignore", min_frequency=40, drop="first"),
    ONE_HOT(handle_unknown="warn", max_categories=2),
    ORDINAL(handle_unknown="use_encoded_value", unknown_value=-1),
    ORDINAL(handle_unknown="use_encoded_value", unknown_value=np.nan, min_frequency=40, encoded_missing_value=-2),
]


@pytest.mark.parametrize("null", [None, np.nan], ids=repr)
@pytest.mark.parametrize("model", [*KNOWN_ONLY, *ANY], ids=repr)
def test_encoders(model: Any, null: float | None) -> None:
    tables.same(model, tables.words(null))
    tables.same(model, tables.words(missing=False))


@pytest.mark.parametrize("null", [None, np.nan], ids=repr)
@pytest.mark.parametrize("model", ANY, ids=repr)
def test_what_training_never_had(model: Any, null: float | None) -> None:
    frame = tables.words(null)
    tables.same(model, frame, tables.unseen(frame))
    tables.same(model, tables.words(missing=False), tables.unseen(tables.words(missing=False)))


@pytest.mark.parametrize("model", ANY[:2], ids=repr)
def test_missing_where_training_had_none(model: Any) -> None:
    tables.same(model, tables.words(missing=False), tables.words(np.nan))


@pytest.mark.parametrize("target", ["two", "three", "value"])
@pytest.mark.parametrize("null", [None, np.nan], ids=repr)
def test_target_encoder(target: str, null: float | None) -> None:
    rng = np.random.default_rng(0)
    y: Any = {"two": rng.integers(0, 2, 160), "three": rng.integers(0, 3, 160), "value": rng.normal(size=160)}[target]
    frame = tables.words(null)
    for model in (preprocessing.TargetEncoder(), preprocessing.TargetEncoder(smooth=2.0)):
        tables.same(model, frame, tables.unseen(frame), y)


def test_given_categories_and_arrays() -> None:
    frame = tables.words(missing=False)[["city", "unit"]]
    given_order = [["Rome", "Köln", "Paris", "", "Łódź", "Oslo"], ["é", "a b", "Köln"]]
    tables.same(ONE_HOT(categories=given_order), frame)
    tables.same(ORDINAL(categories=given_order), frame)
    tables.same(ONE_HOT(categories=given_order, drop=["Oslo", "é"]), frame)
    floats = np.random.default_rng(0).choice([0.1, 0.2, -3.0], size=(60, 3))
    for X in (floats, floats.astype(np.float32)):
        tables.same(ONE_HOT(handle_unknown="ignore"), X, X + np.float32(0.1))
    booleans = pd.DataFrame({"a": [True, False, True], "b": [False, False, True]})
    tables.same(ONE_HOT(), booleans)


@settings(max_examples=30)
@given(st.lists(st.lists(st.text(max_size=3), min_size=4, max_size=4), min_size=2, max_size=3), st.data())
def test_any_text(columns: list[list[str]], data: st.DataObject) -> None:
    clean = [[text.replace("\0", "") for text in column] for column in columns]
    frame = pd.DataFrame({f"c{i}": pd.Series(column, dtype=object) for i, column in enumerate(clean)})
    every = sorted({text for column in clean for text in column} | {"\u0130", "ß"})
    rows = pd.DataFrame({c: data.draw(st.lists(st.sampled_from(every), min_size=5, max_size=5)) for c in frame})
    model = cases.fitted(ONE_HOT(handle_unknown="ignore"), frame)
    cases.same_fitted(model, frame, rows.astype(object))


def test_a_wide_table_has_a_small_graph() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({f"c{i}": rng.choice(list("abcdé"), 30) for i in range(600)}).astype(object)
    model = cases.fitted(ONE_HOT(handle_unknown="ignore"), frame)
    fields = [Field(name=str(name), dtype="string", missing="allowed") for name in frame]
    assert len(convert(model, fields).model().graph.node) < 20
    cases.same_fitted(model, frame, frame)


@pytest.mark.parametrize("drop", ["first"])
def test_nothing_left_is_refused(drop: str) -> None:
    X = np.ones((5, 2))
    cases.refused(ONE_HOT(drop=drop).fit(X), X, "drops every category", "drop=None")


@pytest.mark.parametrize(
    "y", [["a", "é", "", "a"], [3, 1, 2, 1], [1, 0, 1, 1], ["x", "y", "x", "y"], ["x", "x", "x", "x"]], ids=str
)
@pytest.mark.parametrize(
    "model",
    [
        preprocessing.LabelEncoder(),
        preprocessing.LabelBinarizer(),
        preprocessing.LabelBinarizer(neg_label=-2, pos_label=0),
        preprocessing.LabelBinarizer(neg_label=-1, pos_label=3),
    ],
    ids=repr,
)
def test_labels(model: Any, y: list[Any]) -> None:
    frame = pd.DataFrame({"y": y})
    model.fit(frame["y"])
    _, actual = answers(model, frame)
    np.testing.assert_array_equal(actual["features"], np.asarray(model.transform(frame["y"])).reshape(4, -1))


def test_labels_of_several_columns_are_refused() -> None:
    model = preprocessing.LabelEncoder().fit(["a", "b"])
    cases.refused(model, pd.DataFrame({"y": ["a"], "z": ["b"]}), "gets 2", "OneHotEncoder")
    several = preprocessing.LabelBinarizer().fit(np.array([[0, 1], [1, 1]]))
    cases.refused(several, np.zeros((2, 2)), "several labels")
    sets = preprocessing.MultiLabelBinarizer().fit([("a",), ("a", "b")])
    cases.refused(sets, np.zeros((2, 2)), "encodes the training target", "Pack the classifier")


def test_dates_are_refused() -> None:
    days = np.array([["2026-01-01"], ["2026-01-02"]], dtype="datetime64[D]")
    cases.refused(ONE_HOT().fit(days), np.zeros((2, 1)), "dates")
