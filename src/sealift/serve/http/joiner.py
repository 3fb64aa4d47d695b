"""Answers requests of one row together that are read in the same iteration of the event loop."""

from __future__ import annotations

import asyncio
from typing import Protocol

from sealift.errors import SealiftError
from sealift.serve.calls import Call
from sealift.serve.http.heads import Head
from sealift.serve.joining import Tensors
from sealift.serve.served import ServedModel
from sealift.serve.service import Service
from sealift.serve.single import SingleRow


class Waiter(Protocol):
    """A connection whose request waits."""

    def joined(self, head: Head, body: bytes) -> None:
        """Send the answer."""

    def not_joined(self, head: Head, call: Call, error: SealiftError) -> None:
        """Send the error, and end the call."""


_Request = tuple[Waiter, Head, Call, Tensors]


class RowJoiner:
    """Collects requests, and answers them before the event loop waits again. All methods belong to its thread.

    Args:
        service: the models and what belongs to them.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[ServedModel, tuple[SingleRow, list[_Request]]] = {}

    def add(self, single: SingleRow, waiter: Waiter, head: Head, call: Call, tensors: Tensors) -> None:
        """Answer a request soon. Of each connection, only one waits."""
        if not self._waiting:
            # The event loop calls it when it has read what has arrived on all connections.
            self._loop.call_soon(self._answer)
        model = call.model
        waiting = self._waiting.get(model)
        if waiting is None:
            waiting = self._waiting[model] = (single, [])
        waiting[1].append((waiter, head, call, tensors))

    def _answer(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for model, (single, requests) in waiting.items():
            for start in range(0, len(requests), model.joins):
                self._answer_some(single, requests[start : start + model.joins])

    def _answer_some(self, single: SingleRow, requests: list[_Request]) -> None:
        if len(requests) > 1:
            try:
                joined, bodies = single.answer_joined([tensors for _, _, _, tensors in requests])
            except SealiftError:  # one of the rows may be the reason
                pass
            else:
                for (waiter, head, _, _), body in zip(requests, bodies, strict=True):
                    waiter.joined(head, body)
                self._service.end_joined([call for _, _, call, _ in requests], joined)
                return
        for waiter, head, call, tensors in requests:
            try:
                answered, body = single.answer(tensors)
            except SealiftError as error:
                waiter.not_joined(head, call, error)
            else:
                call.answered.append(answered)
                waiter.joined(head, body)
                self._service.end(call, 200)
