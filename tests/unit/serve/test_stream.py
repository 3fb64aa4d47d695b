"""Messages of brokers: envelopes against the SDK of CloudEvents, settings, and the loop with a broker in memory."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import seals
from sealift.errors import ServeError
from sealift.serve.calls import Call
from sealift.serve.deployment import Deployment, ModelSpec, read
from sealift.serve.http.messages import Request
from sealift.serve.http.routes import respond
from sealift.serve.opening import open_models
from sealift.serve.plane import Plane
from sealift.serve.served import ServedModel
from sealift.serve.service import Service
from sealift.serve.stream import consumer
from sealift.serve.stream.check import check, check_model
from sealift.serve.stream.consumer import StreamConsumer
from sealift.serve.stream.events import STRUCTURED, Event, read_event, write_event
from sealift.serve.stream.faults import fault
from sealift.serve.stream.messages import Message, Outgoing, missing, too_large
from sealift.serve.stream.settings import StreamSettings
from sealift.serve.stream.state import StreamMemory

sdk = pytest.importorskip("cloudevents.core.bindings.kafka", reason="the SDK is of the group dev")
ROW = b'{"age": 61.5, "weight": -0.0, "sex": "f"}'
ATTRIBUTES = {"specversion": "1.0", "id": "7", "source": "/ward", "type": "row", "subject": "bed é 7"}


def message(body: bytes, headers: dict[str, str] | None = None, deliveries: int = 1, id: str = "s:1") -> Message:
    return Message(body, headers or {}, id, deliveries, None)


def of_sdk(made: Any) -> Message:
    headers = {name: value.decode() for name, value in made.headers.items()}
    return message(made.value, headers)


def new_event(data: Any, content_type: str = "application/json") -> Any:
    from cloudevents.core.v1.event import CloudEvent

    return CloudEvent({**ATTRIBUTES, "subject": "bed7", "datacontenttype": content_type}, data)


def test_events_of_the_sdk_are_read() -> None:
    structured = read_event(of_sdk(sdk.to_structured_event(new_event({"age": 1.5}))))
    binary = read_event(of_sdk(sdk.to_binary_event(new_event({"age": 1.5}))))
    assert (structured.envelope, binary.envelope) == ("structured", "binary")
    for event in (structured, binary):
        assert json.loads(event.data) == {"age": 1.5}
        assert event.content_type == "application/json"
        assert {"id": "7", "source": "/ward", "type": "row", "subject": "bed7"}.items() <= event.attributes.items()
    text = read_event(of_sdk(sdk.to_structured_event(new_event("age\n1\n", "text/csv"))))
    assert (text.data, text.content_type) == (b"age\n1\n", "text/csv")
    raw = read_event(of_sdk(sdk.to_structured_event(new_event(b"\xff\x00", "application/octet-stream"))))
    assert raw.data == b"\xff\x00"


@pytest.mark.parametrize("content_type", ["application/json", "text/csv; charset=utf-8", "application/octet-stream"])
def test_the_sdk_reads_what_is_written(content_type: str) -> None:
    data = {"application/json": ROW, "application/octet-stream": b"\xff\x00"}.get(content_type, b"a,b\n1,2\n")
    attributes = {**ATTRIBUTES, "time": "2026-11-27T10:00:00.000Z", "causationid": "x"}
    for envelope in ("structured", "binary"):
        body, headers = write_event(Event(data, content_type, attributes, envelope), "ce_")
        made = sdk.KafkaMessage({name: value.encode() for name, value in headers.items()}, None, body)
        event = (sdk.from_structured_event if envelope == "structured" else sdk.from_binary_event)(made)
        assert event.get_id() == "7"
        assert event.get_subject() == ATTRIBUTES["subject"]
        assert event.get_extension("causationid") == "x"
        read = event.get_data()
        assert read == (
            json.loads(data) if content_type == "application/json" else read if read == data else data.decode()
        )


@given(
    attributes=st.dictionaries(st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True), st.text(min_size=1), max_size=4),
    data=st.one_of(st.binary(), st.just(ROW)),
    mode=st.sampled_from(["structured", "binary"]),
    prefix=st.sampled_from(["ce-", "ce_", "cloudEvents:", ""]),
)
def test_what_is_written_is_read(attributes: dict[str, str], data: bytes, mode: Any, prefix: str) -> None:
    content_type = "application/json" if data == ROW else "application/x-any"
    reserved = ("data", "datacontenttype")
    named = {key: value for key, value in attributes.items() if key not in reserved} | ATTRIBUTES
    body, headers = write_event(Event(data, content_type, named, mode), prefix)
    event = read_event(message(body, headers))
    assert event == Event(data, content_type, named, mode)


def test_data_keep_their_bytes() -> None:
    data = b'{"a": -0, "b": 1e999, "c": 12345678901234567890}'
    body = b'{"specversion":"1.0","id":"1","source":"s","type":"t","data":' + data + b"}"
    for headers in ({"content-type": STRUCTURED}, {}):
        assert read_event(message(body, headers)).data == data


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"no json", {"content-type": STRUCTURED}),
        (b'{"specversion":"0.3","id":"1","source":"s","type":"t"}', {"content-type": STRUCTURED}),
        (b'{"specversion":"1.0","id":"","source":"s","type":"t"}', {}),
        (b'{"specversion":"1.0","id":"1","source":"s"}', {"Content-Type": STRUCTURED}),
        (b"[]", {"content-type": "application/cloudevents-batch+json"}),
        (b"x", {"content-type": "application/cloudevents+avro"}),
        (ROW, {"ce-specversion": "1.0", "ce-id": "1"}),
        (b'{"specversion":"1.0","id":"1","source":"s","type":"t","data_base64":"?"}', {"content-type": STRUCTURED}),
        (b"[" * 100_000, {"content-type": STRUCTURED}),
    ],
)
def test_malformed_events(body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(ServeError, match="E793"):
        read_event(message(body, headers))


@pytest.mark.parametrize("body", [ROW, b"", b"[1]", b"\xff", b'{"id": "1"}', b'"text"'])
def test_messages_without_an_envelope(body: bytes) -> None:
    assert read_event(message(body)) == Event(body)


# The settings.


def deployment(folder: Path, stream: str, mode: str = "stream") -> Deployment:
    path = folder / "d.toml"
    path.write_text(f'[server]\nmode = "{mode}"\n[[models]]\nfile = "tiny.seal"\n[stream]\n{stream}\n')
    return read(path)


PLACES = 'from = "a"\nto = "b"\ndead = "c"\n'


def test_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("geheim\n")
    more = 'user = "u"\npassword_file = "secret"\nprefetch = 7\nenvelope = "binary"'
    configured = deployment(tmp_path, f'url = "amqps://[::1]/ward%2Fx"\n{PLACES}{more}')
    settings = configured.stream
    assert settings is not None
    assert (settings.broker, settings.host, settings.port, settings.tls) == ("amqp", "::1", 5671, True)
    assert (settings.path, settings.place, settings.prefetch) == ("ward/x", "amqp://[::1]:5671", 7)
    assert settings.password() == "geheim"
    check(configured)
    configured = deployment(tmp_path, f'url = "redis://h/3"\n{PLACES}password_env = "OF_REDIS"')
    with pytest.raises(ServeError, match=r"E709.*OF_REDIS"):
        check(configured)
    monkeypatch.setenv("OF_REDIS", "s")
    check(configured)


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        (f'url = "http://h"\n{PLACES}', "must begin with one of nats://"),
        (f'url = "nats://u:p@h"\n{PLACES}', "must have no user and no password"),
        (f'url = "nats://h:99999"\n{PLACES}', "invalid port"),
        (f'url = "redis://h/x"\n{PLACES}', "number of a database"),
        ('url = "nats://h"\nfrom = "a"\nto = "a"\ndead = "b"', "must differ"),
        ('url = "nats://h"\nfrom = "a"\nto = "b"', "'dead' of .* is missing"),
        (f'url = "nats://h"\n{PLACES}prefetc = 1', "Did you mean 'prefetch'"),
        (f'url = "nats://h"\n{PLACES}sasl = "MD5"', "must be one of PLAIN"),
    ],
)
def test_wrong_settings(tmp_path: Path, stream: str, said: str) -> None:
    with pytest.raises(ServeError, match=said) as caught:
        deployment(tmp_path, stream)
    assert caught.value.code == "E709"


def test_a_mode_without_its_table(tmp_path: Path) -> None:
    (tmp_path / "d.toml").write_text('[server]\nmode = "stream"\n[[models]]\nfile = "tiny.seal"\n')
    with pytest.raises(ServeError, match=r"no \[stream\]"):
        check(read(tmp_path / "d.toml"))


def test_the_model_must_be_served(tmp_path: Path, service: Service) -> None:
    def of(model: str) -> Deployment:
        return deployment(tmp_path, f'url = "nats://h"\n{PLACES}{model}')

    check_model(of(""), service.plane)
    check_model(of('model = "tiny"'), service.plane)
    with pytest.raises(ServeError, match=r"E709.*'tinny' .*is not served.*'tiny'"):
        check_model(of('model = "tinny"'), service.plane)
    both = Plane([*service.plane.models(), ServedModel("other", service.plane.find("tiny").model)])
    check_model(of('model = "other"'), both)
    with pytest.raises(ServeError, match=r"E709.*2 models are served"):
        check_model(of(""), both)


# The state.


def test_the_state_of_workers() -> None:
    memory = StreamMemory(3)
    seen = [memory.connection]
    first, second = memory.of(0), memory.of(2)
    assert memory.workers == {"connecting": 2, "connected": 0, "lost": 0}
    first.lost()
    seen.append(memory.connection)
    second.set("connected")
    seen.append(memory.connection)
    second.end()
    first.set("connecting")
    assert memory.workers == {"connecting": 1, "connected": 0, "lost": 0}
    assert [*seen, memory.connection] == ["connecting", "lost", "connected", "connecting"]


def test_the_state_of_a_worker_that_was_killed() -> None:
    memory = StreamMemory(1)
    pid = os.fork()
    if pid == 0:
        memory.of(0).set("connected")
        memory.of(0).done(5, 0)
        os._exit(0)
    os.waitpid(pid, 0)
    assert memory.connection == "connecting"
    assert memory.workers["connected"] == 0
    results = {
        labels["result"]: value
        for family in memory.source()()
        for labels, value in family.samples
        if "result" in labels
    }
    assert results == {"answered": 5, "dead": 0}  # its counts stay


# The loop.

SETTINGS = StreamSettings("memory", "here", 1, "rows", "answers", "dead", deliveries=3)


class Memory:
    """A broker in memory, which fails where it is told to."""

    prefix = "ce-"
    refusals = (PermissionError,)
    messages: list[Message]
    published: list[Outgoing]
    acknowledged: list[Message]
    faults: list[Exception]

    def __init__(self) -> None:
        self.messages, self.published, self.acknowledged, self.faults = [], [], [], []
        self.connections = 0
        self.limit = 1 << 20

    async def connect(self) -> None:
        self.connections += 1
        self._fault()

    async def receive(self) -> list[Message]:
        await asyncio.sleep(0)
        left = [each for each in self.messages if each not in self.acknowledged]
        if not left:
            await asyncio.sleep(0.01)
        return left[:4]

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        self._fault()
        for each in messages:
            if len(each.body) > self.limit:
                raise too_large(each.place)
            self.published.append(each)

    async def acknowledge(self, messages: Sequence[Message]) -> None:
        self._fault()
        self.acknowledged += messages

    async def close(self) -> None:
        """Nothing is open."""

    def _fault(self) -> None:
        if self.faults:
            raise self.faults.pop(0)


class Calls:
    def __init__(self) -> None:
        self.calls: list[Call] = []

    def observe(self, call: Call) -> None:
        self.calls.append(call)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    file = seals.write(tmp_path_factory.mktemp("seal") / "tiny.seal")
    return Service(open_models(Deployment((ModelSpec(file),))))


def run(
    service: Service,
    memory: Memory,
    monkeypatch: pytest.MonkeyPatch,
    enough: Callable[[], bool],
    settings: StreamSettings = SETTINGS,
) -> None:
    """Answer messages until there is enough."""
    monkeypatch.setattr(consumer, "make_broker", lambda _settings, _place: memory)
    monkeypatch.setattr(consumer, "_FIRST", 0.001)

    async def main() -> None:
        running = StreamConsumer(service, settings, 0)
        await running.start()
        async with asyncio.timeout(30):
            while not enough():
                await asyncio.sleep(0.005)
        await running.stop(10)

    asyncio.run(main())


def codes(memory: Memory) -> list[str]:
    return [each.headers["sealift-code"] for each in memory.published if each.place == "dead"]


def test_answers_are_published_before_messages_are_acknowledged(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, calls = Memory(), Calls()
    memory.messages = [message(ROW, {"x-ward": "7"}, id=f"s:{i}") for i in range(10)]
    monkeypatch.setattr(service, "observers", [calls])
    run(service, memory, monkeypatch, lambda: len(memory.acknowledged) == 10)
    assert [json.loads(each.body)["causationid"] for each in memory.published] == [f"s:{i}" for i in range(10)]
    assert {each.place for each in memory.published} == {"answers"}
    assert len({each.id for each in memory.published}) == 10
    assert [(call.route, call.status, call.headers["x-request-id"]) for call in calls.calls] == [
        ("stream", 200, f"s:{i}") for i in range(10)
    ]
    assert calls.calls[0].headers["x-ward"] == "7"
    assert len(calls.calls[0].answered) == 1


@pytest.mark.parametrize("broken", range(5))
def test_faults_of_the_broker_repeat_answers_and_lose_none(
    service: Service, monkeypatch: pytest.MonkeyPatch, broken: int
) -> None:
    memory = Memory()
    memory.messages = [message(ROW, id=f"s:{i}") for i in range(6)]
    calls = 0

    def fault() -> None:
        nonlocal calls
        calls += 1
        if calls > broken and calls in (1, 2, 4, 5, 6, 9):
            raise (ConnectionError("gone") if calls % 2 else missing("answers", "Make it."))

    monkeypatch.setattr(memory, "_fault", fault)
    run(service, memory, monkeypatch, lambda: len(memory.acknowledged) >= 6)
    answers: dict[str, set[str]] = {}
    for each in memory.published:
        answers.setdefault(each.id, set()).add(json.loads(each.body)["causationid"])
    assert [len(each) for each in answers.values()] == [1] * 6
    assert memory.connections > 1


def test_a_client_that_does_not_end_is_left(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    memory.messages, memory.faults = [message(ROW)], [ConnectionError("gone")]
    released = asyncio.Event()

    async def close() -> None:
        while not released.is_set():
            with suppress(asyncio.CancelledError):  # as the client of Kafka does
                await released.wait()

    monkeypatch.setattr(memory, "close", close)
    monkeypatch.setattr(consumer, "_CLOSING", 0.01)

    def enough() -> bool:
        if len(memory.acknowledged) == 1:
            released.set()
        return released.is_set()

    run(service, memory, monkeypatch, enough)
    assert memory.connections == 2


def test_a_client_that_cancels_calls_itself(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    memory.messages = [message(ROW)]
    receive, calls = memory.receive, 0

    async def cancelled() -> list[Message]:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise asyncio.CancelledError
        return await receive()

    monkeypatch.setattr(memory, "receive", cancelled)
    run(service, memory, monkeypatch, lambda: len(memory.acknowledged) == 1)
    assert memory.connections == 2


def test_readiness_and_counts_follow_the_broker(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    memory, state = Memory(), StreamMemory(1, "tiny")
    memory.messages = [message(ROW, id="1"), message(b"{", id="2"), message(ROW, id="3", deliveries=2)]
    monkeypatch.setattr(service, "stream", state)
    seen: list[tuple[int, Any]] = []

    def ready() -> tuple[int, Any]:
        response = respond(service, Request("GET", "/v2/health/ready"))
        return response.status, json.loads(response.body)

    async def gone() -> None:
        seen.append(ready())
        raise ConnectionError("gone")

    monkeypatch.setattr(memory, "connect", gone)

    def enough() -> bool:
        if len(seen) >= 3:  # the second attempt began after the first failed
            monkeypatch.setattr(memory, "connect", lambda: asyncio.sleep(0))
        done = len(seen) >= 3 and len(memory.acknowledged) == 3
        if done:
            seen.append(ready())
        return done

    run(service, memory, monkeypatch, enough)
    assert seen[0] == (503, {"ready": False, "stream": "connecting"})
    assert seen[1] == (503, {"ready": False, "stream": "lost"})
    assert seen[-1] == (200, {"ready": True, "stream": "connected"})
    samples = {family.name: family.samples for family in state.source()()}
    assert [value for _, value in samples["sealift_stream_messages_total"]] == [2, 1]
    assert [value for _, value in samples["sealift_stream_redelivered_total"]] == [1]
    lost = samples["sealift_stream_connections_lost_total"][0][1]
    assert isinstance(lost, float)
    assert lost >= 3
    assert state.workers == {"connecting": 0, "connected": 0, "lost": 0}  # it has ended


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PermissionError("bad password"), "E796"),
        (ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate"), "E797"),
    ],
)
def test_a_broker_that_refuses_the_connection(
    service: Service, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    memory = Memory()
    memory.messages, memory.faults = [message(ROW)], [error]
    monkeypatch.setattr(consumer, "make_broker", lambda _settings, _place: memory)

    async def main(first: bool) -> None:
        running = StreamConsumer(service, SETTINGS, 0, first)
        try:
            await running.start()
        finally:
            await running.stop(10)

    with pytest.raises(ServeError, match=code):
        asyncio.run(main(first=True))
    assert memory.connections == 1  # it does not try again
    memory.faults = [error]
    run(service, memory, monkeypatch, lambda: len(memory.acknowledged) == 1)  # a worker that is started later does
    assert f"[{code}]" in caplog.text


def test_faults_that_may_pass() -> None:
    try:
        try:
            raise ssl.SSLCertVerificationError(1, "unknown")
        except ssl.SSLError:
            raise RuntimeError("cannot connect")  # noqa: B904
    except RuntimeError as error:
        hidden = error
    assert fault(SETTINGS, hidden, ()).code == "E797"  # the cause says more
    for passing in (ConnectionResetError(), ssl.SSLEOFError(8, "EOF occurred"), TimeoutError(), ValueError("x")):
        assert fault(SETTINGS, passing, (PermissionError,)).code == "E791"
    assert fault(SETTINGS, missing("rows", "Make it."), ()).code == "E792"
    assert fault(SETTINGS, ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), ()).code == "E797"


def test_messages_that_have_no_answer(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    memory.messages = [
        message(b"{", {"a": "b"}, id="1"),
        message(ROW, deliveries=4, id="2"),
        message(b'{"weight": 1, "sex": "x"}', id="3"),
        message(ROW, id="4"),
    ]
    run(service, memory, monkeypatch, lambda: len(memory.acknowledged) == 4)
    assert codes(memory) == ["E704", "E794", "R104"]
    first = memory.published[0]
    assert (first.body, first.headers["a"], first.headers["sealift-from"]) == (b"{", "b", "rows")
    assert first.headers["sealift-reason"]


def test_many_messages_are_acknowledged_in_parts(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    memory.messages = [message(ROW, id=f"s:{i}") for i in range(300)]
    published: list[int] = []

    async def receive() -> list[Message]:
        await asyncio.sleep(0.001)
        return [each for each in memory.messages if each not in memory.acknowledged]

    async def publish(messages: Sequence[Outgoing]) -> None:
        published.append(len(messages))
        assert len(memory.acknowledged) == sum(published[:-1])  # those before are acknowledged

    monkeypatch.setattr(memory, "receive", receive)
    monkeypatch.setattr(memory, "publish", publish)
    run(service, memory, monkeypatch, lambda: len(memory.acknowledged) == 300)
    assert published == [64, 64, 64, 64, 44]


def test_a_body_beyond_the_limit(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    memory.messages = [message(b" " * (service.limits.body + 1))]
    memory.limit = 1 << 40
    run(service, memory, monkeypatch, lambda: len(memory.acknowledged) == 1)
    assert codes(memory) == ["E706"]


def test_an_answer_that_is_too_large_for_the_broker(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    memory.messages = [message(b" " * 300 + ROW, id="1"), message(ROW, id="2"), message(ROW + b" " * 100, id="3")]
    memory.limit = 200
    run(service, memory, monkeypatch, lambda: len(memory.acknowledged) == 3)
    assert codes(memory) == ["E795"] * 3
    assert [each.body for each in memory.published] == [b"", ROW, ROW + b" " * 100]


def test_a_fault_of_sealift_is_no_end_of_the_stream(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    memory.messages = [message(ROW, id="1"), message(b'{"specversion": 1}', id="2"), message(ROW, id="3")]

    def fails(call: Call, request: Any) -> Any:
        raise RuntimeError("unexpected")

    monkeypatch.setattr("sealift.serve.stream.answering._predict", fails)
    run(service, memory, monkeypatch, lambda: len(memory.acknowledged) == 3)
    assert codes(memory) == ["E901"] * 3


def test_a_binary_envelope_for_every_answer(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    memory.messages = [message(ROW, id="1")]
    settings = replace(SETTINGS, envelope="binary")
    run(service, memory, monkeypatch, lambda: len(memory.acknowledged) == 1, settings)
    published = memory.published[0]
    assert json.loads(published.body)["model"] == "tiny"
    assert (published.headers["ce-causationid"], published.headers["content-type"]) == ("1", "application/json")
    assert published.headers["ce-id"] == published.id
