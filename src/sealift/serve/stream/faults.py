"""What is wrong with a broker, as an error with a code: refused credentials, TLS, or a broker that cannot be used."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

from sealift.errors import SealiftError, ServeError
from sealift.serve.stream.settings import StreamSettings

LASTING = ("E796", "E797")
"""Errors that other settings or other certificates end, and not time."""
_ENDED = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
"""Connections that ended, which may have any reason."""


def fault(settings: StreamSettings, error: Exception, refusals: tuple[type[Exception], ...]) -> SealiftError:
    """The error for an exception of a connection.

    Args:
        settings: the broker.
        error: the exception; its causes are considered too.
        refusals: `Broker.refusals`.
    """
    if isinstance(error, SealiftError):
        return error
    causes = list(_causes(error))
    for each in causes:
        if isinstance(each, ssl.SSLCertVerificationError):
            reason = getattr(each, "verify_message", "") or _reason(each)
            return ServeError(
                "E797",
                f"The certificate of the broker is not accepted: {reason}.",
                where=settings.place,
                fix="Set ca_file in [stream] to the authority that signed it, and the host in url to a name in it.",
            )
        if isinstance(each, ssl.SSLError) and not isinstance(each, _ENDED):
            return ServeError(
                "E797",
                f"There is no encrypted connection to the broker: {_reason(each)}.",
                where=settings.place,
                fix="Check that the broker has TLS 1.2 or newer at this port.",
            )
    for each in causes:
        if isinstance(each, refusals):
            return ServeError(
                "E796",
                f"The broker refuses the user or the password: {_reason(each)}.",
                where=settings.place,
                fix="Correct user and password_file or password_env in [stream], or the rights of the user.",
            )
    return ServeError(
        "E791",
        f"The broker cannot be used: {_reason(error)}.",
        where=settings.place,
        fix="Check that it runs, and the address.",
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and what it was raised from."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        each = left.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            left += [each.__context__, each.__cause__]


def _reason(error: BaseException) -> str:
    return (" ".join(str(error).split()).rstrip(".") or type(error).__name__)[:300]
