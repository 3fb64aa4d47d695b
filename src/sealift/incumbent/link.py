"""Requests to the incumbent: JSON over HTTP, repeated where the server refuses them for the moment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from sealift.client.call import ClientRequest, ServerCall, send
from sealift.optional import need

_RETRIES = 4


class Link:
    """A connection to the incumbent, which is used again for each request.

    Args:
        url: its address; a path is part of every request's path.
        headers: headers of each request, such as one with a key.
        timeout: seconds for a request with all its attempts.
    """

    def __init__(self, url: str, headers: Mapping[str, str], timeout: float) -> None:
        self._httpx = need("httpx", "client", "shadow-diff")
        self.url = url.rstrip("/")
        self._timeout = timeout
        self._http = self._httpx.Client(headers=dict(headers), trust_env=False)

    def get(self, path: str) -> tuple[int, Any]:
        """The status and the JSON of a GET request; None where the body is not JSON. Raises as `post`."""
        return self._send("GET", path, None)

    def post(self, path: str, body: object) -> tuple[int, Any]:
        """The status and the JSON of a POST request; None where the body is not JSON.

        Raises:
            ServeError: E750 where the server cannot be reached, E752 at the deadline.
        """
        return self._send("POST", path, json.dumps(body, ensure_ascii=False, allow_nan=False).encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def _send(self, method: str, path: str, body: bytes | None) -> tuple[int, Any]:
        headers = {} if body is None else {"content-type": "application/json"}
        call = ServerCall(ClientRequest(method, self.url + path, body, headers), self.url, _RETRIES, self._timeout)
        received = send(call, self._http, (self._httpx.TransportError, self._httpx.InvalidURL))
        return received.status, _json(received.data)


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None
