"""The server as an application of Ray Serve: each replica is one process with the whole data plane."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sealift.export.ray import check_supported
from sealift.ray.cluster import library
from sealift.serve.access.parts import protect
from sealift.serve.deployment import read
from sealift.serve.http.app import App
from sealift.serve.opening import open_models
from sealift.serve.service import Service

_MOST_ONGOING = 16
"""Requests that a replica has at a time. It computes one after the other, so more would only wait in it."""
_GRACE = 30.0


def application(deployment: str, *, replicas: int = 2) -> Any:
    """The application, for `ray.serve.run` or the configuration file of Ray Serve.

    Each replica opens the models and runs their examples before Ray sends it requests; a model that does not reproduce
    them is never served.

    Args:
        deployment: the deployment file, relative to the working folder of the replicas.
        replicas: the number of replicas.

    Raises:
        MissingExtraError: E405 where Ray is not installed.
    """
    serve = library("ray.serve")

    def build() -> App:
        return app(deployment)

    made = serve.deployment(
        serve.ingress(build)(),
        name="models",
        num_replicas=replicas,
        max_ongoing_requests=_MOST_ONGOING,
        graceful_shutdown_timeout_s=_GRACE,
        ray_actor_options={"num_cpus": 1},
    )
    return made.bind()


def app(path: str) -> App:
    """The ASGI application of one replica.

    Raises:
        ServeError: E703, E709, E811; and as `open_models`.
    """
    deployment = read(Path(path))
    check_supported(deployment)
    service = Service(open_models(deployment), deployment.limits)
    protect(service, deployment)
    return App(service)
