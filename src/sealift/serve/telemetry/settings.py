"""`[telemetry]` of a deployment file."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from sealift.serve.toml_table import TomlTable


@dataclass(frozen=True)
class TelemetrySettings:
    """Where traces and metrics are exported to.

    Attributes:
        otlp: the address of a collector, such as `http://127.0.0.1:4318`.
        service: the name of the service.
        sample: the fraction of the traces that calls begin here and that are exported; those of callers are exported
            where the caller records them.
        interval: seconds between two exports of metrics.
        memory: bytes of each worker for spans that are not exported yet.
    """

    otlp: str
    service: str = "sealift"
    sample: float = 1.0
    interval: float = 10.0
    memory: int = 1 << 20


def read_telemetry(table: TomlTable) -> TelemetrySettings:
    """Read the table. Raises ServeError E709."""
    otlp = table.required("otlp", str)
    parts = urlsplit(otlp)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise table.wrong("otlp", "must be the address of a collector, such as http://127.0.0.1:4318")
    default = TelemetrySettings(otlp)
    settings = TelemetrySettings(
        otlp.rstrip("/"),
        service=table.optional("service", str) or default.service,
        sample=table.fraction("sample", default.sample, 0.0, 1.0),
        interval=table.fraction("interval", default.interval, 0.1, 3600.0),
        memory=table.number("memory", default.memory >> 20, 1, 1024) << 20,
    )
    table.end()
    return settings
