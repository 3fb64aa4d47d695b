"""The loop of a stream: receive messages, answer them, publish the answers, and only then acknowledge the messages.

A message whose answer was published but that was not acknowledged, because the process or the broker ended in between,
is delivered again and answered again: each message has at least one answer.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module

from sealift.errors import ServeError
from sealift.serve.service import Service
from sealift.serve.stream.answering import Answering
from sealift.serve.stream.faults import LASTING, fault
from sealift.serve.stream.messages import Broker, Message, Outgoing
from sealift.serve.stream.settings import StreamSettings
from sealift.serve.stream.state import StreamMemory
from sealift.serve.stream.within import within

_log = logging.getLogger(__name__)
_FIRST, _LONGEST = 0.2, 30.0
"""Seconds between two attempts to connect; each is twice as long as the one before."""
_TIMEOUT = 30.0
"""Seconds within which a broker must answer."""
_GROUP = 64
"""The maximum number of messages whose answers are published at once, so that a slow broker confirms them in time."""
_CLOSING = 5.0
_PATIENCE = 10.0
"""Seconds that a worker waits for the first attempt to connect before it is ready."""


class StreamConsumer:
    """Answers the messages of a broker in one worker.

    Args:
        service: the models.
        settings: the broker.
        place: the number of the worker.
        first: whether the server starts now. A user, a password or a certificate that is refused then ends it; later,
            such as after the password was replaced at the broker, the worker tries again.
    """

    def __init__(self, service: Service, settings: StreamSettings, place: int, first: bool = False) -> None:
        self._service, self._settings, self._place = service, settings, place
        self._state = (service.stream or StreamMemory(place + 1)).of(place)
        self._first = first
        self._refused: ServeError | None = None
        self._ending = asyncio.Event()
        self._delay = _FIRST
        self._tried = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin, and wait for the first attempt to connect: MQTT drops messages for which nobody has subscribed.

        Raises:
            ServeError: E796 and E797, at the start of the server.
        """
        self._task = asyncio.get_running_loop().create_task(self._run())
        with suppress(TimeoutError):
            await asyncio.wait_for(self._tried.wait(), _PATIENCE)
        if self._refused is not None:
            raise self._refused

    async def stop(self, seconds: float) -> None:
        """Take no further messages, and wait until those that were taken are answered and acknowledged."""
        self._ending.set()
        if self._task is not None:
            done, _ = await asyncio.wait({self._task}, timeout=seconds)
            if not done:
                self._task.cancel()
        self._state.end()

    async def _run(self) -> None:
        failing = False
        while not self._ending.is_set():
            broker = make_broker(self._settings, self._place)
            try:
                await within(_TIMEOUT, broker.connect())
                _log.log(logging.WARNING if failing else logging.INFO, "connected to %s", self._settings.place)
                failing = False
                self._state.set("connected")
                self._tried.set()
                await self._consume(broker)
            except Exception as error:
                failing = True
                self._state.lost()
                shown = fault(self._settings, error, broker.refusals)
                if self._first and not self._tried.is_set() and isinstance(shown, ServeError) and shown.code in LASTING:
                    self._refused = shown
                    self._ending.set()
                else:
                    _log.warning("%s The next attempt is in %.1f s.", shown, self._delay)
                self._tried.set()
            finally:
                with suppress(Exception):
                    await within(_CLOSING, broker.close())
            if failing:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._ending.wait(), self._delay * random.uniform(0.5, 1.0))  # noqa: S311
                self._delay = min(2 * self._delay, _LONGEST)

    async def _consume(self, broker: Broker) -> None:
        answering = Answering(self._service, self._settings, broker.prefix)
        while not self._ending.is_set():
            messages = await within(_TIMEOUT, broker.receive())
            self._state.received(len(messages), sum(each.deliveries > 1 for each in messages))
            for some in _groups(messages):
                answers = await asyncio.to_thread(lambda: [answering.answer(each) for each in some])  # noqa: B023
                dead = await self._publish(broker, answering, some, answers)
                self._state.done(len(some) - dead, dead)
                await within(_TIMEOUT, broker.acknowledge(some))
            self._delay = _FIRST

    async def _publish(
        self, broker: Broker, answering: Answering, messages: Sequence[Message], answers: Sequence[Outgoing]
    ) -> int:
        """Publish answers; returns the number of messages that are dead."""
        try:
            await within(_TIMEOUT, broker.publish(answers))
        except ServeError as error:
            if error.code != "E795":
                raise
            # Which of them is too large is not known: those before it are published twice.
            pairs = zip(messages, answers, strict=True)
            return sum([await self._publish_one(broker, answering, *pair) for pair in pairs])
        return sum(each.place == self._settings.dead for each in answers)

    async def _publish_one(self, broker: Broker, answering: Answering, message: Message, answer: Outgoing) -> bool:
        """Publish an answer; if it is too large, the message as dead, and at last only the reason.

        Returns:
            Whether the message is dead.
        """
        for attempt in (answer, answering.dead(message, "E795", "The answer exceeds a limit of the broker.")):
            try:
                await within(_TIMEOUT, broker.publish([attempt]))
            except ServeError as error:
                if error.code != "E795":
                    raise
            else:
                return attempt.place == self._settings.dead
        empty = Message(b"", {}, message.id, message.deliveries, None, message.key)
        dead = answering.dead(empty, "E795", "The message exceeds a limit of the broker.")
        await within(_TIMEOUT, broker.publish([dead]))
        return True


def make_broker(settings: StreamSettings, place: int) -> Broker:
    """A connection that is not open yet. Raises MissingExtraError E405."""
    broker: Broker = import_module(f"sealift.serve.stream.brokers.{settings.broker}").connection(settings, place)
    return broker


def _groups(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """Messages that are answered at once; one that was delivered before by itself, since it may end the process."""
    group: list[Message] = []
    for message in messages:
        if message.deliveries > 1:
            if group:
                yield group
            yield [message]
            group = []
        else:
            group.append(message)
            if len(group) == _GROUP:
                yield group
                group = []
    if group:
        yield group
