"""`sealift serve` in the mode `stream`, with real brokers: answers, dead letters, and faults."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

import brokers
import streams
from broker_clients import Client
from servers import until
from streams import KINDS, PREFIXES, ROW, causes, counted_messages, event, serving


@pytest.fixture(scope="module", params=list(KINDS))
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[brokers.Server]:
    with streams.broker(request.param, tmp_path_factory.mktemp(request.param)) as started:
        yield started


@pytest.fixture
def client(server: brokers.Server, request: pytest.FixtureRequest) -> Iterator[Client]:
    with streams.client_of(server, request.node.originalname) as made:
        yield made


def test_answers_and_dead_letters(client: Client, tmp_path: Path) -> None:
    prefix = PREFIXES[client.url]
    attributes = {"specversion": "1.0", "id": "b1", "source": "ward", "type": "row", "subject": "bed 7"}
    binary = {f"{prefix}{key}": value for key, value in attributes.items()}
    # The mock of Kafka refuses the second member of a group now and then, and messages are then answered twice.
    workers = 1 if client.url == "kafka" else 2
    with serving(tmp_path, client.settings(), workers=workers) as running:
        client.send([
            (json.dumps(ROW).encode(), {}),
            (event(1), {"content-type": "application/cloudevents+json"}),
            (json.dumps([ROW, {**ROW, "weight": "x"}]).encode(), {**binary, "content-type": "application/json"}),
            (b"age,weight,sex\n61.5,80,f\n", {"content-type": "text/csv"}),
            (b'{"age": 61.5, "weight": 1', {}),
            (json.dumps({**ROW, "sex": "x"}).encode(), {"ward": "7"}),
            (b'{"specversion": "1.0"}', {"content-type": "application/cloudevents+json"}),
            (b"\xff\xfe", {"content-type": "image/png"}),
        ])  # fmt: skip
        answers = client.wait(client.target, lambda received: len(received) >= 4)
        dead = client.wait(client.dead, lambda received: len(received) >= 4)
        asked = running.ask("POST", "/v1/models/tiny/predict", ROW)[1]
        # Requests and messages are counted after their answers were sent.
        assert until(lambda: streams.request_counts(running) == {"ok": 5, "refused": 3, "failed": 0})
        assert until(lambda: counted_messages(running) == {"answered": 4, "dead": 4})
        received = streams.stream_metrics(running)
    assert len(answers) == len(dead) == 4
    structured = [json.loads(body) for body, headers in answers if "cloudevents" in headers["content-type"]]
    assert len(structured) == 3
    assert all(each["specversion"] == "1.0" and each["type"] == "sealift.prediction" for each in structured)
    assert asked in [each["data"] for each in structured]  # the answer to a message is that to a request
    assert [each.get("causationid") for each in structured if each["datacontenttype"] == "application/json"].count(
        "e1"
    ) == 1
    assert any(str(each["data"]).startswith("row,label,") for each in structured)
    body, headers = next(each for each in answers if "cloudevents" not in each[1]["content-type"])
    value = json.loads(body)
    assert value["answers"][1] is None
    assert value["problems"][0]["code"] == "R102"
    assert (headers[f"{prefix}causationid"], unquote(headers[f"{prefix}subject"])) == ("b1", "bed 7")
    codes = {headers["sealift-code"]: (body, headers) for body, headers in dead}
    assert codes.keys() == {"E704", "R104", "E793", "E705"}
    assert codes["R104"][1]["ward"] == "7"
    assert json.loads(codes["R104"][0]) == {**ROW, "sex": "x"}
    assert codes["E705"][0] == b"\xff\xfe"
    assert client.pending() in (0, None)
    assert {"connecting": 0, "connected": workers, "lost": 0, "connections_lost_total": 0}.items() <= received.items()
    assert time.time() - received["last_message_timestamp_seconds"] < 600


def test_workers_that_are_killed_lose_nothing(client: Client, tmp_path: Path) -> None:
    count = 300
    with serving(tmp_path, client.settings(prefetch="16")) as running:
        killed = 0
        for start in range(0, count, 50):
            client.send(
                [(event(i), {"content-type": "application/cloudevents+json"}) for i in range(start, start + 50)]
            )
            if start % 100 == 0:
                os.kill(streams.workers(running)[killed % 2], signal.SIGKILL)
                killed += 1
        answers = client.wait(client.target, lambda received: len(causes(received)) >= count)
        streams.settle(client)
        answers = client.fetch(client.target)
    assert killed == 3
    assert causes(answers).keys() == {f"e{i}" for i in range(count)}
    streams.check_duplicates(answers)
    assert client.fetch(client.dead) == []


def test_a_broker_that_is_gone_for_a_while(client: Client, server: brokers.Server, tmp_path: Path) -> None:
    with serving(tmp_path, client.settings()) as running:
        client.send([(event(i), {}) for i in range(60)])
        client.wait(client.target, lambda received: len(received) >= 10)
        assert streams.ready(running) == (200, {"ready": True, "stream": "connected"})
        server.kill()
        assert until(lambda: streams.ready(running) == (503, {"ready": False, "stream": "lost"}))
        assert running.ask("GET", "/v2/health/live")[0] == running.ask("GET", "/v2/models/tiny/ready")[0] == 200
        server.start()
        assert until(lambda: streams.ready(running)[0] == 200, 180)  # pauses and timeouts of Kafka's client add up
        streams.retried(lambda: client.send([(event(i), {}) for i in range(60, 120)]))
        client.wait(client.target, lambda received: len(causes(received)) >= 120)
        streams.settle(client)
        answers = client.fetch(client.target)
        lost = streams.stream_metrics(running)["connections_lost_total"]
    assert causes(answers).keys() == {f"e{i}" for i in range(120)}
    streams.check_duplicates(answers)
    log = (tmp_path / "log").read_text()
    assert "connected to" in log
    assert "[E791]" in log
    assert lost >= 2  # each worker


def test_accepted_messages_are_answered_at_the_end(client: Client, tmp_path: Path) -> None:
    settings = client.settings()
    with serving(tmp_path, settings) as running:
        client.send([(event(i), {}) for i in range(200)])
        client.wait(client.target, lambda received: len(received) >= 1)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(60) == 0
    first = client.fetch(client.target)
    left = client.pending()
    if client.url == "kafka":
        assert left is not None
        # The mock, unlike Kafka, refuses the offsets of a worker while another one joins the group.
        assert len(causes(first)) + left >= 200
    else:
        assert left is None or len(causes(first)) + left == 200  # answered, or not taken
        assert set(causes(first).values()) == {1}
    with serving(tmp_path, settings):
        client.wait(client.target, lambda received: len(causes(received)) >= 200)


@pytest.mark.parametrize("kind", ["nats", "amqp"])
def test_a_broker_that_hangs_is_noticed(kind: str, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    # Its connections stay open, and only pings find out that it does not respond.
    with (
        streams.broker(kind, tmp_path_factory.mktemp(kind)) as server,
        streams.client_of(server, "hangs") as client,
        serving(tmp_path, client.settings(), workers=1) as running,
    ):
        assert server.process is not None
        processes = [server.process.pid, *brokers.descendants(server.process.pid)]
        assert streams.ready(running)[0] == 200
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        assert until(lambda: streams.ready(running)[0] == 503, 120)
        for pid in processes:
            os.kill(pid, signal.SIGCONT)
        client.send([(event(0), {})])
        client.wait(client.target, lambda received: len(received) == 1)
        assert until(lambda: streams.ready(running)[0] == 200)
