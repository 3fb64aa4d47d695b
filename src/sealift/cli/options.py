"""The arguments and options that several commands share."""

from __future__ import annotations

import click

from sealift.cli.program import FILE

seal_file = click.argument("file", metavar="FILE", type=FILE)
seconds = click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    help="Time limit: for loading the model and its examples, or for each chunk of rows.",
)
memory = click.option(
    "--memory",
    metavar="GB",
    type=click.FloatRange(min=0, min_open=True),
    help="Memory limit of the model; half of the machine's memory by default.",
)
onnx_seconds = click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    help="Time limit for the graph of an .onnx file: for loading, and for each call.",
)
onnx_memory = click.option(
    "--memory",
    metavar="GB",
    type=click.FloatRange(min=0, min_open=True),
    help="Memory limit of the graph of an .onnx file; half of the machine's memory by default.",
)
password = click.option("--password-prompt", is_flag=True, help="Ask for the password of the private key.")
password_file = click.option(
    "--password-file", type=FILE, metavar="FILE",
    help="Read the password of the private key from this file, or from the variable SEALIFT_KEY_PASSWORD.",
)  # fmt: skip
