"""What a deployment adds to a service for its protection: access, TLS and cross-origin requests."""

from __future__ import annotations

import logging

from sealift.serve.access.gate import Gate
from sealift.serve.access.rates import Buckets
from sealift.serve.access.tls import context_of
from sealift.serve.deployment import Deployment
from sealift.serve.helpers import Helper
from sealift.serve.http.cors import Cors
from sealift.serve.loopback import is_loopback
from sealift.serve.service import Service

_log = logging.getLogger(__name__)


def check(deployment: Deployment) -> None:
    """Raise an error where the files of a deployment cannot be used.

    Raises:
        ServeError: E764, E766, E767. MissingExtraError: E405.
    """
    if deployment.access is not None:
        Gate(deployment.access, Buckets())
    if deployment.tls is not None:
        context_of(deployment.tls)


def protect(service: Service, deployment: Deployment) -> list[Helper]:
    """Set who may use a service; returns the helpers that this needs. Call it before the workers are started.

    Raises:
        As `check`.
    """
    helpers: list[Helper] = []
    if deployment.access is not None:
        oidc, fetch = deployment.access.oidc, None
        if oidc is not None and oidc.is_fetched:
            from sealift.serve.access.key_sets import KeySetFetcher

            fetcher = KeySetFetcher(oidc)
            helpers.append(fetcher)
            fetch = fetcher.want
        service.access = Gate(deployment.access, Buckets(), fetch)
        service.open_metrics = deployment.access.open_metrics
    if deployment.cors:
        service.cors = Cors(deployment.cors)
    if deployment.tls is not None:
        context_of(deployment.tls)
        service.tls = deployment.tls
    elif not is_loopback(deployment.host):
        _log.warning(
            "at %s requests, answers and keys are not encrypted: add [tls] to the deployment file, "
            "or use a proxy that encrypts",
            deployment.host,
        )
    return helpers
