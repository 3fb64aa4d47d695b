"""The program `sealift`: what all of its commands have in common."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from sealift.cli import console

if TYPE_CHECKING:
    _ParamType = click.ParamType[Path]
else:  # before click 8.4 it has no parameter
    _ParamType = click.ParamType


class _File(_ParamType):
    """A path; the code that opens it reports errors, with a code."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        del param, ctx
        return Path(value)


FILE = _File()


def _version(context: click.Context, _: click.Parameter, given: bool) -> None:
    if given and not context.resilient_parsing:
        from sealift.version import __version__

        click.echo(f"sealift {__version__}")
        context.exit()


def _quiet(_context: click.Context, _: click.Parameter, given: bool) -> None:
    console.silence(given)


def _defaults(context: click.Context, _: click.Parameter, given: Path | None) -> None:
    if not context.resilient_parsing:
        from sealift.cli.config import defaults

        context.default_map = defaults(context.command, given, app.commands)


# The options that all commands have.
COMMON = (
    click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON object instead of text; errors too."),
    click.Option(
        ["-q", "--quiet"], is_flag=True, expose_value=False, callback=_quiet,
        help="Print only errors; see the exit code.",
    ),
    click.Option(
        ["--config"], type=FILE, metavar="FILE", is_eager=True, expose_value=False, callback=_defaults,
        help="Defaults for the options; by default sealift.toml in this folder or the nearest parent that has one.",
    ),
)  # fmt: skip


class _Program(click.Group):
    """The program; exceptions of commands are handled by `console.guarded`."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except EOFError as error:  # click would treat it as Ctrl-C
            raise console.coded(error) from error

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        """Run it and exit with its code."""
        given = sys.argv[1:] if args is None else list(args)
        run = super().main
        extra["standalone_mode"] = False
        console.guarded(lambda: run(args=given, prog_name=prog_name, **extra), as_json="--json" in given)


@click.group(
    cls=_Program,
    name="sealift",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    no_args_is_help=True,
)
@click.option(
    "--version", is_flag=True, callback=_version, expose_value=False, is_eager=True, help="Print the version."
)
def app() -> None:
    """Turn a trained model with its data preparation into one sealed file that gives the same answers everywhere."""


def command(name: str, short: str, example: str) -> Callable[[Callable[..., Any]], click.Command]:
    """A command with the common options; its help ends with an example."""

    def made(function: Callable[..., Any]) -> click.Command:
        added = app.command(name, short_help=short, epilog=f"Example:  sealift {example}")(function)
        added.params.extend(COMMON)
        return added

    return made
