"""Writes the responses of a connection of HTTP/1.1, and closes it."""

from __future__ import annotations

from typing import Protocol

from sealift.errors import SealiftError
from sealift.serve.calls import Call
from sealift.serve.http.heads import Head
from sealift.serve.http.messages import Response
from sealift.serve.http.reading import ReaderHost, RequestReader
from sealift.serve.http.routes import failure

_LINGER = 2.0
"""Seconds for which the rest of a refused request is read and dropped."""


class WriterHost(ReaderHost, Protocol):
    """What the writer asks of the server (`sealift.serve.http.server`, where the members are described)."""

    @property
    def draining(self) -> bool: ...  # noqa: D102
    def success(self, body: bytes) -> bytes: ...  # noqa: D102
    def head(self, response: Response, *, keep: bool, origin: str | None = None) -> bytes: ...  # noqa: D102


class ResponseWriter(RequestReader):
    """The part of a connection that writes responses.

    Attributes:
        last: whether the connection is closed after the next answer.
    """

    def __init__(self, server: WriterHost) -> None:
        super().__init__(server)
        self._server = server
        self._service = server.service
        self.last = False

    def _write_failure(self, error: SealiftError, head: Head, call: Call | None) -> None:
        """Send an error, and end the call if it has begun."""
        response = failure(error, head.url.decode("latin-1"), call)
        if not self._closed:
            self._write(response, head)
        if call is not None:
            call.error = error.code
            self._service.end(call, response.status)

    def _write_success(self, body: bytes, head: Head) -> None:
        """The same as `_write` of a response in JSON with status 200, in less time."""
        server = self._server
        if head.keep and not server.draining and not self.last and self._service.cors is None:
            self._transport.write(server.success(body))
            self.deadline = server.now() + server.limits.idle
        else:
            self._write(Response(200, body), head)

    def _write(self, response: Response, head: Head) -> None:
        keep = head.keep and not self._server.draining and not self.last
        body = b"" if head.method == "HEAD" else response.body
        self._transport.write(self._server.head(response, keep=keep, origin=head.headers.get("origin")) + body)
        self.deadline = self._server.now() + self._server.limits.idle
        if not keep:
            self._close()

    def _fail(self, error: SealiftError) -> None:
        self._refuse(failure(error, self._url.decode("latin-1")))

    def _refuse(self, response: Response) -> None:
        if self._closed:
            return
        origin = self._headers.get("origin")
        self._transport.write(self._server.head(response, keep=False, origin=origin) + response.body)
        self._closed = True
        if self._transport.can_write_eof():
            # Closed at once, the rest of the request would be answered by a reset, which discards the response.
            self._transport.write_eof()
            self.deadline = self._server.now() + _LINGER
        else:
            self._transport.close()

    def _close(self) -> None:
        self._closed = True
        self._transport.close()  # what was written is sent first
