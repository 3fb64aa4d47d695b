"""Clients of brokers for tests: they send messages and collect what was published."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any, TypeVar

import brokers

Received = tuple[bytes, dict[str, str]]
Result = TypeVar("Result")
_ENCRYPTED = {"nats": "nats+tls", "redis": "rediss", "amqp": "amqps", "mqtt": "mqtts"}


class Client:
    """One client; `name` is the name of the queue of messages, and the beginning of the others."""

    url = ""
    server: brokers.Server

    def __init__(self, server: brokers.Server, name: str) -> None:
        self.server = server
        self.source, self.target, self.dead = name, f"{name}-answers", f"{name}-dead"
        self.received: dict[str, list[Received]] = {self.target: [], self.dead: []}

    def settings(self, **more: str) -> str:
        """The table of a deployment file."""
        server = self.server
        given = {
            "url": f'"{self.url if server.ca is None else _ENCRYPTED[self.url]}://127.0.0.1:{server.port}"',
            "from": f'"{self.source}"',
            "to": f'"{self.target}"',
            "dead": f'"{self.dead}"',
            "create": "true",
            "redeliver": "1.5",
        }
        if server.password:
            password = server.folder / "password"
            password.write_text(server.password)
            given |= {"password_file": f'"{password}"'} | ({"user": f'"{server.user}"'} if server.user else {})
        if server.ca is not None:
            given["ca_file"] = f'"{server.ca}"'
        given |= more
        return "[stream]\n" + "".join(f"{key} = {value}\n" for key, value in given.items())

    def send(self, messages: Iterable[tuple[bytes, Mapping[str, str]]]) -> None:
        raise NotImplementedError

    def fetch(self, place: str) -> list[Received]:
        """All messages that were published to a place so far."""
        raise NotImplementedError

    def pending(self) -> int | None:
        """Messages that were not taken or not acknowledged; None where the broker does not say."""
        return None

    def wait(self, place: str, enough: Callable[[list[Received]], bool], seconds: float = 90) -> list[Received]:
        """The messages of a place, when there are enough."""
        until = time.monotonic() + seconds
        received: list[Received] = []
        while time.monotonic() < until:
            with suppress(OSError, RuntimeError):  # the broker is gone
                received = self.fetch(place)
                if enough(received):
                    return received
            time.sleep(0.1)
        raise AssertionError(f"{len(received)} messages in {place}: {received[-2:]}")

    def close(self) -> None:
        """End what runs in the background."""


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(asyncio.wait_for(work, 60))


class NatsClient(Client):
    url = "nats"

    def __init__(self, server: brokers.Server, name: str) -> None:
        super().__init__(server, name)
        _run(self._declare())

    async def _client(self) -> Any:
        import nats

        server = self.server
        return await nats.connect(
            f"{'nats' if server.ca is None else 'tls'}://127.0.0.1:{server.port}",
            allow_reconnect=False,
            tls=server.context(),
            user=server.user or None,
            password=server.password or None,
        )

    async def _declare(self) -> None:
        client = await self._client()
        for name in (self.source, self.target, self.dead):
            await client.jetstream().add_stream(name=name, subjects=[name])
        await client.close()

    def send(self, messages: Iterable[tuple[bytes, Mapping[str, str]]]) -> None:
        async def send() -> None:
            client = await self._client()
            stream = client.jetstream()
            for body, headers in messages:
                await stream.publish(self.source, body, headers=dict(headers))
            await client.close()

        _run(send())

    def fetch(self, place: str) -> list[Received]:
        import nats

        async def fetch() -> list[Received]:
            client = await self._client()
            stream = client.jetstream()
            received: list[Received] = []
            with suppress(nats.js.errors.NotFoundError):
                count = (await stream.stream_info(place)).state.messages
                subscription = await stream.pull_subscribe(place, stream=place)
                while len(received) < count:
                    for each in await subscription.fetch(count - len(received), timeout=5):
                        received.append((each.data, dict(each.headers or {})))
                        await each.ack()
                await subscription.unsubscribe()
            await client.close()
            return received

        return _run(fetch())

    def pending(self) -> int | None:
        async def pending() -> int:
            client = await self._client()
            info = await client.jetstream().consumer_info(self.source, "sealift")
            await client.close()
            return int((info.num_pending or 0) + (info.num_ack_pending or 0))

        return _run(pending())


class RedisClient(Client):
    url = "redis"

    def _client(self) -> Any:
        import redis

        server = self.server
        return redis.Redis(
            port=server.port,
            password=server.password or None,
            ssl=server.ca is not None,
            ssl_ca_certs=None if server.ca is None else str(server.ca),
            host="127.0.0.1",
        )

    def send(self, messages: Iterable[tuple[bytes, Mapping[str, str]]]) -> None:
        with self._client() as client:
            for body, headers in messages:
                client.xadd(self.source, {**headers, "data": body})

    def fetch(self, place: str) -> list[Received]:
        import redis

        with self._client() as client, suppress(redis.exceptions.ConnectionError):
            fields = [each[1] for each in client.xrange(place)]
            named = [{key.decode(): value for key, value in each.items()} for each in fields]
            return [(each.pop("data"), {key: value.decode() for key, value in each.items()}) for each in named]
        return []

    def pending(self) -> int | None:
        with self._client() as client:
            group = client.xinfo_groups(self.source)[0]
            return int(group["pending"] + (group.get("lag") or 0))


class RabbitClient(Client):
    url = "amqp"

    async def _channel(self) -> tuple[Any, Any]:
        import aio_pika

        server = self.server
        connection = await aio_pika.connect(
            host="127.0.0.1",
            port=server.port,
            login=server.user or "guest",
            password=server.password or "guest",
            ssl=server.ca is not None,
            ssl_context=server.context(),
        )
        channel = await connection.channel()
        for name in (self.source, self.target, self.dead):
            await channel.declare_queue(name, durable=True)
        return connection, channel

    def send(self, messages: Iterable[tuple[bytes, Mapping[str, str]]]) -> None:
        import aio_pika

        async def send() -> None:
            connection, channel = await self._channel()
            for body, headers in messages:
                content_type = headers.get("content-type")
                rest: Any = {key: value for key, value in headers.items() if key != "content-type"}
                message = aio_pika.Message(body, headers=rest, content_type=content_type, delivery_mode=2)
                await channel.default_exchange.publish(message, self.source)
            await connection.close()

        _run(send())

    def fetch(self, place: str) -> list[Received]:
        async def fetch() -> None:
            connection, channel = await self._channel()
            queue = await channel.declare_queue(place, durable=True)
            while (message := await queue.get(fail=False)) is not None:
                headers = {key: str(value) for key, value in message.headers.items()}
                if message.content_type:
                    headers["content-type"] = message.content_type
                self.received[place].append((message.body, headers))
                await message.ack()
            await connection.close()

        with suppress(Exception):
            _run(fetch())
        return self.received[place]

    def pending(self) -> int | None:
        async def pending() -> int:
            connection, channel = await self._channel()
            queue = await channel.declare_queue(self.source, durable=True)
            await connection.close()
            return int(queue.declaration_result.message_count)

        return _run(pending())


class KafkaClient(Client):
    url = "kafka"

    @property
    def _address(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    def send(self, messages: Iterable[tuple[bytes, Mapping[str, str]]]) -> None:
        aiokafka: Any = import_module("aiokafka")

        async def send() -> None:
            async with aiokafka.AIOKafkaProducer(bootstrap_servers=self._address, acks="all") as producer:
                for i, (body, headers) in enumerate(messages):
                    pairs = [(key, value.encode()) for key, value in headers.items()]
                    await producer.send_and_wait(self.source, body, key=b"%d" % (i % 7), headers=pairs)

        _run(send())

    def fetch(self, place: str) -> list[Received]:
        aiokafka: Any = import_module("aiokafka")

        async def fetch() -> list[Received]:
            received: list[Received] = []
            consumer = aiokafka.AIOKafkaConsumer(bootstrap_servers=self._address, auto_offset_reset="earliest")
            async with consumer:
                await consumer._client.force_metadata_update()
                numbers = consumer.partitions_for_topic(place) or set(range(4))
                partitions = [aiokafka.TopicPartition(place, number) for number in sorted(numbers)]
                consumer.assign(partitions)
                ends = await consumer.end_offsets(partitions)
                while len(received) < sum(ends.values()):
                    for records in (await consumer.getmany(timeout_ms=500)).values():
                        for each in records:
                            headers = {key: value.decode() for key, value in each.headers}
                            received.append((each.value or b"", headers))
            return received

        return _run(fetch())

    def pending(self) -> int | None:
        aiokafka: Any = import_module("aiokafka")

        async def pending() -> int:
            consumer = aiokafka.AIOKafkaConsumer(bootstrap_servers=self._address, group_id="sealift")
            async with consumer:
                partitions = [aiokafka.TopicPartition(self.source, number) for number in range(4)]
                ends = await consumer.end_offsets(partitions)
                return sum([ends[each] - (await consumer.committed(each) or 0) for each in partitions])

        return _run(pending())


class MqttClient(Client):
    url = "mqtt"

    def __init__(self, server: brokers.Server, name: str) -> None:
        super().__init__(server, name)
        import paho.mqtt.client as mqtt
        from paho.mqtt.enums import CallbackAPIVersion
        from paho.mqtt.packettypes import PacketTypes

        properties: Any = import_module("paho.mqtt.properties").Properties
        self._properties, self._publish = properties, PacketTypes.PUBLISH
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"test-{name}", protocol=mqtt.MQTTv5)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_message = self._on_message
        self._client.on_connect = lambda client, *_: client.subscribe([(self.target, 1), (self.dead, 1)])
        if server.user:
            self._client.username_pw_set(server.user, server.password)
        context = server.context()
        if context is not None:
            self._client.tls_set_context(context)
        connect = properties(PacketTypes.CONNECT)
        connect.SessionExpiryInterval = 3600
        self._client.connect("127.0.0.1", server.port, clean_start=False, properties=connect)
        self._client.loop_start()

    def _on_message(self, _client: object, _userdata: object, message: Any) -> None:
        headers = dict(getattr(message.properties, "UserProperty", []))
        if hasattr(message.properties, "ContentType"):
            headers["content-type"] = message.properties.ContentType
        self.received[message.topic].append((message.payload, headers))

    def send(self, messages: Iterable[tuple[bytes, Mapping[str, str]]]) -> None:
        for body, headers in messages:
            properties = self._properties(self._publish)
            properties.UserProperty = [(key, value) for key, value in headers.items() if key != "content-type"]
            if "content-type" in headers:
                properties.ContentType = headers["content-type"]
            self._client.publish(self.source, body, qos=1, properties=properties).wait_for_publish(60)

    def fetch(self, place: str) -> list[Received]:
        return list(self.received[place])

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
