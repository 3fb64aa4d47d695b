"""Envelopes of CloudEvents 1.0, in structured and in binary mode.

Sources: CloudEvents 1.0.2, its JSON event format, and its bindings for AMQP, HTTP, Kafka, MQTT and NATS,
https://github.com/cloudevents/spec. RabbitMQ (AMQP 0.9.1) and Redis have no binding there; names of attributes follow
`ce-`, as in https://github.com/knative-extensions/eventing-rabbitmq. The prefixes of all bindings are read.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import GenericAlias
from typing import Any

from sealift.errors import ServeError
from sealift.optional import need
from sealift.serve.stream.messages import Message
from sealift.serve.stream.settings import Envelope

STRUCTURED = "application/cloudevents+json"
_REQUIRED = ("specversion", "id", "source", "type")
_PREFIXES = ("ce-", "ce_", "cloudEvents:", "cloudEvents_")
_JSON = "application/json"


@dataclass(frozen=True)
class Event:
    """The data of a message, and the attributes of the event where it is one.

    Attributes:
        data: the bytes of the data.
        content_type: their content type; empty where it is not given.
        attributes: the attributes of the event, without the content type; empty for a message without an envelope.
        envelope: the mode; None for a message without an envelope.
    """

    data: bytes
    content_type: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    envelope: Envelope | None = None


def read_event(message: Message) -> Event:
    """The event in a message. Raises ServeError E793 for an envelope that is not valid."""
    headers = {name.lower(): value for name, value in message.headers.items()}
    content_type = headers.get("content-type", "")
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type.startswith("application/cloudevents"):
        if media_type != STRUCTURED:
            raise _invalid(f"its format {media_type!r:.80} is not supported", "Send single events in JSON.")
        return _structured(message.body, certain=True) or Event(message.body)
    attributes = _attributes(message.headers)
    if attributes:
        _check(attributes)
        stated = attributes.pop("datacontenttype", "")
        return Event(message.body, content_type or stated, attributes, "binary")
    # In NATS and MQTT 3 there are no content types: an event is recognized by its attributes.
    event = _structured(message.body, certain=False) if not content_type else None
    return event or Event(message.body, content_type)


def write_event(event: Event, prefix: str) -> tuple[bytes, dict[str, str]]:
    """The body and the headers of a message for an event with an envelope.

    Args:
        event: the event.
        prefix: what precedes the names of attributes in headers.
    """
    if event.envelope == "binary":
        named = {f"{prefix}{name}": value for name, value in event.attributes.items()}
        return event.data, named | {"content-type": event.content_type}
    members = {name: json.dumps(value) for name, value in event.attributes.items()}
    members["datacontenttype"] = json.dumps(event.content_type)
    if event.content_type.partition(";")[0] == _JSON:
        members["data"] = event.data.decode()
    else:
        try:
            members["data"] = json.dumps(event.data.decode())
        except UnicodeDecodeError:
            members["data_base64"] = json.dumps(base64.b64encode(event.data).decode())
    body = "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in members.items()) + "}"
    return body.encode(), {"content-type": f"{STRUCTURED}; charset=utf-8"}


def _attributes(headers: Mapping[str, str]) -> dict[str, str]:
    """The attributes in headers; empty where they are those of no event."""
    for prefix in _PREFIXES:
        start = prefix.lower()
        attributes = {
            name[len(prefix) :].lower(): value for name, value in headers.items() if name.lower().startswith(start)
        }
        if "specversion" in attributes:
            return attributes
    # MQTT has no prefix.
    if not {*_REQUIRED} <= headers.keys():
        return {}
    return {name: value for name, value in headers.items() if name.isalnum() and name == name.lower()}


def _structured(body: bytes, *, certain: bool) -> Event | None:
    """The event in a body of JSON; None, or an exception where it is `certain`, for a body without one."""
    msgspec = need("msgspec", "serve", "The server")
    try:
        # The data stay as they are: reading and writing them could change numbers.
        members: Mapping[str, Any] = msgspec.json.decode(body, type=GenericAlias(dict, (str, msgspec.Raw)))
        attributes = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, raw in members.items()
            if name not in ("data", "data_base64") and (value := json.loads(bytes(raw))) is not None
        }
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        if certain:
            raise _invalid("it is not a JSON object", "Send an event in the JSON event format.") from error
        return None
    if not certain and not {*_REQUIRED} <= attributes.keys():
        return None
    _check(attributes)
    content_type = attributes.pop("datacontenttype", _JSON)
    if "data_base64" in members:
        try:
            data = base64.b64decode(json.loads(bytes(members["data_base64"])), validate=True)
        except (binascii.Error, ValueError, TypeError):
            raise _invalid("data_base64 is not base64", "Encode the data by RFC 4648.") from None
    else:
        data = bytes(members.get("data", b""))
        subtype = content_type.partition(";")[0].strip().lower()
        if subtype != _JSON and not subtype.endswith("+json") and data.startswith(b'"'):
            data = str(json.loads(data)).encode("utf-8", "surrogatepass")
    return Event(data, content_type, attributes, "structured")


def _check(attributes: Mapping[str, str]) -> None:
    if attributes.get("specversion") != "1.0":
        raise _invalid(f"specversion is {attributes.get('specversion')!r:.40}", "Send events of CloudEvents 1.0.")
    for name in _REQUIRED:
        if not attributes.get(name):
            raise _invalid(f"the attribute {name} is missing or empty", f"Set {name}.")


def _invalid(what: str, fix: str) -> ServeError:
    return ServeError("E793", f"The message is not a valid CloudEvent: {what}.", fix=fix)
