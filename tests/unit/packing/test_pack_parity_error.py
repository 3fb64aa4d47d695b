"""Deliberately wrong converters: each kind of fault is caught by generated rows, though the caller's rows hide it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

import sealift
from packs import no_node  # noqa: F401 - a fixture
from sealift.errors import ParityError
from sealift.frameworks import StepOutput, Table, registry, where
from sealift.frameworks.sklearn import encoders, forest, hist, linear
from sealift.graph import trees
from sealift.packing import Report

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(200, 3))
Y = (X[:, 0] + X[:, 1] > 0).astype(int)
FRAME = pd.DataFrame(X, columns=["a", "b", "c"])


@contextmanager
def wrong(kind: type, convert: Callable[[Any, Table], StepOutput | Table]) -> Iterator[None]:
    """A converter in the place of the right one."""
    right, how = registry.registered()[kind], registry._strategies.get(kind, "own")
    registry.converter(kind, replace=True)(convert)
    try:
        yield
    finally:
        registry.converter(kind, replace=True, how=how)(right)


def refused(model: Any, rows: Any, tmp_path: Path) -> ParityError:
    with pytest.raises(ParityError) as caught:
        sealift.pack(model, rows, name="wrong", output=tmp_path / "wrong.seal")
    assert not list(tmp_path.iterdir())
    assert caught.value.code == "E303"
    assert caught.value.fix
    return caught.value


def test_the_error_names_the_step_and_shows_both_answers(tmp_path: Path) -> None:
    inner = Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler())])
    columns = make_column_transformer((inner, ["a", "b", "c"]))
    model = Pipeline([("columns", columns), ("model", LogisticRegression())]).fit(FRAME, Y)

    def shifted(step: Any, x: Table) -> Table:
        return x.with_values((x.numbers() - step.mean_) / step.scale_ + 1e-4, x.names)

    with wrong(StandardScaler, shifted):
        error = refused(model, FRAME, tmp_path)
    assert error.where.endswith("scale (StandardScaler)")
    assert "columns (ColumnTransformer)" in error.where
    report = error.report
    assert isinstance(report, Report)
    assert report.step == error.where
    assert report.rows
    assert report.rows[0].original != report.rows[0].converted
    assert set(report.rows[0].row) == {"a", "b", "c"}
    assert "probability is [" in str(error)
    sealift.pack(model, FRAME, name="right", output=tmp_path / "right.seal")


def test_a_step_with_missing_texts_is_not_blamed(tmp_path: Path) -> None:
    words = np.array(["x", "y", None], dtype=object)[RANDOM.integers(0, 3, len(FRAME))]
    frame = FRAME.assign(word=pd.Series(words, dtype=object))
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["word"]), (StandardScaler(), ["a", "b", "c"])
    )
    model = make_pipeline(columns, LogisticRegression()).fit(frame, Y)

    def shifted(step: Any, x: Table) -> Table:
        return x.with_values((x.numbers() - step.mean_) / step.scale_ + 1e-4, x.names)

    with wrong(StandardScaler, shifted):
        assert refused(model, frame, tmp_path).where.endswith("(StandardScaler)")


def shifted_output(kind: type) -> Callable[[Any, Table], Table]:
    """The right converter of a transformer, with 0.25 added to its result."""
    right = registry.registered()[kind]

    def shifted(step: Any, x: Table) -> Table:
        output = right(step, x)
        assert isinstance(output, Table)
        return output.with_values(output.numbers() + 0.25, output.names)

    return shifted


def test_a_wrong_encoder_of_missing_strings_is_blamed(tmp_path: Path) -> None:
    # Without its missing values the encoder would refuse the rows: it knows no empty string.
    words = np.array(["x", "y", None], dtype=object)[RANDOM.integers(0, 3, len(FRAME))]
    frame = FRAME.assign(word=pd.Series(words, dtype=object))
    columns = make_column_transformer((OneHotEncoder(), ["word"]), remainder="passthrough")
    model = make_pipeline(columns, LogisticRegression()).fit(frame, Y)
    with wrong(OneHotEncoder, shifted_output(OneHotEncoder)):
        assert refused(model, frame, tmp_path).where.endswith("(OneHotEncoder)")


def test_a_wrong_function_of_numbers_is_blamed(tmp_path: Path) -> None:
    # Functions of NumPy raise for the numbers of an array of objects.
    model = make_pipeline(FunctionTransformer(np.tanh), LogisticRegression()).fit(X, Y)
    with wrong(FunctionTransformer, shifted_output(FunctionTransformer)):
        assert refused(model, X, tmp_path).where.endswith("(FunctionTransformer)")


def test_wrong_only_for_nan(tmp_path: Path) -> None:
    def forgetful(step: Any, x: Table) -> Table:
        values = x.numbers()
        return x.with_values(where(values.isnan(), 0.0, values), x.names)

    shifted = FRAME + 3.0
    with wrong(SimpleImputer, forgetful):
        model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()).fit(shifted, Y)
        error = refused(model, shifted, tmp_path)
    assert error.where.endswith("(SimpleImputer)")


@contextmanager
def trees_changed(change: Callable[[trees.Tree], trees.Tree]) -> Iterator[None]:
    right = forest.to_tree
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forest, "to_tree", lambda *given, **named: change(right(*given, **named)))
        yield


def rounded_up(tree: trees.Tree) -> trees.Tree:
    narrow = tree.split.astype(np.float32)
    up = np.where(narrow < tree.split, np.nextafter(narrow, np.float32(np.inf)), narrow).astype(np.float64)
    return trees.Tree(tree.feature, up, tree.true_child, tree.false_child, tree.nan_true, tree.leaf, tree.target)


def strict(tree: trees.Tree) -> trees.Tree:
    """`<` for `≤` at thresholds that are whole numbers."""
    mode = np.full(len(tree.feature), trees.LT, dtype=np.uint8)
    return trees.Tree(
        tree.feature,
        np.round(tree.split),
        tree.true_child,
        tree.false_child,
        tree.nan_true,
        tree.leaf,
        tree.target,
        mode,
    )


def nan_elsewhere(tree: trees.Tree) -> trees.Tree:
    """Wrong at one fork deep in the tree."""
    turned = tree.nan_true.copy()
    inner = np.flatnonzero(tree.feature >= 0)
    turned[inner[-1]] = ~turned[inner[-1]]
    return trees.Tree(tree.feature, tree.split, tree.true_child, tree.false_child, turned, tree.leaf, tree.target)


@pytest.mark.parametrize(("change", "whole"), [(rounded_up, False), (strict, True)])
def test_wrong_only_at_thresholds(change: Callable[[trees.Tree], trees.Tree], whole: bool, tmp_path: Path) -> None:
    # Thresholds of whole numbers are where "<" and "≤" part.
    rows = pd.DataFrame(np.round(X * 20) * 2, columns=FRAME.columns).astype("int64") if whole else FRAME
    model = RandomForestClassifier(8, random_state=0).fit(rows, Y)
    with trees_changed(change):
        error = refused(model, rows, tmp_path)
    report = error.report
    assert isinstance(report, Report)
    assert whole or {row.kind for row in report.rows} == {"thresholds"}


def test_wrong_for_nan_at_one_fork_only(tmp_path: Path) -> None:
    model = RandomForestClassifier(8, random_state=0).fit(FRAME, Y)
    with trees_changed(nan_elsewhere):
        refused(model, FRAME, tmp_path)


def test_wrong_without_rounding_to_float32(tmp_path: Path) -> None:
    model = make_pipeline(StandardScaler(), RandomForestClassifier(8, random_state=0)).fit(FRAME, Y)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees, "before_rounding", lambda split: split)
        error = refused(model, FRAME, tmp_path)
    assert error.where.endswith("(RandomForestClassifier)")


def test_wrong_at_thresholds_behind_other_columns(tmp_path: Path) -> None:
    """Names lead nowhere here: encoded text stands before the numbers, and the scaler's columns have no names."""
    rows = FRAME.assign(city=np.array(["x", "y", "z"], dtype=object)[RANDOM.integers(0, 3, len(FRAME))])
    columns = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["city"]), (StandardScaler(), ["a", "b", "c"])
    )
    model = make_pipeline(columns, RandomForestClassifier(8, random_state=0)).fit(rows, Y)
    with trees_changed(rounded_up):
        error = refused(model, rows, tmp_path)
    assert error.where.endswith("(RandomForestClassifier)")


def test_wrong_only_for_unseen_categories(tmp_path: Path) -> None:
    rows = pd.DataFrame({"city": np.array(["x", "y", "z"], dtype=object)[RANDOM.integers(0, 3, 200)]})
    y = (rows["city"] != "x").astype(int)
    right = encoders.ordinal

    def blind(step: Any, x: Table) -> Table:
        output = right(step, x).numbers()
        return x.with_values(where(output.equals(-5.0), 2.0, output), x.names)

    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-5)
    model = make_pipeline(make_column_transformer((encoder, ["city"])), LogisticRegression()).fit(rows, y)
    with wrong(OrdinalEncoder, blind):
        error = refused(model, rows, tmp_path)
    assert error.where.endswith("(OrdinalEncoder)")


def test_wrong_at_one_fork_by_category(tmp_path: Path) -> None:
    codes = RANDOM.integers(0, 6, 600)
    rows = pd.DataFrame({"kind": pd.Series([f"k{i}" for i in codes], dtype="category"), "a": RANDOM.normal(size=600)})
    y = ((codes % 2) ^ (rows["a"] > 0.3)).astype(int)
    model = HistGradientBoostingClassifier(max_iter=5, categorical_features="from_dtype").fit(rows, y)
    right = hist._tree

    def turned(predictor: Any, known: dict[int, Any], target: int) -> trees.Tree:
        tree = right(predictor, known, target)
        last = max(tree.members, default=-1)
        if last >= 0:  # what was never seen goes the other way at one fork
            tree.members[last] = np.append(tree.members[last], 200.0)
            tree.nan_true[last] = ~tree.nan_true[last]
        return tree

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hist, "_tree", turned)
        refused(model, rows, tmp_path)


def test_wrong_only_for_single_rows(tmp_path: Path) -> None:
    def lonely(step: Any, x: Table) -> Table:
        values = (x.numbers() - step.mean_) / step.scale_
        count = values.op("Shape", dtype="int64", shape=(2,)).op("Gather", np.array([0]), shape=(1,), axis=0)
        return x.with_values(values + count.equals(np.array([1])).cast("float64"), x.names)

    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(FRAME, Y)
    with wrong(StandardScaler, lonely):
        error = refused(model, FRAME, tmp_path)
    report = error.report
    assert isinstance(report, Report)
    assert {row.kind for row in report.rows} == {"single"}


def test_wrong_leaves_of_a_regressor(tmp_path: Path) -> None:
    model = GradientBoostingRegressor(n_estimators=10, random_state=0).fit(FRAME, X[:, 0] * 1000)
    right = registry.registered()[GradientBoostingRegressor]

    def scaled(step: Any, x: Table) -> StepOutput:
        output = right(step, x)
        assert isinstance(output, StepOutput)
        assert output.value is not None
        return StepOutput(value=output.value * (1 + 1e-7))

    with wrong(GradientBoostingRegressor, scaled):
        refused(model, FRAME, tmp_path)
        # Told to be content with it, packing goes through, and the file says with what.
        packed = sealift.pack(
            model, FRAME, name="loose", output=tmp_path / "loose.seal", proof=sealift.ProofOptions(tolerance=1e-6)
        )
    golden = packed.load().seal.json("golden/examples.json")
    assert golden["tolerance"]["value"]["relative"] == 1e-6
    assert packed.load().seal.json("evidence.json")["parity"]["outputs"]["value"]["relative"] == 1e-6


def test_a_single_wrong_label(tmp_path: Path) -> None:
    def upside_down(step: Any, x: Table) -> StepOutput:
        answer = linear.logistic(step, x)  # the probability is right, the choice is not
        assert answer.class_index is not None
        return StepOutput(class_index=1 - answer.class_index, classes=answer.classes, probability=answer.probability)

    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(FRAME, Y)
    with wrong(LogisticRegression, upside_down):
        error = refused(model, FRAME, tmp_path)
    assert error.where.endswith("(LogisticRegression)")


def test_an_original_that_answers_by_chance(tmp_path: Path) -> None:
    class Moody(LogisticRegression):  # type: ignore[misc]
        def predict_proba(self, rows: Any) -> npt.NDArray[np.float64]:
            answers: npt.NDArray[np.float64] = super().predict_proba(rows)
            return answers + np.random.default_rng().normal(size=answers.shape) * 1e-3

    registry.converter(Moody)(linear.logistic)
    refused(Moody().fit(FRAME, Y), FRAME, tmp_path)


def test_a_step_whose_last_digits_differ_is_not_blamed(tmp_path: Path) -> None:
    right = registry.registered()[StandardScaler]

    def rounded(step: Any, x: Table) -> Table:
        output = right(step, x)
        assert isinstance(output, Table)
        return output.with_values(output.numbers() * (1 + 1e-12), output.names)

    def shifted(step: Any, x: Table) -> StepOutput:
        answer = linear.logistic(step, x)
        assert answer.probability is not None
        return StepOutput(
            class_index=answer.class_index, classes=answer.classes, probability=answer.probability * (1 - 1e-6)
        )

    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(FRAME, Y)
    with wrong(StandardScaler, rounded), wrong(LogisticRegression, shifted):
        assert refused(model, FRAME, tmp_path).where.endswith("(LogisticRegression)")


@pytest.mark.parametrize("kind", ["texts", "dicts"])
def test_a_wrong_vectorizer_is_blamed(kind: str, tmp_path: Path) -> None:
    words = np.array(["fever", "cough", "fever cough", "ache"])[RANDOM.integers(0, 4, 200)]
    vectorizer = CountVectorizer if kind == "texts" else DictVectorizer
    rows: Any = (
        words
        if kind == "texts"
        else [{"word": str(word), "n": float(n)} for word, n in zip(words, X[:, 0], strict=True)]
    )
    right = registry.registered()[vectorizer]

    def larger(step: Any, x: Table) -> Table:
        output = right(step, x)
        assert isinstance(output, Table)
        return output.with_values(output.numbers() * 1.5, output.names)

    model = make_pipeline(vectorizer(), LogisticRegression()).fit(rows, words == "ache")
    with wrong(vectorizer, larger):
        error = refused(model, rows, tmp_path)
    assert error.where.endswith(f"({vectorizer.__name__})")
    sealift.pack(model, rows, name="right", output=tmp_path / "right.seal")
