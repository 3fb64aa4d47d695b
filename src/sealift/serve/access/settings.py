"""The settings of access: `[access]`, its tables, and `[tls]` of a deployment file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sealift.serve.access.keys import SCOPES
from sealift.serve.access.rates import Rate
from sealift.serve.access.token_settings import TokenSettings, read_tokens
from sealift.serve.toml_table import TomlTable
from sealift.serve.urgency import PRIORITIES


@dataclass(frozen=True)
class CertificateRule:
    """A client that is known by a name in its certificate.

    Attributes:
        name: its common name, or an alternative name.
        scopes: what it may do.
        rate: the requests that it may send.
        priority: the highest priority of its requests; None for that of the deployment.
    """

    name: str
    scopes: tuple[str, ...]
    rate: Rate | None = None
    priority: str | None = None


@dataclass(frozen=True)
class AccessSettings:
    """Who may use a server.

    Attributes:
        keys: the file of API keys; None where there are none.
        rate: the requests that a caller may send whose key has no rate of its own; None for no limit.
        priority: the highest priority of the requests of a caller whose key has none of its own; None for any.
        audit: the audit log of administrative acts.
        oidc: the issuer of tokens; None where none are accepted.
        open_metrics: whether the metrics can be read without credentials.
        by_certificate: whether certificates of clients are verified.
        certificates: clients that are known by their certificates.
        certificate_scopes: what other clients with a valid certificate may do.
    """

    keys: Path | None = None
    rate: Rate | None = None
    priority: str | None = None
    audit: Path = Path("audit.jsonl")
    oidc: TokenSettings | None = None
    open_metrics: bool = False
    by_certificate: bool = False
    certificates: tuple[CertificateRule, ...] = ()
    certificate_scopes: tuple[str, ...] = ("predict",)


def read_access(table: TomlTable, folder: Path, state: Path, *, certificates: bool) -> AccessSettings:
    """The settings of `[access]`.

    Args:
        table: the table.
        folder: the folder of the deployment file.
        state: the folder of the state.
        certificates: whether certificates of clients are verified.

    Raises:
        ServeError: E709.
    """
    keys = table.optional("keys", str)
    oidc = table.optional("oidc", dict)
    settings = AccessSettings(
        keys=None if keys is None else folder / keys,
        rate=_rate(table),
        priority=table.one_of("priority", PRIORITIES),
        audit=folder / (table.optional("audit", str) or "audit.jsonl"),
        oidc=None if oidc is None else read_tokens(table.nested("oidc", oidc), folder, state),
        open_metrics=bool(table.optional("open_metrics", bool)),
        by_certificate=certificates,
        certificates=tuple(map(_rule, table.tables("certificates"))),
        certificate_scopes=table.strings("certificate_scopes", ("predict",), choices=SCOPES),
    )
    table.end()
    if settings.certificates and not certificates:
        raise table.wrong("certificates", "needs client_ca in [tls]")
    if settings.keys is None and settings.oidc is None and not certificates:
        raise table.missing("keys", ", and there is no [access.oidc]")
    return settings


def _rule(table: TomlTable) -> CertificateRule:
    rule = CertificateRule(
        table.required("name", str),
        table.strings("scopes", ("predict",), choices=SCOPES),
        _rate(table),
        table.one_of("priority", PRIORITIES),
    )
    table.end()
    return rule


def _rate(table: TomlTable) -> Rate | None:
    text = table.optional("rate", str)
    if text is None:
        return None
    try:
        return Rate.parse(text)
    except ValueError as error:
        raise table.wrong("rate", f"is malformed: {error}") from None
