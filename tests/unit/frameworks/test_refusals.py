"""Every refusal of a converter that no other test reaches: its code, the step that it names, and the remedy."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import (
    discriminant_analysis,
    ensemble,
    gaussian_process,
    linear_model,
    naive_bayes,
    neighbors,
    semi_supervised,
    svm,
    tree,
)
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 - makes IterativeImputer importable
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.gaussian_process import kernels
from sklearn.impute import IterativeImputer
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from parity import fields_of
from sealift.errors import PackError
from sealift.frameworks import StepOutput, Table, convert, converter, registry
from sealift.frameworks.sklearn import fallback
from sealift.frameworks.sklearn import text as texts

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(60, 3))
Y = (X[:, 0] > 0).astype(int)
THREE = np.digitize(X[:, 0], [-0.5, 0.5])
BOTH = np.column_stack([Y, (X[:, 1] > 0).astype(int)])
FLOATS = X @ [1.0, 2.0, 3.0]
WORDS = np.array(["n", "y"])[Y]


def refusal(model: Any, rows: Any = X) -> PackError:
    fields, nulls = fields_of(rows)
    with pytest.raises(PackError) as caught:
        convert(model, fields, nulls)
    return caught.value


def fitted(model: Any, *given: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(*given)


def changed(model: Any, **attributes: Any) -> Any:
    """What only a later version of scikit-learn, or somebody's own hand, could make of it."""
    for name, value in attributes.items():
        setattr(model, name, value)
    return model


class Link:
    """A link that no loss has."""


class Odd(kernels.RBF):  # type: ignore[misc]
    """A kernel of the user's own."""


def _tree() -> Any:
    return tree.DecisionTreeClassifier(max_depth=2)


def _stack(y: Any, **options: Any) -> Any:
    return ensemble.StackingClassifier([("a", _tree())], cv=2, final_estimator=_tree(), **options).fit(X, y)


def _imputer() -> Any:
    model = fitted(IterativeImputer(max_iter=1, random_state=0), np.where(X > 1, np.nan, X))
    return changed(model, imputation_sequence_=[(0, np.array([1, 2]), _tree().fit(X[:, 1:], Y))])


def _two_targets() -> Any:
    forest = ensemble.RandomForestClassifier(3, random_state=0)
    return changed(ensemble.BaggingClassifier(forest, 2).fit(X, Y), classes_=np.array([[0, 1], [0, 1]]))


def _gamma() -> Any:
    model = linear_model.GammaRegressor().fit(X, np.exp(FLOATS / 9))
    loss = changed(type("Loss", (), {})(), link=Link())
    return changed(type("Generalized", (linear_model.GammaRegressor,), {"_base_loss": loss})(), **vars(model))


def _hist() -> Any:
    model = ensemble.HistGradientBoostingRegressor(max_iter=2).fit(X, FLOATS)
    model._loss.link = Link()
    return model


def _boosted_from(init: Any) -> Any:
    return ensemble.GradientBoostingClassifier(init=init, n_estimators=2).fit(X, Y)


# The model, where the refusal stands, what it says, and the remedy.
CASES: dict[str, tuple[Callable[[], Any], str, str, str]] = {
    "one class, boosted": (
        lambda: fitted(ensemble.AdaBoostClassifier(n_estimators=2), X, np.zeros(60)),
        "AdaBoostClassifier", "It knows only one class.", "two classes or more",
    ),
    "one class against the rest": (
        lambda: fitted(OneVsRestClassifier(linear_model.LogisticRegression()), X, np.zeros(60)),
        "OneVsRestClassifier", "It knows only one class.", "two classes or more",
    ),
    "boosting from a linear classifier": (
        lambda: _boosted_from(linear_model.LogisticRegression()),
        "GradientBoostingClassifier", "asks in float32", "init='zero' or trees",
    ),
    "boosting from discriminants": (
        lambda: _boosted_from(discriminant_analysis.LinearDiscriminantAnalysis()),
        "GradientBoostingClassifier", "asks in float32", "init='zero' or trees",
    ),
    "boosting from a vote, one voice of which is of float32": (
        lambda: _boosted_from(
            ensemble.VotingClassifier(
                [("a", naive_bayes.GaussianNB()), ("b", tree.DecisionTreeClassifier())], voting="soft"
            )
        ),
        "GradientBoostingClassifier", "asks in float32", "init='zero' or trees",
    ),
    "a density of too many columns": (
        lambda: neighbors.KernelDensity(kernel="cosine", leaf_size=99).fit(np.tile(X, (1, 500))),
        "KernelDensity", "scikit-learn answers NaN for this kernel", "kernel='gaussian'",
    ),
    "a loss with another link": (_hist, "HistGradientBoostingRegressor", "the link Link", "Use another loss."),
    "an imputer without regressors": (
        _imputer, "IterativeImputer", "Its estimator is not a regressor.", "BayesianRidge",
    ),
    "labels by a function": (
        lambda: fitted(semi_supervised.LabelPropagation(kernel=lambda a, b: np.exp(-abs(a @ b.T))), X, Y),
        "LabelPropagation", "Its kernel is a function.", "kernel='rbf'",
    ),
    "pairs with a precomputed kernel": (
        lambda: OneVsOneClassifier(svm.SVC(kernel="precomputed")).fit(X @ X.T, THREE),
        "OneVsOneClassifier", "Its estimators take a precomputed kernel.", "the columns themselves",
    ),
    "pairs of regressors": (
        lambda: OneVsOneClassifier(linear_model.LinearRegression()).fit(X, THREE),
        "OneVsOneClassifier", "Its estimators are regressors.", "Use classifiers",
    ),
    "trees of one row": (
        lambda: ensemble.IsolationForest(n_estimators=2, max_samples=1).fit(X),
        "IsolationForest", "Its trees have one row each.", "max_samples of at least 2",
    ),
    "a kernel of one's own": (
        lambda: gaussian_process.GaussianProcessRegressor(Odd(), optimizer=None).fit(X, FLOATS),
        "GaussianProcessRegressor", "Its kernel Odd is not converted.", "RBF, Matern",
    ),
    "the variance of a pairwise kernel": (
        lambda: gaussian_process.GaussianProcessClassifier(kernels.PairwiseKernel(metric="rbf")).fit(X, Y),
        "GaussianProcessClassifier › base_estimator (_BinaryGaussianProcessClassifierLaplace)",
        "The variance of its PairwiseKernel", "such as RBF",
    ),
    "a stack on texts": (
        lambda: changed(_stack(Y, stack_method="predict"), estimators_=[_tree().fit(X, WORDS)]),
        "StackingClassifier", "A member answers in text.", "without cv='prefit'",
    ),
    "a stack of several targets": (
        lambda: _stack(BOTH), "StackingClassifier", "It predicts several targets at once.", "one model for each target",
    ),
    "a bag of several targets": (
        _two_targets, "BaggingClassifier", "several targets at once", "one model for each target",
    ),
    "a link that is not known": (_gamma, "Generalized", "There is no converter", "write a converter"),
    "text beside numbers": (
        lambda: changed(
            MultiOutputClassifier(_tree()).fit(X, BOTH), estimators_=[_tree().fit(X, Y), _tree().fit(X, WORDS)]
        ),
        "MultiOutputClassifier", "Some of its targets are strings and some are numbers.", "one model for each target",
    ),
    "classes of bytes": (
        lambda: _tree().fit(X, np.array([b"n", b"y"])[Y]),
        "DecisionTreeClassifier", "Its classes are neither all numbers nor all strings.", "labels of one type",
    ),
    "classes beyond 2**53": (
        lambda: _tree().fit(X, Y.astype(np.uint64) + np.uint64(2**63)),
        "DecisionTreeClassifier", "integers beyond 2**53", "smaller integers or with strings",
    ),
    "a predictor in the middle": (
        lambda: changed(make_pipeline(StandardScaler(), StandardScaler()).fit(X), steps=[
            ("first", linear_model.Ridge().fit(X, FLOATS)), ("last", StandardScaler().fit(X)),
        ]),
        "Pipeline", "The step is not a transformer.", "predictors last",
    ),
}  # fmt: skip

if linear_model.LogisticRegression().fit(X, Y).predict_proba(X.astype(np.float32)).dtype != np.float32:
    del CASES["boosting from a linear classifier"]  # scikit-learn 1.8 computes it in float64


@pytest.mark.parametrize("name", CASES)
def test_refused(name: str) -> None:
    make, where, what, fix = CASES[name]
    model = make()
    rows = X @ X.T if "precomputed" in name else np.tile(X, (1, 500)) if "too many columns" in name else X
    error = refusal(model, rows)
    assert (error.code, error.where) == ("E302", where)
    assert what in error.what
    assert fix in error.fix


def test_a_process_that_was_never_fitted() -> None:
    error = refusal(gaussian_process.GaussianProcessRegressor())
    assert (error.code, error.where) == ("E301", "GaussianProcessRegressor")
    assert "fit(X, y)" in error.fix


@pytest.mark.parametrize("most", ["MOST_COLUMNS", "_MOST_BYTES"])
def test_a_vocabulary_too_large(most: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = ["one two three", "four"]
    monkeypatch.setattr(texts, most, 2)
    error = refusal(CountVectorizer().fit(rows), rows)
    assert (error.code, error.where) == ("E302", "CountVectorizer")
    assert "Its vocabulary" in error.what
    assert "min_df" in error.fix


def test_a_vocabulary_of_bytes() -> None:
    rows = ["one two three", "four"]
    error = refusal(CountVectorizer(stop_words=[b"one"]).fit(rows), rows)
    assert "are not strings" in error.what
    assert "not on bytes" in error.fix


class Silent(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """An estimator whose converter gives little."""

    def __init__(self, gives: str = "nothing") -> None:
        self.gives = gives

    def fit(self, X: Any, y: Any = None) -> Silent:
        self.n_features_in_ = X.shape[1]
        self.classes_ = np.unique(y)
        return self

    def predict(self, X: Any) -> Any:
        return np.zeros(len(X), dtype=int)

    def decision_function(self, X: Any) -> Any:
        return np.zeros(len(X))


@pytest.fixture
def silent() -> Any:
    @converter(Silent)
    def quiet(step: Silent, x: Table) -> StepOutput:
        if step.gives == "an error":
            raise RuntimeError("no luck.")
        zero = (x.numbers().column(0) * 0.0).cast("int64")
        if step.gives == "targets":
            one = StepOutput(class_index=zero, classes=np.arange(2))
            return StepOutput(targets=(one, one))
        return StepOutput() if step.gives == "nothing" else StepOutput(class_index=zero, classes=np.arange(2))

    yield
    del registry._converters[Silent]


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize(
    ("gives", "outer", "where", "what", "fix"),
    [
        ("nothing", None, "Silent", "It neither predicts nor transforms.", "Pack a predictor"),
        ("an error", None, "Silent", "The converter failed: RuntimeError: no luck.", "report the model's type"),
        ("a choice", CalibratedClassifierCV, "CalibratedClassifierCV", "needs decision_function", "another estimator"),
        ("targets", ensemble.VotingClassifier, "VotingClassifier", "no classifier of one target", "inside it"),
        ("targets", ensemble.StackingClassifier, "StackingClassifier", "no classifier of one target", "there"),
    ],
)
def test_answers_that_are_not_there(gives: str, outer: Any, where: str, what: str, fix: str) -> None:
    model: Any = Silent(gives)
    if outer is CalibratedClassifierCV:
        model = CalibratedClassifierCV(model, cv=2)
    elif outer is ensemble.VotingClassifier:
        model = ensemble.VotingClassifier([("a", model), ("b", linear_model.LogisticRegression())])
    elif outer is ensemble.StackingClassifier:
        model = ensemble.StackingClassifier([("a", linear_model.LogisticRegression())], final_estimator=model, cv=2)
    error = refusal(fitted(model, X, Y))
    assert (error.code, error.where) == ("E302", where)
    assert what in error.what
    assert fix in error.fix


def test_two_converters_for_one_type() -> None:
    with pytest.raises(PackError) as caught:
        converter(StandardScaler)(lambda step, x: x)
    assert caught.value.code == "E306"
    assert "StandardScaler already has the converter sealift.frameworks.sklearn.scale.standard" in caught.value.what
    assert "replace=True" in caught.value.fix


def test_without_skl2onnx(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    error = refusal(Silent().fit(X, Y))
    assert (error.code, error.where) == ("E302", "Silent")
    assert "No converter is registered for" in error.what
    assert "pip install 'sealift[sklearn]'" in error.fix


def test_what_skl2onnx_may_not_convert(monkeypatch: pytest.MonkeyPatch) -> None:
    forest = ensemble.RandomForestClassifier(2, max_depth=2).fit(X, Y)
    monkeypatch.delitem(registry._converters, ensemble.RandomForestClassifier)
    error = refusal(forest)
    assert "not exact" in error.what
    assert "tree models in the list" in error.fix
    regressor = linear_model.Ridge().fit(X, FLOATS)
    monkeypatch.setattr(fallback, "_answer", lambda *_: fallback._matrix(_wide()))
    monkeypatch.delitem(registry._converters, linear_model.Ridge)
    error = refusal(regressor)
    assert "The width of its result is not known." in error.what
    assert "own converter" in error.fix


def _wide() -> Any:
    from sealift.graph.builder import Graph, Tensor

    return Tensor(Graph(), "any", "float64", (None, None))


def test_a_column_that_the_contract_does_not_name() -> None:
    """A refusal within an output's making is placed at the model."""
    frame = pd.DataFrame({"a": ["x", "y"] * 30, "b": X[:, 0]})
    error = refusal(StandardScaler().fit(X[:, :2]), frame)
    assert (error.code, error.where) == ("E302", "StandardScaler")
    assert "the column 'a', which holds text" in error.what
    assert "OneHotEncoder" in error.fix
