"""The commands' names, options and help; each hands over to the module that does the work."""

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
    """A path; what is wrong with it is told by whoever opens it, with a code."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        del param, ctx
        return Path(value)


FILE = _File()
seal_file = click.argument("file", metavar="FILE", type=FILE)
seconds = click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    help="How long the model may take: to load and answer its examples, or for one piece of the rows.",
)
memory = click.option(
    "--memory",
    metavar="GB",
    type=click.FloatRange(min=0, min_open=True),
    help="How much memory the model may use; half of the machine's by default.",
)
onnx_seconds = click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    help="How long the graph of an .onnx file may take to load, or for one call.",
)
onnx_memory = click.option(
    "--memory",
    metavar="GB",
    type=click.FloatRange(min=0, min_open=True),
    help="How much memory the graph of an .onnx file may use; half of the machine's by default.",
)
password = click.option("--password-prompt", is_flag=True, help="Ask for the password of the private key.")
password_file = click.option(
    "--password-file", type=FILE, metavar="FILE",
    help="Read the password of the private key from this file. SEALIFT_KEY_PASSWORD, a variable, works too.",
)  # fmt: skip


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from sealift.version import __version__

        click.echo(f"sealift {__version__}")
        context.exit()


def _quiet(_context: click.Context, _: click.Parameter, wanted: bool) -> None:
    console.silence(wanted)


def _defaults(context: click.Context, _: click.Parameter, given: Path | None) -> None:
    if not context.resilient_parsing:
        from sealift.cli.config import defaults

        context.default_map = defaults(context.command, given, app.commands)


# The options that all commands have.
COMMON = (
    click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON object instead of text; errors too."),
    click.Option(
        ["-q", "--quiet"], is_flag=True, expose_value=False, callback=_quiet,
        help="Print no text but errors; the exit code says how it went.",
    ),
    click.Option(
        ["--config"], type=FILE, metavar="FILE", is_eager=True, expose_value=False, callback=_defaults,
        help="Defaults for the options; by default sealift.toml in this folder or the nearest parent that has one.",
    ),
)  # fmt: skip


class _Program(click.Group):
    """The program; whatever a command raises goes through `console.guarded`."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except EOFError as error:  # click would take it for Ctrl-C
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
    """Turn a trained model with all its preprocessing into one sealed file that gives the same answers everywhere."""


def _command(name: str, short: str, example: str) -> Callable[[Callable[..., Any]], click.Command]:
    """A command with the options that all commands have; its help ends with an example."""

    def made(function: Callable[..., Any]) -> click.Command:
        command = app.command(name, short_help=short, epilog=f"Example:  sealift {example}")(function)
        command.params.extend(COMMON)
        return command

    return made


@_command(
    "pack",
    "Seal a trained model, once it is proved.",
    "pack train.py:model --data held_out.csv --target disease --name heart-risk",
)
@click.argument("model", metavar="MODEL")
@click.option(
    "--data", type=FILE, required=True, help="Rows to verify with, best held-out: .csv, .jsonl, .parquet or .xlsx."
)
@click.option("--name", required=True, help="The model's name, such as heart-risk.")
@click.option("--target", help="The column with the true answers; not an input.")
@click.option("--version", default="1", show_default=True, help="The model's version.")
@click.option("-o", "--output", type=FILE, help="Where to write; NAME.seal here by default.")
@click.option(
    "--contract",
    "overrides",
    type=FILE,
    help="A .toml or .json file with what you know: inputs.<name> = {units, description, range …}, "
    "outputs.<name> = {title, units, columns …}, class_names, headline, card = {title, description, author …}.",
)
@click.option("--drop", metavar="COLUMN", multiple=True, help="A column that is no input; may be repeated.")
@click.option(
    "--tolerance", type=float, metavar="SHARE",
    help="Let numbers differ by more than 1e-9 of their size, such as 1e-6. The file and the page say so.",
)  # fmt: skip
@click.option(
    "--engines", metavar="native[,wasm]",
    help="What the proof runs in; by default also wasm, the page's engine, where Node 20 is installed. "
    "The file's identity depends on it.",
)  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace a signed file, or one that is not a sealed file.")
@click.option("--keep-rows", is_flag=True, help="Put some of your real rows into the file, instead of generated ones.")
@click.option(
    "--training",
    metavar="FILE",
    type=FILE,
    help="The rows that the model was trained on, with --target: what the file retains is compared with them too.",
)
@click.option(
    "--privacy", type=click.Choice(["report", "strict"]), default="report", show_default=True,
    help="strict: refuse to write a file that retains data of single records.",
)  # fmt: skip
@click.option("--sign", "sign_with", metavar="KEY", type=FILE, help="Sign the file with this private key.")
@password
@password_file
@click.option("--trust", metavar="TYPE", multiple=True, help="A type that a .skops file may use; may be repeated.")
@click.option("--trust-pickle", is_flag=True, help="Open a .joblib or .pkl, which can run any code when it is opened.")
@onnx_seconds
@onnx_memory
def pack(model: str, data: Path, **options: Any) -> None:
    """Seal a trained model, after proving that the sealed one gives the same answers.

    MODEL is module.py:name (that file is run); a .skops or .onnx file; what XGBoost (.json, .ubj), LightGBM (.txt) or
    CatBoost (.cbm, .json) saved itself, in R too; or a .joblib or .pkl with --trust-pickle.
    """
    from sealift.cli import pack

    pack.run(model, data, **options)


@_command(
    "doctor",
    "Tell what of a model can be sealed.",
    "doctor train.py:model --data held_out.csv --target disease",
)
@click.argument("model", metavar="MODEL")
@click.option("--data", type=FILE, help="Some rows as the model takes them; without, less can be told.")
@click.option("--target", help="A column with true answers; not an input.")
@click.option("--drop", metavar="COLUMN", multiple=True, help="A column that is no input; may be repeated.")
@click.option("--trust", metavar="TYPE", multiple=True, help="A type that a .skops file may use; may be repeated.")
@click.option("--trust-pickle", is_flag=True, help="Open a .joblib or .pkl, which can run any code when it is opened.")
@onnx_seconds
@onnx_memory
def doctor(model: str, data: Path | None, **options: Any) -> None:
    """Tell step by step what of a model can be sealed, how, and what cannot; and what it holds of its training data.

    MODEL is given as to pack. Nothing is written. The exit code is 0 when every step is supported, else 1.
    """
    from sealift.cli import doctor

    doctor.run(model, data, **options)


@_command("inspect", "Show what a sealed file is.", "inspect heart-risk.seal")
@seal_file
def inspect(file: Path, as_json: bool) -> None:
    """Show what a sealed file is: name, inputs, outputs, identity, signatures. Every digest is checked first."""
    from sealift.cli import inspect

    inspect.inspect(file, as_json=as_json)


@_command("verify", "Check a sealed file or a page on this machine.", "verify heart-risk.seal --key clinic.key.pub")
@seal_file
@click.option("--key", type=FILE, help="The public key that must have signed FILE: KEY.pub of `sealift keygen KEY`.")
@seconds
@memory
def verify(file: Path, key: Path | None, **options: Any) -> None:
    """Check digests and signature, and run the golden examples on this machine.

    FILE is a .seal file, or a page (.html): then the page is made anew from the model inside and compared.
    The model runs in a process of its own, with limits of time and memory.
    """
    from sealift.cli import inspect

    inspect.verify(file, key, **options)


@_command(
    "predict",
    "Answer every row of a file.",
    "predict heart-risk.seal patients.csv -o answers.csv --keep patient_id --extra",
)
@seal_file
@click.argument("input", metavar="INPUT")
@click.option("-o", "--output", required=True, help="Where the answers go, of any of these kinds; - for CSV on stdout.")
@click.option("--keep", metavar="COLUMN", multiple=True, help="A column to copy beside the answers; may be repeated.")
@click.option("--keep-inputs", is_flag=True, help="Copy the model's inputs beside the answers.")
@click.option("--extra", is_flag=True, help="Pass over columns that are no inputs.")
@seconds
@memory
def predict(file: Path, input: str, output: str, **options: Any) -> None:
    """Answer every row of a file. Bad rows are reported and lose no good one; the exit code is then 3.

    INPUT is .csv, .tsv, .jsonl, .parquet or .xlsx; - for CSV or JSON Lines on stdin.
    """
    from sealift.cli import predict

    predict.run(file, input, output, **options)


@_command("serve", "Serve models over HTTP.", "serve heart-risk.seal --port 8080")
@click.argument("target", metavar="TARGET", type=FILE)
@click.option(
    "--host", metavar="ADDRESS", help="Where to listen; 127.0.0.1 by default, which only this computer reaches."
)
@click.option("--port", type=click.IntRange(0, 65535), help="The port; 8080 by default, and 0 for any free one.")
@click.option("--workers", type=click.IntRange(1, 256), help="The number of processes; by default one a processor.")
@click.option(
    "--open", "open_", is_flag=True, help="Permit an address that other computers reach: there is no authentication."
)
@click.option("--check", is_flag=True, help="Open the models and run their examples, but do not serve them.")
def serve(target: Path, **options: Any) -> None:
    """Serve models over HTTP, once each of them reproduces its examples on this machine.

    TARGET is a .seal file, or a deployment file (.toml) of several models.
    Ctrl-C or SIGTERM ends the server when the requests that it accepted are answered.
    """
    from sealift.cli import serve

    serve.run(target, **options)


@_command("keygen", "Make a pair of keys.", "keygen clinic.key   (makes clinic.key and clinic.key.pub)")
@click.argument("path", metavar="PATH", type=FILE)
@click.option("--password-prompt", is_flag=True, help="Ask for a password that protects the private key.")
@click.option(
    "--password-file", type=FILE, metavar="FILE", help="Protect the private key with the password in this file."
)
def keygen(path: Path, **options: Any) -> None:
    """Make a pair of Ed25519 keys: the private one signs, the public one is for those who verify.

    PATH is where the private key goes; a key is never overwritten.
    """
    from sealift.cli import keys

    keys.generate(path, **options)


@_command("sign", "Sign a sealed file.", "sign heart-risk.seal --key clinic.key")
@seal_file
@click.option("--key", type=FILE, required=True, help="The private key.")
@password
@password_file
def sign(file: Path, key: Path, **options: Any) -> None:
    """Sign a sealed file in place. The model's identity does not change."""
    from sealift.cli import keys

    keys.sign(file, key, **options)


@_command("app", "Make one .html file for a double click.", "app heart-risk.seal -o heart-risk.html")
@seal_file
@click.option("-o", "--output", type=FILE, help="Where to write; FILE with .html by default.")
@click.option("--handout", is_flag=True, help="Write a sheet for IT security and data protection beside the page.")
def app_(file: Path, output: Path | None, handout: bool, as_json: bool) -> None:
    """Make one .html file that anyone opens with a double click: no installation, no server, no network."""
    from sealift.cli import app

    app.page(file, output, handout=handout, as_json=as_json)


@_command("demo", "Try it all on real data.", "demo --out demo")
@click.option("--out", type=FILE, default="demo", show_default=True, help="The folder for the demo's files.")
def demo(out: Path, as_json: bool) -> None:
    """Train, pack, verify, sign and try a real model on real data, start to end."""
    from sealift.cli import app

    app.demo(out, as_json=as_json)


@_command("explain-error", "Explain the code of an error.", "explain-error E302")
@click.argument("code", metavar="CODE")
def explain_error(code: str, as_json: bool) -> None:
    """Explain the code of an error: what it means, its usual causes, and what to do."""
    from sealift.cli import explain

    explain.run(code, as_json=as_json)


@_command("docs", "Read the documentation.", "docs how-to/sign")
@click.argument("page", metavar="[PAGE]", required=False)
def docs(page: str | None, as_json: bool) -> None:
    """List the pages of the documentation, or show one of them as Markdown."""
    from sealift.cli import docs

    docs.run(page, as_json=as_json)
