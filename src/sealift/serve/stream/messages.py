"""Messages that were received and messages to be published, as all brokers have them, and the interface of a broker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sealift.errors import ServeError


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was received and is not acknowledged.

    Attributes:
        body: its bytes.
        headers: its headers as the broker has them; the content type is the header content-type.
        id: a name of the message that is the same at each delivery; empty where the broker has none.
        deliveries: the number of its deliveries so far, at least 1, as far as the broker counts them.
        handle: what the broker needs to acknowledge it.
        key: the key by which Kafka chooses the partition.
    """

    body: bytes
    headers: Mapping[str, str]
    id: str
    deliveries: int
    handle: Any
    key: bytes | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be published.

    Attributes:
        place: the queue, topic, subject or stream.
        body, headers, key: as in `Message`.
        id: a name by which duplicates can be recognized; empty where there is none.
    """

    place: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    id: str = ""
    key: bytes | None = None


class Broker(Protocol):
    """One connection to a broker. Exceptions of its methods end it; another one is then made.

    Attributes:
        prefix: what precedes the names of CloudEvents' attributes in headers.
        refusals: the exceptions that mean that the broker refuses the user, the password, or what the user may do.
    """

    prefix: str
    refusals: tuple[type[Exception], ...]

    async def connect(self) -> None:
        """Connect, and ask for messages. Raises ServeError E792 where a queue is missing."""
        ...

    async def receive(self) -> list[Message]:
        """The messages that are there, up to `prefetch`, in their order; an empty list after about half a second."""
        ...

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Publish messages in their order, and wait until the broker has them.

        Raises:
            ServeError: E792 where a queue is missing, E795 where a message exceeds a limit of the broker.
        """
        ...

    async def acknowledge(self, messages: Sequence[Message]) -> None:
        """Acknowledge messages, in the order in which they were received."""
        ...

    async def close(self) -> None:
        """End the connection; messages that are not acknowledged are delivered again."""
        ...


def missing(place: str, fix: str) -> ServeError:
    """The error E792 for a queue, topic, subject or stream."""
    return ServeError("E792", f"The broker has no place for messages named {place!r:.200}.", fix=fix)


def too_large(place: str) -> ServeError:
    """The error E795."""
    return ServeError(
        "E795",
        f"A message for {place!r:.200} exceeds a limit of the broker.",
        fix="Raise the limit of the broker, or send fewer rows in a message.",
    )
