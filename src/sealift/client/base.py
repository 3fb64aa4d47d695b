"""What both clients have in common: the server, the connections and the limits of a call."""

from __future__ import annotations

import ssl
from typing import Any, ClassVar

from sealift.client.exchange import ServerCall
from sealift.optional import need

_JSON = {"content-type": "application/json"}
_WITH_RECEIPT = {**_JSON, "sealift-receipt": "1"}


def headers_of(*, receipt: bool) -> dict[str, str]:
    """The headers of a request, which may ask for a receipt."""
    return _WITH_RECEIPT if receipt else _JSON


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
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._httpx: Any = need("httpx", "client", "The client of the server")
        self._url, self._timeout, self._retries = url, timeout, retries
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        transport = getattr(self._httpx, self._transport)
        self._http = transport(base_url=url, headers=headers, trust_env=False, verify=tls or True)

    def _call(self, timeout: float | None, retries: int | None) -> ServerCall:
        return ServerCall(self._url, self._retries if retries is None else retries, timeout or self._timeout)
