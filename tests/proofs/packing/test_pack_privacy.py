"""What a file retains of single records is found by value, reported everywhere, and refused where that is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.cluster import Birch, KMeans, MeanShift
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.impute import SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression, QuantileRegressor, Ridge
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    QuantileTransformer,
    StandardScaler,
)
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeRegressor

import sealift
from packs import member, no_node, text  # noqa: F401 - a fixture
from sealift.errors import PackError

ROWS = 400
Make = Callable[[], Any]


@pytest.fixture(scope="module")
def data() -> tuple[pd.DataFrame, Any, Any]:
    """Rows, salaries, and classes."""
    random = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "age": random.integers(18, 90, ROWS).astype(float),
            "weight": random.normal(75, 12, ROWS).round(1),
            "dose": random.normal(60, 15, ROWS),
            "rate": random.exponential(3, ROWS),
        }
    )
    X.loc[3, "age"] = 117.0
    salary = (X["dose"] * 300 + X["rate"] * 900 + random.normal(0, 3000, ROWS) + 30_000).round()
    return X, salary.to_numpy(), (salary > salary.median()).astype(int).to_numpy()


def packed_with(model: Any, X: Any, y: Any, path: Path, **options: Any) -> sealift.packing.Packed:
    privacy = sealift.PrivacyOptions(training=(X, y), **options)
    return sealift.pack(model.fit(X, y), X, y, name="m", output=path / "m.seal", privacy=privacy)


def kinds(packed: sealift.packing.Packed) -> dict[str, int]:
    assert packed.privacy is not None
    return {finding.kind: finding.count for finding in packed.privacy.findings}


WHOLE: dict[str, tuple[Make, int]] = {
    "Birch": (lambda: Birch(n_clusters=3, threshold=0.01), ROWS),
    "MeanShift": (lambda: MeanShift(bandwidth=0.5), ROWS),
    "KMeans with many clusters": (lambda: KMeans(300, n_init=1, random_state=0), 150),
    "KMeans behind a scaler": (lambda: make_pipeline(StandardScaler(), KMeans(300, n_init=1, random_state=0)), 150),
    "GaussianMixture": (lambda: GaussianMixture(100, random_state=0), 5),
    "nearest neighbours behind a scaler": (lambda: make_pipeline(MinMaxScaler(), KNeighborsClassifier()), ROWS),
    "nearest neighbours behind a function": (
        lambda: make_pipeline(FunctionTransformer(np.log1p), KNeighborsClassifier()), ROWS,
    ),
    "a radial kernel, shifted and scaled": (lambda: make_pipeline(StandardScaler(), SVC()), 100),
    "a polynomial kernel": (lambda: make_pipeline(StandardScaler(), SVC(kernel="poly")), 100),
    "a cosine kernel": (lambda: make_pipeline(StandardScaler(), KNeighborsClassifier(metric="cosine")), ROWS),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_whole_rows_in_the_graph_are_found(name: str, data: Any, tmp_path: Path) -> None:
    X, _, y = data
    make, least = WHOLE[name]
    packed = packed_with(make(), X, y, tmp_path)
    assert kinds(packed)["rows"] >= least
    card = text(packed, "card.md")
    assert "**This file retains data of single records:**" in card
    assert f"of the {ROWS} training rows stand whole in the graph" in card


PARTS = [
    ColumnTransformer([("few", StandardScaler(), ["dose", "rate"]), ("rest", "passthrough", ["age"])]),
    ColumnTransformer([("few", "passthrough", ["rate", "dose"])]),
]


@pytest.mark.parametrize("before", PARTS)
def test_parts_of_rows_are_found(before: Any, data: Any, tmp_path: Path) -> None:
    X, _, y = data
    findings = kinds(packed_with(make_pipeline(before, KNeighborsClassifier()), X, y, tmp_path))
    assert findings.get("rows", 0) + findings.get("partial rows", 0) == ROWS


def test_a_row_of_coarse_numbers_is_found_by_all_of_them(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    X = random.integers(1, 6, (ROWS, 7)).astype(float)
    findings = kinds(packed_with(KNeighborsClassifier(), X, random.integers(0, 2, ROWS), tmp_path))
    assert findings["rows"] > ROWS // 2
    assert findings.keys() == {"rows", "method"}


NOTHING: dict[str, Make] = {
    "logistic regression": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    "a linear kernel": lambda: make_pipeline(StandardScaler(), SVC(kernel="linear")),
    "few clusters": lambda: make_pipeline(StandardScaler(), KMeans(3, n_init=1, random_state=0)),
    "few components": lambda: GaussianMixture(3, random_state=0),
    "a forest of classes": lambda: RandomForestClassifier(10, random_state=0),
}


@pytest.mark.parametrize("name", NOTHING)
def test_nothing_is_found_where_nothing_is(name: str, data: Any, tmp_path: Path) -> None:
    X, _, y = data
    packed = packed_with(NOTHING[name](), X, y, tmp_path, strict=True)
    assert kinds(packed) == {}
    card = text(packed, "card.md")
    assert f"No single record of the {ROWS} training rows and the {ROWS} rows given for packing was found" in card
    assert "Not checked: what can be computed from several numbers of the file together" in card


TARGETS: dict[str, Make] = {
    "a tree grown out": lambda: DecisionTreeRegressor(random_state=0),
    "a forest": lambda: RandomForestRegressor(10, random_state=0),
    "a transformed target": lambda: TransformedTargetRegressor(
        DecisionTreeRegressor(random_state=0), func=np.log, inverse_func=np.exp
    ),
    "isotonic": lambda: make_pipeline(ColumnTransformer([("one", "passthrough", ["dose"])]), IsotonicRegression()),
    "a dummy": lambda: DummyRegressor(strategy="constant", constant=0.0),
}


@pytest.mark.parametrize("name", TARGETS)
def test_single_peoples_target_values_are_found(name: str, data: Any, tmp_path: Path) -> None:
    X, y, _ = data
    model = TARGETS[name]()
    if name == "a dummy":
        model.set_params(constant=float(y[7]) + 0.25)
        y = np.where(np.arange(ROWS) == 7, y + 0.25, y)
    packed = packed_with(model, X, y, tmp_path)
    assert kinds(packed)["targets"] >= (300 if "tree" in name or "forest" in name else 1)
    assert "an answer can be that of one person" in text(packed, "card.md")


@pytest.mark.parametrize("model", [Ridge(), DecisionTreeRegressor(min_samples_leaf=5, random_state=0)])
def test_models_of_many_people_hold_no_target_value(model: Any, data: Any, tmp_path: Path) -> None:
    X, y, _ = data
    assert "targets" not in kinds(packed_with(model, X, y, tmp_path))


def test_golden_answers_are_not_single_peoples_values_where_others_are_to_be_had(data: Any, tmp_path: Path) -> None:
    X, y, _ = data
    model = DecisionTreeRegressor(min_samples_leaf=1, max_leaf_nodes=60, random_state=0)
    packed = packed_with(model, X, y, tmp_path)
    golden = member(packed, "golden/examples.json")["answers"]["value"]
    assert len(golden) >= 8
    assert not set(golden) & set(y.tolist())
    assert "answers" not in kinds(packed)
    assert kinds(packed)["targets"] > 0


def test_golden_answers_that_cannot_but_be_single_peoples_are_reported(data: Any, tmp_path: Path) -> None:
    X, y, _ = data
    packed = packed_with(DecisionTreeRegressor(random_state=0), X, y, tmp_path)
    golden = member(packed, "golden/examples.json")["answers"]["value"]
    values, counts = np.unique(y, return_counts=True)
    single = set(values[counts < 5].tolist())
    assert kinds(packed)["answers"] == sum(value in single for value in golden) > 0


@pytest.mark.parametrize("scaler", [MinMaxScaler(), MaxAbsScaler()])
def test_the_only_person_of_117_years_is_reported(scaler: Any, data: Any, tmp_path: Path) -> None:
    X, _, y = data
    packed = packed_with(make_pipeline(scaler, LogisticRegression()), X, y, tmp_path)
    assert packed.privacy is not None
    (extremes,) = [finding for finding in packed.privacy.findings if finding.kind == "extremes"]
    assert "age" in extremes.columns
    assert "117" not in extremes.note


def test_quantiles_are_single_values(data: Any, tmp_path: Path) -> None:
    X, _, y = data
    packed = packed_with(make_pipeline(QuantileTransformer(n_quantiles=ROWS), LogisticRegression()), X, y, tmp_path)
    assert packed.privacy is not None
    values = next(finding for finding in packed.privacy.findings if finding.kind == "values")
    assert values.columns["dose"] == values.columns["rate"] == ROWS


def test_midpoints_between_values_are_no_values(data: Any, tmp_path: Path) -> None:
    X, y, _ = data
    model = RandomForestRegressor(20, min_samples_leaf=5, random_state=0)
    assert kinds(packed_with(model, X, y, tmp_path, strict=True)) == {}


def test_thresholds_that_are_values_are_reported(data: Any, tmp_path: Path) -> None:
    X, y, _ = data
    packed = packed_with(HistGradientBoostingRegressor(max_iter=20), X, y, tmp_path)
    assert packed.privacy is not None
    reported = [finding for finding in packed.privacy.findings if finding.kind == "values"]
    if sklearn.__version__.startswith("1.8."):  # whose thresholds are midpoints
        assert not reported
        return
    (values,) = reported
    assert set(values.columns) == {"dose", "rate"}  # whose values are more than there are bins


def test_an_encoder_on_numbers_is_reported(data: Any, tmp_path: Path) -> None:
    X, _, y = data
    findings = kinds(
        packed_with(make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()), X, y, tmp_path)
    )
    assert findings["values"] >= 2 * ROWS
    assert findings["categories"] >= ROWS


SENTENCE = "Mrs Quillfeather of 3 Harbour Lane lost her son in May"


def notes() -> tuple[list[str], Any]:
    texts = [f"patient {'coughs' if i % 2 else 'sleeps'} well today" for i in range(120)]
    texts[17] = SENTENCE
    return texts, np.arange(120) % 2


def test_a_passage_from_one_text_is_reported(tmp_path: Path) -> None:
    texts, y = notes()
    packed = packed_with(make_pipeline(CountVectorizer(ngram_range=(1, 8)), LogisticRegression()), texts, y, tmp_path)
    findings = kinds(packed)
    assert findings["passages"] > 10
    assert findings["terms"] > findings["passages"]
    for name in ("card.md", "evidence.json"):
        assert "quillfeather" not in text(packed, name).lower()


def test_hashed_texts_leave_no_passage(tmp_path: Path) -> None:
    texts, y = notes()
    model = make_pipeline(HashingVectorizer(n_features=64), LogisticRegression())
    assert kinds(packed_with(model, texts, y, tmp_path, strict=True)) == {}


def test_a_class_that_is_a_persons_name_is_reported(data: Any, tmp_path: Path) -> None:
    X, _, y = data
    labels = np.array(["ill", "well"], dtype=object)[y]
    labels[5] = "Ada Quillfeather"
    packed = packed_with(make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)), X, labels, tmp_path)
    assert kinds(packed) == {"classes": 1}
    assert all("Quillfeather" not in note for note in packed.notes)


def test_held_out_rows_do_not_show_rare_training_values(data: Any, tmp_path: Path) -> None:
    X = data[0]
    model = Birch(n_clusters=3, threshold=0.01).fit(X[:200])
    packed = sealift.pack(model, X[200:], name="m", output=tmp_path / "m.seal")
    card = text(packed, "card.md")
    assert "No single record of the 200 rows given for packing was found" in card
    assert "Not checked: training rows other than the rows given (training= gives them)" in card
    assert member(packed, "evidence.json")["privacy"]["compared"] == {
        "rows": 200, "training_rows": None, "targets": False,
    }  # fmt: skip
    again = sealift.pack(
        model, X[200:], name="m", output=tmp_path / "n.seal", privacy=sealift.PrivacyOptions(training=X[:200])
    )
    assert kinds(again) == {"rows": 200}
    assert "of the 200 training rows stand whole in the graph" in text(again, "card.md")


@pytest.mark.parametrize(
    ("model", "part"),
    [
        (DecisionTreeRegressor(random_state=0), "leaves of DecisionTreeRegressor were learned from fewer than 5"),
        (RandomForestRegressor(5, random_state=0), "leaves of RandomForestRegressor were learned from fewer than 5"),
        (KMeans(100, n_init=1, random_state=0), "clusters of KMeans have fewer than 5 training rows"),
    ],
)
def test_without_training_rows_the_attributes_are_reported(model: Any, part: str, data: Any, tmp_path: Path) -> None:
    X, y, _ = data
    packed = sealift.pack(model.fit(X[:200], y[:200]), X[200:], y[200:], name="m", output=tmp_path / "m.seal")
    assert kinds(packed).keys() == {"method"}
    assert part in text(packed, "card.md")
    with pytest.raises(PackError, match="would retain"):
        sealift.pack(
            model, X[200:], y[200:], name="m", output=tmp_path / "n.seal", privacy=sealift.PrivacyOptions(strict=True)
        )


def test_training_rows_leave_nothing_but_counts(data: Any, tmp_path: Path) -> None:
    X, _, y = data
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X[:200], y[:200])
    sealift.pack(model, X[200:], y[200:], name="m", output=tmp_path / "a.seal")
    packed = sealift.pack(
        model,
        X[200:],
        y[200:],
        name="m",
        output=tmp_path / "b.seal",
        privacy=sealift.PrivacyOptions(training=(X[:200], y[:200])),
    )
    with_rows, without = packed.load().seal, sealift.load(tmp_path / "a.seal").seal
    differing = {name for name, body in with_rows.members.items() if bytes(body) != bytes(without.members[name])}
    assert differing <= {"card.md", "evidence.json", "manifest.json"}


def test_strict_refuses_with_what_was_found_and_writes_nothing(data: Any, tmp_path: Path) -> None:
    X, y, _ = data
    model = make_pipeline(MinMaxScaler(), DecisionTreeRegressor(random_state=0))
    with pytest.raises(PackError, match="target values that fewer than 5 rows have") as caught:
        packed_with(model, X, y, tmp_path, strict=True)
    assert caught.value.code == "E309"
    assert "min_samples_leaf=5" in caught.value.fix
    assert not list(tmp_path.iterdir())


def test_strict_refuses_real_rows_as_examples(data: Any, tmp_path: Path) -> None:
    X, _, y = data
    model = make_pipeline(StandardScaler(), LogisticRegression())
    with pytest.raises(PackError, match="real rows") as caught:
        packed_with(model, X, y, tmp_path, strict=True, keep_rows=True)
    assert caught.value.code == "E309"


@pytest.mark.parametrize("option", ["strict", "keep_rows"])
@pytest.mark.parametrize("value", ["strict", None, 1])
def test_options_of_privacy_are_booleans(option: str, value: Any) -> None:
    with pytest.raises(PackError, match=f"{option} must be True or False") as caught:
        sealift.PrivacyOptions(**{option: value})
    assert caught.value.code == "E304"


def test_training_rows_of_other_columns_are_refused(data: Any, tmp_path: Path) -> None:
    X, _, y = data
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    with pytest.raises(PackError, match="X lacks 'weight'") as caught:
        sealift.pack(
            model, X, name="m", output=tmp_path / "m.seal", privacy=sealift.PrivacyOptions(training=X[["age"]])
        )
    assert caught.value.where == "training"
    array = LogisticRegression(max_iter=5000).fit(X.to_numpy(), y)
    with pytest.raises(PackError, match="other columns"):
        sealift.pack(
            array, X.to_numpy(), name="m", output=tmp_path / "m.seal", privacy=sealift.PrivacyOptions(training=X)
        )


def test_doctor_reports_the_same(data: Any) -> None:
    X, y, _ = data
    diagnosis = sealift.doctor(DecisionTreeRegressor(random_state=0).fit(X, y), X, y)
    assert [finding.kind for finding in diagnosis.retained] == ["targets"]
    assert "min_samples_leaf=5" in diagnosis.text()
    assert json.loads(json.dumps(diagnosis.as_dict()))["retained"][0]["kind"] == "targets"
    assert "Retained data" in diagnosis._repr_html_()


def test_gaps_filled_by_the_model_are_no_records(data: Any, tmp_path: Path) -> None:
    from sklearn.impute import SimpleImputer

    X, _, y = data
    X = X.copy()
    X.loc[[1, 2], "dose"] = np.nan
    model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())
    assert kinds(packed_with(model, X, y, tmp_path)) == {}


def test_quantile_and_process_models(data: Any, tmp_path: Path) -> None:
    X, y, _ = data
    process = make_pipeline(StandardScaler(), GaussianProcessRegressor(optimizer=None))
    assert kinds(packed_with(process, X, y, tmp_path))["rows"] == ROWS
    # With the intercept alone to choose, the median of an odd number of people is one of them.
    alone = QuantileRegressor(alpha=1e9, solver="highs")
    assert kinds(packed_with(alone, X[:399], y[:399], tmp_path))["targets"] == 1


def test_the_constant_of_an_imputer_is_no_category_of_a_row(tmp_path: Path) -> None:
    frame = pd.DataFrame({"stage": ["I", "II", None, "II"] * 100, "age": np.arange(400.0) % 60})
    filled = SimpleImputer(strategy="constant", fill_value="none")
    stages = make_pipeline(filled, OneHotEncoder(handle_unknown="ignore"))
    columns = ColumnTransformer([("stage", stages, ["stage"]), ("age", StandardScaler(), ["age"])])
    model = make_pipeline(columns, LogisticRegression()).fit(frame, [0, 1, 1, 1] * 100)
    packed = sealift.pack(model, frame, name="m", output=tmp_path / "m.seal")
    assert not _categories(packed)
    rare = frame.copy()
    rare.loc[0, "stage"] = "Mrs Example"
    model.fit(rare, [0, 1, 1, 1] * 100)
    packed = sealift.pack(model, frame, name="m2", output=tmp_path / "m2.seal")  # not among the rows given
    assert _categories(packed)
    packed = sealift.pack(
        model, frame, name="m3", output=tmp_path / "m3.seal", privacy=sealift.PrivacyOptions(training=rare)
    )
    assert _categories(packed)


def _categories(packed: sealift.packing.Packed) -> bool:
    """Whether the file retains rare categories."""
    assert packed.privacy is not None
    return any(finding.kind == "categories" for finding in packed.privacy.findings)
