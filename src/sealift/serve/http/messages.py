"""Requests and responses, and the JSON of both."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sealift import canonical
from sealift.canonical import Marks, TooManyError
from sealift.errors import SealiftError, ServeError
from sealift.optional import need
from sealift.serve.calls import Call

JSON = "application/json"
_encode = need("msgspec", "serve", "The server").json.encode
_STATUS = {"E701": 404, "E702": 404, "E705": 415, "E706": 413, "E712": 405, "E713": 429, "E714": 408}
_STATUS |= {"E760": 401, "E761": 401, "E762": 403, "E763": 429, "E767": 503}
_STATUS |= {"E703": 409, "E740": 503, "E742": 500, "E744": 409, "E745": 500}
"""The HTTP status of an error by its code; 400 for what is not listed and blames the request."""
_STATUS |= {"E801": 504, "E803": 503}
PUBLIC = frozenset({"E767", "E801", "E803"})
"""Errors from 500 on whose messages are sent to clients: they contain nothing of this machine."""
_CHARSETS = ("utf-8", "utf8", "us-ascii")
_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


@dataclass(frozen=True)
class RequestLimits:
    """Limits of one request.

    Attributes:
        body: bytes of the body, after decompression.
        values: values in a body of JSON.
        rows: rows of one request.
        receive: seconds in which a request must arrive.
        idle: seconds after which a connection without a request is closed.
        connections: open connections of one worker.
        queue: requests of one worker that wait for a thread or are computed in one; more are refused with E713.
        threads: threads of one worker for requests that take long; 0 for `threads_of` the workers.
    """

    body: int = 64 << 20
    values: int = 4 << 20
    rows: int = 1_000_000
    receive: float = 60.0
    idle: float = 75.0
    connections: int = 20_000
    queue: int = 128
    threads: int = 0


@dataclass(frozen=True)
class Request:
    """A request.

    Attributes:
        method: the method in capitals.
        path: the decoded path.
        headers: names in lower case → values.
        body: the bytes as they were sent.
        limits: what the body may contain.
        query: what follows the question mark of the target.
        begun: the call of this request, where it has begun already.
        address: the address of the client, for administrative routes.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    limits: RequestLimits = RequestLimits()
    query: str = ""
    begun: Call | None = None
    address: str = ""

    @property
    def media_type(self) -> str:
        """The content type without parameters; JSON where there is none, and for what `curl -d` sends by default."""
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return JSON if media_type in ("", "application/x-www-form-urlencoded") else media_type

    def accepts(self, media_type: str) -> bool:
        """Whether the client asks for a media type by its name."""
        accepted = [part.partition(";")[0].strip().lower() for part in self.headers.get("accept", "").split(",")]
        return media_type in accepted

    def content(self) -> bytes:
        """The body, decompressed.

        Raises:
            ServeError: E704 for damaged data, E705 for an unknown encoding, also of characters, E706 beyond the limit.
        """
        for parameter in self.headers.get("content-type", "").split(";")[1:]:
            name, _, charset = parameter.partition("=")
            if name.strip().lower() == "charset" and charset.strip().strip('"').lower() not in _CHARSETS:
                raise ServeError("E705", f"The charset {charset!r:.40} is not supported.", fix="Send UTF-8.")
        encoding = self.headers.get("content-encoding", "identity").strip().lower()
        if encoding in ("identity", ""):
            return self.body
        window = _WINDOWS.get(encoding)
        if window is None:
            raise ServeError(
                "E705", f"The content encoding {encoding!r:.40} is not supported.", fix="Use gzip, deflate or identity."
            )
        stream = zlib.decompressobj(window)
        try:
            data = stream.decompress(self.body, self.limits.body + 1)
        except zlib.error as error:
            raise malformed(f"it is not {encoding}: {error}") from None
        if len(data) > self.limits.body or stream.unconsumed_tail:
            raise too_large(self.limits.body)
        if not stream.eof or stream.unused_data:
            raise malformed(f"its {encoding} data is cut off, or more follows")
        return data


@dataclass(frozen=True)
class Response:
    """A response."""

    status: int
    body: bytes
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def read_json(data: bytes, limits: RequestLimits, *, constants: bool = False) -> Any:
    """Parse strict JSON: no duplicate keys, only numbers that a double holds, and no NaN or Infinity.

    Args:
        data: the text.
        limits: the number of values.
        constants: permit NaN and Infinity, as other servers of a protocol do, whose clients send missing numbers so.

    Raises:
        ServeError: E704, E706.
    """
    try:
        return canonical.parse(data, most=Marks(limits.values, limits.values), constants=constants)[0]
    except TooManyError:
        raise ServeError(
            "E706", f"The request has more than {limits.values} values.", fix="Send fewer rows in one request."
        ) from None
    except ValueError as error:
        raise malformed(f"it is not valid JSON: {error}") from None


def unsupported(media_type: str, supported: Sequence[str]) -> ServeError:
    """The error E705 for a content type that a route does not read."""
    return ServeError(
        "E705", f"The content type {media_type!r:.80} is not supported.", fix=f"Send {', '.join(supported)}."
    )


def check_json(request: Request) -> None:
    """Raise ServeError E705 where the content type is one of another format than JSON.

    Clients of other servers also send JSON as text, or as bytes.
    """
    media_type = request.media_type
    if media_type not in (JSON, "application/octet-stream", "text/plain") and not media_type.endswith("+json"):
        raise unsupported(media_type, [JSON])


def secure_headers(*, tls: bool) -> Mapping[str, str]:
    """Headers of every response: answers are not stored, and media types are not guessed."""
    headers = {"x-content-type-options": "nosniff", "cache-control": "no-store"}
    return {**headers, "strict-transport-security": "max-age=31536000"} if tls else headers


def as_json(value: object, status: int = 200) -> Response:
    """A response of JSON. Floats must be finite (`values.plain`)."""
    return Response(status, _encode(value))


def status_of(error: SealiftError) -> int:
    """The HTTP status of an error."""
    if error.code[:2] in ("R1", "E1", "E7", "E8"):
        return _STATUS.get(error.code, 400)
    return 500


class MethodError(ServeError):
    """E712: a route does not have the method of the request.

    Attributes:
        allowed: the methods of the route.
    """

    def __init__(self, request: Request, allowed: Sequence[str]) -> None:
        super().__init__(
            "E712",
            f"The route {request.path!r:.80} does not have the method {request.method!r:.10}.",
            fix=f"Use {' or '.join(allowed)}.",
        )
        self.allowed = allowed


def malformed(reason: str) -> ServeError:
    """The error E704 for a body that cannot be read."""
    return ServeError("E704", f"The body of the request is malformed: {reason}.", fix="Correct the body.")


def unreadable(reason: str) -> ServeError:
    """The error E704 for bytes that are not a request of HTTP/1.1."""
    return ServeError("E704", f"The request is malformed: {reason}.", fix="Use a client of HTTP/1.1.")


def too_slow() -> ServeError:
    """The error E714 for a request that does not arrive in time."""
    return ServeError("E714", "The request did not arrive in time.", fix="Send it at once, or fewer rows at a time.")


def overloaded() -> ServeError:
    """The error E713 where more requests wait than the server accepts."""
    return ServeError("E713", "The server has too many requests to answer.", fix="Repeat the request a second later.")


def too_large(most: int) -> ServeError:
    """The error E706 for a body beyond the limit."""
    return ServeError("E706", f"The body is larger than {most} bytes.", fix="Send fewer rows in one request.")
