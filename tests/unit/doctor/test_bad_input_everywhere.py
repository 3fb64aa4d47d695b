"""The bad inputs of every day through `pack`, `doctor` and both on the command line: a result or a refusal, always."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from click.testing import CliRunner
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import sealift
from sealift.cli.commands import app
from sealift.errors import SealiftError
from sealift.packing.doctor import Diagnosis
from sealift.runtime.engines import wasm

X = np.random.default_rng(0).normal(size=(60, 3))
Y = (X[:, 0] > 0).astype(int)
LINE = LogisticRegression().fit(X, Y)
GONE = pd.DataFrame({"gone": np.full(60, np.nan), "a": X[:, 0]})


@pytest.fixture(autouse=True)
def no_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wasm, "node", lambda: None)


class Turned(LogisticRegression):  # type: ignore[misc]
    """A subclass that answers otherwise."""

    def predict(self, X: Any) -> Any:
        return 1 - super().predict(X)


class Elsewhere:
    """What PyTorch and CuPy say of an array in the memory of a GPU."""

    device = "cuda:0"
    shape = (60, 3)
    ndim = 2

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first.")

    def __len__(self) -> int:
        return 60


class OnGpu(BaseEstimator):  # type: ignore[misc]
    """A model that keeps its weights on a GPU."""

    def fit(self, X: Any, y: Any = None) -> OnGpu:
        self.n_features_in_ = X.shape[1]
        self.coef_ = Elsewhere()
        return self

    def predict(self, X: Any) -> Any:
        return np.asarray(X) @ np.asarray(self.coef_)


def with_gpu_weights() -> Any:
    model = LogisticRegression().fit(X, Y)
    model.coef_ = Elsewhere()
    return model


def half_fitted() -> Any:
    model = VotingClassifier([("a", LogisticRegression()), ("b", DecisionTreeClassifier())]).fit(X, Y)
    model.estimators_[1] = DecisionTreeClassifier()
    return model


def half_columns() -> Any:
    model = ColumnTransformer([("s", StandardScaler(), [0, 1, 2])]).fit(X)
    model.transformers_ = [("s", StandardScaler(), [0, 1, 2])]
    return model


def patched() -> Any:
    model = LogisticRegression().fit(X, Y)
    model.predict = lambda X: np.ones(len(X), dtype=int)
    return model


def named(*names: str) -> Any:
    rows = pd.DataFrame(X[:, : len(names)], columns=list(names))
    return (lambda: LogisticRegression().fit(rows, Y)), rows


# The model, the rows, what pack refuses it with, and a part of the sentence; None where it is supported.
Case = tuple[Callable[[], Any], Any, str | None, str]
CASES: dict[str, Case] = {
    "unfitted": (LogisticRegression, X, "E301", "never fitted"),
    "unfitted search": (lambda: GridSearchCV(LogisticRegression(), {"C": [1.0]}), X, "E301", "never fitted"),
    "half-fitted vote": (half_fitted, X, "E301", "VotingClassifier › b (DecisionTreeClassifier)"),
    "half-fitted columns": (half_columns, X, "E301", "ColumnTransformer › s (StandardScaler)"),
    "search without refit": (
        lambda: GridSearchCV(LogisticRegression(), {"C": [1.0]}, refit=False).fit(X, Y), X, "E304", "refit=True",
    ),
    "subclass": (lambda: Turned().fit(X, Y), X, "E302", "write a converter"),
    "answers put in by hand": (patched, X, "E303", "differently"),
    "no model": (lambda: {"coef": 1}, X, "E304", "neither predicts nor transforms"),
    "a class of functions": (lambda: type(abs), X, "E304", "is a class"),
    "a function of all rows": (lambda: len, X, "E302", "in place of an array"),
    "a function": (lambda: abs, X, None, ""),
    "rows on a GPU": (lambda: LINE, Elsewhere(), "E305", "X.cpu().numpy()"),
    "weights on a GPU": (with_gpu_weights, X, "E302", "cuda:0"),
    "a model on a GPU": (lambda: OnGpu().fit(X), X, "E302", "There is no converter"),
    "names of any alphabet": (*named("名前", "\u202eabc", "<b>"), None, ""),
    "names that look alike": (*named("é", "e\u0301", "É"), None, ""),
    "names with blanks": (*named("a", "a ", " "), None, ""),
    "names of JavaScript": (*named("__proto__", "constructor", "toString"), None, ""),
    "names of controls": (*named("a\nb", "a\tb", "a\0b"), None, ""),
    "a long name": (*named("x" * 4000, "y"), None, ""),
    "a name too long": (*named("x" * 5000, "y"), "E304", "longer than 4096 characters"),
    "no name": (*named("", "b"), "E304", "without a readable name"),
    "a name twice": (lambda: LINE, pd.DataFrame(X, columns=["a", "b", "a"]), "E304", "two columns named 'a'"),
    "names equal as text": (lambda: LINE, pd.DataFrame(X, columns=[1, "1", "b"]), "E304", "two columns named '1'"),
    "no rows": (lambda: LINE, X[:0], "E305", "no rows"),
    "one row": (lambda: LINE, X[:1], None, ""),
    "one class, tree": (lambda: DecisionTreeClassifier().fit(X, np.zeros(60)), X, None, ""),
    "one class, forest": (lambda: RandomForestClassifier(3).fit(X, np.array(["a"] * 60)), X, None, ""),
    "one class, neighbours": (lambda: KNeighborsClassifier().fit(X, np.ones(60)), X, None, ""),
    "one class, Bayes": (lambda: GaussianNB().fit(X, np.ones(60)), X, None, ""),
    "constant": (lambda: make_pipeline(StandardScaler(), LogisticRegression()).fit(X * 0, Y), X * 0, None, ""),
    "all missing": (lambda: DecisionTreeClassifier().fit(GONE, Y), GONE, None, ""),
    "all missing, dropped": (lambda: make_pipeline(SimpleImputer(), LogisticRegression()).fit(GONE, Y), GONE, None, ""),
    "all None": (
        lambda: make_pipeline(
            ColumnTransformer([("e", OneHotEncoder(), ["gone"])], remainder="passthrough"), LogisticRegression()
        ).fit(GONE.assign(gone=None), Y),
        GONE.assign(gone=None), None, "",
    ),
    "sparse": (lambda: LINE, scipy.sparse.csr_matrix(X), None, ""),
    "infinite": (lambda: LINE, np.where(X > 1, np.inf, X), "E305", "infinity"),
    "complex": (lambda: LINE, X + 1j, "E304", "complex128"),
    "lists in cells": (lambda: LINE, pd.DataFrame({"a": [[1]] * 60, "b": 1.0, "c": 1.0}), "E304", "column 'a'"),
    "one axis": (lambda: LINE, X[0], "E104", "not a table"),
    "no table": (lambda: LINE, "rows.csv", "E104", "not a table"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CASES)
def test_pack_and_doctor(name: str, tmp_path: Path) -> None:
    make, rows, code, part = CASES[name]
    model = make()
    path = tmp_path / "bad.seal"
    if code is None:
        assert sealift.pack(model, rows, name="bad", output=path).load().self_test().passed
        assert sealift.doctor(model, rows).supported
        return
    with pytest.raises(SealiftError) as caught:
        sealift.pack(model, rows, name="bad", output=path)
    assert caught.value.code == code
    assert part in str(caught.value)
    assert caught.value.fix
    assert not path.exists()
    diagnosis = diagnosed(model, rows)
    if isinstance(diagnosis, SealiftError):
        assert (diagnosis.code, diagnosis.what) == (code, caught.value.what)
        return
    assert code in [obstacle.code for obstacle in diagnosis.obstacles]
    assert all(obstacle.what and obstacle.fix for obstacle in diagnosis.obstacles)
    assert diagnosis.text()


def diagnosed(model: Any, rows: Any) -> Diagnosis | SealiftError:
    try:
        return sealift.doctor(model, rows)
    except SealiftError as error:
        return error


COMMANDS: dict[str, tuple[Callable[[], Any], str, str | None]] = {
    "unfitted": (LogisticRegression, "a,b,c\n1,2,3\n", "E301"),
    "half-fitted": (half_fitted, "a,b,c\n1,2,3\n", "E301"),
    "search without refit": (CASES["search without refit"][0], "a,b,c\n1,2,3\n", "E304"),
    "subclass": (lambda: Turned().fit(X, Y), "a,b,c\n1,2,3\n", "E302"),
    "no rows": (lambda: LINE, "a,b,c\n", "E"),
    "no header": (lambda: LINE, "", "E404"),
    "other columns": (lambda: LINE, "a,b\n1,2\n", "E305"),
    "a name twice": (lambda: LINE, "a,b,a\n1,2,3\n", "E"),
    "texts": (lambda: LINE, "a,b,c\nx,y,z\n", "E302"),
    "no model": (lambda: {"coef": 1}, "a,b,c\n1,2,3\n", "E304"),
    "what is supported": (lambda: LINE, "a,b,c\n" + "\n".join(f"{i / 9},{i % 7},{-i}" for i in range(40)), None),
}


@pytest.mark.parametrize("command", ["pack", "doctor"])
@pytest.mark.parametrize("name", COMMANDS)
def test_on_the_command_line(command: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make, table, code = COMMANDS[name]
    monkeypatch.chdir(tmp_path)
    joblib.dump(make(), "model.joblib")
    Path("rows.csv").write_text(table)
    arguments = [command, "model.joblib", "--data", "rows.csv", "--trust-pickle"]
    done = CliRunner().invoke(app, [*arguments, *(["--name", "bad"] if command == "pack" else [])])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert "Traceback" not in done.output
    assert done.exit_code == (0 if code is None else 1), done.output
    assert (code or "") in done.output
    assert Path("bad.seal").exists() == (code is None and command == "pack")
