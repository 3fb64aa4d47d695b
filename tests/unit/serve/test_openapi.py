"""The OpenAPI document: its routes exist, its examples are answered, and the answers fit its schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import echo
import seals
from sealift import load
from sealift.serve.http.messages import Request, Response
from sealift.serve.http.routes import respond
from sealift.serve.openapi.parts import remove_long_examples
from sealift.serve.page import page
from sealift.serve.plane import Plane
from sealift.serve.served import ServedModel
from sealift.serve.service import Service

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def service(folder: Path, *names: str) -> Service:
    models = []
    for name in names:
        path = folder / f"{name}.seal"
        model = ServedModel(name, load(seals.write(path) if name == "tiny" else echo.write(path, name)))
        model.prepare()
        models.append(model)
    return Service(Plane(models))


def document(served: Service) -> Any:
    return json.loads(respond(served, Request("GET", "/openapi.json")).body)


def bodies(content: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    for media_type, body in content.items():
        examples = [example["value"] for example in body.get("examples", {}).values()]
        for value in [*examples, *([body["example"]] if "example" in body else [])]:
            yield media_type, (value if isinstance(value, str) else json.dumps(value)).encode()


def check(whole: Any, response: Response, responses: Any) -> None:
    content = responses[str(response.status)]["content"]
    schema = content[response.media_type]["schema"]
    if response.media_type == "application/json":
        jsonschema.Draft202012Validator({**whole, "$schema": DIALECT, **schema}).validate(json.loads(response.body))


# The first output of an echo model decides which routes of TensorFlow Serving it has.
@pytest.mark.parametrize("names", [["tiny"], ["text_out"], ["inverse"], ["tiny", "numbers"]])
def test_every_example_is_answered_as_described(names: list[str], tmp_path: Path) -> None:
    served = service(tmp_path, *names)
    whole = document(served)
    asked = 0
    for path, operations in whole["paths"].items():
        for method, operation in operations.items():
            sent = list(bodies(operation.get("requestBody", {}).get("content", {}))) or [("", b"")]
            for media_type, body in sent:
                request = Request(method.upper(), path, {"content-type": media_type}, body)
                response = respond(served, request)
                assert response.status == 200, (path, body, response)
                check(whole, response, operation["responses"])
                asked += 1
    assert asked >= len(whole["paths"])
    assert ("/invocations" in whole["paths"]) == (len(names) == 1)
    assert ("/v1/models/tiny:classify" in whole["paths"]) == ("tiny" in names)
    assert ("/v1/models/inverse:regress" in whole["paths"]) == ("inverse" in names)


def test_refusals_are_as_described(tmp_path: Path) -> None:
    served = service(tmp_path, "tiny")
    whole = document(served)
    for path, operations in whole["paths"].items():
        if "post" not in operations:
            continue
        for body, headers in ((b"{", {}), (b"{}", {"content-encoding": "br"}), (b"{}", {"content-type": "a/b"})):
            response = respond(served, Request("POST", path, headers, body))
            assert 400 <= response.status < 500
            check(whole, response, operations["post"]["responses"])


def test_operations_have_names_of_their_own(tmp_path: Path) -> None:
    paths = document(service(tmp_path, "tiny", "numbers"))["paths"]
    names = [operation["operationId"] for operations in paths.values() for operation in operations.values()]
    assert len(set(names)) == len(names)


def test_fields_have_examples(tmp_path: Path) -> None:
    schemas = document(service(tmp_path, "tiny"))["components"]["schemas"]
    fields = schemas["tiny_row"]["properties"]
    assert fields["sex"]["examples"] == ["f", "m"]
    assert fields["weight"]["examples"] == [80.0]


def test_the_page_names_no_other_address(tmp_path: Path) -> None:
    response = respond(service(tmp_path, "tiny"), Request("GET", "/docs"))
    text = response.body.decode()
    assert response.media_type == "text/html; charset=utf-8"
    assert re.findall(r"https?:|//[a-z]", text.replace("// ", "")) == []
    assert set(re.findall(r"""(?:src|href)="([^"]*)""", text)) == {"openapi.json"}
    assert "innerHTML" not in text
    assert response.headers["content-security-policy"].startswith("default-src 'none';")
    assert page() == response.body


def test_examples_that_are_too_long_to_be_read_are_left_out() -> None:
    long, short = [[0.5] * 100] * 100, {"age": 61.5}
    named = {"properties": {"example": {"enum": long}, "examples": {"items": {"enum": long}}}}
    whole = {
        "paths": {"/a": {"example": long, "schema": {"example": short, "type": "object"}}},
        "many": [{"examples": {"one": {"value": long}, "two": {"value": short}}}],
        "schema": {"examples": [long, short], **named},
    }
    remove_long_examples(whole)
    assert whole == {
        "paths": {"/a": {"schema": {"example": short, "type": "object"}}},
        "many": [{"examples": {"two": {"value": short}}}],
        "schema": {"examples": [short], **named},
    }
