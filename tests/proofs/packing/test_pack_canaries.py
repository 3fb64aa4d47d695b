"""Canaries in the training data: no byte of the seal or of the page gives one of them away."""

from __future__ import annotations

import base64
import gzip
import json
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import Isomap
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.semi_supervised import LabelPropagation
from sklearn.svm import SVC

import sealift
from packs import no_node  # noqa: F401 - a fixture
from sealift.targets.page import build_page

ROWS = 400
NUMBERS = {"dose": 81237.64531, "ratio": np.float32(4711.8154).item(), "visits": 7654321}
RARE, IDENTITY, LOW = "Zzyzx-on-Sea", "MRN-00417-Quillfeather", -33917.88271


@pytest.fixture(scope="module")
def data() -> tuple[pd.DataFrame, Any]:
    random = np.random.default_rng(7)
    X = pd.DataFrame(
        {
            "dose": random.normal(100, 15, ROWS),
            "ratio": random.normal(1, 0.2, ROWS).astype(np.float32),
            "visits": random.integers(0, 40, ROWS),
            "depth": random.normal(0, 1, ROWS),
            "city": random.choice(["Aberdeen", "Bristol", "Cardiff"], ROWS).astype(object),
            "note": [f"patient {i:04d} {random.integers(10**9)}" for i in range(ROWS)],
        }
    )
    for name, value in NUMBERS.items():
        X.loc[17, name] = value
    X.loc[23, "depth"] = LOW
    X.loc[[31, 32], "city"] = RARE
    X.loc[40, "note"] = IDENTITY
    X.loc[random.random(ROWS) < 0.1, "dose"] = np.nan
    X.loc[17, "dose"] = NUMBERS["dose"]
    y = (X["depth"].clip(-3, 3) + X["visits"].clip(0, 40) / 40 + random.normal(0, 0.3, ROWS) > 0.5).astype(int)
    return X, y.to_numpy()


def needles() -> Iterator[tuple[str, bytes]]:
    """Every spelling of every canary."""
    for name, value in [*NUMBERS.items(), ("depth", LOW)]:
        texts = {repr(value), f"{value:.2f}", f"{value:.4f}", f"{value:.6g}", f"{value:.8g}", f"{abs(value):.6g}"}
        for text in texts:
            yield f"{name} as {text}", text.encode()
        for spelling in ("<d", ">d", "<f", ">f"):
            yield f"{name} as {spelling}", struct.pack(spelling, value)
        if isinstance(value, int):
            for spelling in ("<q", ">q", "<i", ">i"):
                yield f"{name} as {spelling}", struct.pack(spelling, value)
    for text in (RARE, IDENTITY, "Zzyzx", "Quillfeather", "patient 0"):
        yield text, text.encode()
        yield f"{text} in UTF-16", text.encode("utf-16-le")


def everything(packed: sealift.packing.Packed, page: Path) -> dict[str, bytes]:
    """The seal, each member, the page, and each payload of the page as it is unpacked."""
    contents = {"the file": packed.path.read_bytes()}
    contents |= {name: bytes(data) for name, data in packed.load().seal.members.items()}
    build_page(packed.path, page)
    html = page.read_bytes()
    contents["the page"] = html
    blocks = re.findall(rb'data-payload="(\w+)"[^>]*data-encoding="(\w+)"[^>]*>([^<]*)<', html)
    assert {name for name, _, _ in blocks} >= {b"seal", b"ui", b"wasm"}
    for name in {name for name, _, _ in blocks} - {b"wasm"}:  # ONNX Runtime itself, the same in every page
        joined = b"".join(base64.b64decode(text) for found_name, _, text in blocks if found_name == name)
        zipped = next(encoding for found_name, encoding, _ in blocks if found_name == name) == b"gzip"
        contents[f"the page's {name.decode()}"] = gzip.decompress(joined) if zipped else joined
    return contents


def mixed(model: Any) -> Any:
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    grouped = OneHotEncoder(min_frequency=10, handle_unknown="infrequent_if_exist")
    return make_pipeline(
        make_column_transformer((numbers, ["dose", "ratio", "visits", "depth"]), (grouped, ["city"])), model
    )


def plain(model: Any) -> Any:
    chosen = make_column_transformer(("passthrough", ["dose", "ratio", "visits", "depth"]))
    return make_pipeline(chosen, SimpleImputer(strategy="mean"), model)


MODELS = {
    "logistic": lambda: mixed(LogisticRegression(max_iter=500)),
    "forest": lambda: mixed(RandomForestClassifier(10, random_state=0)),
    "gradient boosting": lambda: plain(GradientBoostingClassifier(n_estimators=15, random_state=0)),
    "histogram boosting": lambda: make_pipeline(
        make_column_transformer(("passthrough", ["dose", "ratio", "visits", "depth"])),
        HistGradientBoostingClassifier(max_iter=15),
    ),
    "ordinal": lambda: make_pipeline(
        make_column_transformer(
            (OrdinalEncoder(min_frequency=10, handle_unknown="use_encoded_value", unknown_value=-1), ["city"]),
            (make_pipeline(SimpleImputer(), StandardScaler()), make_column_selector(dtype_include="number")),
        ),
        LogisticRegression(max_iter=500),
    ),
}


@pytest.mark.parametrize("kind", [kind for kind in MODELS if kind != "ordinal"])
def test_no_canary_in_any_byte(kind: str, data: tuple[pd.DataFrame, Any], tmp_path: Path) -> None:
    X, y = data
    packed = sealift.pack(MODELS[kind]().fit(X, y), X, y, name="canary", output=tmp_path / "canary.seal")
    places = everything(packed, tmp_path / "canary.html")
    hits = [(what, where) for what, needle in needles() for where, body in places.items() if needle in body]
    assert not hits
    assert not re.search(RARE, "".join(packed.notes))


@pytest.mark.parametrize("kind", ["logistic", "forest", "histogram boosting"])
def test_no_record_is_there_in_part_or_whole(kind: str, data: tuple[pd.DataFrame, Any], tmp_path: Path) -> None:
    X, y = data
    packed = sealift.pack(MODELS[kind]().fit(X, y), X, y, name="canary", output=tmp_path / "canary.seal")
    telling = X[["dose", "ratio", "depth"]].to_numpy(np.float64)
    records = [{value for value in row if not np.isnan(value)} for row in telling.tolist()]
    for name, body in packed.load().seal.members.items():
        data_bytes = bytes(body)
        numbers = {float(text) for text in re.findall(rb"-?\d+\.\d+(?:e-?\d+)?", data_bytes)}
        for record in records:
            held = record & numbers | {v for v in record if struct.pack("<d", v) in data_bytes}
            assert len(held) < 3, name


@pytest.mark.parametrize("kind", ["logistic", "forest"])
def test_generated_rows_equal_no_record(kind: str, data: tuple[pd.DataFrame, Any], tmp_path: Path) -> None:
    X, y = data
    packed = sealift.pack(MODELS[kind]().fit(X, y), X, y, name="canary", output=tmp_path / "canary.seal")
    used = X[[field.name for field in packed.contract.inputs]]
    records = {tuple(row) for row in used.astype(object).where(used.notna(), None).to_numpy().tolist()}
    sealed = packed.load().seal
    for member in ("golden/examples.json", "reference/background.json"):
        stored = sealed.json(member)
        assert stored["source"] == "generated"
        assert len(stored["rows"]) >= 50
        assert not records & {tuple(row) for row in stored["rows"]}


def test_low_cardinality_rows_equal_no_single_record(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    X = random.integers(0, 4, (120, 3)).astype(float)
    y = X.sum(axis=1) > 4
    packed = sealift.pack(LogisticRegression().fit(X, y), X, name="few", output=tmp_path / "few.seal")
    rows, counts = np.unique(X, axis=0, return_counts=True)
    single = {tuple(row) for row, count in zip(rows.tolist(), counts.tolist(), strict=True) if count < 5}
    assert single
    for member in ("golden/examples.json", "reference/background.json"):
        assert not single & {tuple(row) for row in packed.load().seal.json(member)["rows"]}


def test_a_rare_category_that_the_model_knows_is_reported_without_its_name(
    data: tuple[pd.DataFrame, Any], tmp_path: Path
) -> None:
    X, y = data
    encoder = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["city"]))
    model = make_pipeline(encoder, LogisticRegression()).fit(X, y)
    packed = sealift.pack(model, X, y, name="canary", output=tmp_path / "canary.seal")
    (note,) = [note for note in packed.notes if '"city"' in note]
    assert "1 categories" in note
    sealed = packed.load().seal
    evidence = sealed.json("evidence.json")
    assert note in evidence["notes"]
    (finding,) = evidence["privacy"]["findings"]
    assert f"{finding['sentence']} {finding['remedy']}" == note
    card = bytes(sealed.members["card.md"]).decode()
    assert finding["sentence"] in card
    for member in ("contract.json", "card.md", "evidence.json", "golden/examples.json", "reference/sketches.json"):
        assert RARE.encode() not in bytes(sealed.members[member]), member


def test_a_rare_category_that_the_contract_must_name_is_reported(
    data: tuple[pd.DataFrame, Any], tmp_path: Path
) -> None:
    X, y = data
    encoder = make_column_transformer((OneHotEncoder(handle_unknown="error"), ["city"]))
    model = make_pipeline(encoder, LogisticRegression()).fit(X, y)
    packed = sealift.pack(model, X, y, name="canary", output=tmp_path / "canary.seal")
    (city,) = packed.contract.inputs
    assert RARE in (city.categories or ())
    assert any('"city"' in note and RARE not in note for note in packed.notes)


def test_the_categories_of_a_dropped_column_are_not_in_the_file(tmp_path: Path) -> None:
    # Few rows on purpose: they do not excuse what the model never saw.
    X = pd.DataFrame({"age": np.arange(30.0), "who": pd.Series([f"Person {i}" for i in range(30)], dtype="category")})
    model = make_pipeline(make_column_transformer((StandardScaler(), ["age"])), LogisticRegression())
    packed = sealift.pack(model.fit(X, X["age"] > 12), X, name="few", output=tmp_path / "few.seal")
    assert all(b"Person" not in bytes(body) for body in packed.load().seal.members.values())


@pytest.mark.parametrize("scaler", [MinMaxScaler(), MaxAbsScaler()])
def test_extremes_that_the_model_holds_are_reported(
    scaler: Any, data: tuple[pd.DataFrame, Any], tmp_path: Path
) -> None:
    X, y = data
    model = make_pipeline(make_column_transformer((scaler, ["depth", "visits"])), LogisticRegression()).fit(X, y)
    packed = sealift.pack(model, X, name="canary", output=tmp_path / "canary.seal")
    held = bytes(packed.load().seal.members["model.onnx"])
    leaks = any(struct.pack("<d", sign * value) in held for value in (LOW, 7654321.0) for sign in (1, -1))
    assert leaks == any("extremes" in note for note in packed.notes)
    for member in ("contract.json", "card.md", "evidence.json", "golden/examples.json", "reference/sketches.json"):
        assert b"33917" not in bytes(packed.load().seal.members[member])


@pytest.mark.parametrize("last", [SVC(), LabelPropagation(gamma=1), make_pipeline(Isomap(), LogisticRegression())])
def test_retained_training_rows_are_reported(last: Any, data: tuple[pd.DataFrame, Any], tmp_path: Path) -> None:
    X, y = data
    numbers = X[["ratio", "visits", "depth"]].iloc[50:150]
    packed = sealift.pack(
        make_pipeline(StandardScaler(), last).fit(numbers, y[50:150]), numbers, name="svc", output=tmp_path / "s.seal"
    )
    assert any("keeps" in note and "rows of its training data" in note for note in packed.notes)
    card = bytes(packed.load().seal.members["card.md"]).decode()
    assert "No single record" not in card
    assert "This file retains data of single records" in card
    assert re.search(r"keeps \d+ rows of its training data", card)
    kinds = {finding["kind"] for finding in packed.load().seal.json("evidence.json")["privacy"]["findings"]}
    assert kinds >= {"method", "rows"}


def test_real_rows_are_stored_only_on_request(data: tuple[pd.DataFrame, Any], tmp_path: Path) -> None:
    X, y = data
    packed = sealift.pack(
        MODELS["logistic"]().fit(X, y),
        X,
        y,
        name="kept",
        output=tmp_path / "kept.seal",
        privacy=sealift.PrivacyOptions(keep_rows=True),
    )
    sealed = packed.load().seal
    used = X[[field.name for field in packed.contract.inputs]]
    records = {tuple(row) for row in used.astype(object).where(used.notna(), None).to_numpy().tolist()}
    for member in ("golden/examples.json", "reference/background.json"):
        stored = sealed.json(member)
        assert stored["source"] == "caller"
        assert {tuple(row) for row in stored["rows"]} <= records
    assert "real rows" in bytes(sealed.members["card.md"]).decode()
    assert packed.load().self_test().passed
    assert json.loads(bytes(sealed.members["evidence.json"]))["rows_source"] == "caller"
