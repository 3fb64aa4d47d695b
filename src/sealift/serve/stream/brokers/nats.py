"""NATS JetStream, by nats-py: a durable pull consumer that all workers share."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote

from sealift.optional import need
from sealift.serve.stream.messages import Message, Outgoing, missing, too_large
from sealift.serve.stream.settings import StreamSettings

_WAIT = 0.5
_TIMEOUT = 10.0
_PING = 10
"""Seconds between two messages that find out whether the broker still responds; two may have no response."""
_EVENT = "ce-"
_PLAIN = "".join(map(chr, range(0x21, 0x7F))).replace('"', "").replace("%", "")


class NatsConnection:
    """A connection to NATS."""

    prefix = _EVENT

    def __init__(self, settings: StreamSettings) -> None:
        self._nats: Any = need("nats", "stream", "A stream of NATS")
        self._errors: Any = need("nats.js.errors", "stream", "A stream of NATS")
        self._settings = settings
        self.refusals = (self._nats.errors.AuthorizationError,)
        self._client: Any = None
        self._subscription: Any = None

    async def connect(self) -> None:
        """Connect, and make the consumer unless it exists."""
        settings = self._settings
        password = settings.password()
        secrets = {"user": settings.user, "password": password} if settings.user else {"token": password}
        try:
            self._client = await self._nats.connect(
                f"{'tls' if settings.tls else 'nats'}://{settings.host}:{settings.port}",
                name=f"sealift {settings.group}",
                allow_reconnect=False,
                connect_timeout=_TIMEOUT,
                ping_interval=_PING,
                tls=settings.context(),
                error_cb=_ignore,
                **secrets,
            )
        except self._nats.errors.Error as error:  # of no class of its own
            if "authorization violation" in str(error).lower():
                raise self._nats.errors.AuthorizationError from error
            raise
        self._stream = self._client.jetstream(timeout=_TIMEOUT)
        names = [await self._stream_of(place) for place in (settings.source, settings.target, settings.dead)]
        api: Any = need("nats.js.api", "stream", "A stream of NATS")
        self._subscription = await self._stream.pull_subscribe(
            settings.source,
            durable=settings.group,
            stream=names[0],
            config=api.ConsumerConfig(
                ack_policy=api.AckPolicy.EXPLICIT, ack_wait=settings.redeliver, max_ack_pending=10_000
            ),
        )

    async def _stream_of(self, subject: str) -> str:
        try:
            return str(await self._stream.find_stream_name_by_subject(subject))
        except self._errors.NotFoundError:
            if not self._settings.create:
                fix = f"Make a stream with this subject: `nats stream add --subjects {subject}`, or set create = true."
                raise missing(subject, fix) from None
        name = subject.replace(".", "_").replace("*", "any").replace(">", "all")
        await self._stream.add_stream(name=name, subjects=[subject])
        return name

    async def receive(self) -> list[Message]:
        """As `Broker.receive`."""
        try:
            fetched = await self._subscription.fetch(self._settings.prefetch, timeout=_WAIT)
        except (TimeoutError, self._nats.errors.TimeoutError):
            if not self._client.is_connected:  # where pings have no response, the library does not close it completely
                raise ConnectionError("the connection was closed") from None
            return []
        return [_message(each) for each in fetched]

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """As `Broker.publish`."""
        try:
            await asyncio.gather(*(self._publish(each) for each in messages))
        except self._errors.NoStreamResponseError:
            places = ", ".join(dict.fromkeys(each.place for each in messages))
            raise missing(places, "Make a stream with this subject.") from None

    async def _publish(self, message: Outgoing) -> None:
        headers = {name: _header(name, value) for name, value in message.headers.items()} | (
            {"Nats-Msg-Id": message.id} if message.id else {}
        )
        try:
            await self._stream.publish(message.place, message.body, headers=headers)
        except self._nats.errors.MaxPayloadError:
            raise too_large(message.place) from None

    async def acknowledge(self, messages: Sequence[Message]) -> None:
        """As `Broker.acknowledge`."""
        for each in messages:
            await each.handle.ack()
        await self._client.flush(timeout=_TIMEOUT)

    async def close(self) -> None:
        """End the connection."""
        if self._client is not None:
            await self._client.close()


def connection(settings: StreamSettings, place: int) -> NatsConnection:
    """A connection that is not open yet."""
    del place
    return NatsConnection(settings)


def _message(raw: Any) -> Message:
    metadata = raw.metadata
    identifier = f"{metadata.stream}:{metadata.sequence.stream}"
    headers = {
        name: unquote(value) if name.lower().startswith(_EVENT) else value
        for name, value in (raw.headers or {}).items()
        if not name.startswith("Nats-")
    }
    return Message(raw.data, headers, identifier, metadata.num_delivered, raw)


def _header(name: str, value: str) -> str:
    """The value of a header: those of events percent-encoded as in HTTP, others without control characters."""
    if name.lower().startswith(_EVENT):
        return quote(value, safe=_PLAIN)
    return "".join(char if " " <= char <= "~" else " " for char in value)


async def _ignore(_: Exception) -> None:
    """Errors are raised by the call that they concern."""
