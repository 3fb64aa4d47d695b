"""Many callers at once: rows of different requests are computed together, and each caller gets its own answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, RandomForestRegressor
from sklearn.neural_network import MLPClassifier

import sealift
from servers import Running, serving

CALLERS, ROUNDS = 64, 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sealed models of three kinds."""
    path = tmp_path_factory.mktemp("models")
    rng = np.random.default_rng(5)
    X = rng.normal(size=(400, 6))
    y = (X[:, 0] * X[:, 1] + X[:, 2] > 0).astype(int)
    models = {
        "boosting": GradientBoostingClassifier(n_estimators=40, random_state=0).fit(X, y),
        "forest": RandomForestRegressor(n_estimators=20, random_state=0).fit(X, X[:, 0] + y),
        "net": MLPClassifier((32, 16), max_iter=1000, tol=1e-2, random_state=0).fit(X, y),
    }
    for name, model in models.items():
        sealift.pack(model, X[:60], name=name, output=path / f"{name}.seal")
    return path


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Running]:
    entries = [f'[[models]]\nfile = "{name}.seal"\nbatching = "on"\n' for name in ("boosting", "forest", "net")]
    (folder / "serve.toml").write_text("\n".join(entries) + '\n[records]\nstore = "records.db"\n')
    with serving(str(folder / "serve.toml"), workers="1") as running:
        yield running


def rows(count: int, seed: int = 1) -> list[dict[str, float]]:
    values = np.random.default_rng(seed).normal(size=(count, 6))
    return [{f"x{column}": float(value) for column, value in enumerate(row)} for row in values]


async def post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: str, row: Any) -> Any:
    send(writer, name, row)
    return (await answer(reader))[1]


def send(writer: asyncio.StreamWriter, name: str, row: Any) -> None:
    body = json.dumps(row).encode()
    head = f"POST /v1/models/{name}/predict HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)


async def answer(reader: asyncio.StreamReader) -> tuple[int, Any]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return int(head[9:12]), json.loads(await reader.readexactly(length))


def port_of(server: Running) -> int:
    return int(server.url.rpartition(":")[2].rstrip("/"))


async def at_once(server: Running, name: str, values: list[dict[str, float]]) -> list[Any]:
    """Each row over a connection of its own, several times; the answers of all rounds."""
    connections = [await asyncio.open_connection("127.0.0.1", port_of(server)) for _ in values]
    answers = []
    for _ in range(ROUNDS):
        answers += await asyncio.gather(
            *(post(*each, name, row) for each, row in zip(connections, values, strict=True))
        )
    for _, writer in connections:
        writer.close()
    return answers


def counts(server: Running, name: str) -> list[float]:
    """Computations and requests of a model."""
    labels = f'{{model="{name}",version="1"}}'
    return [server.metric(f"nv_inference_{kind}{labels}") for kind in ("exec_count", "request_success")]


@pytest.mark.parametrize("name", ["boosting", "forest", "net"])
def test_each_of_64_callers_gets_its_own_answer(name: str, server: Running, folder: Path) -> None:
    values = rows(CALLERS)
    before = counts(server, name)
    answers = asyncio.run(at_once(server, name, values))
    runs, requests = (late - early for early, late in zip(before, counts(server, name), strict=True))
    assert requests == CALLERS * ROUNDS
    assert runs < requests / 2  # rows were joined

    model = sealift.load(folder / f"{name}.seal")
    singly = [model.predict(row, as_frame=False) for row in values]
    for at, answer in enumerate(answers):
        (got,), own = answer["answers"], singly[at % CALLERS]
        if name == "forest":
            assert got["value"] == float(own["value"][0])  # the same bits
            continue
        assert got["label"] == int(own["label"][0])
        expected = [float(p) for p in own["probability"][0]]
        if name == "boosting":
            assert list(got["probability"].values()) == expected
        else:
            assert list(got["probability"].values()) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_requests_of_one_connection_are_answered_in_their_order(server: Running) -> None:
    async def work() -> list[tuple[int, Any]]:
        other = await asyncio.open_connection("127.0.0.1", port_of(server))
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server))
        for row in [*values[:3], {**values[0], "x0": "wrong"}, *values[3:]]:  # the fourth takes the general path
            send(writer, "boosting", row)
        answers = [await answer(reader) for _ in range(len(values) + 1)]
        for each in (writer, other[1]):
            each.close()
        return answers

    values = rows(8, seed=9)
    answers = asyncio.run(work())
    assert [status for status, _ in answers] == [200] * 3 + [422] + [200] * 5
    del answers[3]
    singly = asyncio.run(at_once(server, "boosting", values))[: len(values)]
    assert [each["answers"] for _, each in answers] == [each["answers"] for each in singly]


def test_a_caller_that_leaves_disturbs_no_other(server: Running) -> None:
    async def work() -> list[tuple[int, Any]]:
        connections = [await asyncio.open_connection("127.0.0.1", port_of(server)) for _ in values]
        for (_, writer), row in zip(connections, values, strict=True):
            send(writer, "boosting", row)
        for _, writer in connections[::2]:
            writer.transport.abort()
        answers = [await answer(reader) for reader, _ in connections[1::2]]
        for _, writer in connections[1::2]:
            writer.close()
        return answers

    values = rows(40, seed=3)
    answers = asyncio.run(work())
    assert [status for status, _ in answers] == [200] * 20
    singly = asyncio.run(at_once(server, "boosting", values[1::2]))[:20]
    assert [each["answers"] for _, each in answers] == [each["answers"] for each in singly]
