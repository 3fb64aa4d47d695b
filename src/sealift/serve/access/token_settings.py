"""The settings of `[access.oidc]`: the issuer whose tokens are accepted, and where its keys are."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from sealift.serve.access.discovery import discovery_url, is_safe
from sealift.serve.access.keys import SCOPES
from sealift.serve.toml_table import TomlTable

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures with a private key. Symmetric ones and `none` are never accepted: their keys would be public here."""


@dataclass(frozen=True)
class TokenSettings:
    """The issuer whose tokens are accepted.

    Attributes:
        issuer: the value of the claim `iss`.
        audience: a value of the claim `aud`.
        jwks: the file of the issuer's public keys (RFC 7517), or where keys that were fetched are kept.
        jwks_url: where the keys are fetched; None where the operator has not named it.
        discovery_url: where the issuer names the address of its keys; None where another key of the table does.
        refresh: seconds between two fetches.
        algorithms: the permitted signatures.
        name_claim: the claim with the name of the caller.
        scope_claim: the claim with its scopes, as a path with points: a string with spaces, or a list.
        scopes: values of that claim → what they permit.
        leeway: seconds by which clocks may differ.
    """

    issuer: str
    audience: str
    jwks: Path
    jwks_url: str | None = None
    discovery_url: str | None = None
    refresh: float = 300.0
    algorithms: tuple[str, ...] = ("RS256", "ES256")
    name_claim: str = "sub"
    scope_claim: str = "scope"
    scopes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    leeway: float = 30.0

    @property
    def is_fetched(self) -> bool:
        """Whether the keys are fetched, not read from a file of the operator."""
        return self.jwks_url is not None or self.discovery_url is not None


def read_tokens(table: TomlTable, folder: Path, state: Path) -> TokenSettings:
    """The settings of `[access.oidc]`. Raises ServeError E709."""
    issuer = table.required("issuer", str)
    file, url, discovery = table.optional("jwks", str), table.optional("jwks_url", str), None
    if file is not None and url is not None:
        raise table.wrong("jwks", "and jwks_url are both there")
    if url is not None and not is_safe(url):
        raise table.wrong("jwks_url", "must begin with https://; http:// is permitted only for this computer")
    if file is None and url is None:
        if not is_safe(issuer) or urlsplit(issuer).query or urlsplit(issuer).fragment:
            raise table.wrong("issuer", "must be an address with https://, unless jwks or jwks_url names its keys")
        discovery = discovery_url(issuer)
    scopes = table.table("scopes")
    settings = TokenSettings(
        issuer=issuer,
        audience=table.required("audience", str),
        # A file for each address or issuer: keys of another issuer are never used.
        jwks=folder / file if file is not None else state / f"jwks-{_digest(url or issuer)}.json",
        jwks_url=url,
        discovery_url=discovery,
        refresh=table.fraction("refresh", 300.0, 10.0, 86_400.0),
        algorithms=table.strings("algorithms", ("RS256", "ES256"), choices=ALGORITHMS),
        name_claim=table.optional("name_claim", str) or "sub",
        scope_claim=table.optional("scope_claim", str) or "scope",
        scopes={value: scopes.strings(value, choices=SCOPES) for value in scopes.names()},
        leeway=table.fraction("leeway", 30.0, 0.0, 300.0),
    )
    scopes.end()
    table.end()
    return settings


def _digest(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:16]
