"""Messages of a broker that are answered in a second: by the server, and by a loop of the same clients without a model.

The brokers of Debian's packages (`tools/setup.sh brokers`) are started as by the tests. The messages are in the broker
before the server or the loop is started.
"""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest

from bench.serve import models
from bench.serve.environments import ROOT, NotInstalledError, environment
from bench.serve.peers import Peer
from bench.serve.running import DidNotStartError
from bench.serve.session import Machine
from sealift.serve.deployment import Deployment, ModelSpec, read
from sealift.serve.opening import open_models
from sealift.serve.service import Service
from sealift.serve.stream.answering import Answering
from sealift.serve.stream.consumer import make_broker
from sealift.serve.stream.messages import Message, Outgoing
from sealift.serve.stream.settings import StreamSettings

sys.path.insert(0, str(ROOT / "tests"))
import brokers

BROKERS: dict[str, tuple[str, type[brokers.Server]]] = {
    "nats": ("NATS JetStream", brokers.Nats),
    "redis": ("Redis Streams", brokers.Redis),
    "mqtt": ("Mosquitto", brokers.Mosquitto),
    "amqp": ("RabbitMQ", brokers.RabbitMq),
}
_EACH_SECOND = 4000
"""Messages for each second of `--seconds`."""
_WORKERS, _BATCH, _PAUSE = 2, 200, 0.1
_LONGEST = 120.0
_JSON = {"content-type": "application/json"}


def table(machine: Machine, _peers: list[Peer], rounds: int, seconds: int) -> list[str]:
    """Messages a second of each broker."""
    prepared = models.prepared("numeric", machine.folder)
    try:
        python = environment("sealift-stream") / "bin" / "python"
    except NotInstalledError as error:
        return [f"Not measured: {error}"]
    bodies = [json.dumps(row).encode() for row in prepared.rows[:64]]
    count = seconds * _EACH_SECOND
    lines = [
        "| broker | Sealift, messages/s | bare loop, messages/s | Sealift as a share of the bare loop |",
        "|---|---|---|---|",
    ]
    for kind, (title, make) in BROKERS.items():
        try:
            result = measure(kind, make, python, machine.folder, prepared.folder, bodies, count, rounds)
            pairs = list(result)
        except (pytest.skip.Exception, DidNotStartError) as error:
            machine.skipped[title] = str(error)
            continue
        served, bare = (statistics.median(each) for each in zip(*pairs, strict=True))
        share = statistics.median(one / other for one, other in pairs)
        lines.append(f"| {title} | {served:,.0f} | {bare:,.0f} | {share:.2f} |")
    return lines


def measure(
    kind: str,
    make: type[brokers.Server],
    python: Path,
    work: Path,
    model: Path,
    bodies: Sequence[bytes],
    count: int,
    rounds: int,
) -> Iterator[tuple[float, float]]:
    """The rates of the server and of the loop in each round.

    Args:
        kind: the scheme of the URL.
        make: starts the broker.
        python: the interpreter of both.
        work: where the files of the run are put.
        model: the folder of model.seal.
        bodies: the messages, which take turns.
        count: the number of messages.
        rounds: the number of rounds.
    """
    folder = work / f"stream-{kind}-{time.time_ns()}"
    broker = make(folder)
    try:
        for turn in range(rounds):
            rates = []
            for name, measured in (("served", _served), ("bare", _bare)):
                path = _deployment(kind, broker.port, folder, model, f"{name}{turn}")
                asyncio.run(_fill(_settings(path), bodies, count))
                rates.append(measured(python, path, model, bodies[0], count))
                print(f"{turn + 1}/{rounds} {kind} {name}: {rates[-1]:,.0f}/s", file=sys.stderr, flush=True)
            yield rates[0], rates[1]
    finally:
        broker.stop()


def _deployment(kind: str, port: int, folder: Path, model: Path, name: str) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(
        f'[server]\nmode = "stream"\nworkers = {_WORKERS}\nstate = "{name}.state"\n'
        f'[[models]]\nfile = "{model / "model.seal"}"\n[records]\nstore = "{name}.db"\n'
        f'[stream]\nurl = "{kind}://127.0.0.1:{port}"\nfrom = "{name}"\nto = "{name}-answers"\ndead = "{name}-dead"\n'
        f'create = true\ngroup = "{name}"\n'
    )
    return path


def _settings(path: Path) -> StreamSettings:
    settings = read(path).stream
    assert settings is not None
    return settings


async def _fill(settings: StreamSettings, bodies: Sequence[bytes], count: int) -> None:
    """Send messages; the sessions of MQTT are made before, as the broker keeps messages only for them."""
    for place in range(_WORKERS):
        broker = make_broker(settings, place)
        await broker.connect()
        await broker.close()
    sending = make_broker(
        replace(settings, source=f"{settings.source}-none", target=settings.source, group="fill"), _WORKERS
    )
    await sending.connect()
    for start in range(0, count, _BATCH):
        numbers = range(start, min(count, start + _BATCH))
        await sending.publish([Outgoing(settings.source, bodies[i % len(bodies)], _JSON, f"m{i}") for i in numbers])
    await sending.close()


def _served(python: Path, path: Path, _model: Path, _body: bytes, count: int) -> float:
    command = [str(python), "-m", "sealift", "serve", path.name, "--port", "0", "--json"]
    with path.with_suffix(".log").open("wb") as log:
        process = subprocess.Popen(command, cwd=path.parent, stdout=subprocess.PIPE, stderr=log)
    try:
        assert process.stdout is not None
        return rate(_scraped(process.stdout, path.with_suffix(".log")), count)
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _scraped(out: IO[bytes], log: Path) -> Iterator[tuple[float, float]]:
    """The time and the number of answered messages, again and again."""
    lines = list(iter(out.readline, b"}\n"))
    if not lines or b"".join(lines).find(b'"url"') < 0:
        raise DidNotStartError(log.read_text()[-300:])
    url = json.loads(b"".join([*lines, b"}"]))["url"]
    while True:
        text = urllib.request.urlopen(f"{url}/metrics").read().decode()
        counts = dict(re.findall(r'^sealift_stream_messages_total\{.*result="(\w+)"\} (\S+)$', text, re.MULTILINE))
        if float(counts["dead"]):
            raise DidNotStartError(f"{counts['dead']} messages have no answer")
        yield time.perf_counter(), float(counts["answered"])
        time.sleep(_PAUSE)


def _bare(python: Path, path: Path, model: Path, body: bytes, count: int) -> float:
    answer = path.with_suffix(".answer")
    service = Service(open_models(Deployment((ModelSpec(model / "model.seal"),))))
    answer.write_bytes(Answering(service, _settings(path), "ce-").answer(Message(body, _JSON, "m1", 1, None)).body)
    command = [str(python), str(Path(__file__).parent / "apps" / "stream_loop.py"), str(path), str(count), str(answer)]
    with path.with_suffix(".log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
    try:
        assert process.stdout is not None
        samples = (tuple(map(float, line.split())) for line in iter(process.stdout.readline, b""))
        return rate(((at, answered) for at, answered in samples), count)
    finally:
        process.terminate()
        process.communicate(timeout=60)


def rate(samples: Iterator[tuple[float, float]], count: int) -> float:
    """Messages a second from the first sample with an answer to the one with all.

    If no sample lies between them, the rate is that since the last sample without an answer, which is a lower bound.

    Raises:
        DidNotStartError: there is no progress.
    """
    start, changed = (time.perf_counter(), 0.0), time.perf_counter()
    latest = start
    for at, answered in samples:
        if answered >= count:
            return (answered - start[1]) / (at - start[0])
        if not start[1]:
            start = at, answered
        if answered > latest[1]:
            changed = time.perf_counter()
        elif time.perf_counter() - changed > _LONGEST:
            break
        latest = at, answered
    raise DidNotStartError(f"only {latest[1]:,.0f} of {count:,} messages were answered")
