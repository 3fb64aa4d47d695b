"""The commands that show or change which versions a running server answers with; each calls `sealift.cli.traffic`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sealift.cli.options import seal_file
from sealift.cli.program import command

_port = click.option(
    "--port", type=click.IntRange(1, 65535), default=8080, help="The port of the server; 8080 by default."
)
_reason = click.option("--reason", default="", help="Why, for the history of the server.")


@command("deploy", "Serve another version on a running server.", "deploy heart-risk-2.seal --canary 0.05")
@seal_file
@_port
@click.option("--name", help="The name of the model; by default the one in the file.")
@click.option(
    "--canary",
    "share",
    metavar="SHARE",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Send it this share of the requests on trial, then promote it or roll it back.",
)
@click.option("--shadow", is_flag=True, help="Send it copies of the requests, and compare its answers.")
@click.option("--hold", is_flag=True, help="Send it only requests that name its version.")
@click.option("--window", type=click.FloatRange(min=0), default=300.0, help="Seconds of the trial; 300 by default.")
@click.option("--least", type=click.IntRange(min=1), default=200, help="Requests of the trial; 200 by default.")
@click.option(
    "--max-errors",
    type=click.FloatRange(0, 1),
    default=0.01,
    help="How much larger its share of requests with an error may be; 0.01 by default.",
)
@click.option(
    "--max-latency",
    type=click.FloatRange(min=0),
    default=2.0,
    help="How many times the 99th percentile of the others its latency may have; 2 by default.",
)
@click.option(
    "--max-disagreement",
    type=click.FloatRange(0, 1),
    help="The share of rows that it may answer differently; not compared by default.",
)
@_reason
def deploy(file: Path, **options: Any) -> None:
    """Serve another version of a model, or another model, on a running server; no request fails.

    Every worker loads the file and reproduces its examples before anything changes. By default all requests are then
    answered by it. `sealift rollback` returns to the state before.
    """  # fmt: skip
    from sealift.cli import traffic

    traffic.deploy(file, **options)


@command("promote", "Send all requests to a version.", "promote heart-risk@2 --reason 'better recall'")
@click.argument("model", metavar="NAME[@VERSION]")
@_port
@_reason
def promote(model: str, **options: Any) -> None:
    """Send all requests for a model to a version; by default to the one on trial."""
    from sealift.cli import traffic

    traffic.promote(model, **options)


@command("rollback", "Undo the latest change of a model.", "rollback heart-risk --reason 'wrong units'")
@click.argument("name", metavar="NAME")
@_port
@_reason
def rollback(name: str, **options: Any) -> None:
    """Return to the versions and shares before the latest deploy or promote of a model."""
    from sealift.cli import traffic

    traffic.rollback(name, **options)


@command("status", "Show what a running server answers.", "status --port 8080")
@_port
def status(**options: Any) -> None:
    """Show the models of a running server, their versions and shares, requests, errors and latency."""
    from sealift.cli import traffic

    traffic.status(**options)
