"""What stands beside the graph: metrics, provenance, bill of materials, card; and the same input is the same file."""

from __future__ import annotations

import getpass
import hashlib
import json
import platform
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as oracle
from sklearn.datasets import make_classification
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import sealift
from packs import member, no_node, text  # noqa: F401 - a fixture
from sealift.packing.describe.provenance import provenance
from sealift.packing.inputs.base import InputRows
from sealift.packing.inputs.columns import Column

ROOT = Path(__file__).parents[3]


def four(value: float) -> float:
    return float(f"{value:.4g}")


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("labels", [int, str, bool])
def test_classification_metrics(classes: int, labels: type, tmp_path: Path) -> None:
    if labels is bool and classes == 3:
        pytest.skip("a boolean has two values")
    X, raw = make_classification(300, 6, n_informative=4, n_classes=classes, flip_y=0.2, random_state=0)
    y = np.array([labels(value) for value in raw.tolist()])
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X[:150], y[:150])
    packed = sealift.pack(model, X[150:], y[150:], name="m", output=tmp_path / "m.seal")
    metrics = member(packed, "evidence.json")["metrics"]
    truth, probability = y[150:], model.predict_proba(X[150:])
    assert metrics["accuracy_score"] == four(oracle.accuracy_score(truth, model.predict(X[150:])))
    assert metrics["log_loss"] == four(oracle.log_loss(truth, probability))
    assert ("roc_auc_score" in metrics) == (classes == 2)
    own = truth == model.classes_[1]
    brier = (own, probability[:, 1]) if classes == 2 else (truth, probability)
    assert metrics["brier_score_loss"] == four(oracle.brier_score_loss(*brier))
    if classes == 2:
        assert metrics["roc_auc_score"] == four(oracle.roc_auc_score(own, probability[:, 1]))


def test_tied_scores_count_half(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    X = random.integers(0, 3, (200, 2)).astype(float)
    y = random.integers(0, 2, 200)
    model = RandomForestClassifier(3, max_depth=2, random_state=0).fit(X, y)
    packed = sealift.pack(model, X, y, name="m", output=tmp_path / "m.seal")
    expected = oracle.roc_auc_score(y, model.predict_proba(X)[:, 1])
    assert member(packed, "evidence.json")["metrics"]["roc_auc_score"] == four(expected)


@pytest.mark.parametrize("targets", [1, 3])
def test_regression_metrics(targets: int, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(200, 4))
    y = X @ random.normal(size=(4, targets)) * np.arange(1, targets + 1) + random.normal(size=(200, targets))
    y = y[:, 0] if targets == 1 else y
    model = Ridge().fit(X[:100], y[:100])
    packed = sealift.pack(model, X[100:], y[100:], name="m", output=tmp_path / "m.seal")
    metrics = member(packed, "evidence.json")["metrics"]
    answers = model.predict(X[100:])
    assert set(metrics) == {"r2_score", "mean_absolute_error", "root_mean_squared_error"}
    for name, value in metrics.items():
        assert value == four(getattr(oracle, name)(y[100:], answers))


@pytest.mark.parametrize("constant", [1.0, 2.0])
def test_a_constant_truth(constant: float, tmp_path: Path) -> None:
    X, truth = np.arange(30.0).reshape(-1, 1), np.full(30, 1.0)
    model = DummyRegressor(strategy="constant", constant=constant).fit(X, X[:, 0])
    packed = sealift.pack(model, X, truth, name="m", output=tmp_path / "m.seal")
    metrics = member(packed, "evidence.json")["metrics"]
    assert metrics["r2_score"] == oracle.r2_score(truth, model.predict(X))


def test_a_certain_wrong_probability(tmp_path: Path) -> None:
    X, y = np.arange(20.0).reshape(-1, 1), np.repeat([0, 1], 10)
    model = DecisionTreeClassifier().fit(X, y)
    truth = y.copy()
    truth[:3] = 1
    packed = sealift.pack(model, X, truth, name="m", output=tmp_path / "m.seal")
    expected = oracle.log_loss(truth, model.predict_proba(X))
    assert member(packed, "evidence.json")["metrics"]["log_loss"] == four(expected)


@pytest.fixture
def packed(tmp_path: Path) -> sealift.packing.Packed:
    X, y = make_classification(120, 5, random_state=0)
    frame = pd.DataFrame(X, columns=["a|b", "c", "d\ne", "f", "g"])
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, y)
    return sealift.pack(
        model, frame, y, name="members", output=tmp_path / "m.seal", card={"description": "Of one line."}
    )


def test_provenance_names_no_path_user_host_or_time(packed: sealift.packing.Packed) -> None:
    spelled = text(packed, "provenance.json")
    for secret in {getpass.getuser(), platform.node(), str(ROOT), str(Path.home()), sys.prefix}:
        assert f'"{secret}' not in spelled
    assert "/" not in spelled.replace('"sha256"', "")
    assert not re.search(r"20\d\d-\d\d-\d\d|\d\d:\d\d", spelled)
    provenance = member(packed, "provenance.json")
    assert provenance["model"] == {"type": "sklearn.pipeline.Pipeline"}
    assert provenance["data"]["rows"] == 120
    assert provenance["data"]["columns"] == 5
    assert re.fullmatch(r"[0-9a-f]{64}", provenance["data"]["sha256"])
    assert {"sealift", "numpy", "scikit-learn", "onnx"} <= set(provenance["packages"])


def test_the_digest_of_the_data_follows_the_data(tmp_path: Path) -> None:
    X = np.random.default_rng(0).normal(size=(40, 2))
    model = LogisticRegression().fit(X, X[:, 0] > 0)
    digests = set()
    for changed in (X, X[::-1], np.where(np.arange(2) == 1, X + 1e-12, X), X[:39]):
        made = sealift.pack(model, changed, name="m", output=tmp_path / "m.seal")
        digests.add(member(made, "provenance.json")["data"]["sha256"])
    assert len(digests) == 4


def test_the_digest_of_the_data_follows_names_types_and_lengths() -> None:
    def digest(**columns: tuple[str, list[float | bool | str | None]]) -> str:
        given = tuple(Column(name, dtype, values, None) for name, (dtype, values) in columns.items())
        rows = InputRows(given, None, lambda columns: columns)
        return str(provenance(rows, None)["data"]["sha256"])

    several = [
        digest(a=("float64", [1.0, 0.0])),
        digest(b=("float64", [1.0, 0.0])),
        digest(a=("int64", [1.0, 0.0])),
        digest(a=("bool", [True, False])),
        digest(a=("float64", [1.0, 0.0]), b=("float64", [])),
        digest(a=("float64", [1.0]), b=("float64", [0.0])),
        digest(a=("string", ["1", "0"])),
        digest(a=("string", ["1", None])),
    ]
    assert len(set(several)) == len(several)
    assert digest(a=("float64", [1.0, 0.0])) == several[0]
    # Numbers whose bytes spell the name and the dtype of a second column.
    spelled = np.frombuffer(b'["bb","float64"]', dtype="<f8").tolist()
    assert digest(a=("float64", [*spelled, 1.0])) != digest(a=("float64", []), bb=("float64", [1.0]))


def test_bill_of_materials(packed: sealift.packing.Packed) -> None:
    """CycloneDX 1.6: the keys that ECMA-424 requires, references that lead somewhere, and the graph's own digest."""
    bom = member(packed, "sbom.cdx.json")
    assert (bom["bomFormat"], bom["specVersion"], bom["version"]) == ("CycloneDX", "1.6", 1)
    model = bom["metadata"]["component"]
    assert model["type"] == "machine-learning-model"
    graph = bytes(packed.load().seal.members["model.onnx"])
    assert model["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(graph).hexdigest()}]
    references = [model["bom-ref"], *(part["bom-ref"] for part in bom["components"])]
    assert len(set(references)) == len(references)
    for part in bom["components"]:
        assert part["type"] == "library"
        assert re.fullmatch(r"pkg:pypi/[a-z0-9.-]+@[\w.+-]+", part["purl"])
    for entry in bom["dependencies"]:
        assert {entry["ref"], *entry["dependsOn"]} <= set(references)


def test_bill_of_materials_fits_the_schema(packed: sealift.packing.Packed) -> None:
    """CycloneDX's own JSON Schema of 1.6, with formats checked, from the package on disk."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(text(packed, "sbom.cdx.json")) is None
    wrong = {**member(packed, "sbom.cdx.json"), "specVersion": 1.6}
    assert validator.validate_str(json.dumps(wrong)) is not None


def test_card(packed: sealift.packing.Packed) -> None:
    card = text(packed, "card.md")
    assert card.startswith("---\nlibrary_name: sealift\n")
    headings = re.findall(r"^## (.*)$", card, re.MULTILINE)
    assert headings == ["When to use", "Pitfalls", "Evidence", "Answers", "Inputs", "Privacy", "Who made it"]
    assert "a\\|b" in card
    assert "| d e |" in card
    assert "No single record of the 120 rows given for packing was found in this file." in card
    assert "training rows other than the rows given" in card
    evidence = member(packed, "evidence.json")
    assert f"on {evidence['parity']['rows']} rows" in card
    assert f"accuracy_score {evidence['metrics']['accuracy_score']}" in card
