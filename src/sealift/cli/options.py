"""The arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from sealift.cli.program import FILE

_Command = TypeVar("_Command", bound="Callable[..., Any] | click.Command")


def _limit(option: str, text: str, metavar: str | None = None) -> Callable[[_Command], _Command]:
    return click.option(option, metavar=metavar, type=click.FloatRange(min=0, min_open=True), help=text)


seal_file = click.argument("file", metavar="FILE", type=FILE)
seconds = _limit("--seconds", "Time limit: for loading the model and its examples, or for each chunk of rows.")
memory = _limit("--memory", "Memory limit of the model; half of the machine's memory by default.", "GB")
onnx_seconds = _limit("--seconds", "Time limit for the graph of an .onnx file: for loading, and for each call.")
onnx_memory = _limit(
    "--memory", "Memory limit of the graph of an .onnx file; half of the machine's memory by default.", "GB"
)
preprocess = click.option(
    "--preprocess", type=FILE, metavar="WHAT",
    help="How a picture or text becomes the arrays of a net: a .toml or .json file with arguments of sealift.Image, "
    "a tokenizer.json, or module.py:name.",
)  # fmt: skip
class_names = click.option(
    "--class-names", metavar="A,B,…", help="The names of the classes, in the order of the net's outputs."
)
password = click.option("--password-prompt", is_flag=True, help="Ask for the password of the private key.")
password_file = click.option(
    "--password-file", type=FILE, metavar="FILE",
    help="Read the password of the private key from this file, or from the variable SEALIFT_KEY_PASSWORD.",
)  # fmt: skip
