"""Cross-origin requests of browsers (Fetch standard, "CORS protocol"): the origins that a server permits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sealift.serve.http.messages import Request, Response

_ANY = "*"
_PREFLIGHT = {
    "access-control-allow-methods": "GET, HEAD, POST",
    "access-control-allow-headers": "authorization, content-type, content-encoding, inference-header-content-length, "
    "sealift-receipt, traceparent, tracestate, x-api-key, x-request-id",
    "access-control-max-age": "600",
}
_EXPOSED = "inference-header-content-length, retry-after, sealift-receipt, www-authenticate"


class Cors:
    """The permitted origins.

    Args:
        origins: such as `https://example.org`; `*` permits all.
    """

    def __init__(self, origins: Sequence[str]) -> None:
        self._any = _ANY in origins
        self._origins = frozenset(origins)

    def headers(self, origin: str | None) -> Mapping[str, str]:
        """The headers of the response to a request with an origin."""
        allowed = _ANY if self._any else origin
        vary = {} if self._any else {"vary": "origin"}  # also without an origin, for caches
        if origin is None or not (self._any or origin in self._origins):
            return vary
        return {**vary, "access-control-allow-origin": str(allowed), "access-control-expose-headers": _EXPOSED}

    def preflight(self, request: Request) -> Response | None:
        """The response to a preflight request; None for other requests."""
        if request.method != "OPTIONS" or "access-control-request-method" not in request.headers:
            return None
        allowed = "access-control-allow-origin" in self.headers(request.headers.get("origin"))
        return Response(204, b"", headers=_PREFLIGHT if allowed else {})


def is_origin(text: str) -> bool:
    """Whether a text is an origin, as browsers send it, or `*`."""
    scheme, _, host = text.partition("://")
    plain = host.isascii() and host.isprintable() and not set(host) & set("/?#@ ,*")
    return text == _ANY or (scheme in ("http", "https") and bool(host) and plain and text == text.lower())
