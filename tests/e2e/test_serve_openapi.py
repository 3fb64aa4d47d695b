"""Random requests of schemathesis from the OpenAPI document: no fault of the server, and responses as described."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import given, settings
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

import seals
from loads import sealift
from sealift.serve.access import keys
from servers import Running, serving

EXAMPLES = int(os.environ.get("EXAMPLES", "30"))
"""Requests for each route and mode; `make fuzz-openapi` sends more."""
ROUTES = {"/v1/models/tiny/predict", "/v2/models/tiny/infer", "/v1/models/tiny:classify", "/invocations", "/metrics"}
ADMIN = {f"/v1/admin/{path}" for path in ("status", "audit", "models/tiny/promote", "models/tiny/rollback")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("openapi")
    for version, bias in (("1", -0.7), ("2", 0.3)):
        seals.write(folder / f"tiny-{version}.seal", version=version, bias=bias)
    (folder / "open.toml").write_text('[[models]]\nfile = "tiny-1.seal"\n')
    (folder / "keys.toml").write_text('[access]\nkeys = "keys.json"\n[[models]]\nfile = "tiny-1.seal"\n')
    return folder


@pytest.fixture(scope="module", params=["open", "keys"])
def asked(request: pytest.FixtureRequest, folder: Path) -> Iterator[tuple[Running, dict[str, str]]]:
    """A server that everybody may use, and one with keys; and the headers of its administrator."""
    secret = keys.create(folder / "keys.json", "all", ["admin"])[1] if request.param == "keys" else None
    with serving(str(folder / f"{request.param}.toml")) as running:
        assert sealift("deploy", str(folder / "tiny-2.seal"), "--hold", server=running)[0] == 0
        yield running, {} if secret is None else {"Authorization": f"Bearer {secret}"}


@schemathesis.serializer("text/csv", "application/jsonl", "application/vnd.apache.arrow.stream")
def as_bytes(_context: Any, value: Any) -> bytes:
    """What schemathesis sends as a content type that it does not know."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
def test_random_requests(mode: schemathesis.GenerationMode, asked: tuple[Running, dict[str, str]]) -> None:
    server, headers = asked
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json", headers=dict(headers))
    tried = set()
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        if mode is schemathesis.GenerationMode.NEGATIVE and not (operation.body or operation.query):
            continue  # there is nothing in such a request that could be invalid

        @settings(max_examples=EXAMPLES)
        @given(case=operation.as_strategy(generation_mode=mode))
        def check(case: Any) -> None:
            # A request with a bad row among good ones is answered: that is the purpose of `problems`.
            excluded = [] if case.operation.path in ADMIN else [negative_data_rejection]
            if case.media_type != "application/json" or case.operation.path.endswith("/infer"):
                # A schema cannot say what CSV has, or that a tensor has as many values as its shape.
                excluded.append(positive_data_acceptance)
            case.call_and_validate(excluded_checks=excluded, headers=dict(headers))
            tried.add(case.operation.path)

        check()
    expected = ROUTES | ADMIN if headers else ROUTES
    if mode is schemathesis.GenerationMode.POSITIVE:
        assert tried == set(schema.raw_schema["paths"])
        assert expected <= tried
        assert bool(ADMIN & tried) == bool(headers)
    else:
        assert {path for path in expected if not path.endswith(("/metrics", "/status"))} <= tried
