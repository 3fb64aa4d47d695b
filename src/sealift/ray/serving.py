"""`sealift serve --on ray`: deploys the application to a cluster, and removes it at the end."""

from __future__ import annotations

import http.client
import logging
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sealift.errors import ServeError
from sealift.export.bundle import collect
from sealift.export.options import ExportOptions
from sealift.export.ray import check_supported, settings
from sealift.ray.application import application
from sealift.ray.cluster import connected, library
from sealift.serve.addresses import bind
from sealift.serve.deployment import Deployment
from sealift.serve.scaling.settings import WorkerRange

_MOST_BYTES = 500 << 20
"""The size of a working folder that Ray copies to its nodes."""
_READY = 60.0


def run(source: Path, deployment: Deployment, ready: Callable[[int], None]) -> None:
    """Serve on Ray until SIGTERM or SIGINT.

    Args:
        source: the deployment file or the sealed file.
        deployment: what it describes, with the choices of the command line.
        ready: called with the port when the replicas answer.

    Raises:
        MissingExtraError: E405.
        ServeError: E710, E811, E813, E814, E815; and as `sealift.export.bundle.collect`.
    """
    check_supported(deployment)
    serve = library("ray.serve")
    logging.getLogger("ray.serve").setLevel(logging.ERROR)
    ended = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with _working_folder(source, deployment) as (folder, name):
            (listening,) = bind(deployment.host, deployment.port, 1)  # E710
            port = listening.getsockname()[1]
            listening.close()
            with connected({"working_dir": str(folder)}):
                for number in before:  # Ray has replaced the handlers, and would abort
                    signal.signal(number, lambda *_: ended.set())
                _deploy(serve, deployment, name, port)
                try:
                    _wait_until_ready(deployment.host, port)
                    ready(port)
                    ended.wait()
                finally:
                    serve.delete(name)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _working_folder(source: Path, deployment: Deployment) -> Iterator[tuple[Path, str]]:
    """The folder that Ray copies to each node, and the name of the server."""
    bundle = collect(source, ExportOptions())
    if bundle.size > _MOST_BYTES:
        raise ServeError(
            "E815",
            f"The models have {bundle.size >> 20} MiB, and Ray copies at most {_MOST_BYTES >> 20} MiB to its nodes.",
            where=str(source),
            fix="Write the files with `sealift export ray`, and give their folder to the cluster by its storage.",
        )
    with tempfile.TemporaryDirectory(prefix="sealift-ray-") as made:
        folder = Path(made)
        for part in ("models", "secrets"):
            (folder / part).mkdir(mode=0o700)
        for model in bundle.models:
            shutil.copyfile(model.source, folder / "models" / model.file)
        for name, contents in bundle.public.items():
            (folder / name).write_bytes(contents)
        for name, secret in bundle.secrets.items():
            shutil.copyfile(secret, folder / "secrets" / name)
        text = settings(bundle, deployment.host, permit=deployment.open)
        (folder / "deployment.toml").write_text(text, encoding="utf-8")
        yield folder, bundle.name


def _deploy(serve: Any, deployment: Deployment, name: str, port: int) -> None:
    serve.start(proxy_location="EveryNode", http_options={"host": deployment.host, "port": port})
    replicas = 2 if deployment.workers is None else max(1, WorkerRange.of(deployment.workers).least)
    made = application("deployment.toml", replicas=replicas)
    try:
        serve.run(made, name=name, route_prefix="/")
    except Exception as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        serve.delete(name)
        raise ServeError(
            "E814",
            f"The application is not ready on Ray: {' '.join(lines[-2:])!s:.400}",
            fix="Read the logs of Ray Serve: `serve status`, and /tmp/ray/session_latest/logs/serve on the node.",
        ) from error


def _wait_until_ready(host: str, port: int) -> None:
    """Wait until the proxy of this node passes a request to a replica. Raises ServeError E814."""
    until = time.monotonic() + _READY
    reason = ""
    while time.monotonic() < until:
        connection = http.client.HTTPConnection("127.0.0.1" if host == "0.0.0.0" else host, port, timeout=5)  # noqa: S104
        try:
            connection.request("GET", "/v2/health/ready")
            status = connection.getresponse().status
            if status == 200:
                return
            reason = f"status {status}"
        except OSError as error:
            reason = str(error)
        finally:
            connection.close()
        time.sleep(0.1)
    raise ServeError(
        "E814",
        f"Ray Serve does not answer at {host}, port {port}: {reason}.",
        fix="If Ray Serve runs in the cluster already, at another port, use that port with --port.",
    )
