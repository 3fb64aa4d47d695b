"""Spans and metrics in the data model of OpenTelemetry, and their export over OTLP (HTTP, protobuf)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sealift.optional import need
from sealift.serve.family import Family, Histogram
from sealift.serve.telemetry.settings import TelemetrySettings
from sealift.serve.telemetry.spans import SpanRecord
from sealift.version import __version__

_PURPOSE = "Telemetry"
_OF_OTHERS = ("nv_inference_", "request_predict_")
_SECONDS = 5.0
"""Seconds for one export, with all its attempts."""


class OtlpExport:
    """Exports to one collector.

    Args:
        settings: where to.

    Raises:
        MissingExtraError: E405.
    """

    def __init__(self, settings: TelemetrySettings) -> None:
        self._sdk = need("opentelemetry.sdk.trace", "otel", _PURPOSE)
        self._api = need("opentelemetry.trace", "otel", _PURPOSE)
        self._points = need("opentelemetry.sdk.metrics.export", "otel", _PURPOSE)
        scope = need("opentelemetry.sdk.util.instrumentation", "otel", _PURPOSE)
        resources = need("opentelemetry.sdk.resources", "otel", _PURPOSE)
        http = "opentelemetry.exporter.otlp.proto.http"
        spans = need(f"{http}.trace_exporter", "otel", _PURPOSE)
        metrics = need(f"{http}.metric_exporter", "otel", _PURPOSE)
        self._resource = resources.Resource.create(
            {"service.name": settings.service, "service.version": __version__, "telemetry.distro.name": "sealift"}
        )
        self._scope = scope.InstrumentationScope("sealift", __version__)
        self._spans = spans.OTLPSpanExporter(endpoint=f"{settings.otlp}/v1/traces", timeout=_SECONDS)
        self._metrics = metrics.OTLPMetricExporter(endpoint=f"{settings.otlp}/v1/metrics", timeout=_SECONDS)
        self._begun = time.time_ns()

    def export_calls(self, records: Sequence[SpanRecord]) -> bool:
        """Export the spans of calls; whether the collector took them."""
        spans = [span for record in records for span in self._of_call(record)]
        result: Any = self._spans.export(spans)
        return bool(result.name == "SUCCESS")

    def export_metrics(self, families: Sequence[Family]) -> bool:
        """Export metrics; whether the collector took them."""
        now = time.time_ns()
        points = self._points
        metrics = [self._metric(family, now) for family in families if not family.name.startswith(_OF_OTHERS)]
        scoped = points.ScopeMetrics(self._scope, metrics, "")
        data = points.MetricsData([points.ResourceMetrics(self._resource, [scoped], "")])
        return bool(self._metrics.export(data, timeout_millis=_SECONDS * 1000).name == "SUCCESS")

    def _of_call(self, record: SpanRecord) -> Iterator[Any]:
        """The span of a call, and of its parts: read, engine and write, where they are known."""
        api = self._api
        own = self._context(record, record.span_id)
        failed = record.status >= 500
        status = api.Status(
            api.StatusCode.ERROR if failed else api.StatusCode.UNSET, record.error or None if failed else None
        )
        attributes: dict[str, Any] = {
            "http.response.status_code": record.status,
            "sealift.route": record.route,
            "sealift.model.name": record.model,
            "sealift.model.version": record.version,
            "sealift.model.identity": record.identity,
            "sealift.rows": record.rows,
            "sealift.problems": record.problems,
        }
        if record.error:
            attributes["error.type"] = record.error
        parent = self._context(record, record.parent_id) if record.parent_id else None
        name = f"{record.route} {record.model}"
        yield self._span(record, name, own, parent, (0.0, record.seconds), api.SpanKind.SERVER, attributes, status)
        for number, (part, times) in enumerate(_parts(record), 1):
            span_id = f"{(int(record.span_id, 16) + number) % (1 << 64) or 1:016x}"
            context = self._context(record, span_id)
            yield self._span(record, part, context, own, times, api.SpanKind.INTERNAL, {}, api.Status())

    def _span(
        self,
        record: SpanRecord,
        name: str,
        context: Any,
        parent: Any,
        times: tuple[float, float],
        kind: Any,
        attributes: Mapping[str, Any],
        status: Any,
    ) -> Any:
        begun, ended = (int((record.begun + each) * 1e9) for each in times)
        return self._sdk.ReadableSpan(
            name,
            context,
            parent,
            self._resource,
            attributes=attributes,
            kind=kind,
            status=status,
            start_time=begun,
            end_time=ended,
            instrumentation_scope=self._scope,
        )

    def _context(self, record: SpanRecord, span_id: str) -> Any:
        flags = self._api.TraceFlags(1)
        return self._api.SpanContext(int(record.trace_id, 16), int(span_id, 16), False, flags)

    def _metric(self, family: Family, now: int) -> Any:
        points, begun = self._points, self._begun
        cumulative = points.AggregationTemporality.CUMULATIVE
        name = family.name.removesuffix("_total")  # Prometheus appends it to the names of counters
        if family.kind == "histogram":
            histograms = [
                points.HistogramDataPoint(
                    labels,
                    begun,
                    now,
                    int(sum(value.buckets)),
                    value.sum,
                    [int(count) for count in value.buckets],
                    list(value.bounds),
                    0.0,
                    0.0,
                )
                for labels, value in family.samples
                if isinstance(value, Histogram)
            ]
            return points.Metric(name, family.text, "s", points.Histogram(histograms, cumulative))
        numbers = [points.NumberDataPoint(labels, begun, now, value) for labels, value in family.samples]
        if family.kind == "counter":
            return points.Metric(name, family.text, "1", points.Sum(numbers, cumulative, True))
        return points.Metric(name, family.text, "1", points.Gauge(numbers))


def _parts(record: SpanRecord) -> Iterator[tuple[str, tuple[float, float]]]:
    if not record.engine:
        return
    yield "read", (0.0, record.engine[0][0])
    for times in record.engine:
        yield "engine", (times[0], times[1])
    yield "write", (record.engine[-1][1], record.seconds)
