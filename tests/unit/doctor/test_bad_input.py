"""Bad models and bad rows: a clear result or a clear refusal, from doctor and from pack."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

import sealift
from sealift.errors import FileError, PackError, SealiftError
from sealift.packing.doctor import doctor
from sealift.packing.load_model import load_noting

X = np.random.default_rng(0).normal(size=(40, 3))
Y = X[:, 0] > 0


def refused(model: Any, rows: Any, tmp_path: Path) -> SealiftError:
    with pytest.raises(SealiftError) as caught:
        sealift.pack(model, rows, name="bad", output=tmp_path / "bad.seal")
    assert not (tmp_path / "bad.seal").exists()
    assert caught.value.fix
    return caught.value


def test_never_fitted(tmp_path: Path) -> None:
    for model in (LogisticRegression(), make_pipeline(StandardScaler(), LogisticRegression())):
        diagnosis = doctor(model, X)
        assert [obstacle.code for obstacle in diagnosis.obstacles] == ["E301"]
        assert not diagnosis.supported
        assert refused(model, X, tmp_path).code == "E301"


def half_fitted() -> Pipeline:
    model = make_pipeline(StandardScaler(), SimpleImputer(), LogisticRegression()).fit(X, Y)
    model.steps[1] = ("simpleimputer", SimpleImputer())
    return model


def test_half_fitted(tmp_path: Path) -> None:
    diagnosis = doctor(half_fitted())
    assert [(obstacle.code, obstacle.where) for obstacle in diagnosis.obstacles] == [
        ("E301", "Pipeline › simpleimputer (SimpleImputer)")
    ]
    assert "never fitted" in diagnosis.obstacles[0].what
    assert [step.supported for step in diagnosis.steps if "standardscaler" in step.name] == [True]
    error = refused(half_fitted(), X, tmp_path)
    assert error.code == "E301"
    assert error.where == "Pipeline › simpleimputer (SimpleImputer)"


def test_what_is_no_model() -> None:
    for thing in (3, None, LogisticRegression, np.zeros(3)):
        with pytest.raises(PackError) as caught:
            doctor(thing, X)
        assert caught.value.code == "E304"
    with pytest.raises(FileError) as missing:
        doctor("a text", X)  # the path of a file
    assert missing.value.code == "E401"


class Doubled(FunctionTransformer):  # type: ignore[misc]
    """A transformer of the user's own, which is traced."""


class Sorted(Doubled):
    """One that cannot be traced."""

    def transform(self, X: Any) -> Any:
        return np.sort(X, axis=0)


def test_refused_user_classes_have_a_remedy() -> None:
    diagnosis = doctor(make_pipeline(Doubled(np.abs), LogisticRegression()).fit(X, Y), X)
    assert [step.how for step in diagnosis.steps] == ["own", "traced", "own"]
    diagnosis = doctor(make_pipeline(Sorted(np.abs), LogisticRegression()).fit(X, Y), X)
    (obstacle,) = diagnosis.obstacles
    assert "Sorted" in obstacle.what
    assert "write a converter" in obstacle.fix
    assert [step.supported for step in diagnosis.steps] == [True, False, True]


def test_a_pickle_of_another_version(tmp_path: Path) -> None:
    from sklearn import __version__

    body = pickle.dumps(LogisticRegression().fit(X, Y))
    old = "0.9" + __version__[3:] if len(__version__) == 5 else "0" * len(__version__)
    path = tmp_path / "old.pkl"
    path.write_bytes(body.replace(__version__.encode(), old.encode()))
    loaded = load_noting(str(path), trust_pickle=True)
    model, notes = loaded.model, loaded.notes
    assert len(notes) == 1
    assert loaded.warnings == []
    assert f"scikit-learn {old}, and {__version__}" in notes[0]
    assert "proved against the answers it gives here" in notes[0]
    assert doctor(model, X).supported
    path.write_bytes(body)
    assert load_noting(str(path), trust_pickle=True).notes == []


def test_lambdas() -> None:
    diagnosis = doctor(make_pipeline(FunctionTransformer(lambda x: x * 2), LogisticRegression()).fit(X, Y), X)
    assert diagnosis.supported
    assert [step.how for step in diagnosis.steps] == ["own", "traced", "own"]


def test_feature_names_that_clash() -> None:
    twice = pd.DataFrame(X, columns=["a", "b", "a"])
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)
    (obstacle,) = doctor(model, twice).obstacles
    assert obstacle.code == "E304"
    assert "'a'" in obstacle.where + obstacle.what
    fitted = make_pipeline(StandardScaler(), LogisticRegression()).fit(pd.DataFrame(X, columns=list("abc")), Y)
    with pytest.raises(PackError, match="lacks 'c'"):
        doctor(fitted, pd.DataFrame(X, columns=["a", "b", "d"]))
    names = ["Größe ›", "a (b)", "名前"]
    rows = pd.DataFrame(X, columns=names)
    assert doctor(make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, Y), rows).supported


def test_constant_and_missing_columns(tmp_path: Path) -> None:
    rows = pd.DataFrame({"same": 1.0, "gone": np.nan, "a": X[:, 0]})
    model = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler(), LogisticRegression()).fit(rows, Y)
    diagnosis = doctor(model, rows)
    assert diagnosis.supported
    assert diagnosis.agrees
    assert sealift.pack(model, rows, Y, name="m", output=tmp_path / "m.seal").report.passed


def test_one_class_only() -> None:
    model = GaussianNB().fit(X, np.ones(40))
    diagnosis = doctor(model, X)
    assert diagnosis.supported == (diagnosis.agrees is True)


def test_no_rows_and_other_shapes(tmp_path: Path) -> None:
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)
    for rows in (X[:0], pd.DataFrame(X[:0], columns=list("abc")), X[:, :2], X[:, :0]):
        with pytest.raises(SealiftError) as caught:
            doctor(model, rows)
        assert caught.value.code in ("E305", "E304", "E105", "E104")
        assert refused(model, rows, tmp_path).code == caught.value.code


def test_sparse_rows(tmp_path: Path) -> None:
    model = LogisticRegression().fit(X, Y)
    rows = scipy.sparse.csr_matrix(X)
    assert doctor(model, rows).supported
    sealed = sealift.pack(model, rows, name="m", output=tmp_path / "m.seal").load()
    np.testing.assert_array_equal(sealed.predict(X)["label"], model.predict(rows))


def test_rows_that_the_model_refuses() -> None:
    rows = pd.DataFrame({"a": ["x", "y"] * 20})
    model = make_pipeline(ColumnTransformer([("e", OneHotEncoder(), ["a"])]), LogisticRegression()).fit(rows, Y)
    diagnosis = doctor(model, pd.DataFrame({"a": ["new"] * 40}))
    assert [obstacle.code for obstacle in diagnosis.obstacles] == ["E305"]
    assert "unknown categories" in diagnosis.obstacles[0].what


def test_a_model_that_does_not_remember_its_columns() -> None:
    model = FunctionTransformer(np.abs)
    model.fit([[1.0]])
    del model.n_features_in_
    with pytest.raises(PackError, match="Give some rows"):
        doctor(model)
