"""`deployment.toml`: the models that a server serves, where it listens, and its limits."""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sealift import files
from sealift.errors import ServeError
from sealift.serve.http.messages import Limits

_LONGEST = 1 << 20
_MOST_WORKERS = 256


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
    """

    file: Path
    name: str | None = None
    key: Path | None = None
    weight: float | None = None
    shadow: bool = False
    sticky: str | None = None


@dataclass(frozen=True)
class Deployment:
    """What one server does.

    Attributes:
        models: the models.
        host, port: where it listens; port 0 takes any free one.
        grpc: the port of gRPC; None does not serve it.
        workers: the number of processes; None takes the number of processors.
        open: whether other computers may use the server although it has no authentication.
        limits: limits of a request.
        source: the deployment file, for messages.
        state: the folder of the server's state and history; None keeps none after its end.
    """

    models: tuple[ModelSpec, ...]
    host: str = "127.0.0.1"
    port: int = 8080
    grpc: int | None = None
    workers: int | None = None
    open: bool = False
    limits: Limits = field(default_factory=Limits)
    source: str = ""
    state: Path | None = None


def read(path: Path) -> Deployment:
    """Read a deployment file.

    Raises:
        FileError: E401 when it cannot be read.
        ServeError: E709 when it is malformed, has an unknown key or a value of another type.
    """
    try:
        raw = tomllib.loads(files.read(path, limit=_LONGEST).decode())
    except ValueError as error:  # the parser's and the decoder's errors
        raise _malformed(path, f"it is not TOML: {error}", "Correct the file.") from None
    table = _Table(raw, "the file", path)
    server = table.table("server")
    limits = table.table("limits")
    entries = table.tables("models")
    table.end()
    folder = path.parent
    models = tuple(
        ModelSpec(
            file=folder / entry.required("file", str),
            name=entry.optional("name", str),
            key=None if (key := entry.optional("key", str)) is None else folder / key,
            weight=entry.percentage("weight"),
            shadow=bool(entry.optional("shadow", bool)),
            sticky=entry.optional("sticky", str),
        )
        for entry in entries
    )
    for entry in entries:
        entry.end()
    for name in dict.fromkeys(model.name for model in models if model.name is not None):
        shares = [model.weight for model in models if model.name == name and not model.shadow]
        if len(shares) > 1 and None in shares:
            fix = "Give one of them another name, or each a weight in percent."
            raise _malformed(path, f"two models have the name {name!r:.80}, and not all have a weight", fix)
        total = math.fsum(share for share in shares if share is not None)
        if None not in shares and abs(total - 100) > 1e-9:
            fix = "Correct the weights, which are in percent."
            raise _malformed(path, f"the weights of the model {name!r:.80} add up to {total:g} and not to 100", fix)
    if not models:
        raise _malformed(path, "it has no model", 'Add [[models]] and, below it, file = "heart.seal".')
    default = Deployment(())
    grpc = server.number("grpc", -1, 0, 65535)
    deployment = Deployment(
        models,
        host=server.optional("host", str) or default.host,
        port=server.number("port", default.port, 0, 65535),
        grpc=None if grpc < 0 else grpc,
        workers=server.number("workers", 0, 1, _MOST_WORKERS) or None,
        open=bool(server.optional("open", bool)),
        limits=Limits(
            body=limits.number("body", Limits.body, 1, 1 << 40),
            values=limits.number("values", Limits.values, 1, 1 << 40),
            receive=limits.number("receive", int(Limits.receive), 1, 86_400),
            idle=limits.number("idle", int(Limits.idle), 1, 86_400),
            connections=limits.number("connections", Limits.connections, 1, 1 << 20),
            queue=limits.number("queue", Limits.queue, 1, 1 << 20),
            threads=limits.number("threads", Limits.threads, 1, 256),
        ),
        source=str(path),
        state=folder / (server.optional("state", str) or f"{path.stem}.state"),
    )
    server.end()
    limits.end()
    return deployment


class _Table:
    """A table of TOML whose keys are taken one by one; those that are left are unknown."""

    def __init__(self, raw: Mapping[str, Any], where: str, path: Path) -> None:
        self._raw = dict(raw)
        self._where, self._path = where, path
        self._known: list[str] = []

    def optional(self, key: str, kind: type) -> Any:
        """A value, or None. Raises ServeError E709 for another type."""
        self._known.append(key)
        value = self._raw.pop(key, None)
        if value is not None and type(value) is not kind:
            wanted = {
                str: "a string",
                int: "an integer",
                float: "a number",
                bool: "true or false",
                dict: "a table",
                list: "a list",
            }[kind]
            raise self._wrong(key, f"must be {wanted}")
        return value

    def required(self, key: str, kind: type) -> Any:
        """A value. Raises ServeError E709 where it is missing or of another type."""
        value = self.optional(key, kind)
        if value is None:
            raise self._wrong(key, "is missing")
        return value

    def number(self, key: str, default: int, least: int, most: int) -> int:
        """An integer within limits."""
        value = self.optional(key, int)
        if value is None:
            return default
        if not least <= value <= most:
            raise self._wrong(key, f"must be from {least} to {most}")
        return int(value)

    def percentage(self, key: str) -> float | None:
        """A number from 0 to 100, or None."""
        value = self._raw.get(key)
        if type(value) is int:
            self._raw[key] = float(value)
        number: float | None = self.optional(key, float)
        if number is not None and not 0 <= number <= 100:
            raise self._wrong(key, "must be from 0 to 100")
        return number

    def table(self, key: str) -> _Table:
        """A table; empty where there is none."""
        return _Table(self.optional(key, dict) or {}, f"[{key}]", self._path)

    def tables(self, key: str) -> list[_Table]:
        """A list of tables."""
        entries = self.optional(key, list) or []
        if not all(isinstance(entry, dict) for entry in entries):
            raise self._wrong(key, "must be a list of tables")
        return [_Table(entry, f"[[{key}]] {i}", self._path) for i, entry in enumerate(entries, 1)]

    def end(self) -> None:
        """Raise ServeError E709 for a key that was not taken, with the nearest known one."""
        for key in self._raw:
            close = difflib.get_close_matches(key, self._known, n=1)
            fix = f"Did you mean {close[0]!r}?" if close else f"Known keys: {', '.join(sorted(self._known))}."
            raise _malformed(self._path, f"{self._where} has an unknown key {key!r:.40}", fix)

    def _wrong(self, key: str, reason: str) -> ServeError:
        return _malformed(self._path, f"{key!r} of {self._where} {reason}", "Correct the value.")


def _malformed(path: Path, what: str, fix: str) -> ServeError:
    return ServeError("E709", f"The deployment file is malformed: {what}.", where=str(path), fix=fix)
