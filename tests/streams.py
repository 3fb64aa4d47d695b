"""Servers in the mode `stream` for tests, the events that are sent to them, and what they report."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import broker_clients
import brokers
import seals
from broker_clients import Client
from servers import Running, until

KINDS: dict[str, tuple[type[brokers.Server], type[Client]]] = {
    "nats": (brokers.Nats, broker_clients.NatsClient),
    "redis": (brokers.Redis, broker_clients.RedisClient),
    "mqtt": (brokers.Mosquitto, broker_clients.MqttClient),
    "amqp": (brokers.RabbitMq, broker_clients.RabbitClient),
    "kafka": (brokers.KafkaMock, broker_clients.KafkaClient),
}
Result = TypeVar("Result")
PREFIXES = {"nats": "ce-", "redis": "ce-", "amqp": "ce-", "kafka": "ce_", "mqtt": ""}
"""What precedes the names of CloudEvents' attributes in headers."""
MODELS = '[[models]]\nfile = "tiny.seal"\n'
ROW = {"age": 61.5, "weight": 80.0, "sex": "f"}


@contextmanager
def broker(kind: str, folder: Path) -> Iterator[brokers.Server]:
    """A broker in a folder below, whose path must be short for RabbitMQ."""
    started = KINDS[kind][0](folder / "broker")
    try:
        yield started
    finally:
        started.stop()


@contextmanager
def client_of(server: brokers.Server, test: str) -> Iterator[Client]:
    """A client of a broker, with queues of its own for a test."""
    made = next(of_client for of_server, of_client in KINDS.values() if isinstance(server, of_server))(
        server, test.replace("_", "-")
    )
    yield made
    made.close()


@contextmanager
def serving(folder: Path, settings: str, *, models: str = MODELS, workers: int = 2) -> Iterator[Running]:
    """A server; its log is in `log`."""
    if not (folder / "tiny.seal").exists():
        seals.write(folder / "tiny.seal")
    (folder / "d.toml").write_text(f'[server]\nmode = "stream"\n{models}{settings}')
    command = [sys.executable, "-m", "sealift", "serve", "d.toml", "--port", "0", "--workers", str(workers), "--json"]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=log)
    try:
        assert process.stdout is not None
        lines = list(iter(process.stdout.readline, b"}\n"))
        yield Running(process, json.loads(b"".join([*lines, b"}"]))["url"], None)
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(60)
        if process.stdout is not None:
            process.stdout.close()
    assert process.returncode == 0, (folder / "log").read_text()


def age(i: int) -> float:
    """The age in an event, within the range of the model."""
    return 20 + i % 1600 / 16


def event(i: int, data: Any = None) -> bytes:
    row = {**ROW, "age": age(i)} if data is None else data
    return json.dumps({"specversion": "1.0", "id": f"e{i}", "source": "ward", "type": "row", "data": row}).encode()


def causes(answers: list[tuple[bytes, dict[str, str]]]) -> Counter[str]:
    return Counter(json.loads(body)["causationid"] for body, _ in answers)


def ready(running: Running) -> tuple[int, Any]:
    return running.ask("GET", "/v2/health/ready")


def scraped(running: Running) -> str:
    text: str = urllib.request.urlopen(f"{running.url}/metrics").read().decode()
    return text


def request_counts(running: Running) -> dict[str, float]:
    counts = re.findall(r'^sealift_requests_total\{.*result="(\w+)"\} ([0-9.]+)$', scraped(running), re.MULTILINE)
    return {result: float(count) for result, count in counts}


def stream_metrics(running: Running) -> dict[str, float]:
    """The metrics of the stream, by their result or connection, or else by their name."""
    pattern = r'^sealift_stream_(\w+)\{model="tiny"(?:,\w+="(\w+)")?\} (\S+)$'
    return {label or name: float(value) for name, label, value in re.findall(pattern, scraped(running), re.MULTILINE)}


def counted_messages(running: Running) -> dict[str, float]:
    metrics = stream_metrics(running)
    return {result: metrics[result] for result in ("answered", "dead")}


def workers(running: Running) -> list[int]:
    """Both workers, once they run."""
    assert until(lambda: len(running.workers()) >= 2)
    return running.workers()


def check_duplicates(answers: list[tuple[bytes, dict[str, str]]]) -> None:
    """Answers to the same message have the same id and contents."""
    by_id: dict[str, Any] = {}
    for body, _ in answers:
        value = json.loads(body)
        shown = value["causationid"], value["data"]
        assert by_id.setdefault(value["id"], shown) == shown
    assert len(by_id) == len(causes(answers))


def settle(client: Client) -> None:
    """Wait until every message is acknowledged."""
    assert until(lambda: client.pending() in (0, None)), client.pending()


def retried(action: Callable[[], Result]) -> Result:
    """The result of an action, which is repeated while the broker does not take it."""
    end = time.monotonic() + 60
    while True:
        try:
            return action()
        except Exception:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
