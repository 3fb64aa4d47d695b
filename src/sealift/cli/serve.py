"""`sealift serve`."""

from __future__ import annotations

import dataclasses
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from sealift.cli import console, streams
from sealift.serve.access.parts import check as check_access
from sealift.serve.addresses import check_exposure, check_ports
from sealift.serve.deployment import Deployment, ModelSpec, read
from sealift.serve.opening import open_deployment
from sealift.serve.plane import Plane
from sealift.serve.receipts import Receipts
from sealift.serve.scaling.settings import WorkerRange, check_workers
from sealift.serve.traffic.state import load


def run(
    target: Path,
    *,
    host: str | None,
    port: int | None,
    grpc: int | None,
    workers: str | None,
    open_: bool,
    check: bool,
    on: str | None,
    as_json: bool,
) -> None:
    """Serve a sealed file or the models of a deployment file; with `check`, only look whether that can be done."""
    begun = time.perf_counter()
    deployment = read(target) if target.suffix == ".toml" else Deployment((ModelSpec(target),))
    given: dict[str, Any] = {"host": host, "port": port, "grpc": grpc, "open": open_ or None}
    given["workers"] = None if workers is None else WorkerRange.parse(workers)
    deployment = dataclasses.replace(deployment, **{key: value for key, value in given.items() if value is not None})
    check_exposure(deployment)
    check_ports(deployment)
    check_workers(deployment.workers, grpc=deployment.grpc is not None)
    if deployment.grpc is not None:
        import_module("sealift.serve.grpc.server")  # E405 where a library is missing
    if deployment.records is not None:
        from sealift.serve.records.parts import check as check_records

        check_records(deployment.records)
    if deployment.receipts is not None:
        Receipts(deployment.receipts)  # E501 where the key cannot be used
    check_access(deployment)
    if deployment.telemetry is not None:
        from sealift.serve.telemetry.parts import check as check_telemetry

        check_telemetry(deployment.telemetry)
    folders = None
    if deployment.mode == "batch":
        from sealift.serve.batch_mode import check as check_batch

        folders = check_batch(deployment)
    if deployment.mode == "stream":
        from sealift.serve.stream.check import check as check_stream

        check_stream(deployment)
    saved = {} if deployment.state is None else load(deployment.state / "state.json")
    opened = open_deployment(deployment, saved)
    plane = opened.plane
    if deployment.mode == "stream":
        from sealift.serve.stream.check import check_model

        check_model(deployment, plane)
    if on is not None:
        from sealift.export.ray import check_supported

        check_supported(deployment)
    if check:
        _checked(plane, begun, as_json=as_json)
        return
    if folders is not None:
        from sealift.cli import serve_batch

        serve_batch.run(opened, deployment, folders, as_json=as_json)
        return
    if on is not None:
        from sealift.ray import serving

        serving.run(
            target,
            deployment,
            lambda port: _ready(plane, "http", deployment.host, port, None, begun=begun, as_json=as_json),
        )
        return
    from sealift.serve.supervisor import run as supervise

    scheme = "http" if deployment.tls is None else "https"
    supervise(opened, deployment, lambda *addresses: _ready(plane, scheme, *addresses, begun=begun, as_json=as_json))


def _models(plane: Plane) -> list[dict[str, Any]]:
    return [
        {
            "name": model.name,
            "version": model.version,
            "identity": model.model.identity,
            "examples": model.test.rows if model.test else 0,
        }
        for model in plane.models()
    ]


def _checked(plane: Plane, begun: float, *, as_json: bool) -> None:
    if as_json:
        _show(plane, None, None, begun)
        return
    _list(plane)
    console.say("The deployment can be served.")


def _ready(plane: Plane, scheme: str, host: str, port: int, grpc: int | None, *, begun: float, as_json: bool) -> None:
    name = f"[{host}]" if ":" in host else host
    url = f"{scheme}://{name}:{port}"
    address = None if grpc is None else f"{name}:{grpc}"
    if as_json:
        _show(plane, url, address, begun)
        streams.out().flush()  # whoever started the server waits for the object
        return
    _list(plane)
    console.say(f"ready at {url} after {time.perf_counter() - begun:.1f} s; Ctrl-C ends it")
    if address is not None:
        console.say(f"gRPC at {address}")
    console.say(f"Next: open {url}/docs")
    streams.out().flush()


def _show(plane: Plane, url: str | None, grpc: str | None, begun: float) -> None:
    seconds = round(time.perf_counter() - begun, 3)
    console.show_json({"ok": True, "url": url, "grpc": grpc, "seconds": seconds, "models": _models(plane)})


def _list(plane: Plane) -> None:
    for model in _models(plane):
        console.say(
            f"{console.clean(model['name'])} {console.clean(model['version'])}  identity {model['identity'][:12]}…  "
            f"{model['examples']} examples reproduced"
        )
