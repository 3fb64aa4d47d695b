"""A running gRPC server with API keys: the credentials are checked before a message is received."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import tritonclient.grpc as triton
from test_serve_grpc import INFER, inputs

import seals
from sealift.serve.access import keys
from servers import Running, serving

BODY = 64 << 20
"""The limit of a message in the default settings."""
SERVICE = "/inference.GRPCInferenceService"
HEALTH = "/grpc.health.v1.Health/Check"
NONE: tuple[tuple[str, str], ...] = ()
WRONG = (("authorization", "Bearer sealift_wrong"),)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("access")
    seals.write(folder / "tiny.seal")
    (folder / "deployment.toml").write_text('[access]\nkeys = "keys.json"\n[[models]]\nfile = "tiny.seal"\n')
    return folder


@pytest.fixture(scope="module")
def key(folder: Path) -> str:
    return keys.create(folder / "keys.json", "program", ["predict"])[1]


@pytest.fixture(scope="module")
def server(folder: Path, key: str) -> Iterator[Running]:
    with serving(str(folder / "deployment.toml"), "--grpc", "0") as running:
        yield running


def ask(server: Running, method: str, data: bytes, metadata: Any = NONE, **options: Any) -> bytes | grpc.RpcError:
    with grpc.insecure_channel(server.grpc, options=[("grpc.max_send_message_length", -1)]) as channel:
        try:
            answer: bytes = channel.unary_unary(method)(data, timeout=60, metadata=metadata, **options)
        except grpc.RpcError as error:
            return error
    return answer


def status(answer: bytes | grpc.RpcError) -> str:
    return "OK" if isinstance(answer, bytes) else f"{answer.code().name} {answer.details()[:6]}"


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
@pytest.mark.parametrize(("metadata", "code"), [(NONE, "[E760]"), (WRONG, "[E761]")])
def test_the_caller_is_checked_before_the_size(
    metadata: Any, code: str, compression: grpc.Compression, server: Running, key: str
) -> None:
    """A message that is too long, or no message of the protocol, is only noticed by callers that are known."""
    for data in (bytes(BODY + 1), b"\xff"):
        answer = ask(server, INFER, data, metadata, compression=compression)
        assert status(answer) == f"UNAUTHENTICATED {code}"
    known = (("x-api-key", key),)
    assert status(ask(server, INFER, bytes(BODY + 1), known, compression=compression)).startswith("RESOURCE_EXHAUSTED")
    assert status(ask(server, INFER, b"\xff", known, compression=compression)) == "INVALID_ARGUMENT [E704]"


def test_messages_of_unknown_callers_take_no_memory(server: Running) -> None:
    def most() -> int:
        texts = [Path(f"/proc/{pid}/status").read_text() for pid in server.workers()]
        return sum(int(text.partition("VmHWM:")[2].split()[0]) >> 10 for text in texts)

    ask(server, INFER, bytes(1 << 20))
    before = most()
    data = bytes(BODY - 1000)
    seen: list[str] = []
    for method in (INFER, HEALTH, f"{SERVICE}/ServerLive"):
        threads = [threading.Thread(target=lambda m=method: seen.append(status(ask(server, m, data)))) for _ in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert seen == ["UNAUTHENTICATED [E760]"] * 4 + ["OK"] * 8
    assert most() - before < 32  # MiB; four messages of one method take 256


def test_open_methods_need_no_credentials(server: Running, key: str) -> None:
    known = (("x-api-key", key),)
    for metadata in (NONE, WRONG, known):
        for method in ("ServerLive", "ServerReady"):
            assert ask(server, f"{SERVICE}/{method}", b"", metadata) == b"\x08\x01"
        assert b"sealift" in bytes(ask(server, f"{SERVICE}/ServerMetadata", b"", metadata))
        assert ask(server, HEALTH, b"", metadata) == b"\x08\x01"
    # The name of a service is only read for callers that are known.
    other = b"\x0a\x05other"
    assert ask(server, HEALTH, other) == b"\x08\x01"
    assert status(ask(server, HEALTH, other, known)).startswith("NOT_FOUND")


@pytest.mark.parametrize("rows", [1, 10_000])
def test_a_known_caller_is_answered(rows: int, server: Running, key: str) -> None:
    with triton.InferenceServerClient(server.grpc) as client:
        for _ in range(3):
            result = client.infer("tiny", inputs(rows), headers={"x-api-key": key})
            assert result.as_numpy("label").tolist() == [1] * rows


def test_a_call_without_a_message(server: Running, key: str) -> None:
    with grpc.insecure_channel(server.grpc) as channel:
        for metadata, expected in (
            (NONE, grpc.StatusCode.UNAUTHENTICATED),
            ((("x-api-key", key),), grpc.StatusCode.INVALID_ARGUMENT),
        ):
            with pytest.raises(grpc.RpcError) as caught:
                channel.stream_unary(INFER)(iter(()), timeout=60, metadata=metadata)
            assert caught.value.code() is expected
