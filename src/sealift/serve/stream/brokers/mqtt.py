"""MQTT 5, by paho-mqtt: a shared subscription with QoS 1; messages are acknowledged after their answers."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from sealift.optional import need
from sealift.serve.stream.brokers.pushed import taken
from sealift.serve.stream.messages import Message, Outgoing, too_large
from sealift.serve.stream.settings import StreamSettings

_TIMEOUT = 10.0
_KEEPALIVE = 15
_SESSION = 7 * 86_400
"""Seconds for which the broker keeps the session, with its messages, of a worker that is gone."""
_TOO_LARGE = 149  # the reason code "Packet too large"
_REFUSED = (134, 135)  # "Bad user name or password", "Not authorized"


class MqttConnection:
    """A connection to a broker of MQTT. paho's thread reads and writes; its callbacks are passed to the event loop."""

    prefix = ""
    refusals = (PermissionError,)

    def __init__(self, settings: StreamSettings, place: int) -> None:
        library: Any = need("paho.mqtt.client", "stream", "A stream of MQTT")
        enums: Any = need("paho.mqtt.enums", "stream", "A stream of MQTT")
        self._properties: Any = need("paho.mqtt.properties", "stream", "A stream of MQTT").Properties
        self._packets: Any = need("paho.mqtt.packettypes", "stream", "A stream of MQTT").PacketTypes
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._received: asyncio.Queue[Any] = asyncio.Queue()
        self._confirmed: dict[int, asyncio.Future[None]] = {}
        self._connected: asyncio.Future[None] = self._loop.create_future()
        self._subscribed: asyncio.Future[None] = self._loop.create_future()
        self._client: Any = library.Client(
            enums.CallbackAPIVersion.VERSION2,
            client_id=_session(settings, place),
            protocol=library.MQTTv5,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        if settings.user:
            self._client.username_pw_set(settings.user, settings.password())
        context = settings.context()
        if context is not None:
            self._client.tls_set_context(context)
        self._client.on_connect = self._passed(self._on_connect)
        self._client.on_disconnect = self._passed(self._on_disconnect)
        self._client.on_subscribe = self._passed(self._on_subscribe)
        self._client.on_publish = self._passed(self._on_publish)
        self._client.on_message = self._passed(self._on_message)

    def _passed(self, function: Callable[..., None]) -> Callable[..., None]:
        """A callback that calls a function in the event loop."""

        def callback(_client: object, _userdata: object, *arguments: Any) -> None:
            with suppress(RuntimeError):  # the event loop has ended
                self._loop.call_soon_threadsafe(function, *arguments)

        return callback

    async def connect(self) -> None:
        """Connect with a session that the broker keeps, and subscribe."""
        settings = self._settings
        properties = self._properties(self._packets.CONNECT)
        properties.SessionExpiryInterval = _SESSION
        properties.ReceiveMaximum = settings.prefetch
        await asyncio.to_thread(
            self._client.connect,
            settings.host,
            settings.port,
            keepalive=_KEEPALIVE,
            clean_start=False,
            properties=properties,
        )
        self._client.loop_start()
        await asyncio.wait_for(self._connected, _TIMEOUT)
        self._client.subscribe(f"$share/{settings.group}/{settings.source}", qos=1)
        await asyncio.wait_for(self._subscribed, _TIMEOUT)

    async def receive(self) -> list[Message]:
        """As `Broker.receive`."""
        return [_message(each) for each in await taken(self._received, self._settings.prefetch)]

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """As `Broker.publish`."""
        waiting = []
        for each in messages:
            properties = self._properties(self._packets.PUBLISH)
            properties.UserProperty = [(name, value) for name, value in each.headers.items() if name != "content-type"]
            if each.headers.get("content-type"):
                properties.ContentType = each.headers["content-type"]
            try:
                info = self._client.publish(each.place, each.body, qos=1, properties=properties)
            except ValueError:  # the payload is longer than the protocol permits
                raise too_large(each.place) from None
            if info.rc:
                raise ConnectionError("the connection was closed")
            self._confirmed[info.mid] = self._loop.create_future()
            waiting.append(self._confirmed[info.mid])
        await asyncio.gather(*waiting)

    async def acknowledge(self, messages: Sequence[Message]) -> None:
        """As `Broker.acknowledge`."""
        for each in messages:
            if self._client.ack(each.handle.mid, each.handle.qos):
                raise ConnectionError("the connection was closed")

    async def close(self) -> None:
        """End the connection; the broker keeps the session."""
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    def _on_connect(self, _flags: object, code: Any, _properties: object) -> None:
        if not self._connected.done():
            if code.is_failure:
                kind = PermissionError if code.value in _REFUSED else ConnectionError
                self._connected.set_exception(kind(f"the broker refuses the connection: {code}"))
            else:
                self._connected.set_result(None)

    def _on_disconnect(self, _flags: object, code: Any, _properties: object) -> None:
        error = ConnectionError(f"the connection was closed: {code}")
        self._received.put_nowait(error)
        for future in (self._connected, self._subscribed, *self._confirmed.values()):
            if not future.done():
                future.set_exception(error)
                future.exception()  # it may be that nobody waits for it

    def _on_subscribe(self, _mid: int, codes: Sequence[Any], _properties: object) -> None:
        if not self._subscribed.done():
            if any(code.is_failure for code in codes):
                self._subscribed.set_exception(ConnectionError(f"the broker refuses the subscription: {codes[0]}"))
            else:
                self._subscribed.set_result(None)

    def _on_publish(self, mid: int, code: Any, _properties: object) -> None:
        future = self._confirmed.pop(mid, None)
        if future is None or future.done():
            return
        if code.value == _TOO_LARGE:
            future.set_exception(too_large(self._settings.target))
        elif code.is_failure:
            future.set_exception(ConnectionError(f"the broker refuses a message: {code}"))
        else:
            future.set_result(None)

    def _on_message(self, message: Any) -> None:
        self._received.put_nowait(message)


def connection(settings: StreamSettings, place: int) -> MqttConnection:
    """A connection that is not open yet."""
    return MqttConnection(settings, place)


def _session(settings: StreamSettings, place: int) -> str:
    """The name of the session: the process that replaces a worker gets the messages of that worker."""
    places = f"{settings.source}\n{settings.target}\n{settings.dead}"
    return f"{settings.group}-{settings.name}-{hashlib.sha256(places.encode()).hexdigest()[:8]}-{place}"


def _message(raw: Any) -> Message:
    properties = raw.properties
    headers = dict(getattr(properties, "UserProperty", None) or [])
    content_type = getattr(properties, "ContentType", None)
    if content_type:
        headers["content-type"] = content_type
    return Message(raw.payload, headers, "", 2 if raw.dup else 1, raw)
