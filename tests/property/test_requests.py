"""Valid requests of every route, changed at random: each is answered, or refused with a code and a status below 500."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import seals
from sealift import load
from sealift.serve.http.messages import Request
from sealift.serve.http.routes import respond
from sealift.serve.plane import Plane
from sealift.serve.served import ServedModel
from sealift.serve.service import Service

ROW = {"age": 61.5, "weight": 80, "sex": "f"}
LISTED = [61.5, 80, "f"]
TENSORS = [
    {"name": "age", "shape": [1], "datatype": "FP64", "data": [61.5], "parameters": {"unit": "years"}},
    {"name": "weight", "shape": [1, 1], "datatype": "INT64", "data": [[80]]},
    {"name": "sex", "shape": [1], "datatype": "BYTES", "data": ["f"]},
]
COLUMNS = {name: [value] for name, value in ROW.items()}
BODIES: list[tuple[str, Any]] = [
    ("/v1/models/tiny/predict", ROW),
    ("/v1/models/tiny/predict", [ROW, LISTED]),
    ("/v1/models/tiny/predict", COLUMNS),
    (
        "/v2/models/tiny/infer",
        {"id": "1", "inputs": TENSORS, "outputs": [{"name": "label", "parameters": {}}], "parameters": {}},
    ),
    ("/v1/models/tiny:predict", {"signature_name": "serving_default", "instances": [ROW]}),
    ("/v1/models/tiny:predict", {"inputs": COLUMNS}),
    ("/v1/models/tiny:classify", {"examples": [{"age": 61.5, "sex": "f"}], "context": {"weight": 80}}),
    ("/v1/models/tiny:regress", {"examples": [ROW]}),
    ("/invocations", {"dataframe_split": {"index": [0], "columns": list(ROW), "data": [LISTED]}}),
    ("/invocations", {"dataframe_records": [ROW]}),
    ("/invocations", {"instances": [LISTED], "params": {}}),
    ("/invocations", {"inputs": COLUMNS}),
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**53 + 1, 2**64, -(10**40), 1e308, 5e-324])
    | st.floats()
    | st.text(max_size=3)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["content-type", "content-encoding", "accept", "inference-header-content-length", "sealift-receipt", "origin"]
    ),
    st.text(max_size=6)
    | st.sampled_from(["gzip", "deflate", "application/json", "text/csv", "9" * 5000, "10", "application/jsonl"]),
    max_size=2,
)
SERVICES: list[Service] = []


@pytest.fixture(scope="module", autouse=True)
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    model = ServedModel("tiny", load(seals.write(tmp_path_factory.mktemp("seal") / "tiny.seal")))
    model.prepare()
    SERVICES.append(Service(Plane([model])))
    yield
    SERVICES.clear()


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The keys that lead to each value inside a value, itself included."""
    yield at
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*at, key))


@st.composite
def changed(draw: st.DrawFn) -> tuple[str, Any]:
    path, body = draw(st.sampled_from(BODIES))
    changes = draw(st.integers(0, 2))
    whole = [copy.deepcopy(body)]
    for _ in range(changes):
        place = [0, *draw(st.sampled_from(list(places(whole[0]))))]
        inside: Any = whole
        for key in place[:-1]:
            inside = inside[key]
        last: Any = place[-1]
        if draw(st.booleans()) or not isinstance(last, str):
            inside[last] = draw(VALUES)
        else:
            inside[draw(st.text(max_size=3))] = inside.pop(last)
    return path, whole[0]


def check(path: str, body: bytes, headers: dict[str, str]) -> None:
    response = respond(SERVICES[0], Request("POST", path, headers, body))
    assert response.status < 500, response.body
    if response.status >= 400 and response.status != 422:
        error = json.loads(response.body)["error"]
        code = error["code"] if isinstance(error, dict) else error[1:5]
        assert re.fullmatch("[ER][0-9]{3}", code), error


@given(changed())
@settings(max_examples=1500)
def test_changed_bodies(sent: tuple[str, Any]) -> None:
    path, body = sent
    check(path, json.dumps(body).encode(), {})


@given(changed(), HEADERS)
@settings(max_examples=400)
def test_changed_headers(sent: tuple[str, Any], headers: dict[str, str]) -> None:
    path, body = sent
    check(path, json.dumps(body).encode(), headers)
