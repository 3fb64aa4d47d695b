"""Bearer tokens of an OpenID Connect issuer: JSON Web Tokens (RFC 7519) that a key of the issuer has signed."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from sealift import files
from sealift.errors import FileError, ServeError
from sealift.optional import need
from sealift.serve.access import refusals
from sealift.serve.access.keys import SCOPES
from sealift.serve.access.token_settings import TokenSettings
from sealift.serve.access.watch import FileWatch

_log = logging.getLogger(__name__)
KeyData: TypeAlias = Mapping[str, Any]
"""A key in JSON (RFC 7517)."""
_PREFIX = "sealift:"
_LONGEST = 1 << 20
_LONGEST_TOKEN = 1 << 14
MAX_AGE = 86_400.0
"""Seconds after which a key set that could not be fetched again is not used."""


@dataclass(frozen=True)
class Verified:
    """A token that was verified.

    Attributes:
        name: the name of the caller.
        scopes: what it may do.
        expires: when the token expires, in seconds since 1970, with the leeway.
    """

    name: str
    scopes: frozenset[str]
    expires: float


class TokenVerifier:
    """Verifies tokens.

    Args:
        settings: the issuer.
        wanted: called for a token whose key is not in the key set, so that it is fetched again.

    Raises:
        MissingExtraError: E405 without PyJWT.
        ServeError: E767 where the file of keys cannot be used.
    """

    def __init__(self, settings: TokenSettings, wanted: Callable[[], None] | None = None) -> None:
        self._jwt = need("jwt", "oidc", "A token of OpenID Connect")
        self._settings = settings
        self._wanted = wanted
        self._watch = FileWatch([settings.jwks])
        self._keys: Mapping[str, KeyData] = {}
        self._made: dict[tuple[str, str], Any] = {}  # by the id and the algorithm
        if not settings.is_fetched:
            self._keys = parse_keys(files_read(settings.jwks), settings.jwks)
            self._watch.changed()
        else:
            self.refresh()

    def refresh(self) -> bool:
        """Read the keys again if their file has changed; whether it has."""
        if not self._watch.changed():
            return False
        try:
            self._keys, self._made = parse_keys(files_read(self._settings.jwks), self._settings.jwks), {}
        except ServeError as error:
            if not self._settings.is_fetched or self._settings.jwks.exists():
                _log.error("the former keys of the issuer stay valid: %s", error)
            return False
        return True

    def verify(self, token: str) -> Verified:
        """What a token says. Raises AccessError E761; ServeError E767 where the keys of the issuer are not known."""
        jwt, settings = self._jwt, self._settings
        if len(token) > _LONGEST_TOKEN:
            raise refusals.invalid("the token is too long")
        if settings.is_fetched and not self._is_fresh():
            raise ServeError("E767", "The keys of the issuer of tokens could not be fetched.", fix="Repeat later.")
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in settings.algorithms or "crit" in header:
                raise refusals.invalid("the algorithm or an extension of the token is not permitted")
            key = self._key(header.get("kid"), header["alg"])
            claims = jwt.decode(
                token,
                key,
                algorithms=list(settings.algorithms),
                audience=settings.audience,
                issuer=settings.issuer,
                leeway=settings.leeway,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.PyJWTError as error:
            raise refusals.invalid(f"the token is refused: {_reason(error)}", "Get another token.") from None
        name = claims.get(settings.name_claim)
        if not isinstance(name, str) or not name:
            raise refusals.invalid(f"the token has no claim {settings.name_claim!r:.40}")
        return Verified(name[:_MOST_NAME], self._scopes(claims), float(claims["exp"]) + settings.leeway)

    def _key(self, identifier: Any, algorithm: str) -> Any:
        """The key of a token. Raises AccessError E761, and PyJWT's error where the algorithm is not that of the key."""
        if identifier is None and len(self._keys) == 1:
            identifier = next(iter(self._keys))
        entry = self._keys.get(identifier) if isinstance(identifier, str) else None
        if entry is None:
            if self._wanted is not None:
                self._wanted()
            raise refusals.invalid("the key set of the issuer does not have the key of the token")
        key = self._made.get((identifier, algorithm))
        if key is None:
            # PyJWT compares the algorithm of the token with that of the key, and the kind of the key with both.
            key = self._made[identifier, algorithm] = self._jwt.PyJWK(entry, entry.get("alg") or algorithm)
        return key

    def _is_fresh(self) -> bool:
        try:
            return time.time() - self._settings.jwks.stat().st_mtime < MAX_AGE
        except OSError:
            return False

    def _scopes(self, claims: Mapping[str, Any]) -> frozenset[str]:
        value: Any = claims
        for part in self._settings.scope_claim.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        values = value.split() if isinstance(value, str) else value if isinstance(value, list) else []
        scopes: set[str] = set()
        for each in values:
            if isinstance(each, str):
                scopes.update(self._settings.scopes.get(each, ()))
                if each.startswith(_PREFIX) and each[len(_PREFIX) :] in SCOPES:
                    scopes.add(each[len(_PREFIX) :])
        return frozenset(scopes)


_MOST_NAME = 256


def files_read(path: Path) -> bytes:
    """The bytes of a key set. Raises ServeError E767."""
    try:
        return files.read(path, limit=_LONGEST)
    except FileError as error:
        raise ServeError("E767", error.what, where=str(path), fix=error.fix) from None


def parse_keys(data: bytes, where: object) -> Mapping[str, KeyData]:
    """The public keys of a key set by their ids; keys of other uses or kinds are left out.

    Raises:
        ServeError: E767 where there is no usable key.
    """
    jwt = need("jwt", "oidc", "A token of OpenID Connect")
    keys: dict[str, KeyData] = {}
    try:
        for entry in json.loads(data)["keys"]:
            if entry.get("use", "sig") != "sig" or entry.get("kty") not in ("RSA", "EC", "OKP"):
                continue
            try:
                jwt.PyJWK(entry)
            except jwt.PyJWTError:  # of a kind that the library does not have
                continue
            keys[str(entry.get("kid", ""))] = entry
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _unusable(where, f"it is malformed: {error!r:.120}") from None
    if not keys:
        raise _unusable(where, "it has no public key for signatures")
    return keys


def _unusable(where: object, reason: str) -> ServeError:
    return ServeError(
        "E767",
        f"The key set of the issuer cannot be used: {reason}.",
        where=str(where),
        fix="Name a key set in JSON, with the public keys of the issuer.",
    )


def _reason(error: Exception) -> str:
    """Why PyJWT refuses a token, without contents of the token."""
    if type(error).__name__ == "MissingRequiredClaimError":
        return f"the claim {getattr(error, 'claim', '')!r:.20} is missing"
    words = {
        "ExpiredSignatureError": "it has expired",
        "ImmatureSignatureError": "it is not valid yet",
        "InvalidAudienceError": "it is for another audience",
        "InvalidIssuerError": "it is of another issuer",
        "InvalidSignatureError": "its signature is not valid",
    }
    return words.get(type(error).__name__, "it is malformed")
