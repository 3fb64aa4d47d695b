"""TLS of gRPC: the certificates for new connections, and the names of clients."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from sealift.errors import ServeError
from sealift.optional import need
from sealift.serve.access.tls import TlsFiles, TlsSettings, joined

_grpc = need("grpc", "grpc", "The protocol of gRPC")
_log = logging.getLogger(__name__)
_NAMES = ("x509_common_name", "x509_subject_alternative_name")


def credentials_of(settings: TlsSettings) -> Any:
    """The credentials of a server, which reads its files again at a handshake after they changed.

    A client certificate is required or not asked for: the library has no optional ones.

    Raises:
        ServeError: E766.
    """
    tls = TlsFiles(settings)
    required = settings.client_ca is not None and settings.client_required

    def configuration() -> Any:
        key, certificate, authorities = tls.read()
        return _grpc.ssl_server_certificate_configuration([(key, certificate)], authorities if required else None)

    def fetched() -> Any:
        """The new configuration; None where nothing changed."""
        try:
            return configuration() if tls.changed() else None
        except ServeError as error:
            _log.warning("the former certificate of TLS is used: %s", error)
            return None

    return _grpc.dynamic_ssl_server_credentials(configuration(), fetched, required)


def client_names(context: Mapping[str, Sequence[bytes]]) -> str:
    """The names in the verified certificate of a client, one on a line; empty where it has none."""
    names = [name.decode("utf-8", "replace") for key in _NAMES for name in context.get(key, ())]
    return joined(names)
