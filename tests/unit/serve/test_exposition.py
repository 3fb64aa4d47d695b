"""The metrics of the server, read by the client library of Prometheus."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

import seals
from sealift import load
from sealift.serve.counters import Counters
from sealift.serve.exposition import metrics
from sealift.serve.http.messages import Request
from sealift.serve.http.routes import respond
from sealift.serve.plane import Plane
from sealift.serve.records.memory import RecordCounts
from sealift.serve.records.metrics import record_metrics
from sealift.serve.scaling.gauges import WorkerGauges
from sealift.serve.scaling.metrics import worker_metrics
from sealift.serve.served import ServedModel
from sealift.serve.service import Service
from sealift.serve.stream.state import StreamMemory
from sealift.serve.telemetry.memory import TelemetryMemory

ROOT = Path(__file__).parents[3]
ODD = 'a "b\\c\nd'


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    model = ServedModel(ODD, load(seals.write(tmp_path_factory.mktemp("seal") / "tiny.seal")))
    model.prepare()
    model.series = 3
    service = Service(Plane([model]))
    service.counters = Counters(2)
    counts = RecordCounts(written=5, waiting=4, dropped=3, spilled=2, lost=1, sampled_out=6)
    service.metric_sources.append(record_metrics(lambda: counts))
    service.metric_sources.append(worker_metrics(WorkerGauges(2)))
    service.series = {(ODD, "1"): 3}
    service.metric_sources.append(TelemetryMemory(1, 1 << 10).source())
    service.stream = StreamMemory(2, ODD)
    service.metric_sources.append(service.stream.source())
    worker = service.stream.of(1)
    worker.set("connected")
    worker.received(3, redelivered=1)
    worker.done(answered=2, dead=1)
    for slot in (0, 1):  # each worker has its own counters
        service.observers = [service.counters.writer(slot)]
        for body in ([[50, 70, "f"], [50, 70, "x"]], [[1, "x", "f"]], "nonsense"):
            call = service.begin(ODD, None, "predict", {})
            if isinstance(body, list):
                call.answer(body)
            service.end(call, 200 if isinstance(body, list) else 400)
    return service


def values(service: Service) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    text = metrics(service).decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    assert len(samples) == len([line for line in text.splitlines() if line and not line.startswith("#")])
    return {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}


def test_the_counts_of_all_workers(service: Service) -> None:
    shown = values(service)

    def value(name: str, **labels: str) -> float:
        return shown[name, frozenset({"model": ODD, "version": "1", **labels}.items())]

    assert value("sealift_requests_total", result="ok") == 4
    assert value("sealift_requests_total", result="refused") == 2
    assert value("sealift_rows_total", result="ok") == 2
    assert value("sealift_rows_total", result="refused") == 4
    assert value("sealift_request_seconds_count") == 6
    assert value("sealift_request_seconds_bucket", le="+Inf") == 6
    # The client appends `_total` to the names of counters that have another end.
    assert value("nv_inference_request_success_total") == 4
    assert value("nv_inference_request_failure_total") == 2
    assert shown["request_predict_seconds_count", frozenset({"model_name": ODD, "version": "1"}.items())] == 6


def test_the_counts_of_records(service: Service) -> None:
    shown = {name: value for (name, labels), value in values(service).items() if "_records_" in name}
    assert shown == {
        "sealift_records_written_total": 5,
        "sealift_records_waiting": 4,
        "sealift_records_dropped_total": 3,
        "sealift_records_spilled_total": 2,
        "sealift_records_lost_total": 1,
        "sealift_records_sampled_out_total": 6,
    }


def test_the_state_of_a_stream(service: Service) -> None:
    shown = values(service)

    def value(name: str, **labels: str) -> float:
        return shown[f"sealift_stream_{name}", frozenset({"model": ODD, **labels}.items())]

    assert value("workers", connection="connected") == 1
    assert value("workers", connection="lost") == value("workers", connection="connecting") == 0
    assert value("messages_total", result="answered") == 2
    assert value("messages_total", result="dead") == value("redelivered_total") == 1
    assert value("last_message_timestamp_seconds") == pytest.approx(time.time(), abs=3600)


def test_the_route(service: Service) -> None:
    response = respond(service, Request("GET", "/metrics"))
    assert (response.status, response.media_type) == (200, "text/plain; version=0.0.4; charset=utf-8")


def expressions() -> Iterator[str]:
    dashboard = json.loads((ROOT / "deploy" / "grafana.json").read_text())
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    for group in yaml.safe_load((ROOT / "deploy" / "alerts.yaml").read_text())["groups"]:
        for rule in group["rules"]:
            assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
            assert rule["annotations"]["summary"]
            yield rule["expr"]


def test_dashboard_and_alerts_use_metrics_that_exist(service: Service) -> None:
    names = {name for name, _ in values(service)}
    given = list(expressions())
    assert len(given) == 31
    for expression in given:
        promql_parser.parse(expression.replace("$__rate_interval", "5m"))
        used = set(re.findall(r"\bsealift_\w+", expression))
        assert used, expression
        assert used <= names
