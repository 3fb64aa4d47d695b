"""Meta-estimators, naive Bayes, calibration and several targets answer as scikit-learn does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import (
    calibration,
    compose,
    cross_decomposition,
    dummy,
    ensemble,
    frozen,
    isotonic,
    linear_model,
    model_selection,
    multiclass,
    multioutput,
    naive_bayes,
    neural_network,
    pipeline,
    preprocessing,
    semi_supervised,
    svm,
    tree,
)

import cases
import parity
from sealift.errors import SealError

LOGISTIC = linear_model.LogisticRegression(max_iter=30)
TREE = tree.DecisionTreeClassifier(max_depth=3, random_state=0)
BAYES = naive_bayes.GaussianNB()
MARGIN = svm.LinearSVC(max_iter=50, random_state=0)
RIDGE = linear_model.Ridge()
STUMP = tree.DecisionTreeRegressor(max_depth=4, random_state=0)
MEMBERS = [("a", LOGISTIC), ("b", BAYES), ("c", TREE)]
PAIR = [("a", RIDGE), ("b", STUMP)]

CLASSIFIERS = [
    naive_bayes.GaussianNB(),
    naive_bayes.BernoulliNB(),
    dummy.DummyClassifier(),
    dummy.DummyClassifier(strategy="most_frequent"),
    *(multiclass.OneVsRestClassifier(each) for each in (LOGISTIC, MARGIN, TREE, RIDGE)),
    *(multiclass.OneVsOneClassifier(each) for each in (LOGISTIC, MARGIN, TREE)),
    *(multiclass.OutputCodeClassifier(each, random_state=0) for each in (LOGISTIC, MARGIN, TREE)),
    ensemble.VotingClassifier(MEMBERS),
    ensemble.VotingClassifier(MEMBERS, weights=[1, 2, 4]),
    ensemble.VotingClassifier([*MEMBERS, ("d", "drop")], voting="soft", weights=[1, 2, 0.5, 1]),
    ensemble.StackingClassifier(MEMBERS, cv=2),
    ensemble.StackingClassifier([("s", svm.SVC()), ("b", BAYES)], LOGISTIC, cv=2, passthrough=True),
    ensemble.StackingClassifier([("s", svm.SVC()), ("b", BAYES)], MARGIN, cv=2, stack_method="predict"),
    ensemble.BaggingClassifier(n_estimators=5, random_state=0),
    ensemble.BaggingClassifier(MARGIN, 3, max_features=0.5, random_state=0),
    ensemble.BaggingClassifier(LOGISTIC, 3, max_samples=0.1, random_state=0),
    ensemble.AdaBoostClassifier(n_estimators=8, random_state=0),
    ensemble.AdaBoostClassifier(LOGISTIC, n_estimators=4, random_state=0),
    model_selection.GridSearchCV(LOGISTIC, {"C": [0.1, 1.0]}, cv=2),
    model_selection.RandomizedSearchCV(TREE, {"max_depth": [1, 2]}, n_iter=2, cv=2),
    *(calibration.CalibratedClassifierCV(MARGIN, method=m, cv=2) for m in ("sigmoid", "isotonic", "temperature")),
    *(calibration.CalibratedClassifierCV(TREE, method=m, cv=2) for m in ("sigmoid", "isotonic", "temperature")),
    calibration.CalibratedClassifierCV(BAYES, method="isotonic", cv=2, ensemble=False),
    pipeline.make_pipeline(preprocessing.StandardScaler(), ensemble.StackingClassifier(MEMBERS, cv=2)),
]


@pytest.mark.parametrize("model", CLASSIFIERS, ids=repr)
@pytest.mark.parametrize("name", ["iris", "cancer", "digits"])
def test_classifiers(model: Any, name: str) -> None:
    cases.same(model, name)


@pytest.mark.parametrize("name", ["iris", "wine", "digits"])
@pytest.mark.parametrize(
    "model", [naive_bayes.MultinomialNB(), naive_bayes.ComplementNB(norm=True), naive_bayes.BernoulliNB(binarize=2.0)]
)
def test_counting_bayes(model: Any, name: str) -> None:
    X, _ = cases.data(name)
    cases.same(model, name, rows=np.abs(cases.beyond(X)))


def test_categorical_bayes_fails_where_the_original_does() -> None:
    X, y = cases.data("grid")
    model = naive_bayes.CategoricalNB().fit(X, y)
    cases.same_fitted(model, X, X + 0.25)
    for strange in (9.0, -1.0):
        with pytest.raises((IndexError, ValueError)):
            model.predict(X[:1] * 0 + strange)
        with pytest.raises(SealError, match="E207"):
            parity.answers(model, X, X[:1] * 0 + strange)


REGRESSORS = [
    dummy.DummyRegressor(),
    dummy.DummyRegressor(strategy="quantile", quantile=0.3),
    ensemble.VotingRegressor(PAIR),
    ensemble.VotingRegressor(PAIR, weights=[1, 3]),
    ensemble.StackingRegressor(PAIR, cv=2),
    ensemble.StackingRegressor(PAIR, STUMP, cv=2, passthrough=True),
    ensemble.BaggingRegressor(n_estimators=5, random_state=0),
    ensemble.BaggingRegressor(RIDGE, 4, max_features=0.4, random_state=0),
    ensemble.AdaBoostRegressor(n_estimators=12, random_state=0),
    ensemble.AdaBoostRegressor(RIDGE, n_estimators=6, random_state=0),
    linear_model.RANSACRegressor(random_state=0),
    cross_decomposition.PLSRegression(),
    compose.TransformedTargetRegressor(RIDGE),
    compose.TransformedTargetRegressor(RIDGE, func=np.log1p, inverse_func=np.expm1),
    compose.TransformedTargetRegressor(RIDGE, func=np.log, inverse_func=np.exp),
    compose.TransformedTargetRegressor(RIDGE, func=np.sqrt, inverse_func=np.square),
    *(
        compose.TransformedTargetRegressor(RIDGE, transformer=each)
        for each in (
            preprocessing.StandardScaler(),
            preprocessing.MinMaxScaler(),
            preprocessing.MaxAbsScaler(),
            preprocessing.RobustScaler(),
            preprocessing.PowerTransformer(),
            preprocessing.PowerTransformer(method="box-cox"),
            preprocessing.QuantileTransformer(n_quantiles=40),
            pipeline.make_pipeline(preprocessing.StandardScaler(), preprocessing.PowerTransformer()),
        )
    ),
]


@pytest.mark.parametrize("model", REGRESSORS, ids=repr)
def test_regressors(model: Any) -> None:
    cases.same(model, "diabetes")


@pytest.mark.parametrize(
    "model",
    [
        dummy.DummyRegressor(),
        multioutput.MultiOutputRegressor(STUMP),
        multioutput.RegressorChain(RIDGE, order=[1, 0]),
        compose.TransformedTargetRegressor(RIDGE, transformer=preprocessing.StandardScaler()),
        cross_decomposition.PLSRegression(),
        cross_decomposition.PLSCanonical(),
        cross_decomposition.CCA(),
    ],
    ids=repr,
)
def test_several_values(model: Any) -> None:
    cases.same(model, "pair")


@pytest.mark.parametrize(
    "model",
    [
        multiclass.OneVsRestClassifier(LOGISTIC),
        multiclass.OneVsRestClassifier(svm.SVC()),
        multioutput.MultiOutputClassifier(LOGISTIC),
        multioutput.MultiOutputClassifier(MARGIN),
        multioutput.ClassifierChain(LOGISTIC),
        multioutput.ClassifierChain(LOGISTIC, order=[2, 0, 1], chain_method="predict_proba"),
        multioutput.ClassifierChain(MARGIN, chain_method="decision_function"),
        neural_network.MLPClassifier((5,), max_iter=4, random_state=0),
        linear_model.RidgeClassifier(),
        dummy.DummyClassifier(),
    ],
    ids=repr,
)
def test_several_labels(model: Any) -> None:
    conversion = cases.same(model, "labels")
    label, *others = conversion.outputs
    assert (label.name, label.width, label.columns) == ("label", 3, ("0", "1", "2"))
    for other in others:
        assert len(other.columns or ()) == other.width


def test_targets_of_text() -> None:
    X, y = cases.data("iris")
    both = np.column_stack([y, np.where(y == "setosa", "yes", "no")])
    conversion = cases.same_fitted(cases.fitted(multioutput.MultiOutputClassifier(BAYES), X, both), X, cases.beyond(X))
    assert conversion.outputs[1].columns == ("0_setosa", "0_versicolor", "0_virginica", "1_no", "1_yes")


def test_thresholds() -> None:
    X, y = cases.data("cancer")
    fixed = model_selection.FixedThresholdClassifier
    for model in (
        fixed(LOGISTIC, threshold=0.3, pos_label="yes"),
        fixed(LOGISTIC, threshold=0.3, pos_label="no"),
        fixed(MARGIN, pos_label="no"),
        fixed(LOGISTIC, response_method="decision_function", threshold=0.5, pos_label="no"),
    ):
        cases.same(model, "cancer")
    for model in (fixed(LOGISTIC), model_selection.TunedThresholdClassifierCV(LOGISTIC, cv=2)):
        cases.same_fitted(cases.fitted(model, X, (y == "yes").astype(int)), X, cases.beyond(X))


def test_estimators_that_hand_on() -> None:
    X, y = cases.data("iris")
    cases.same_fitted(frozen.FrozenEstimator(cases.fitted(LOGISTIC, X, y)), X, cases.beyond(X))
    some = np.unique(y, return_inverse=True)[1]
    some[::3] = -1
    cases.same_fitted(cases.fitted(semi_supervised.SelfTrainingClassifier(LOGISTIC), X, some), X, cases.beyond(X))
    calibrated = calibration.CalibratedClassifierCV(frozen.FrozenEstimator(cases.fitted(BAYES, X, y)))
    cases.same_fitted(cases.fitted(calibrated, X, y), X, cases.beyond(X))


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(-20, 20), st.floats(-5, 5)), min_size=2, max_size=25), st.booleans())
def test_isotonic(pairs: list[tuple[int, float]], clip: bool) -> None:
    x, y = (np.array(part, dtype=np.float64) for part in zip(*pairs, strict=True))
    model = isotonic.IsotonicRegression(out_of_bounds="clip" if clip else "nan").fit(x, y)
    rows = np.concatenate([x, np.linspace(-25, 25, 41), x + 1e-9])[:, None]
    cases.same_fitted(model, x[:, None], rows)


def test_refusals() -> None:
    X, y = cases.data("iris")
    for model, *parts in (
        (dummy.DummyClassifier(strategy="uniform"), "at random", "strategy='prior'"),
        (dummy.DummyClassifier(strategy="stratified"), "at random", "strategy='prior'"),
        (multiclass.OneVsOneClassifier(RIDGE), "regressors", "classifiers"),
        (model_selection.GridSearchCV(LOGISTIC, {"C": [1.0]}, cv=2, refit=False), "no best estimator", "refit=True"),
    ):
        cases.refused(cases.fitted(model, X, y), X, *parts)
    X, y = cases.data("diabetes")
    cases.refused(cases.fitted(isotonic.IsotonicRegression(out_of_bounds="raise"), X[:, :1], y), X[:, :1], "clip")
    lost = compose.TransformedTargetRegressor(
        RIDGE, func=lambda t: t, inverse_func=lambda t: t - t.mean(), check_inverse=False
    )
    cases.refused(cases.fitted(lost, X, y), X, "lambda", "t.mean()", "StandardScaler")
    normal = preprocessing.QuantileTransformer(n_quantiles=20, output_distribution="normal")
    cases.refused(cases.fitted(compose.TransformedTargetRegressor(RIDGE, transformer=normal), X, y), X, "uniform")
    odd = compose.TransformedTargetRegressor(RIDGE, transformer=preprocessing.KBinsDiscretizer(3, encode="ordinal"))
    cases.refused(cases.fitted(odd, X, y), X, "KBinsDiscretizer", "StandardScaler")
