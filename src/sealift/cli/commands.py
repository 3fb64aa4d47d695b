"""The commands' names, options and help; each hands over to the module that does the work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sealift.cli.console import guarded

app = typer.Typer(
    name="sealift",
    help="Turn a trained model with all its preprocessing into one sealed file that gives the same answers everywhere.",
    # Plain help: the decorated one costs a third of the time to the first line.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)

SealFile = Annotated[Path, typer.Argument(metavar="FILE", help="The sealed file.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text; errors too.")]
Password = Annotated[bool, typer.Option("--password-prompt", help="Ask for the password of the private key.")]


def _version(wanted: bool) -> None:
    if wanted:
        from sealift import __version__

        typer.echo(f"sealift {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    del version


@app.command(
    short_help="Seal a trained model, once it is proved.",
    epilog="Example:  sealift pack train.py:model --data held_out.csv --target disease --name heart-risk",
)
@guarded
def pack(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="module.py:name (that file is run), a .skops or .onnx file, or a .joblib or .pkl with --trust-pickle.",
        ),
    ],
    data: Annotated[
        Path,
        typer.Option("--data", help="Rows to verify with, best held-out ones: .csv, .jsonl, .parquet or .xlsx."),
    ],
    name: Annotated[str, typer.Option("--name", help="The model's name, such as heart-risk.")],
    target: Annotated[
        str | None, typer.Option("--target", help="The column with the true answers; not an input.")
    ] = None,
    version: Annotated[str, typer.Option("--version", help="The model's version.")] = "1",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where to write; NAME.seal here by default.")
    ] = None,
    contract: Annotated[
        Path | None,
        typer.Option(
            "--contract",
            help="A .toml or .json file with what you know: inputs.<name> = {units, description, range …}, "
            "class_names, "
            "headline, title, description, about.",
        ),
    ] = None,
    drop: Annotated[
        list[str] | None, typer.Option("--drop", metavar="COLUMN", help="A column that is no input; may be repeated.")
    ] = None,
    keep_rows: Annotated[
        bool, typer.Option("--keep-rows", help="Put some of your real rows into the file, instead of generated ones.")
    ] = False,
    sign_with: Annotated[
        Path | None, typer.Option("--sign", metavar="KEY", help="Sign the file with this private key.")
    ] = None,
    password_prompt: Password = False,
    trust: Annotated[
        list[str] | None,
        typer.Option("--trust", metavar="TYPE", help="A type that a .skops file may use; may be repeated."),
    ] = None,
    trust_pickle: Annotated[
        bool,
        typer.Option("--trust-pickle", help="Open a .joblib or .pkl, which can run any code when it is opened."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Seal a trained model, after proving that the sealed one gives the same answers."""
    from sealift.cli import packing

    packing.run(
        model,
        data,
        name=name,
        target=target,
        version=version,
        output=output,
        overrides=contract,
        drop=drop or [],
        keep_rows=keep_rows,
        sign_with=sign_with,
        password_prompt=password_prompt,
        trust=trust or [],
        trust_pickle=trust_pickle,
        as_json=as_json,
    )


@app.command(short_help="Show what a sealed file is.", epilog="Example:  sealift inspect heart-risk.seal")
@guarded
def inspect(file: SealFile, as_json: Json = False) -> None:
    """Show what a sealed file is: name, inputs, outputs, identity, signatures. Every digest is checked first."""
    from sealift.cli import looking

    looking.inspect(file, as_json=as_json)


@app.command(
    short_help="Check a sealed file on this machine.",
    epilog="Example:  sealift verify heart-risk.seal --key clinic.pub",
)
@guarded
def verify(
    file: SealFile,
    key: Annotated[
        Path | None, typer.Option("--key", help="The public key (.pub) that must have signed the file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check digests and signature, and run the golden examples on this machine."""
    from sealift.cli import looking

    looking.verify(file, key, as_json=as_json)


@app.command(
    short_help="Answer every row of a file.",
    epilog="Example:  sealift predict heart-risk.seal patients.csv -o answers.csv --keep patient_id --extra",
)
@guarded
def predict(
    file: SealFile,
    input: Annotated[
        str,
        typer.Argument(
            metavar="INPUT", help="The rows: .csv, .tsv, .jsonl, .parquet or .xlsx; - for CSV or JSON Lines on stdin."
        ),
    ],
    output: Annotated[
        str,
        typer.Option("-o", "--output", help="Where the answers go, of any of these kinds; - for CSV on stdout."),
    ],
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", metavar="COLUMN", help="A column to copy beside the answers; may be repeated."),
    ] = None,
    extra: Annotated[bool, typer.Option("--extra", help="Pass over columns that are no inputs.")] = False,
    as_json: Json = False,
) -> None:
    """Answer every row of a file. Bad rows are reported and lose no good one; the exit code is then 3."""
    from sealift.cli import scoring

    scoring.run(file, input, output, keep=keep or [], extra=extra, as_json=as_json)


@app.command(
    short_help="Make a pair of keys.",
    epilog="Example:  sealift keygen clinic.key   (makes clinic.key and clinic.key.pub)",
)
@guarded
def keygen(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Where the private key goes; never overwritten.")],
    password_prompt: Annotated[
        bool, typer.Option("--password-prompt", help="Ask for a password that protects the private key.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a pair of Ed25519 keys: the private one signs, the public one is for those who verify."""
    from sealift.cli import keys

    keys.generate(path, password_prompt=password_prompt, as_json=as_json)


@app.command(short_help="Sign a sealed file.", epilog="Example:  sealift sign heart-risk.seal --key clinic.key")
@guarded
def sign(
    file: SealFile,
    key: Annotated[Path, typer.Option("--key", help="The private key.")],
    password_prompt: Password = False,
    as_json: Json = False,
) -> None:
    """Sign a sealed file in place. The model's identity does not change."""
    from sealift.cli import keys

    keys.sign(file, key, password_prompt=password_prompt, as_json=as_json)


@app.command(
    name="app",
    short_help="Make one .html file for a double click.",
    epilog="Example:  sealift app heart-risk.seal -o heart-risk.html",
)
@guarded
def app_(
    file: SealFile,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where to write; FILE with .html by default.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make one .html file that anyone opens with a double click: no installation, no server, no network."""
    from sealift.cli import making

    making.page(file, output or file.with_suffix(".html"), as_json=as_json)


@app.command(short_help="Try it all on real data.", epilog="Example:  sealift demo --out demo")
@guarded
def demo(
    out: Annotated[Path, typer.Option("--out", help="The folder for the demo's files.")] = Path("demo"),
    as_json: Json = False,
) -> None:
    """Train, pack, verify, sign and try a real model on real data, start to end."""
    from sealift.cli import making

    making.demo(out, as_json=as_json)
