"""One request to a model, from its beginning to its end, as those see it who observe requests."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sealift.errors import ServeError
from sealift.serve.answered import Answered, Joined
from sealift.serve.served import ServedModel
from sealift.serve.trace import TraceContext


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends requests.

    Attributes:
        name: the name of the key, or the subject of the token; empty where nobody authenticates.
        scopes: what the caller may do: some of predict, operate, audit, admin.
        kind: how the caller authenticates: key, token or certificate; empty where nobody does.
        priority: the highest priority of its requests, as a position in `urgency.PRIORITIES`.
    """

    name: str = ""
    scopes: frozenset[str] = frozenset({"predict"})
    kind: str = ""
    priority: int = 0

    def may(self, scope: str) -> bool:
        """Whether the caller has a scope; admin includes all others."""
        return scope in self.scopes or "admin" in self.scopes


ANYONE = Caller()


class Call:
    """A request to one version of a model. The transports make it, answer rows through it, and end it once.

    Attributes:
        model: the version that answers.
        route: the kind of request: predict, infer, grpc, classify, regress, invocations, stream, batch.
        headers: the headers of the request, whose names are in lower case.
        caller: who sent it.
        begun: the time of its beginning, in seconds since 1970.
        status: the HTTP status of the response; 0 before the end.
        error: the code of the error that the response reports; empty where it reports none.
        seconds: the time from the beginning to the end, by a monotonic clock.
        clock: the beginning by `time.perf_counter`.
        most_rows: the maximum number of rows; 0 for no limit.
    """

    __slots__ = (
        "_answered",
        "_joined",
        "_trace",
        "begun",
        "caller",
        "clock",
        "error",
        "headers",
        "model",
        "most_rows",
        "route",
        "seconds",
        "status",
    )

    def __init__(self, model: ServedModel, route: str, headers: Mapping[str, str], caller: Caller = ANYONE) -> None:
        self.model = model
        self.route = route
        self.headers = headers
        self.caller = caller
        self.begun = time.time()
        self.clock = time.perf_counter()
        self._trace: TraceContext | None = None
        self._answered: list[Answered] = []
        self._joined: tuple[Joined, int] | None = None
        self.status = 0
        self.error = ""
        self.seconds = 0.0
        self.most_rows = 0

    @property
    def answered(self) -> list[Answered]:
        """The answers, in the order of the calls of `answer`; most requests have one."""
        if self._joined is not None:
            joined, row = self._joined
            self._joined = None
            self._answered.append(joined.one(row))
        return self._answered

    def join(self, joined: Joined, row: int) -> None:
        """Take note of the answer to the only row of the request, which is one of several."""
        self._joined = joined, row

    def answer(self, rows: Any) -> Answered:
        """As `ServedModel.answer`; the answers are kept for those who observe the call.

        Raises:
            ServeError: E706 for more than `most_rows`.
        """
        if self.most_rows and _count(rows) > self.most_rows:
            raise too_many_rows(self.most_rows)
        answered = self.model.answer(rows)
        self.answered.append(answered)
        return answered

    def answer_good(self, rows: Any) -> Answered | None:
        """As `answer`; None where a row has a problem, and then nothing is kept."""
        answered = self.answer(rows)
        if not answered.problems:
            return answered
        self.answered.pop()
        return None

    @property
    def trace(self) -> TraceContext:
        """The place of the call in a trace; it is made when it is first used."""
        if self._trace is None:
            self._trace = TraceContext.of(self.headers)
        return self._trace

    @property
    def traceparent(self) -> str:
        """The header of the request; that of the call's own span where it begins a trace that was used."""
        given = self.headers.get("traceparent", "")
        return self._trace.header() if self._trace is not None and not self._trace.parent_id else given

    def end(self, status: int) -> None:
        """Set the status and the time."""
        self.status = status
        self.seconds = time.perf_counter() - self.clock


def _count(rows: Any) -> int:
    """The number of rows; 0 where the model has to find out."""
    return max(map(_length, rows.values()), default=0) if isinstance(rows, dict) else _length(rows)


def _length(values: Any) -> int:
    return len(values) if hasattr(values, "__len__") and not isinstance(values, str) else 0


def too_many_rows(most: int) -> ServeError:
    """The error E706 for rows beyond the limit."""
    return ServeError("E706", f"The request has more than {most} rows.", fix="Send fewer rows in one request.")


class Observer(ABC):
    """What is notified of each call when its response is complete, in the thread that answered it.

    Its methods must return within microseconds and must not raise.
    """

    @abstractmethod
    def observe(self, call: Call) -> None:
        """Take note of a call that has ended."""

    def observe_joined(self, calls: Sequence[Call], joined: Joined) -> None:  # noqa: ARG002 -- for faster observers
        """Take note of calls of one model that have ended, with one row each, which were computed at once.

        Args:
            calls: the calls; each has its answer.
            joined: the answers of all, in their order.
        """
        for call in calls:
            self.observe(call)
