"""Receipts on answers to the messages of a broker, verified by the command."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

import brokers
import streams
from broker_clients import Client
from sealift.seal.signature import generate_keys
from streams import KINDS, PREFIXES, ROW, serving

EVENT: dict[str, Any] = {"specversion": "1.0", "source": "ward", "type": "row"}


@pytest.fixture(scope="module", params=list(KINDS))
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[brokers.Server]:
    with streams.broker(request.param, tmp_path_factory.mktemp(request.param)) as started:
        yield started


@pytest.fixture
def client(server: brokers.Server, request: pytest.FixtureRequest) -> Iterator[Client]:
    with streams.client_of(server, request.node.originalname) as made:
        yield made


def structured(name: str, **more: Any) -> tuple[bytes, dict[str, str]]:
    value = EVENT | {"id": name, "data": ROW} | more
    return json.dumps(value).encode(), {"content-type": "application/cloudevents+json"}


def receipts(answers: list[tuple[bytes, dict[str, str]]], prefix: str) -> dict[str, str]:
    """The receipts of answers, empty where there are none, by the event that was answered."""
    receipt_of = {}
    for body, headers in answers:
        value = json.loads(body)
        if "specversion" not in value:
            value = {name.removeprefix(prefix): unquote(text) for name, text in headers.items()}
        receipt_of[value["causationid"]] = value.get("sealiftreceipt", "")
    return receipt_of


def verify(folder: Path, receipt: str, row: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    (folder / "receipt.txt").write_text(receipt)
    (folder / "row.json").write_text(json.dumps(row))
    options = ["--key", "server.pem.pub", "--model", "tiny.seal", "--rows", "row.json", "--json"]
    command = [sys.executable, "-m", "sealift", "receipt", "verify", "receipt.txt", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout)


def test_receipts_that_messages_ask_for(client: Client, tmp_path: Path) -> None:
    generate_keys(tmp_path / "server.pem")
    prefix = PREFIXES[client.url]
    attributes = EVENT | {"id": "binary", "sealiftreceipt": "1"}
    binary = {f"{prefix}{name}": value for name, value in attributes.items()} | {"content-type": "application/json"}
    settings = f'[receipts]\nkey = "server.pem"\n{client.settings()}'
    with serving(tmp_path, settings, workers=1):
        client.send([
            structured("number", sealiftreceipt="1"),
            structured("boolean", sealiftreceipt=True),
            structured("no", sealiftreceipt=False),
            structured("none"),
            (json.dumps(ROW).encode(), binary),
            (structured("header")[0], {"sealift-receipt": "1"}),
            structured("invalid", sealiftreceipt="yes"),
        ])  # fmt: skip
        answers = client.wait(client.target, lambda received: len(received) >= 6)
        dead = client.wait(client.dead, lambda received: len(received) >= 1)
    received = receipts(answers, prefix)
    assert {name for name, receipt in received.items() if receipt} == {"number", "boolean", "binary", "header"}
    assert {name for name, receipt in received.items() if not receipt} == {"no", "none"}
    assert [headers["sealift-code"] for _, headers in dead] == ["E704"]
    for name in ("number", "binary"):
        code, shown = verify(tmp_path, received[name], ROW)
        assert (code, shown["ok"]) == (0, True)
        assert shown["checked"] == ["signature", "model", "rows"]
        assert shown["receipt"]["route"] == "stream"
    code, shown = verify(tmp_path, received["number"], {**ROW, "age": 20.0})
    assert (code, shown["error"]["code"]) == (1, "E778")


def test_receipts_for_every_answer_and_for_none(tmp_path: Path) -> None:
    generate_keys(tmp_path / "server.pem")
    with streams.broker("redis", tmp_path) as server, streams.client_of(server, "always") as client:
        with serving(tmp_path, f'[receipts]\nkey = "server.pem"\nalways = true\n{client.settings()}', workers=1):
            asked = [structured("1", sealiftreceipt="1"), structured("2"), structured("3", sealiftreceipt="0")]
            client.send(asked)
            answers = client.wait(client.target, lambda received: len(received) >= 3)
        assert all(receipts(answers, "").values())
        with serving(tmp_path, client.settings(), workers=1):  # without a key
            client.send(asked[:1])
            dead = client.wait(client.dead, lambda received: len(received) >= 1)
    assert [headers["sealift-code"] for _, headers in dead] == ["E775"]
