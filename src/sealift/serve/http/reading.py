"""Reads the requests of a connection of HTTP/1.1 from bytes.

The parser is llhttp (httptools). It refuses what proxies and servers may understand differently: a message with a
length and chunks, several lengths, malformed chunks (RFC 9112, §6.3 and §11.2).
"""

from __future__ import annotations

import asyncio
import math
from abc import ABC, abstractmethod
from typing import Any, Protocol

from sealift.errors import SealiftError
from sealift.optional import need
from sealift.serve.access.credentials import CERTIFICATE
from sealift.serve.http.heads import Head, KnownHeads
from sealift.serve.http.messages import RequestLimits, Response, too_large, unreadable
from sealift.serve.service import Service

_parsing = need("httptools", "serve", "The server")

SMALL = 1 << 14
"""Bytes of a body that is answered in the thread of the event loop: handing it over would take longer."""
_MOST_HEAD = 1 << 15
_MOST_HEADERS = 128


class ReaderHost(Protocol):
    """What the reader asks of the server (`sealift.serve.http.server`, where the members are described)."""

    @property
    def service(self) -> Service: ...  # noqa: D102
    @property
    def limits(self) -> RequestLimits: ...  # noqa: D102
    @property
    def heads(self) -> KnownHeads: ...  # noqa: D102
    def now(self) -> float: ...  # noqa: D102


class RequestReader(asyncio.Protocol, ABC):
    """The part of a connection that reads requests.

    Attributes:
        deadline: when the server closes the connection unless something happens before, by the event loop's clock.
    """

    def __init__(self, server: ReaderHost) -> None:
        self._host = server
        self._parser: Any = _parsing.HttpRequestParser(self)
        self._transport: Any = None
        self._known = server.heads.by_bytes
        self._closed = False
        self._reading = False  # a request is not complete
        self._between = True  # the parser is before a request
        self._read: list[Head] = []  # of the requests that the latest bytes completed
        self.deadline = math.inf
        self._certificate = ""
        self._begun = 0.0  # when the current request began to arrive
        self._url = b""
        self._headers: dict[str, str] = {}
        self._parts: list[bytes] = []
        self._head = self._size = 0

    @property
    @abstractmethod
    def _busy(self) -> bool:
        """Whether an earlier request is not answered yet."""

    @abstractmethod
    def _complete(self, head: Head, body: bytes) -> None:
        """Answer a request, or let it wait for the answer to an earlier one."""

    @abstractmethod
    def _fail(self, error: SealiftError) -> None:
        """Answer a request that is not read to its end with an error, and close the connection."""

    @abstractmethod
    def _refuse(self, response: Response) -> None:
        """Answer a request that is not read to its end, and close the connection."""

    @abstractmethod
    def _close(self) -> None:
        """Close the connection."""

    def data_received(self, data: bytes) -> None:
        """Read bytes, and answer the requests that they complete."""
        if self._closed:
            return
        between = self._between
        if between:
            at = data.find(b"\r\n\r\n") + 4
            head = self._known.get(data[:at])
            if head is not None and len(data) - at == head.length:
                if head.urgent:
                    self._begun = self._host.now()
                self._complete(head, data[at:])
                return
        self._read.clear()
        try:
            self._parser.feed_data(data)
        except _parsing.HttpParserUpgrade:  # another protocol follows, which the server does not have
            self._close()
        except _parsing.HttpParserCallbackError as error:
            raise (error.__context__ or error) from None
        except _parsing.HttpParserError:
            if not self._closed:
                self._fail(unreadable("the request is not valid HTTP/1.1"))
        if between and self._between and len(self._read) == 1:
            self._host.heads.remember(data, self._read[0])

    # Called by the parser.

    def on_message_begin(self) -> None:
        """A request begins."""
        self._url, self._headers, self._parts = b"", {}, []
        self._head = self._size = 0
        self._reading, self._between = True, False
        self._begun = self._host.now()
        self.deadline = self._begun + self._host.limits.receive

    def on_url(self, url: bytes) -> None:
        """A part of the target."""
        self._url += url
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers = self._headers
        if key in headers:
            text = f"{headers[key]}, {text}"
        headers[key] = text
        self._count(len(name) + len(value) + 4)

    def on_headers_complete(self) -> None:
        """The body begins."""
        headers, version = self._headers, self._parser.get_http_version()
        if self._certificate:
            headers[CERTIFICATE] = self._certificate
        if version not in ("1.1", "1.0"):
            self._refuse(Response(505, b'{"error":"The version of HTTP is not supported."}'))
            return
        host = headers.get("host")
        if (host is None and version != "1.0") or (host is not None and ", " in host):
            self._fail(unreadable("the request must have one header Host"))
            return
        length = headers.get("content-length")
        if length is not None and int(length) > self._host.limits.body:
            self._fail(too_large(self._host.limits.body))
            return
        if (length is None or int(length) > SMALL) and self._parser.get_method() == b"POST":
            try:  # of a long body, nothing is kept for callers that are not known
                self._host.service.identify(headers)
            except SealiftError as error:
                self._fail(error)
                return
        expected = headers.get("expect")
        if expected is not None:
            if expected.lower() != "100-continue":
                self._refuse(Response(417, b'{"error":"The expectation is not supported."}'))
            elif not self._busy:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, part: bytes) -> None:
        """A part of the body."""
        self._parts.append(part)
        self._size += len(part)
        if self._size > self._host.limits.body:
            self._fail(too_large(self._host.limits.body))

    def on_message_complete(self) -> None:
        """The request is complete."""
        if self._closed:
            return
        self._reading = False
        parts, self._parts = self._parts, []
        keep = self._parser.should_keep_alive()
        head = Head(self._parser.get_method().decode("latin-1"), self._url, self._headers, keep)
        self._between = keep
        self._read.append(head)
        self._complete(head, parts[0] if len(parts) == 1 else b"".join(parts))

    def _count(self, size: int) -> None:
        self._head += size
        if self._head > _MOST_HEAD or len(self._headers) > _MOST_HEADERS:
            self._refuse(Response(431, b'{"error":"The head of the request is too large."}'))
