"""Versions of a model that answers the messages of a broker: canary, shadow, records, promotion and rollback."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import seals
import streams
from broker_clients import RedisClient
from loads import sealift
from servers import until
from streams import age, serving

BIASES = {"1": seals.BIAS, "2": 0.3}
"""The versions of the model by their bias, by which their answers differ."""
CONTENT = {"content-type": "application/cloudevents+json"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[RedisClient]:
    for version, bias in BIASES.items():
        seals.write(tmp_path / f"tiny-{version}.seal", version=version, bias=bias)
    with streams.broker("redis", tmp_path) as server:
        yield RedisClient(server, "versions")


def send(client: RedisClient, numbers: range, **headers: str) -> None:
    client.send([(streams.event(i), CONTENT | headers) for i in numbers])


def answered(client: RedisClient, count: int) -> dict[str, tuple[str, float]]:
    """The version and the risk in the answer to each event, none of which has two answers."""
    received = client.wait(client.target, lambda answers: len(answers) >= count)
    assert client.fetch(client.dead) == []
    answers = [json.loads(body) for body, _ in received]
    by_event = {
        each["causationid"]: (each["source"].rpartition("/")[2], each["data"]["answers"][0]["probability"]["ill"])
        for each in answers
    }
    assert len(by_event) == len(answers) == count
    return by_event


def expected(i: int, version: str) -> float:
    return seals.risk(age(i), 80.0, "f", BIASES[version])


def check(answers: dict[str, tuple[str, float]]) -> None:
    """Each answer is that of the version which it names, and there is one for each event."""
    for i in range(len(answers)):
        version, risk = answers[f"e{i}"]
        assert risk == pytest.approx(expected(i, version), rel=1e-12)


def records(folder: Path) -> list[dict[str, Any]]:
    """The records of all versions."""
    rows = []
    for version in BIASES:
        target = folder / f"records-{version}.jsonl"
        selected = ("--model", "tiny", "--version", version)
        code, shown = sealift("records", "export", str(folder / "d.toml"), "-o", str(target), *selected)
        assert code == 0, shown
        rows += [json.loads(line) | {"version": version} for line in target.read_text().splitlines()]
    return rows


def test_a_split_between_two_versions_and_the_records(client: RedisClient, tmp_path: Path) -> None:
    models = (
        '[[models]]\nfile = "tiny-1.seal"\nweight = 70\nsticky = "ward"\n'
        '[[models]]\nfile = "tiny-2.seal"\nweight = 30\nsticky = "ward"\n'
    )
    with serving(tmp_path, f"[records]\nflush = 0.1\n{client.settings()}", models=models):
        send(client, range(200))
        for ward in range(40):
            send(client, range(200 + 5 * ward, 205 + 5 * ward), ward=f"ward {ward}")
        answers = answered(client, 400)
    check(answers)
    versions = Counter(version for version, _ in answers.values())
    assert 60 < versions["2"] < 180  # 120 are expected; the standard deviation is about 16
    for ward in range(40):
        assert len({answers[f"e{i}"][0] for i in range(200 + 5 * ward, 205 + 5 * ward)}) == 1
    kept = records(tmp_path)
    assert {each["record_request_id"]: (each["version"], each["probability_ill"]) for each in kept} == answers
    assert len(kept) == 400
    assert {each["record_route"] for each in kept} == {"stream"}
    assert {each["record_request_id"]: each["age"] for each in kept} == {f"e{i}": age(i) for i in range(400)}


def test_a_shadow_is_compared(client: RedisClient, tmp_path: Path) -> None:
    models = '[[models]]\nfile = "tiny-1.seal"\n[[models]]\nfile = "tiny-2.seal"\nshadow = true\n'
    differing = sum((expected(i, "1") > 0.5) != (expected(i, "2") > 0.5) for i in range(300))
    assert 0 < differing < 300
    with serving(tmp_path, client.settings(), models=models) as running:
        send(client, range(300))
        answers = answered(client, 300)

        def report() -> dict[str, Any]:
            received: list[dict[str, Any]] = sealift("status", server=running)[1]["models"][0].get("shadow") or [{}]
            return received[0]

        assert until(lambda: report().get("rows") == 300), report()
        assert report()["differing"] == differing
    check(answers)
    assert {version for version, _ in answers.values()} == {"1"}


def test_promotion_and_rollback_while_messages_flow(client: RedisClient, tmp_path: Path) -> None:
    count, sent = 0, threading.Event()

    def produce() -> None:
        nonlocal count
        while not sent.is_set():
            send(client, range(count, count + 10))
            count += 10

    def reached(number: int) -> bool:
        return count >= number

    with serving(tmp_path, client.settings(), models='[[models]]\nfile = "tiny-1.seal"\n') as running:
        producer = threading.Thread(target=produce)
        producer.start()
        try:
            assert until(lambda: count >= 50)
            switches = []
            for arguments in (
                ("deploy", str(tmp_path / "tiny-2.seal"), "--canary", "0.5"),
                ("promote", "tiny@2"),
                ("rollback", "tiny"),
                ("deploy", str(tmp_path / "tiny-2.seal")),
            ):
                code, shown = sealift(*arguments, server=running)
                assert code == 0, shown
                switches.append(count)
                assert until(partial(reached, count + 100))
        finally:
            sent.set()
            producer.join()
        answers = answered(client, count)
        assert until(lambda: client.pending() == 0)
    check(answers)
    used = {version for version, _ in answers.values()}
    assert used == {"1", "2"}
    assert {answers[f"e{i}"][0] for i in range(switches[-1] + 10, count)} == {"2"}  # those sent after the last change
    history = [json.loads(line) for line in (tmp_path / "d.state" / "history.jsonl").read_text().splitlines()]
    assert [entry["action"] for entry in history] == ["deploy", "promote", "rollback", "deploy"]
