"""The log of a server: one line for each event, as text or JSON, without a value of a row."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import seals
from sealift import load
from sealift.errors import SealError, ServeError
from sealift.serve import logs
from sealift.serve.deployment import read
from sealift.serve.grpc.methods import METHODS
from sealift.serve.grpc.server import failure
from sealift.serve.http.messages import Request
from sealift.serve.http.routes import respond
from sealift.serve.logs import AccessLog, Format, LogSettings
from sealift.serve.plane import Plane
from sealift.serve.served import ServedModel
from sealift.serve.service import Service
from sealift.serve.telemetry.settings import TelemetrySettings
from sealift.serve.trace import TraceContext

PLANTED = "41.414243"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
HEADERS = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "x-request-id": "r\n1"}
PATH = "/v1/models/tiny/predict"


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.delenv("SEALIFT_DEBUG", raising=False)
    root, ours = logging.getLogger(), logging.getLogger("sealift")
    before = list(root.handlers), root.level, ours.level
    model = ServedModel("tiny", load(seals.write(tmp_path / "tiny.seal")))
    model.prepare()
    yield Service(Plane([model]), observers=[AccessLog()])
    root.handlers[:], root.level, ours.level = before
    logging.captureWarnings(False)
    logs.identify()


def start(form: Format, level: logs.Level = "info") -> None:
    logs.configure(LogSettings(form, level))
    logs.identify(process="worker", worker=3)


def ask(service: Service, body: object) -> int:
    return respond(service, Request("POST", PATH, HEADERS, json.dumps(body).encode())).status


def fail_with(service: Service, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(rows: Any) -> Any:
        raise error

    monkeypatch.setattr(service.plane.find("tiny"), "answer", answer)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    text = capsys.readouterr().err
    assert PLANTED not in text
    return [json.loads(line) for line in text.splitlines()]


def test_a_call_is_a_line(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    start("json")
    assert ask(
        service, [{"age": float(PLANTED), "weight": 70, "sex": "f"}, {"age": PLANTED, "weight": 1, "sex": PLANTED}]
    )
    (event,) = lines(capsys)
    assert event.pop("seconds") >= 0
    assert event.pop("time").endswith("Z")
    assert event == {
        "level": "info",
        "message": "call",
        "logger": "sealift.access",
        "process": "worker",
        "worker": 3,
        "trace_id": TRACE,
        "model": "tiny",
        "version": "1",
        "route": "predict",
        "status": 200,
        "rows": 2,
        "request_id": "r\n1",
    }


def test_text_is_one_line_too(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    start("text")
    ask(service, {"age": 1, "weight": 70, "sex": "f"})
    text = capsys.readouterr().err
    assert text.count("\n") == 1
    assert f" info call process=worker worker=3 trace_id={TRACE} model=tiny version=1 route=predict status=200 " in text
    assert r"request_id=r\n1" in text


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize(
    "error", [ValueError(f"could not convert {PLANTED}"), SealError("E207", f"Cast of {PLANTED} failed.", fix=PLANTED)]
)
def test_faults_have_no_values(
    form: Format,
    error: Exception,
    service: Service,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start(form, "error")
    error.is_logged = False  # type: ignore[attr-defined]
    fail_with(service, error, monkeypatch)
    assert ask(service, {"age": 1, "weight": 70, "sex": "f"}) == 500
    text = capsys.readouterr().err
    assert PLANTED not in text
    assert text.count("\n") == 1  # the fault is logged once
    for part in (TRACE, type(error).__name__, "routes.py", "E901" if isinstance(error, ValueError) else "E207"):
        assert part in text
    monkeypatch.setenv("SEALIFT_DEBUG", "1")
    error.is_logged = False  # type: ignore[attr-defined]
    ask(service, {"age": 1, "weight": 70, "sex": "f"})
    assert PLANTED in capsys.readouterr().err


def test_faults_over_grpc(
    service: Service, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tritonclient.grpc import service_pb2 as pb

    start("json", "error")
    fail_with(service, ValueError(PLANTED), monkeypatch)
    request = pb.ModelInferRequest(model_name="tiny")
    tensor = request.inputs.add(name="x", datatype="FP64", shape=[1, 3])
    tensor.contents.fp64_contents.extend([1, 2, 3])
    with pytest.raises(ValueError, match=PLANTED) as caught:
        METHODS["ModelInfer"](service, request.SerializeToString(), HEADERS)
    assert failure(caught.value)[0] == "INTERNAL"
    (event,) = lines(capsys)
    assert (event["trace_id"], event["model"], event["exception"]) == (TRACE, "tiny", "ValueError")


def test_messages_of_other_modules(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    start("json")
    logging.getLogger("sealift.serve.records").warning("a\nb %d", 1)
    logging.getLogger("sealift.serve.records").debug("hidden")
    logging.getLogger("another.library").info("hidden")
    logging.getLogger("asyncio").error("shown")
    assert [(event["level"], event["message"]) for event in lines(capsys)] == [
        ("warning", "a\nb 1"),
        ("error", "shown"),
    ]


def test_the_table_of_the_deployment_file(tmp_path: Path) -> None:
    path = tmp_path / "deployment.toml"
    path.write_text('[[models]]\nfile = "tiny.seal"\n[log]\nformat = "json"\nlevel = "warning"\naccess = true\n')
    assert read(path).log == LogSettings("json", "warning", access=True)
    for wrong in ('format = "xml"', 'levle = "info"', "access = 1"):
        path.write_text(f'[[models]]\nfile = "tiny.seal"\n[log]\n{wrong}\n')
        with pytest.raises(ServeError, match="E709"):
            read(path)


def test_the_table_of_telemetry(tmp_path: Path) -> None:
    path = tmp_path / "deployment.toml"
    path.write_text('[[models]]\nfile = "tiny.seal"\n[telemetry]\notlp = "http://127.0.0.1:4318/"\nsample = 0.5\n')
    assert read(path).telemetry == TelemetrySettings("http://127.0.0.1:4318", sample=0.5)
    for wrong in ("", 'otlp = "localhost:4318"', 'otlp = "http://a"\nsample = 2', 'otlp = "http://a"\nextra = 1'):
        path.write_text(f'[[models]]\nfile = "tiny.seal"\n[telemetry]\n{wrong}\n')
        with pytest.raises(ServeError, match="E709"):
            read(path)


@pytest.mark.parametrize(
    ("header", "valid"),
    [
        (f"00-{TRACE}-00f067aa0ba902b7-01", True),
        (f"00-{TRACE}-00f067aa0ba902b7-00", True),
        (f"cc-{TRACE}-00f067aa0ba902b7-01-later", True),
        (f"00-{TRACE}-00f067aa0ba902b7-01-later", False),
        (f"ff-{TRACE}-00f067aa0ba902b7-01", False),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", False),
        (f"00-{TRACE}-{'0' * 16}-01", False),
        (f"00-{TRACE.upper()}-00f067aa0ba902b7-01", False),
        (f"00-{TRACE}-00f067aa0ba902b7-01, 00-{TRACE}-00f067aa0ba902b7-01", False),
        ("", False),
    ],
)
def test_trace_context(header: str, valid: bool) -> None:
    context = TraceContext.of({"traceparent": header})
    assert (context.trace_id == TRACE) is valid
    assert context.parent_id == ("00f067aa0ba902b7" if valid else "")
    assert context.sampled == (None if not valid else header[53:55] == "01")
    again = TraceContext.of({"traceparent": context.header()})
    assert (again.trace_id, again.parent_id) == (context.trace_id, context.span_id)
    assert again.sampled is (context.sampled is not False)
