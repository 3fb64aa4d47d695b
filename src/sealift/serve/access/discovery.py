"""The configuration that an issuer publishes (OpenID Connect Discovery 1.0): the address of its keys."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from sealift.errors import ServeError
from sealift.serve.loopback import is_loopback


def discovery_url(issuer: str) -> str:
    """The address of the configuration of an issuer (OpenID Connect Discovery 1.0, §4)."""
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


def is_safe(url: str) -> bool:
    """Whether nobody on the way can change what an address returns: it has https, or is on this computer."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))


def keys_url(data: bytes, issuer: str) -> str:
    """The address of the keys in the configuration of an issuer.

    Args:
        data: the configuration.
        issuer: the issuer, whose name the configuration must have.

    Raises:
        ServeError: E768 where it cannot be used.
    """
    try:
        configuration = json.loads(data)
        named, url = configuration["issuer"], configuration["jwks_uri"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unusable(issuer, f"it is malformed: {error!r:.120}") from None
    if named != issuer:
        raise _unusable(issuer, f"it is of the issuer {named!r:.200}, not of {issuer!r:.200}")
    # An address of this computer only from an issuer on this computer: others must not choose what the server reads.
    if not isinstance(url, str) or not is_safe(url) or (urlsplit(url).scheme == "http" and issuer.startswith("https:")):
        raise _unusable(issuer, f"the address of the keys {url!r:.200} does not begin with https://")
    return url


def _unusable(issuer: str, reason: str) -> ServeError:
    return ServeError(
        "E768",
        f"The configuration of the issuer cannot be used: {reason}.",
        where=discovery_url(issuer),
        fix="Write issuer as the issuer itself does, or name the address of its keys with jwks_url.",
    )
