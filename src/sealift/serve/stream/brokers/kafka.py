"""Kafka, by aiokafka: a consumer group whose offsets are committed after the answers are on all in-sync replicas."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from sealift.optional import need
from sealift.serve.stream.messages import Message, Outgoing, too_large
from sealift.serve.stream.settings import StreamSettings

_WAIT = 500  # milliseconds
_CHECK = 5.0
"""Seconds without a message after which the broker is asked whether it is there: the library hides that it is gone."""


class KafkaConnection:
    """A connection to Kafka."""

    prefix = "ce_"

    def __init__(self, settings: StreamSettings, place: int) -> None:
        self._library: Any = need("aiokafka", "stream", "A stream of Kafka")
        self._errors: Any = need("aiokafka.errors", "stream", "A stream of Kafka")
        errors = self._errors
        self.refusals = (
            errors.AuthenticationFailedError,
            errors.SaslAuthenticationFailed,
            errors.TopicAuthorizationFailedError,
            errors.GroupAuthorizationFailedError,
            errors.ClusterAuthorizationFailedError,
        )
        self._settings = settings
        name = f"{settings.name}-{place}"
        self._options: Mapping[str, Any] = {
            "bootstrap_servers": f"{settings.host}:{settings.port}",
            "client_id": name,
            "security_protocol": f"{'SASL_' if settings.user else ''}{'SSL' if settings.tls else 'PLAINTEXT'}",
            "ssl_context": settings.context(),
            "sasl_mechanism": settings.sasl,
            "sasl_plain_username": settings.user or None,
            "sasl_plain_password": settings.password() if settings.user else None,
        }
        self._started: list[Any] = []
        self._idle = asyncio.Event()  # no message waits for its acknowledgement
        self._idle.set()
        self._check_at = time.monotonic() + _CHECK
        self._consumer: Any = None
        self._producer: Any = None

    async def connect(self) -> None:
        """Connect, and join the group."""
        context = self._settings.context()
        if context is not None:  # the library does not report why the encryption of a connection fails
            _, writer = await asyncio.open_connection(self._settings.host, self._settings.port, ssl=context)
            writer.close()
        self._producer = self._library.AIOKafkaProducer(acks="all", enable_idempotence=True, **self._options)
        self._consumer = self._library.AIOKafkaConsumer(
            group_id=self._settings.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=self._settings.prefetch,
            **self._options,
        )
        for each in (self._producer, self._consumer):
            self._started.append(each)
            await each.start()
        self._consumer.subscribe([self._settings.source], listener=self._listener())

    def _listener(self) -> Any:
        """Lets a partition go to another worker when its messages are answered and its offset is committed."""
        idle = self._idle

        class Listener(self._library.ConsumerRebalanceListener):  # type: ignore[misc, name-defined]
            async def on_partitions_revoked(self, _revoked: object) -> None:
                await idle.wait()

            async def on_partitions_assigned(self, _assigned: object) -> None:
                """There is nothing to do."""

        return Listener()

    async def receive(self) -> list[Message]:
        """As `Broker.receive`: the messages of each partition are in their order."""
        by_partition = await self._consumer.getmany(timeout_ms=_WAIT, max_records=self._settings.prefetch)
        if by_partition:
            self._idle.clear()
            self._check_at = time.monotonic() + _CHECK
        elif time.monotonic() > self._check_at:
            await self._consumer.topics()
            self._check_at = time.monotonic() + _CHECK
        return [_message(partition, record) for partition, records in by_partition.items() for record in records]

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """As `Broker.publish`: answers with the same key are in the order of the messages."""
        sent = []
        for each in messages:
            headers = [(name, value.encode()) for name, value in each.headers.items()]
            try:
                sent.append(await self._producer.send(each.place, each.body, key=each.key, headers=headers))
            except self._errors.MessageSizeTooLargeError:
                raise too_large(each.place) from None
        try:
            await asyncio.gather(*sent)
        except self._errors.MessageSizeTooLargeError:
            raise too_large(self._settings.target) from None

    async def acknowledge(self, messages: Sequence[Message]) -> None:
        """As `Broker.acknowledge`: the offset after the last message of each partition is committed."""
        offsets: dict[Any, int] = {}
        for each in messages:
            partition, offset = each.handle
            offsets[partition] = offset + 1
        # Where the partition goes to another worker at this moment, that worker answers the messages again.
        with suppress(self._errors.CommitFailedError):
            await self._consumer.commit(offsets)
        self._idle.set()

    async def close(self) -> None:
        """Leave the group, and end the connections."""
        self._idle.set()
        # At once: the consumer may raise an error, or not end, where the broker is gone.
        await asyncio.gather(*(each.stop() for each in self._started), return_exceptions=True)


def connection(settings: StreamSettings, place: int) -> KafkaConnection:
    """A connection that is not open yet."""
    return KafkaConnection(settings, place)


def _message(partition: Any, record: Any) -> Message:
    headers = {name: value.decode("utf-8", "replace") for name, value in record.headers if value is not None}
    identifier = f"{record.topic}-{record.partition}-{record.offset}"
    return Message(record.value or b"", headers, identifier, 1, (partition, record.offset), record.key)
