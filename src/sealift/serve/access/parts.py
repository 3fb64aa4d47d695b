"""What a deployment adds to a service for its protection: access, TLS and cross-origin requests."""

from __future__ import annotations

import logging

from sealift.serve.access.gate import Gate
from sealift.serve.access.rates import Buckets
from sealift.serve.access.tls import context_of
from sealift.serve.addresses import is_loopback
from sealift.serve.deployment import Deployment
from sealift.serve.http.cors import Cors
from sealift.serve.service import Service

_log = logging.getLogger(__name__)


def check(deployment: Deployment) -> None:
    """Raise ServeError E764 or E766 where the files of a deployment cannot be used."""
    if deployment.access is not None:
        Gate(deployment.access, Buckets())
    if deployment.tls is not None:
        context_of(deployment.tls)


def protect(service: Service, deployment: Deployment) -> None:
    """Set who may use a service. Call it before the workers are started. Raises as `check`."""
    if deployment.access is not None:
        service.access = Gate(deployment.access, Buckets())
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
