"""What both clients have in common: the server, the connections and the limits of a call."""

from __future__ import annotations

import ssl
from typing import Any, ClassVar, Literal, TypeAlias

from sealift.client import exchange
from sealift.client.call import ClientRequest, ServerCall
from sealift.optional import need

Priority: TypeAlias = Literal["high", "normal", "low"]
"""Which of the requests that wait in a server is computed first."""


class ClientBase:
    """The address of one server, and how it is called. The arguments are documented at `Client`."""

    _transport: ClassVar[str]
    """The class of httpx that sends the requests."""

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        timeout: float = 30.0,
        retries: int = 3,
        priority: Priority | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._httpx: Any = need("httpx", "client", "The client of the server")
        self._url, self._timeout, self._retries, self._priority = url, timeout, retries, priority
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        transport = getattr(self._httpx, self._transport)
        self._http = transport(base_url=url, headers=headers, trust_env=False, verify=tls or True)

    def _prediction(
        self,
        model: str,
        rows: Any,
        version: str | None,
        timeout: float | None,
        receipt: bool,
        priority: Priority | None,
    ) -> ServerCall:
        """The call of `predict`."""
        headers = {"content-type": "application/json"}
        if receipt:
            headers["sealift-receipt"] = "1"
        priority = priority or self._priority
        if priority is not None:
            headers["sealift-priority"] = priority
        path = exchange.predict_path(model, version)
        return self._call(ClientRequest("POST", path, exchange.body_of(rows), headers, has_deadline=True), timeout)

    def _metadata(self, model: str) -> ServerCall:
        """The call of `metadata`."""
        return self._call(ClientRequest("GET", exchange.metadata_path(model)))

    def _ready(self) -> ServerCall:
        """The call of `ready`, which is not repeated."""
        return ServerCall(ClientRequest("GET", "/v2/health/ready"), self._url, 0, self._timeout)

    def _call(self, request: ClientRequest, timeout: float | None = None) -> ServerCall:
        return ServerCall(request, self._url, self._retries, timeout or self._timeout)
