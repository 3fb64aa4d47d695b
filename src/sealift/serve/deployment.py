"""`deployment.toml`: the models that a server serves, where it listens, and its limits."""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from sealift import files
from sealift.seal.manifest import is_name
from sealift.serve.access.settings import AccessSettings, read_access
from sealift.serve.access.tls import TlsSettings, read_tls
from sealift.serve.http.cors import is_origin
from sealift.serve.http.messages import RequestLimits
from sealift.serve.joining import MODES as BATCHING
from sealift.serve.joining import Batching
from sealift.serve.logs import LogSettings, read_log
from sealift.serve.receipts import ReceiptSettings, read_receipts
from sealift.serve.records.settings import Settings, read_settings
from sealift.serve.scaling.settings import WorkerRange, read_workers
from sealift.serve.stream.settings import StreamSettings, read_stream
from sealift.serve.telemetry.settings import TelemetrySettings, read_telemetry
from sealift.serve.toml_table import TomlTable, malformed
from sealift.serve.traffic.watching import Watch, read_watch

if TYPE_CHECKING:
    from sealift.batch.folder.settings import FolderSettings

_LONGEST = 1 << 20
_LONGEST_IDLE = 366 * 86_400.0
Mode: TypeAlias = Literal["online", "batch", "stream"]
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # a name of a header: RFC 9110, section 5.6.2
_MODES: tuple[Mode, ...] = ("online", "batch", "stream")


@dataclass(frozen=True)
class ModelSpec:
    """A model of a deployment.

    Attributes:
        file: the sealed file.
        name: the name under which it is served; by default that in the file.
        key: the public key that must have signed the file; None accepts unsigned files.
        weight: the percentage of the requests that it gets, where several files are versions of one model.
        shadow: whether it only gets copies of the requests.
        sticky: the header whose value always leads to the same version.
        idle: seconds without a request after which the model is unloaded; None keeps it loaded.
        watch: the folder whose new files are deployed as versions of the model; None watches none.
        batching: whether rows of different requests are computed at once (`joining.most_joined`).
    """

    file: Path
    name: str | None = None
    key: Path | None = None
    weight: float | None = None
    shadow: bool = False
    sticky: str | None = None
    idle: float | None = None
    watch: Watch | None = None
    batching: Batching = "auto"


@dataclass(frozen=True)
class Deployment:
    """What one server does.

    Attributes:
        models: the models.
        host, port: where it listens; port 0 takes any free one.
        grpc: the port of gRPC; None does not serve it.
        workers: the number of worker processes, or its limits; None takes the number of processors.
        open: whether other computers may use the server although it has no authentication.
        limits: limits of a request.
        records: how calls are recorded; None where they are not.
        access: who may use the server; None where everybody may who reaches it.
        receipts: which answers have receipts; None where none has.
        tls: the certificates; None where connections are not encrypted.
        cors: the origins of pages of browsers that may use the server.
        log: how the server logs.
        telemetry: where traces and metrics are exported to; None exports none.
        mode: what is answered: requests, files (`batch`), or the messages of a broker beside requests (`stream`).
        stream: the broker; None where the deployment file names none.
        batch: the folders; None where the deployment file names none.
        source: the deployment file, for messages.
        state: the folder of the server's state and history; None keeps none after its end.
    """

    models: tuple[ModelSpec, ...]
    host: str = "127.0.0.1"
    port: int = 8080
    grpc: int | None = None
    workers: int | WorkerRange | None = None
    open: bool = False
    limits: RequestLimits = field(default_factory=RequestLimits)
    records: Settings | None = None
    access: AccessSettings | None = None
    receipts: ReceiptSettings | None = None
    tls: TlsSettings | None = None
    cors: tuple[str, ...] = ()
    log: LogSettings = field(default_factory=LogSettings)
    telemetry: TelemetrySettings | None = None
    mode: Mode = "online"
    stream: StreamSettings | None = None
    batch: FolderSettings | None = None
    source: str = ""
    state: Path | None = None


def read(path: Path) -> Deployment:
    """Read a deployment file.

    Raises:
        FileError: E401 when it cannot be read.
        ServeError: E709 when it is malformed, has an unknown key or a value of another type.
    """
    try:
        raw = tomllib.loads(files.read(path, limit=_LONGEST).decode("utf-8-sig"))
    except ValueError as error:  # the parser's and the decoder's errors
        raise malformed(path, f"it is not TOML: {error}", "Correct the file.") from None
    except RecursionError:
        raise malformed(path, "its values are nested too deeply", "Correct the file.") from None
    table = TomlTable(raw, "the file", path)
    server = table.table("server")
    limits = table.table("limits")
    entries = table.tables("models")
    records = table.optional("records", dict)
    receipts = table.optional("receipts", dict)
    access = None if "access" not in raw else table.table("access")
    tls_table = table.optional("tls", dict)
    log = table.table("log")
    telemetry = table.optional("telemetry", dict)
    stream = table.optional("stream", dict)
    batch = table.optional("batch", dict)
    table.end()
    folder = path.parent
    tls = None if tls_table is None else read_tls(TomlTable(tls_table, "[tls]", path), folder)
    by_certificate = tls is not None and tls.client_ca is not None
    if access is None and by_certificate:
        access = TomlTable({}, "[access]", path)
    models = tuple(
        ModelSpec(
            file=folder / entry.required("file", str),
            name=_name(entry),
            key=None if (key := entry.optional("key", str)) is None else folder / key,
            weight=entry.percentage("weight"),
            shadow=bool(entry.optional("shadow", bool)),
            sticky=_header(entry),
            watch=read_watch(entry, folder),
            idle=entry.seconds("idle", 0.0, 0.0, _LONGEST_IDLE) or None,
            batching=entry.one_of("batching", BATCHING) or "auto",
        )
        for entry in entries
    )
    for entry in entries:
        entry.end()
    for name in dict.fromkeys(model.name for model in models if model.name is not None):
        shares = [model.weight for model in models if model.name == name and not model.shadow]
        if len(shares) > 1 and None in shares:
            fix = "Give one of them another name, or each a weight in percent."
            raise malformed(path, f"two models have the name {name!r:.80}, and not all have a weight", fix)
        total = math.fsum(share for share in shares if share is not None)
        if None not in shares and abs(total - 100) > 1e-9:
            fix = "Correct the weights, which are in percent."
            raise malformed(path, f"the weights of the model {name!r:.80} add up to {total:g} and not to 100", fix)
    if not models:
        raise malformed(path, "it has no model", 'Add [[models]] and, below it, file = "heart.seal".')
    default = Deployment(())
    state = folder / (server.optional("state", str) or f"{path.stem}.state")
    grpc = server.number("grpc", -1, 0, 65535)
    workers = read_workers(server)
    deployment = Deployment(
        models,
        host=server.optional("host", str) or default.host,
        port=server.number("port", default.port, 0, 65535),
        grpc=None if grpc < 0 else grpc,
        workers=workers,
        open=bool(server.optional("open", bool)),
        limits=RequestLimits(
            body=limits.number("body", RequestLimits.body, 1, 1 << 40),
            values=limits.number("values", RequestLimits.values, 1, 1 << 40),
            rows=limits.number("rows", RequestLimits.rows, 1, 1 << 40),
            receive=limits.number("receive", int(RequestLimits.receive), 1, 86_400),
            idle=limits.number("idle", int(RequestLimits.idle), 1, 86_400),
            connections=limits.number("connections", RequestLimits.connections, 1, 1 << 20),
            queue=limits.number("queue", RequestLimits.queue, 1, 1 << 20),
            threads=limits.number("threads", RequestLimits.threads, 1, 256),
        ),
        records=None if records is None else read_settings(TomlTable(records, "[records]", path), folder),
        receipts=None if receipts is None else read_receipts(TomlTable(receipts, "[receipts]", path), folder),
        access=None if access is None else read_access(access, folder, state, certificates=by_certificate),
        tls=tls,
        cors=server.strings("cors"),
        log=read_log(log),
        telemetry=None if telemetry is None else read_telemetry(TomlTable(telemetry, "[telemetry]", path)),
        mode=server.one_of("mode", _MODES) or "online",
        batch=None if batch is None else _read_batch(batch, path),
        stream=None if stream is None else read_stream(TomlTable(stream, "[stream]", path), folder),
        source=str(path),
        state=state,
    )
    if not all(map(is_origin, deployment.cors)):
        raise server.wrong("cors", 'must be a list of origins such as "https://example.org", or ["*"]')
    server.end()
    limits.end()
    return deployment


def _name(entry: TomlTable) -> str | None:
    name: str | None = entry.optional("name", str)
    if name is not None and not is_name(name):
        raise entry.wrong(
            "name", "must begin with a letter or a digit, and have at most 128 letters, digits, '.', '_' and '-'"
        )
    return name


def _header(entry: TomlTable) -> str | None:
    header: str | None = entry.optional("sticky", str)
    if header is not None and _TOKEN.fullmatch(header) is None:
        raise entry.wrong("sticky", "must be the name of a header, such as X-Patient")
    return header


def _read_batch(raw: dict[str, Any], path: Path) -> FolderSettings:
    from sealift.serve.batch_settings import read_batch  # which servers of requests do not need

    return read_batch(TomlTable(raw, "[batch]", path), path.parent)
