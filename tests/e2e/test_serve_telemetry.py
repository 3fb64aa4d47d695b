"""Traces, metrics and logs of a running server, and a collector of the test's own that decodes OTLP."""

from __future__ import annotations

import gzip
import itertools
import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

import records
import seals
from sealift.serve.records.stores import open_store
from servers import WORKERS

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PLANTED = ("41.414243", "71.717273", "plantedtext")
ROW = {"age": 41.414243, "weight": 71.717273, "sex": "f"}


class Collector:
    """Receives OTLP over HTTP. `status` is what it answers; while `blocked`, it does not answer."""

    def __init__(self) -> None:
        self.traces: list[Any] = []
        self.metrics: list[Any] = []
        self.bodies: list[bytes] = []
        self.status = 200
        self.released = threading.Event()
        self.released.set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.released.wait(60)
                collector.receive(self.path, body)
                self.send_response(collector.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def receive(self, path: str, body: bytes) -> None:
        if self.status == 200:
            self.bodies.append(body)
            if path == "/v1/traces":
                self.traces.append(ExportTraceServiceRequest.FromString(body))
            elif path == "/v1/metrics":
                self.metrics.append(ExportMetricsServiceRequest.FromString(body))

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    def spans(self) -> list[Any]:
        return [
            span
            for request in self.traces
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def values(self) -> dict[str, list[Any]]:
        """The data points of the last export by the name of the metric."""
        (resource,) = self.metrics[-1].resource_metrics
        (scope,) = resource.scope_metrics
        return {each.name: list(getattr(each, each.WhichOneof("data")).data_points) for each in scope.metrics}


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.close()


@contextmanager
def serving(folder: Path, more: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server whose stderr is kept in `stderr.txt`."""
    seals.write(folder / "tiny.seal")
    path = folder / "deployment.toml"
    path.write_text(f'[[models]]\nfile = "tiny.seal"\n{more}\n')
    command = [sys.executable, "-m", "sealift", "serve", str(path), "--port", "0", "--workers", str(WORKERS), "--json"]
    with (folder / "stderr.txt").open("w") as stderr:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)
    assert process.stdout is not None
    try:
        text = ""
        for line in process.stdout:
            text += line
            if line == "}\n":
                break
        yield json.loads(text)["url"], process
    finally:
        process.terminate()
        process.stdout.close()
        assert process.wait(timeout=60) == 0


def ask(url: str, body: object = ROW, **headers: str) -> int:
    request = urllib.request.Request(f"{url}/v1/models/tiny/predict", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def attributes(span: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes}


def counted(url: str) -> dict[str, float]:
    with urllib.request.urlopen(f"{url}/metrics", timeout=30) as response:
        lines = [line.split() for line in response.read().decode().splitlines()]
    return {line[0]: float(line[1]) for line in lines if line[0].startswith("sealift_telemetry_")}


def test_spans_metrics_records_and_logs_of_a_call(tmp_path: Path, collector: Collector) -> None:
    more = f'[telemetry]\notlp = "{collector.url}"\ninterval = 0.5\n[records]\nflush = 0.1\n'
    more += '[log]\nformat = "json"\naccess = true\n'
    with serving(tmp_path, more) as (url, _):
        assert ask(url, traceparent=f"00-{TRACE}-{PARENT}-01") == 200
        assert ask(url, [ROW, {"age": PLANTED[0], "weight": 1, "sex": PLANTED[2]}]) == 200
        assert ask(url, {"age": PLANTED[2]}) == 400
        assert ask(url, traceparent=f"00-{'ab' * 16}-{PARENT}-00") == 200  # the caller does not record it
        until(lambda: len([span for span in collector.spans() if span.kind == 2]) == 3)
        until(lambda: bool(collector.metrics) and sum(_numbers(collector, "sealift_requests")) == 4)
    spans = collector.spans()
    assert len({span.span_id for span in spans}) == len(spans)
    roots = {span.span_id: span for span in spans if span.kind == 2}
    (known,) = [span for span in roots.values() if span.trace_id.hex() == TRACE]
    assert known.parent_span_id.hex() == PARENT
    assert known.name == "predict tiny"
    assert attributes(known) | {"sealift.model.identity": ""} == {
        "http.response.status_code": 200,
        "sealift.route": "predict",
        "sealift.model.name": "tiny",
        "sealift.model.version": "1",
        "sealift.model.identity": "",
        "sealift.rows": 1,
        "sealift.problems": 0,
    }
    children = [span for span in spans if span.parent_span_id == known.span_id]
    assert [span.name for span in children] == ["read", "engine", "write"]
    assert known.start_time_unix_nano == children[0].start_time_unix_nano
    for one, two in itertools.pairwise(children):
        assert one.start_time_unix_nano <= one.end_time_unix_nano == two.start_time_unix_nano
    assert abs(children[-1].end_time_unix_nano - known.end_time_unix_nano) < 1000
    (refused,) = [span for span in roots.values() if attributes(span)["http.response.status_code"] == 400]
    assert attributes(refused)["error.type"] == "E101"
    resource = {each.key: each.value.string_value for each in collector.traces[0].resource_spans[0].resource.attributes}
    assert resource["service.name"] == "sealift"
    # The same traces in the records and in the log.
    store = open_store(str(tmp_path / "records.db"))
    try:
        traces = {value.split("-")[1] for value in records.values(records.rows_of(store), "record_trace")}
    finally:
        store.close()
    lines = [json.loads(line) for line in (tmp_path / "stderr.txt").read_text().splitlines()]
    calls = [line for line in lines if line["message"] == "call"]
    assert {line["trace_id"] for line in calls} == traces
    assert {span.trace_id.hex() for span in roots.values()} == traces - {"ab" * 16}
    assert {line["process"] for line in calls} == {"worker"}
    (points,) = [collector.values()["sealift_request_seconds"]]
    assert [point.count for point in points] == [4]
    assert sum(points[0].bucket_counts) == 4
    for planted in PLANTED:
        assert planted not in (tmp_path / "stderr.txt").read_text()
        assert not any(planted.encode() in body for body in collector.bodies)


def _numbers(collector: Collector, name: str) -> list[float]:
    return [point.as_double for point in collector.values()[name]]


@pytest.mark.parametrize("fault", ["blocked", "refuses", "gone"])
def test_a_collector_that_fails_does_not_delay_requests(fault: str, tmp_path: Path, collector: Collector) -> None:
    if fault == "blocked":
        collector.released.clear()
    elif fault == "refuses":
        collector.status = 400
    else:
        collector.close()
    with serving(tmp_path, f'[telemetry]\notlp = "{collector.url}"\ninterval = 0.5\n') as (url, _):
        for _ in range(200):
            assert ask(url) == 200
        if fault == "refuses":
            until(lambda: counted(url)["sealift_telemetry_calls_failed_total"] == 200)
            collector.status = 200
            assert ask(url) == 200
            until(lambda: counted(url)["sealift_telemetry_calls_exported_total"] == 1)
        assert counted(url)["sealift_telemetry_calls_dropped_total"] == 0
        if fault == "blocked":
            collector.released.set()
    if fault != "blocked":
        assert "does not take telemetry" in (tmp_path / "stderr.txt").read_text()


def test_nothing_is_imported_or_sent_without_the_table(tmp_path: Path) -> None:
    code = "import sys, sealift.serve.supervisor; print([name for name in sys.modules if 'opentelemetry' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
