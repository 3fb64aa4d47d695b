"""The commands that start a server, compare one with a sealed model, or write its files for other systems."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import click

from sealift.cli.options import seal_file
from sealift.cli.program import FILE, command


def _checked_workers(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        from sealift.serve.scaling.settings import WorkerRange

        try:
            WorkerRange.parse(value)
        except ValueError as error:
            raise click.BadParameter(f"{value!r} {error}.") from None
    return value


@command("serve", "Serve models over HTTP and gRPC.", "serve heart-risk.seal --port 8080")
@click.argument("target", metavar="TARGET", type=FILE)
@click.option(
    "--host", metavar="ADDRESS", help="Where to listen; 127.0.0.1 by default, which only this computer reaches."
)
@click.option("--port", type=click.IntRange(0, 65535), help="The port; 8080 by default, and 0 for any free one.")
@click.option(
    "--grpc", metavar="PORT", type=click.IntRange(0, 65535), help="Serve gRPC too, at this port; 0 for any free one."
)
@click.option(
    "--workers",
    callback=_checked_workers,
    metavar="N|MIN-MAX",
    help="The number of worker processes, or its limits, as 0-4; by default one for each processor.",
)
@click.option(
    "--open", "open_", is_flag=True, help="Permit an address that other computers reach: there is no authentication."
)
@click.option("--on", type=click.Choice(["ray"]), help="ray: use the cluster of RAY_ADDRESS, or a new one here.")
@click.option("--check", is_flag=True, help="Open the models and run their examples, but do not serve them.")
def serve(target: Path, **options: Any) -> None:
    """Serve models over HTTP, once each of them reproduces its examples on this machine.

    TARGET is a .seal file, or a deployment file (.toml) of several models.
    Ctrl-C or SIGTERM ends the server when the requests that it accepted are answered.
    """
    gc.disable()  # little is garbage before the workers start; the server enables the collector then
    try:
        from sealift.cli import serve

        serve.run(target, **options)
    finally:
        gc.enable()


@command(
    "shadow-diff",
    "Compare a server of today with a sealed model.",
    "shadow-diff http://127.0.0.1:5000 heart-risk.seal --rows patients.csv",
)
@click.argument("url")
@seal_file
@click.option("--rows", type=FILE, required=True, metavar="FILE", help="The rows: CSV, JSON Lines, Parquet or XLSX.")
@click.option(
    "--protocol",
    type=click.Choice(["sealift", "v2", "tensorflow", "mlflow", "records"]),
    help="The protocol of the server; by default it is detected. `records` sends a list of objects to URL itself.",
)
@click.option("--model", help="The name of the server's model; by default the one in the file.")
@click.option("--output", help="The output to compare; by default the one by which most rows agree.")
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0),
    default=1e-6,
    help="The relative difference of numbers that counts as equal; 1e-6 by default.",
)
@click.option("--batch", type=click.IntRange(1, 10_000), default=100, help="Rows of a request; 100 by default.")
@click.option("--most", type=click.IntRange(min=1), help="Compare only the first rows.")
@click.option("--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A header of each request.")
@click.option("--timeout", type=click.FloatRange(min=0.1), default=30.0, help="Seconds of a request; 30 by default.")
@click.option("--ignore-extra", is_flag=True, help="Ignore columns that are no inputs of the model.")
def shadow_diff(url: str, file: Path, **options: Any) -> None:
    """Send the same rows to a server and to a sealed model; list the rows with another answer, and the likely causes.

    The server may speak the Open Inference Protocol, the protocol of TensorFlow Serving or of MLflow, or accept a list
    of objects. It is only asked for predictions. The exit code is 3 when answers differ.
    """  # fmt: skip
    from sealift.cli import shadow_diff as command

    command.run(url, file, **options)


@command(
    "export",
    "Write the files for Docker, Kubernetes, KServe, systemd or Ray.",
    "export kubernetes deployment.toml -o manifests --image registry.example/heart:1",
)
@click.argument("target", type=click.Choice(["docker", "kubernetes", "kserve", "systemd", "ray"]))
@click.argument("source", metavar="SOURCE", type=FILE)
@click.option("-o", "--output", type=FILE, required=True, help="The folder of the files; it is created.")
@click.option("--name", help="The name of the server; by default that of the deployment file, or of the model.")
@click.option("--open", is_flag=True, help="Permit an address that other computers reach, without authentication.")
@click.option("--force", is_flag=True, help="Replace files that are in the folder.")
@click.option("--image", help="docker, kubernetes, kserve: the name of the image; NAME:VERSION by default.")
@click.option("--base", default="python:3.13-slim-bookworm", show_default=True, help="docker: the image to build from.")
@click.option("--claim", help="kubernetes: a PersistentVolumeClaim that holds the models, instead of the image.")
@click.option(
    "--replicas",
    type=click.IntRange(1, 1000),
    default=2,
    show_default=True,
    help="kubernetes, kserve, ray: the least number of replicas.",
)
@click.option(
    "--most",
    type=click.IntRange(1, 1000),
    help="kubernetes, kserve: the greatest number of replicas; by default 10, or as many as --replicas.",
)
@click.option("--cpu", default="2", show_default=True, help="kubernetes, kserve: the processors of a replica.")
@click.option("--memory", help="kubernetes, kserve: the memory of a replica; by default by the sizes of the models.")
@click.option("--monitor", is_flag=True, help="kubernetes: also a ServiceMonitor of the Prometheus operator.")
@click.option(
    "--executable", default="/opt/sealift/bin/sealift", show_default=True, help="systemd: the path of the program."
)
def export(target: str, source: Path, output: Path, **options: Any) -> None:
    """Write the files with which a server runs elsewhere. The models must reproduce their examples here first.

    SOURCE is a deployment file (.toml) or a .seal file. TARGET is

    \b
      docker      an image: not root, a read-only file system, from the package index
      kubernetes  a Deployment under the restricted policy, and what belongs to it
      kserve      an InferenceService, and a runtime for models in a storage
      systemd     a unit with a user of its own and few permissions
      ray         an application of Ray Serve

    Private keys and passwords are not written; the notes say where they belong.
    """  # fmt: skip
    from sealift.cli import export

    export.run(target, source, output, **options)
