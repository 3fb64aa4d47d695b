"""RabbitMQ (AMQP 0.9.1), by aio-pika: durable queues, confirmed publishing."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from sealift.optional import need
from sealift.serve.stream.brokers.pushed import taken
from sealift.serve.stream.messages import Message, Outgoing, missing
from sealift.serve.stream.settings import StreamSettings

_TIMEOUT = 10.0
_HEARTBEAT = 10
"""Seconds between two messages that find out whether the broker still responds; three may have no response."""
_MESSAGE_ID = "message-id"


class RabbitConnection:
    """A connection to RabbitMQ; messages are published through the default exchange, by the name of the queue."""

    prefix = "ce-"

    def __init__(self, settings: StreamSettings) -> None:
        self._library: Any = need("aio_pika", "stream", "A stream of RabbitMQ")
        self._errors: Any = need("aio_pika.exceptions", "stream", "A stream of RabbitMQ")
        errors: Any = need("aiormq.exceptions", "stream", "A stream of RabbitMQ")
        self.refusals = (
            errors.ProbableAuthenticationError,
            errors.AuthenticationError,
            errors.ChannelAccessRefused,
        )
        self._settings = settings
        self._connection: Any = None
        self._channel: Any = None
        self._received: asyncio.Queue[Any] = asyncio.Queue()

    async def connect(self) -> None:
        """Connect, and subscribe to the queue."""
        settings = self._settings
        context: ssl.SSLContext | None = settings.context()
        self._connection = await self._library.connect(
            host=settings.host,
            port=settings.port,
            login=settings.user or "guest",
            password=settings.password() or "guest",
            virtualhost=settings.path or "/",
            ssl=settings.tls,
            ssl_context=context,
            timeout=_TIMEOUT,
            heartbeat=_HEARTBEAT,
        )
        self._channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
        await self._channel.set_qos(prefetch_count=settings.prefetch)
        for name in (settings.target, settings.dead, settings.source):
            queue = await self._queue(name)
        self._channel.close_callbacks.add(self._closed)
        self._connection.close_callbacks.add(self._closed)
        await queue.consume(self._received.put_nowait)

    async def _queue(self, name: str) -> Any:
        try:
            return await self._channel.declare_queue(name, durable=True, passive=not self._settings.create)
        except self._errors.ChannelNotFoundEntity:
            raise missing(name, "Declare a durable queue of this name, or set create = true.") from None

    def _closed(self, _: object, error: BaseException | None = None) -> None:
        self._received.put_nowait(error or ConnectionError("the connection was closed"))

    async def receive(self) -> list[Message]:
        """As `Broker.receive`."""
        received = await taken(self._received, self._settings.prefetch)
        transport = self._connection.transport
        # The library ends its tasks where heartbeats have no response, and calls nobody.
        if not received and (transport is None or transport.connection.is_connection_was_stuck):
            raise ConnectionError("the broker does not respond")
        return [_message(each) for each in received]

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """As `Broker.publish`."""
        await asyncio.gather(*(self._publish(each) for each in messages))

    async def _publish(self, message: Outgoing) -> None:
        headers = {name: value for name, value in message.headers.items() if name not in ("content-type", _MESSAGE_ID)}
        sent = self._library.Message(
            message.body,
            headers=headers,
            content_type=message.headers.get("content-type"),
            message_id=message.id or message.headers.get(_MESSAGE_ID),
            delivery_mode=self._library.DeliveryMode.PERSISTENT,
        )
        try:
            await self._channel.default_exchange.publish(sent, message.place, mandatory=True)
        except self._errors.PublishError:
            raise missing(message.place, "Declare a durable queue of this name.") from None

    async def acknowledge(self, messages: Sequence[Message]) -> None:
        """As `Broker.acknowledge`."""
        for each in messages:
            await each.handle.ack()

    async def close(self) -> None:
        """End the connection; RabbitMQ then delivers what was not acknowledged again."""
        if self._connection is not None:
            with suppress(Exception):
                await self._connection.close()


def connection(settings: StreamSettings, place: int) -> RabbitConnection:
    """A connection that is not open yet."""
    del place
    return RabbitConnection(settings)


def _message(raw: Any) -> Message:
    headers = {name: _text(value) for name, value in raw.headers.items()}
    count = raw.headers.get("x-delivery-count")  # of quorum queues: deliveries before this one
    deliveries = 1 + count if isinstance(count, int) else 2 if raw.redelivered else 1
    if raw.content_type:
        headers["content-type"] = raw.content_type
    identifier = raw.message_id or ""
    if identifier:
        headers[_MESSAGE_ID] = identifier
    return Message(raw.body, headers, identifier, deliveries, raw)


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
