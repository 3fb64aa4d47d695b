"""TLS: the certificate of the server, those of clients, and their reload when the files change."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealift import files
from sealift.errors import FileError, ServeError
from sealift.serve.access.watch import FileWatch
from sealift.serve.toml_table import TomlTable

_log = logging.getLogger(__name__)
_LONGEST = 1 << 20


@dataclass(frozen=True)
class TlsSettings:
    """The files of TLS.

    Attributes:
        certificate: the chain of the server's certificate, in PEM.
        key: its private key, in PEM, without a password.
        client_ca: the certificates of the authorities that sign those of clients; None asks for no certificates.
        client_required: whether a client without a certificate is refused.
    """

    certificate: Path
    key: Path
    client_ca: Path | None = None
    client_required: bool = True

    @property
    def files(self) -> list[Path]:
        """All files."""
        return [self.certificate, self.key, *([] if self.client_ca is None else [self.client_ca])]


def read_tls(table: TomlTable, folder: Path) -> TlsSettings:
    """The settings of `[tls]`. Raises ServeError E709."""
    ca, required = table.optional("client_ca", str), table.optional("client_required", bool)
    settings = TlsSettings(
        folder / table.required("certificate", str),
        folder / table.required("key", str),
        None if ca is None else folder / ca,
        required is None or required,
    )
    table.end()
    if ca is None and required is not None:
        raise table.wrong("client_required", "needs client_ca")
    return settings


def context_of(settings: TlsSettings) -> ssl.SSLContext:
    """A context of the server, TLS 1.2 or newer. Raises ServeError E766."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.options |= ssl.OP_NO_RENEGOTIATION
    try:
        where = settings.certificate
        context.load_cert_chain(settings.certificate, settings.key, password=_no_password)
        if settings.client_ca is not None:
            where = settings.client_ca
            context.load_verify_locations(settings.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED if settings.client_required else ssl.CERT_OPTIONAL
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise ServeError(
            "E766",
            f"The certificates of TLS cannot be used: {_reason(error)}.",
            where=str(where),
            fix="Name files in PEM: the certificate with its chain, and its private key without a password.",
        ) from None
    return context


class TlsFiles:
    """The files of TLS, as one process uses them.

    Attributes:
        settings: where they are.
        context: the context for new connections.
    """

    def __init__(self, settings: TlsSettings) -> None:
        self.settings = settings
        self._watch = FileWatch(settings.files)
        self._watch.changed()
        self.context = context_of(settings)

    def changed(self) -> bool:
        """Whether the files were changed and `context` was made anew; files that do not fit together are logged."""
        if not self._watch.changed():
            return False
        try:
            self.context = context_of(self.settings)
        except ServeError as error:  # perhaps one of two files is replaced
            _log.warning("the former certificate of TLS is used: %s", error)
            return False
        return True

    def read(self) -> tuple[bytes, bytes, bytes | None]:
        """The private key, the certificate and the authorities, in PEM. Raises ServeError E766."""
        try:
            key, certificate, *others = (
                files.read(path, limit=_LONGEST)
                for path in (self.settings.key, self.settings.certificate, *self.settings.files[2:])
            )
        except FileError as error:
            raise ServeError("E766", error.what, where=error.where, fix=error.fix) from None
        return key, certificate, others[0] if others else None


def names_of(certificate: Mapping[str, Any]) -> str:
    """The names in a verified certificate of a client, one on a line.

    Args:
        certificate: the result of `ssl.SSLSocket.getpeercert`.
    """
    common = [value for part in certificate.get("subject", ()) for name, value in part if name == "commonName"]
    return joined([*common, *(value for _, value in certificate.get("subjectAltName", ()))])


def joined(names: Iterable[str]) -> str:
    """Names as text, one on a line, each once; those with control characters are left out."""
    return "\n".join(dict.fromkeys(name for name in names if name.isprintable() and name))


def _no_password() -> str:
    raise ValueError("the private key has a password")


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "it is not PEM").replace("_", " ").lower()
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
