"""The settings of a stream: `[stream]` of a deployment file."""

from __future__ import annotations

import os
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import unquote, urlsplit

from sealift import files
from sealift.serve.toml_table import TomlTable

Envelope: TypeAlias = Literal["structured", "binary"]
_ENVELOPES: tuple[Envelope, ...] = ("structured", "binary")
_PORTS = {"nats": 4222, "redis": 6379, "amqp": 5672, "mqtt": 1883, "kafka": 9092}
_TLS_PORTS = {"redis": 6379, "amqp": 5671, "mqtt": 8883}
_SCHEMES = {
    **{name: (name, False) for name in _PORTS},
    "nats+tls": ("nats", True),
    "rediss": ("redis", True),
    "amqps": ("amqp", True),
    "mqtts": ("mqtt", True),
    "kafka+tls": ("kafka", True),
}
"""Scheme of a URL → broker, and whether the connection is encrypted."""
_SASL = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


@dataclass(frozen=True)
class StreamSettings:
    """Where messages come from and go to.

    Attributes:
        broker: nats, redis, amqp, mqtt or kafka.
        host, port: its address.
        tls: whether the connection is encrypted.
        path: what follows the port: the virtual host of RabbitMQ, the number of the database of Redis.
        source, target, dead: the queue, topic, subject or stream of messages, of answers, and of messages without one.
        model: the model that answers; None where only one is served.
        group: the name under which all workers share the messages.
        client: the name of this server, for brokers that know their clients.
        envelope: the form of the answers; None for that of the message.
        prefetch: the maximum number of messages of a worker that are not acknowledged.
        redeliver: seconds after which a message that is not acknowledged is delivered again (NATS, Redis).
        deliveries: deliveries after which a message is dead.
        create: whether queues and streams that are missing are created.
        user: the user; empty where there is none.
        password_file, password_env: the file or the environment variable with the password.
        ca_file: certificates of the authorities that may have signed that of the broker; None for those of the system.
        sasl: the mechanism of authentication of Kafka.
    """

    broker: str
    host: str
    port: int
    source: str
    target: str
    dead: str
    tls: bool = False
    path: str = ""
    model: str | None = None
    group: str = "sealift"
    client: str = ""
    envelope: Envelope | None = None
    prefetch: int = 64
    redeliver: float = 30.0
    deliveries: int = 10
    create: bool = False
    user: str = ""
    password_file: Path | None = None
    password_env: str | None = None
    ca_file: Path | None = None
    sasl: str = "PLAIN"

    @property
    def place(self) -> str:
        """The broker, for messages: without user and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.broker}://{host}:{self.port}"

    @property
    def name(self) -> str:
        """The name of this server for brokers that know their clients; by default that of the machine."""
        return self.client or socket.gethostname()

    def password(self) -> str | None:
        """The password; it is read at each connection, so that it can be replaced. Raises FileError E401."""
        if self.password_file is not None:
            return files.read(self.password_file, limit=1 << 16).decode().strip()
        return os.environ.get(self.password_env) if self.password_env is not None else None

    def context(self) -> ssl.SSLContext | None:
        """The settings of TLS; None for a connection that is not encrypted."""
        return ssl.create_default_context(cafile=self.ca_file) if self.tls else None


def read_stream(table: TomlTable, folder: Path) -> StreamSettings:
    """The settings from a table of a deployment file. Raises ServeError E709."""
    url = table.required("url", str)
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES:
        raise table.wrong("url", f"must begin with one of {', '.join(f'{name}://' for name in _SCHEMES)}")
    if parts.username is not None or parts.password is not None:
        raise table.wrong("url", "must have no user and no password: use user and password_file or password_env")
    broker, tls = _SCHEMES[parts.scheme]
    try:
        port = parts.port or (_TLS_PORTS if tls else _PORTS).get(broker) or _PORTS[broker]
    except ValueError:
        raise table.wrong("url", "has an invalid port") from None
    password = table.optional("password_file", str)
    ca_file = table.optional("ca_file", str)
    sasl = table.one_of("sasl", _SASL)
    settings = StreamSettings(
        broker,
        parts.hostname or "127.0.0.1",
        port,
        source=table.required("from", str),
        target=table.required("to", str),
        dead=table.required("dead", str),
        tls=tls,
        path=unquote(parts.path.removeprefix("/")),
        model=table.optional("model", str),
        group=table.optional("group", str) or "sealift",
        client=table.optional("client", str) or "",
        envelope=table.one_of("envelope", _ENVELOPES),
        prefetch=table.number("prefetch", 64, 1, 10_000),
        redeliver=table.fraction("redeliver", 30.0, 1.0, 86_400.0),
        deliveries=table.number("deliveries", 10, 1, 1_000_000),
        create=bool(table.optional("create", bool)),
        user=table.optional("user", str) or "",
        password_file=None if password is None else folder / password,
        password_env=table.optional("password_env", str),
        ca_file=None if ca_file is None else folder / ca_file,
        sasl=sasl or "PLAIN",
    )
    table.end()
    if len({settings.source, settings.target, settings.dead}) < 3:
        raise table.wrong("to", "must differ from 'from' and 'dead', and these from each other")
    if broker == "redis" and settings.path and not settings.path.isdecimal():
        raise table.wrong("url", "must end with the number of a database")
    return settings
