"""Redis Streams, by redis-py: a consumer group; messages of a worker that ended are claimed by another."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from sealift.optional import need
from sealift.serve.stream.messages import Message, Outgoing
from sealift.serve.stream.settings import StreamSettings

_WAIT = 500  # milliseconds
_TIMEOUT = 10.0
_DATA = "data"


class RedisConnection:
    """A connection to Redis. A message is an entry of a stream: the body is its field `data`, others are headers."""

    prefix = "ce-"

    def __init__(self, settings: StreamSettings, place: int) -> None:
        library: Any = need("redis.asyncio", "stream", "A stream of Redis")
        self._errors: Any = need("redis.exceptions", "stream", "A stream of Redis")
        errors = self._errors
        self.refusals = (errors.AuthenticationError, errors.AuthorizationError, errors.NoPermissionError)
        self._settings = settings
        self._name = f"{settings.name}-{place}-{secrets.token_hex(4)}"
        self._claim_at = 0.0
        self._client: Any = library.Redis(
            host=settings.host,
            port=settings.port,
            db=int(settings.path or 0),
            username=settings.user or None,
            password=settings.password(),
            ssl=settings.tls,
            ssl_ca_certs=None if settings.ca_file is None else str(settings.ca_file),
            socket_connect_timeout=_TIMEOUT,
            socket_timeout=_TIMEOUT,
            retry=None,
        )

    async def connect(self) -> None:
        """Connect, and make the group unless it exists."""
        try:
            await self._client.xgroup_create(self._settings.source, self._settings.group, id="0", mkstream=True)
        except self._errors.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def receive(self) -> list[Message]:
        """As `Broker.receive`; first messages that other workers took and did not acknowledge in time."""
        settings = self._settings
        if time.monotonic() >= self._claim_at:
            claimed = await self._claimed()
            if claimed:
                return claimed
            self._claim_at = time.monotonic() + settings.redeliver / 2
        streams = {settings.source: ">"}
        streams_read = await self._client.xreadgroup(
            settings.group, self._name, streams, count=settings.prefetch, block=_WAIT
        )
        entries = (
            (streams_read.values() if isinstance(streams_read, Mapping) else [each[1] for each in streams_read])
            if streams_read
            else []
        )
        return [_message(name, fields, 1) for each in entries for name, fields in _flat(each)]

    async def _claimed(self) -> list[Message]:
        settings = self._settings
        claimed = await self._client.xautoclaim(
            settings.source,
            settings.group,
            self._name,
            min_idle_time=int(settings.redeliver * 1000),
            count=settings.prefetch,
        )
        messages = []
        for name, fields in _flat(claimed[1]):
            pending = await self._client.xpending_range(settings.source, settings.group, name, name, 1)
            deliveries = max(2, pending[0]["times_delivered"]) if pending else 2
            messages.append(_message(name, fields, deliveries))
        return messages

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """As `Broker.publish`."""
        pipeline = self._client.pipeline(transaction=False)
        for each in messages:
            pipeline.xadd(each.place, {**each.headers, _DATA: each.body})
        await pipeline.execute()

    async def acknowledge(self, messages: Sequence[Message]) -> None:
        """As `Broker.acknowledge`."""
        await self._client.xack(self._settings.source, self._settings.group, *(each.handle for each in messages))

    async def close(self) -> None:
        """End the connection; the consumer is removed from the group unless it has messages."""
        settings = self._settings
        try:
            with suppress(Exception):
                if not await self._client.xpending_range(settings.source, settings.group, "-", "+", 1, self._name):
                    await self._client.xgroup_delconsumer(settings.source, settings.group, self._name)
        finally:
            await self._client.aclose()


def connection(settings: StreamSettings, place: int) -> RedisConnection:
    """A connection that is not open yet."""
    return RedisConnection(settings, place)


def _flat(entries: Any) -> list[tuple[Any, Any]]:
    """Pairs of the name and the fields of entries, which redis-py nests for one version of the protocol."""
    flat: list[tuple[Any, Any]] = []
    for each in entries:
        if isinstance(each, list) and each and isinstance(each[0], (list, tuple)):
            flat += _flat(each)
        elif each[1] is not None:  # an entry that was deleted
            flat.append((each[0], each[1]))
    return flat


def _message(name: bytes, fields: Mapping[bytes, bytes], deliveries: int) -> Message:
    headers = {key.decode("utf-8", "replace"): value for key, value in fields.items()}
    body = headers.pop(_DATA, b"")
    decoded = {key: value.decode("utf-8", "replace") for key, value in headers.items()}
    return Message(body, decoded, name.decode(), deliveries, name)
