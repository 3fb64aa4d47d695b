"""What a process needs to answer requests: the models, the limits, who may ask, and who observes the calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock
from typing import Any, Protocol

from sealift.errors import ServeError
from sealift.serve.access.refusals import AccessError
from sealift.serve.access.tls import TlsSettings
from sealift.serve.answered import Joined
from sealift.serve.calls import ANYONE, Call, Caller, Observer
from sealift.serve.counters import Counters
from sealift.serve.family import Family
from sealift.serve.http.cors import Cors
from sealift.serve.http.messages import RequestLimits
from sealift.serve.plane import Plane
from sealift.serve.receipts import HEADER, Receipts, is_wanted
from sealift.serve.scaling.gauges import CALLERS, unshared
from sealift.serve.served import ServedModel
from sealift.serve.stream.state import StreamMemory
from sealift.serve.urgency import Urgency


class Access(Protocol):
    """Who may use the server."""

    @property
    def schemes(self) -> Sequence[str]:
        """How callers may authenticate: key, key_header, token, certificate."""

    def caller(self, headers: Mapping[str, str], scope: str) -> Caller:
        """Who sends a request with these headers, whose names are in lower case.

        Raises:
            ServeError: the caller is not known, may not do what needs `scope`, or sends too many requests.
        """

    def identify(self, headers: Mapping[str, str]) -> None:
        """Check the credentials of a request whose body is not read yet. Raises ServeError."""

    def priority(self, headers: Mapping[str, str]) -> int:
        """The highest priority of the requests of a caller, as a position in `urgency.PRIORITIES`."""


class Desk(Protocol):
    """Administrative acts (`sealift.serve.access.desk`, where the methods are described)."""

    def act(self, request: Mapping[str, Any], caller: Caller, address: str) -> dict[str, Any]: ...  # noqa: D102
    def refused(self, error: AccessError, route: str, address: str) -> None: ...  # noqa: D102
    def entries(self, last: int) -> dict[str, Any]: ...  # noqa: D102


class Service:
    """The parts of a server that all transports share.

    Attributes:
        plane: the models.
        limits: limits of a request.
        access: who may use the server; None where everybody may who reaches it.
        open_metrics: whether the metrics can be read without credentials.
        tls: the certificates of the server; None where connections are not encrypted.
        cors: the origins of other pages that may use the server; None where none may.
        desk: administrative acts; None where the process has no supervisor.
        observers: who is notified of each call.
        counters: the counters of all workers; None where the process has none.
        receipts: what issues receipts for answers; None issues none.
        stream: the state of the stream; None where no messages of a broker are answered.
        gauges: the numbers of this worker (`sealift.serve.scaling.gauges`).
        metric_sources: further metrics for `GET /metrics`; a source yields `Family`.
        series: the number of the counters of each version that was served since the start, by the name of the model
            and the version.
    """

    def __init__(
        self,
        plane: Plane,
        limits: RequestLimits | None = None,
        *,
        access: Access | None = None,
        observers: Sequence[Observer] = (),
    ) -> None:
        self.plane = plane
        self.limits = limits or RequestLimits()
        self.access = access
        self.observers = list(observers)
        self.open_metrics = False
        self.tls: TlsSettings | None = None
        self.cors: Cors | None = None
        self.desk: Desk | None = None
        self.counters: Counters | None = None
        self.receipts: Receipts | None = None
        self.stream: StreamMemory | None = None
        self.gauges = unshared()
        self._counting = Lock()
        self.metric_sources: list[Callable[[], Iterable[Family]]] = []
        self.series: Mapping[tuple[str, str], int] = {}

    @property
    def ready(self) -> bool:
        """Whether every model is ready, and the broker of a stream is connected."""
        return self.plane.ready and (self.stream is None or self.stream.connection == "connected")

    def caller(self, headers: Mapping[str, str], scope: str) -> Caller:
        """Who sends a request; one that is refused is counted. Raises ServeError, as `Access.caller`."""
        if self.access is None:
            return ANYONE
        try:
            return self.access.caller(headers, scope)
        except ServeError as error:
            self._refused(error)
            raise

    def identify(self, headers: Mapping[str, str]) -> None:
        """As `Access.identify`; a request that is refused is counted."""
        if self.access is None:
            return
        try:
            self.access.identify(headers)
        except ServeError as error:
            self._refused(error)
            raise

    def permitted(self, urgency: Urgency, headers: Mapping[str, str]) -> Urgency:
        """The urgency of a request, with at most the priority that its caller may have."""
        if self.access is None:
            return urgency
        most = self.access.priority(headers)
        return urgency if urgency.priority >= most else urgency._replace(priority=most)

    def _refused(self, error: ServeError) -> None:
        gauge = CALLERS.get(error.code)
        if gauge is not None:
            with self._counting:
                self.gauges[gauge] += 1

    def begin(self, name: str | None, version: str | None, route: str, headers: Mapping[str, str]) -> Call:
        """The call of a request to a model; without a name, to the only one.

        Raises:
            ServeError: E701; E775 and E704 for a receipt that cannot be issued; and as `Access.caller`.
        """
        caller = self.caller(headers, "predict")
        is_wanted(self.receipts, headers)
        name = self.plane.only_name() if name is None else name
        return self._call(self.plane.find(name, version, headers), route, headers, caller)

    def begin_with(self, model: ServedModel, route: str, headers: Mapping[str, str]) -> Call:
        """The same for a version that is known."""
        return self._call(model, route, headers, self.caller(headers, "predict"))

    def _call(self, model: ServedModel, route: str, headers: Mapping[str, str], caller: Caller) -> Call:
        call = Call(model, route, headers, caller)
        call.most_rows = self.limits.rows
        return call

    def receipt(self, call: Call, status: int) -> dict[str, str]:
        """The header with the receipt of a call; empty where its answer needs none.

        Args:
            call: the call, whose rows are answered.
            status: the status of its response; only answers have receipts.
        """
        if self.receipts is None or status != 200 or not is_wanted(self.receipts, call.headers):
            return {}
        return {HEADER: self.receipts.of(call)}

    def end(self, call: Call, status: int) -> None:
        """End a call, and notify the observers."""
        call.end(status)
        for observer in self.observers:
            observer.observe(call)

    def end_joined(self, calls: Sequence[Call], joined: Joined) -> None:
        """End calls of one model with one row each, which were answered at once, and notify the observers."""
        for row, call in enumerate(calls):
            call.join(joined, row)
            call.end(200)
        for observer in self.observers:
            observer.observe_joined(calls, joined)
