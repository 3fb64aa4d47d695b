"""The errors of callers that are not known, may not do something, or send too many requests."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from sealift.errors import ServeError
from sealift.serve.calls import Caller

_NOBODY = Caller("", frozenset())
_WAYS = {
    "key": "the header Authorization: Bearer KEY or X-API-Key: KEY",
    "token": "a token of the issuer in the header Authorization: Bearer TOKEN",
    "certificate": "a client certificate when you connect",
}
"""How callers authenticate, by the schemes of `Access.schemes`."""
_SCHEME = 'Bearer realm="sealift"'


class AccessError(ServeError):
    """A request that is refused because of its caller (E760 to E763).

    Attributes:
        headers: headers of the response (RFC 6750, §3; RFC 9110, §10.2.3).
        caller: who sent the request, where that is known.
    """

    def __init__(self, code: str, what: str, *, fix: str, headers: Mapping[str, str], caller: Caller = _NOBODY) -> None:
        super().__init__(code, what, fix=fix)
        self.headers = headers
        self.caller = caller


def missing(schemes: Sequence[str]) -> AccessError:
    """The error E760 for a request without credentials; `schemes` are those of the server."""
    ways = [text for scheme, text in _WAYS.items() if scheme in schemes]
    return AccessError(
        "E760",
        "The request has no credentials.",
        fix=f"Send {', or '.join(ways)}.",
        headers={"www-authenticate": _SCHEME},
    )


def invalid(reason: str, fix: str = "Send a valid key or token.") -> AccessError:
    """The error E761 for credentials that are not valid."""
    return AccessError(
        "E761",
        f"The credentials are not valid: {reason}.",
        fix=fix,
        headers={"www-authenticate": f'{_SCHEME}, error="invalid_token"'},
    )


def forbidden(caller: Caller, scope: str) -> AccessError:
    """The error E762 for a caller that lacks a scope."""
    return AccessError(
        "E762",
        f"The caller {caller.name!r:.80} does not have the scope {scope!r}.",
        fix=f"Use credentials that have it; these have {', '.join(sorted(caller.scopes)) or 'no scope'}.",
        headers={"www-authenticate": f'{_SCHEME}, error="insufficient_scope", scope="{scope}"'},
        caller=caller,
    )


def too_many(caller: Caller, seconds: float) -> AccessError:
    """The error E763 for a caller whose rate is exceeded; `seconds` until the next request is accepted."""
    wait = max(1, math.ceil(seconds))
    return AccessError(
        "E763",
        f"The caller {caller.name!r:.80} sends more requests than its rate permits.",
        fix=f"Repeat the request after {wait} s.",
        headers={"retry-after": str(wait)},
        caller=caller,
    )
