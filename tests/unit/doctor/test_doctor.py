"""`sealift.doctor`: every obstacle at once, how each step is converted, and its training data."""

from __future__ import annotations

import html.parser
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import sealift
from sealift.packing.doctor import Diagnosis, doctor


class Own(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A step nobody has a converter for, and whose loop cannot be traced."""

    def fit(self, X: Any, y: Any = None) -> Own:
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: Any) -> Any:
        return np.array([[value * 2 for value in row] for row in np.asarray(X, dtype=float)])


class OwnClassifier(LogisticRegression):  # type: ignore[misc]
    """A subclass, which may override anything."""


class Labels(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A step that makes texts."""

    def fit(self, X: Any, y: Any = None) -> Labels:
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: Any) -> Any:
        return np.array([["up" if v > 0 else "down" for v in row] for row in np.asarray(X, dtype=float)], dtype=object)


def people(rows: int = 120) -> tuple[pd.DataFrame, Any]:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {"age": rng.normal(50, 9, rows), "debt": rng.normal(size=rows), "sex": rng.choice(["f", "m", "x"], rows)}
    )
    frame.loc[0, "sex"] = "rare"
    return frame, (frame["age"] > 50).to_numpy()


def centred(df: Any) -> Any:
    return df - df.mean()


def broken() -> tuple[Any, pd.DataFrame]:
    X, y = people()
    columns = ColumnTransformer(
        [
            ("own", Own(), ["age"]),
            ("centred", FunctionTransformer(centred), ["age", "debt"]),
            ("log", FunctionTransformer(np.abs), ["debt"]),
            ("words", make_pipeline(Labels(), OneHotEncoder()), ["debt"]),
            ("sex", OneHotEncoder(handle_unknown="ignore"), ["sex"]),
        ]
    )
    stack = StackingClassifier([("a", OwnClassifier()), ("knn", KNeighborsClassifier())], cv=2)
    return make_pipeline(columns, StandardScaler(), stack).fit(X, y), X


def by_name(diagnosis: Diagnosis) -> dict[str, str]:
    return {step.name.split(" ")[0]: step.how for step in diagnosis.steps}


def test_all_obstacles_at_once() -> None:
    model, X = broken()
    for diagnoses in (doctor(model, X), doctor(model)):
        assert not diagnoses.supported
        by_step = {obstacle.where.rpartition(" › ")[2]: obstacle for obstacle in diagnoses.obstacles}
        assert set(by_step) == {
            "own (Own)", "centred (FunctionTransformer)", "labels (Labels)", "a (OwnClassifier)",
        }  # fmt: skip
        assert "return df - df.mean()" in by_step["centred (FunctionTransformer)"].what
        assert {obstacle.code for obstacle in diagnoses.obstacles} == {"E302"}
        how = by_name(diagnoses)
        assert how["log"] == "traced"
        assert how["sex"] == how["standardscaler"] == how["knn"] == how["onehotencoder"] == "own"
        assert how["own"] == how["labels"] == "refused"
    assert doctor(model, X).rows == len(X)
    assert "inferred" in doctor(model).notes[0]


def test_what_is_supported_is_compared_with_the_original() -> None:
    X, y = people()
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X[["age", "debt"]], y)
    diagnosis = sealift.doctor(model, X[["age", "debt"]])
    assert diagnosis.supported
    assert diagnosis.agrees
    assert [step.depth for step in diagnosis.steps] == [0, 1, 1]
    assert "agree" in diagnosis.verdict
    assert all(len(line) <= 80 for line in diagnosis.text().splitlines())
    assert doctor(model).agrees is None


def test_only_the_rows_that_were_compared_are_counted() -> None:
    X, y = people(1200)
    diagnosis = doctor(LogisticRegression().fit(X[["age"]], y), X[["age"]])
    assert diagnosis.rows == 500
    assert "500 of your rows" in diagnosis.verdict


def test_chance_is_found_with_rows() -> None:
    X, y = people()

    def shaken(x: Any) -> Any:
        return x + np.random.default_rng().normal()

    model = make_pipeline(FunctionTransformer(shaken), LogisticRegression()).fit(X[["age", "debt"]].to_numpy(), y)
    diagnosis = doctor(model, X[["age", "debt"]].to_numpy())
    assert [obstacle.code for obstacle in diagnosis.obstacles] == ["E303"]
    assert "functiontransformer" in diagnosis.obstacles[0].where
    assert diagnosis.agrees is False


def test_skl2onnx_is_named() -> None:
    from sklearn.cluster import FeatureAgglomeration

    X = np.random.default_rng(0).normal(size=(30, 4))
    diagnosis = doctor(make_pipeline(FeatureAgglomeration(2), StandardScaler()).fit(X), X)
    assert set(by_name(diagnosis).values()) <= {"own", "skl2onnx", "refused"}


def test_text_at_eighty_columns() -> None:
    model, X = broken()
    diagnosis = doctor(model, X)
    text = diagnosis.text()
    assert all(len(line) <= 80 for line in text.splitlines()), max(text.splitlines(), key=len)
    assert "✗      own (Own)" in text
    plain = diagnosis.text(unicode=False)
    plain.encode("ascii")
    assert "NO      own (Own)" in plain
    assert "Training data inside the model" in text


def test_as_dict_is_json() -> None:
    import json

    model, X = broken()
    report = json.loads(json.dumps(doctor(model, X).as_dict()))
    assert report["supported"] is False
    assert len(report["obstacles"]) == 4
    assert {"path", "how", "supported", "training_data"} == set(report["steps"][0])


class _Page(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.scopes = 0
        self.colours: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.scopes += ("scope", "col") in attrs
        style = dict(attrs).get("style") or ""
        self.colours += [part for part in style.split(";") if part.strip().startswith(("color", "background:"))]


def checked(page: str) -> _Page:
    parsed_page = _Page()
    parsed_page.feed(page)
    assert "script" not in parsed_page.tags
    assert "caption" in parsed_page.tags
    assert parsed_page.scopes >= 2
    # Text inherits its colour, and backgrounds are transparent tints, so that dark themes work.
    assert all("inherit" in part or "transparent" in part or "0.1)" in part for part in parsed_page.colours), (
        parsed_page.colours
    )
    return parsed_page


def test_notebooks_show_a_page() -> None:
    model, X = broken()
    page = doctor(model, X)._repr_html_()
    checked(page)
    assert "own (Own)" in page

    class Evil(Own):
        pass

    Evil.__name__ = "<script>alert(1)</script>"
    X, y = people()
    evil = doctor(make_pipeline(Evil(), LogisticRegression()).fit(X[["age"]], y), X[["age"]])._repr_html_()
    assert "<script" not in evil


def test_packed_shows_a_page(tmp_path: Any) -> None:
    X, y = people()
    model = make_pipeline(StandardScaler(), SVC()).fit(X[["age", "debt"]], y)
    packed = sealift.pack(model, X[["age", "debt"]], y, name="svc", output=tmp_path / "svc.seal")
    page = packed._repr_html_()
    checked(page)
    assert "Rows compared with the original" in page
    assert "Pipeline › svc (SVC)" in page
    assert [step["how"] for step in packed.steps] == ["own", "own", "own"]


def test_guessing_of_keys_and_texts() -> None:
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.feature_extraction.text import CountVectorizer

    rows = [{"a": i, "b": "x" if i % 2 else "y"} for i in range(10)]
    assert doctor(DictVectorizer().fit(rows)).supported
    frame = pd.DataFrame({"t": ["a word", "some words"] * 5, "n": range(10)})
    columns = ColumnTransformer([("t", CountVectorizer(), "t"), ("n", StandardScaler(), ["n"])])
    assert doctor(make_pipeline(columns, LogisticRegression()).fit(frame, [0, 1] * 5)).supported


def test_a_tree_of_single_leaves() -> None:
    X, y = people()
    (step,) = doctor(DecisionTreeClassifier(random_state=0).fit(X[["debt"]], y), X[["debt"]]).steps
    assert "fewer than 5 rows" in step.training_data[0]
    (step,) = doctor(DecisionTreeClassifier(min_samples_leaf=5).fit(X[["debt"]], y), X[["debt"]]).steps
    assert not step.training_data


def test_rare_categories_are_counted_with_rows() -> None:
    model, X = broken()
    (sex,) = [step for step in doctor(model, X).steps if step.name.startswith("sex")]
    assert "4 categories, 1 of which fewer than 5" in sex.training_data[0]
    assert "rare" not in sex.training_data[0].replace("Group rare", "")
    (sex,) = [step for step in doctor(model).steps if step.name.startswith("sex")]
    assert "min_frequency" in sex.training_data[0]


@pytest.mark.parametrize("kind", ["spans", "mixed"])
def test_all_unsupported_columns_are_reported(kind: str) -> None:
    X, y = people()
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X[["age", "debt"]], y)
    bad: list[Any] = [1, "a"] * 60
    values = pd.to_timedelta([1] * 120, unit="D") if kind == "spans" else bad
    diagnosis = doctor(model, pd.DataFrame({"age": values, "debt": values}))
    assert [obstacle.where for obstacle in diagnosis.obstacles] == ["column 'age'", "column 'debt'"]
    assert len(diagnosis.steps) == 3
