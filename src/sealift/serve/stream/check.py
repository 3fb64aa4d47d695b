"""Whether a deployment in the mode `stream` can be served, before its models are opened."""

from __future__ import annotations

from pathlib import Path

from sealift.errors import ServeError
from sealift.optional import need
from sealift.serve.deployment import Deployment
from sealift.serve.plane import Plane
from sealift.serve.scaling.settings import WorkerRange
from sealift.serve.toml_table import malformed

_LIBRARIES = {"nats": "nats", "redis": "redis", "amqp": "aio_pika", "mqtt": "paho.mqtt.client", "kafka": "aiokafka"}


def check(deployment: Deployment) -> None:
    """Look whether the broker is named, and its library and password are there.

    Raises:
        ServeError: E709; E766 where `ca_file` cannot be used. MissingExtraError: E405. FileError: E401.
    """
    path, settings = Path(deployment.source), deployment.stream
    if settings is None:
        fix = 'Add [stream] with url = "nats://…", from, to and dead.'
        raise malformed(path, "the mode is stream, but it has no [stream]", fix)
    if isinstance(deployment.workers, WorkerRange) and deployment.workers.least == 0:
        raise malformed(path, "the mode stream needs a worker at any time", "Set the minimum of workers to 1 or more.")
    need(_LIBRARIES[settings.broker], "stream", "The mode stream")
    if settings.password() is None and (settings.user or settings.password_env):
        variable = settings.password_env
        what = f"the environment variable {variable!r:.80} is not set" if variable else "a user has no password"
        raise malformed(path, what, "Set password_file or password_env, and the password there.")
    try:
        settings.context()
    except OSError as error:  # also ssl.SSLError
        raise ServeError(
            "E766",
            f"The certificates of ca_file in [stream] cannot be used: {error.strerror or error}.",
            where=str(settings.ca_file),
            fix="Name a file with one or more certificates in PEM.",
        ) from None


def check_model(deployment: Deployment, plane: Plane) -> None:
    """Look whether the model that answers is served. Raises ServeError E709."""
    names, settings = plane.names(), deployment.stream
    assert settings is not None  # `check` looked
    if settings.model in names or (settings.model is None and len(names) == 1):
        return
    served = ", ".join(map(repr, names[:8]))
    what = f"{len(names)} models are served, and [stream] names none of them"
    if settings.model is not None:
        what = f"the model {settings.model!r:.80} of [stream] is not served"
    raise malformed(Path(deployment.source), what, f"Set model in [stream] to one of {served}.")
