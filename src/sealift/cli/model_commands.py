"""The commands that seal, check, sign and use models in files; each calls the module of its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sealift.cli.options import (
    class_names,
    memory,
    onnx_memory,
    onnx_seconds,
    password,
    password_file,
    preprocess,
    seal_file,
    seconds,
)
from sealift.cli.program import FILE, command


@command(
    "pack",
    "Seal a trained model and prove its answers.",
    "pack train.py:model --data held_out.csv --target disease --name heart-risk",
)
@click.argument("model", metavar="MODEL")
@click.option(
    "--data", type=FILE, required=True,
    help="Rows for the proof, preferably held out: .csv, .jsonl, .parquet or .xlsx; or a folder of pictures.",
)  # fmt: skip
@click.option("--name", required=True, help="The model's name, such as heart-risk.")
@click.option("--target", help="The column with the true answers; not an input.")
@click.option("--version", default="1", show_default=True, help="The model's version.")
@click.option("-o", "--output", type=FILE, help="Where to write; NAME.seal here by default.")
@click.option(
    "--contract",
    "contract_file",
    type=FILE,
    help="A .toml or .json file with what you know: inputs.<name> = {units, description, range …}, "
    "outputs.<name> = {title, units, columns …}, class_names, headline, card = {title, description, author …}.",
)
@click.option("--drop", metavar="COLUMN", multiple=True, help="A column that is not an input; may be repeated.")
@preprocess
@class_names
@click.option(
    "--tolerance", type=float, metavar="SHARE",
    help="Allow larger relative differences than 1e-9, such as 1e-6. The file and the page state this.",
)  # fmt: skip
@click.option(
    "--engines", metavar="native[,wasm]",
    help="The engines of the proof; by default also wasm, the page's engine, where Node 20 is installed. "
    "The file's identity depends on it.",
)  # fmt: skip
@click.option(
    "--optimize", metavar="METHOD", help="Write a smaller or faster variant; the methods are those of optimize."
)
@click.option("--overwrite", is_flag=True, help="Replace a signed file, or one that is not a sealed file.")
@click.option("--keep-rows", is_flag=True, help="Store some of your real rows as examples, instead of generated ones.")
@click.option(
    "--training",
    metavar="FILE",
    type=FILE,
    help="The training rows, including the --target column: what the file retains is also compared with them.",
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
    """Seal a trained model, after a proof that the sealed model gives the same answers.

    MODEL is module.py:name (that file is run); a .skops or .onnx file; a file saved by XGBoost (.json, .ubj), LightGBM
    (.txt) or CatBoost (.cbm, .json), also from R; or a .joblib or .pkl file with --trust-pickle.
    """
    from sealift.cli import pack

    pack.run(model, data, **options)


@command(
    "doctor",
    "Report which steps of a model can be sealed.",
    "doctor train.py:model --data held_out.csv --target disease",
)
@click.argument("model", metavar="MODEL")
@click.option("--data", type=FILE, help="Some rows, for a complete report: the same columns as for predict.")
@click.option("--target", help="The column with the true answers; not an input.")
@click.option("--drop", metavar="COLUMN", multiple=True, help="A column that is not an input; may be repeated.")
@preprocess
@class_names
@click.option("--trust", metavar="TYPE", multiple=True, help="A type that a .skops file may use; may be repeated.")
@click.option("--trust-pickle", is_flag=True, help="Open a .joblib or .pkl, which can run any code when it is opened.")
@onnx_seconds
@onnx_memory
def doctor(model: str, data: Path | None, **options: Any) -> None:
    """Report step by step whether a model can be sealed, and what it retains of its training data.

    MODEL is given as for pack. Nothing is written. The exit code is 0 when every step is supported, else 1.
    """
    from sealift.cli import doctor

    doctor.run(model, data, **options)


@command("inspect", "Describe a sealed file.", "inspect heart-risk.seal")
@seal_file
def inspect(file: Path, as_json: bool) -> None:
    """Show the name, inputs, outputs, identity and signatures of a sealed file. Every digest is checked first."""
    from sealift.cli import inspect

    inspect.inspect(file, as_json=as_json)


@command("verify", "Check a sealed file or a page on this machine.", "verify heart-risk.seal --key clinic.key.pub")
@seal_file
@click.option("--key", type=FILE, help="The public key that must have signed FILE: KEY.pub of `sealift keygen KEY`.")
@seconds
@memory
def verify(file: Path, key: Path | None, **options: Any) -> None:
    """Check digests and signature, and run the golden examples on this machine.

    FILE is a .seal file, or a page (.html), which is built again from the model inside and compared. The model runs in
    a separate process, with limits of time and memory.
    """
    from sealift.cli import inspect

    inspect.verify(file, key, **options)


@command(
    "predict",
    "Predict every row of a file.",
    "predict heart-risk.seal patients.csv -o answers.csv --keep patient_id --ignore-extra",
)
@seal_file
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option(
    "-o", "--output", required=True, help="The file of answers, of the same kinds; - for CSV on stdout. Or a folder."
)
@click.option("--keep", metavar="COLUMN", multiple=True, help="A column to copy to the answers; may be repeated.")
@click.option("--keep-inputs", is_flag=True, help="Copy the model's inputs to the answers.")
@click.option("--ignore-extra", is_flag=True, help="Ignore columns that are not inputs.")
@click.option(
    "--format",
    type=click.Choice(["csv", "jsonl", "parquet", "xlsx"]),
    help="The kind of the files in a folder of answers.",
)
@click.option("--processes", type=click.IntRange(1, 256), help="For folders: the number of files predicted at a time.")
@click.option("--on", type=click.Choice(["ray"]), help="ray: use the cluster of RAY_ADDRESS, or a new one here.")
@click.option("--watch", is_flag=True, help="Go on with files that appear later, when they are whole.")
@seconds
@memory
def predict(file: Path, inputs: tuple[str, ...], output: str, **options: Any) -> None:
    """Predict every row of a file. Bad rows are reported and the others answered; the exit code is then 3.

    INPUT is .csv, .tsv, .jsonl, .parquet or .xlsx; - for CSV or JSON Lines on stdin.

    For a model of pictures, INPUT may be picture files, folders of them and patterns, with one file of answers, whose
    column "file" names the picture; or a table with the names of pictures in a column. With a folder as OUTPUT, the
    answers are in answers.csv there, boxes, masks and keypoints also in coco.json, and masks in PNG files.

    Several files, or folders, are predicted into a folder, with an output for each file. A journal in that folder
    lists those that are finished: after the command was stopped or killed, the same command goes on. So it does for
    picture files.
    """
    from sealift.cli import predict, predict_folder, predict_pictures

    if predict_pictures.into_folder(file, inputs, output, watch=options["watch"]):
        predict_pictures.run_into_folder(file, inputs, Path(output), **options)
    elif predict_pictures.wanted(file, inputs, output):
        predict_pictures.run(file, inputs, output, **predict_folder.of_single_file(options))
    elif predict_folder.wanted(inputs, output, watch=options["watch"]):
        predict_folder.run(file, inputs, output, **options)
    else:
        predict.run(file, inputs[0], output, **predict_folder.of_single_file(options))


@command(
    "optimize",
    "Make a sealed neural network smaller and faster.",
    "optimize retina.seal --data held_out.csv --target disease",
)
@seal_file
@click.option("--data", type=FILE, help="Rows on which answers are compared, preferably some hundred, held out.")
@click.option("--target", help="The column of --data with the true answers, to measure the quality of each variant.")
@click.option("--method", "methods", metavar="METHOD", multiple=True, help="Try only this method; may be repeated.")
@click.option("--apply", metavar="METHOD", help="Write the variant of this method, if it is offered.")
@click.option("-o", "--output", type=FILE, help="Where to write it; NAME-METHOD.seal here by default.")
@click.option("--overwrite", is_flag=True, help="Replace a signed file, or one that is not a sealed file.")
@click.option("--sign", "sign_with", metavar="KEY", type=FILE, help="Sign the new file with this private key.")
@password
@password_file
def optimize(file: Path, **options: Any) -> None:
    """Try float16, bfloat16 and int8 variants of a model, and compare each with it.

    A variant is offered if no label differs, and no number by more than 0.5 % of its magnitude. The table shows size,
    time of a row and differences. The file itself is not changed.
    """
    from sealift.cli import optimize

    optimize.run(file, **options)


@command("keygen", "Generate a pair of keys.", "keygen clinic.key   (writes clinic.key and clinic.key.pub)")
@click.argument("path", metavar="PATH", type=FILE)
@click.option("--password-prompt", is_flag=True, help="Ask for a password that encrypts the private key.")
@click.option(
    "--password-file", type=FILE, metavar="FILE", help="Encrypt the private key with the password in this file."
)
def keygen(path: Path, **options: Any) -> None:
    """Generate a pair of Ed25519 keys: the private key signs, the public key verifies.

    PATH is the file of the private key; keys are never overwritten.
    """
    from sealift.cli import keys

    keys.generate(path, **options)


@command("sign", "Sign a sealed file.", "sign heart-risk.seal --key clinic.key")
@seal_file
@click.option("--key", type=FILE, required=True, help="The private key.")
@password
@password_file
def sign(file: Path, key: Path, **options: Any) -> None:
    """Sign a sealed file in place. The model's identity does not change."""
    from sealift.cli import keys

    keys.sign(file, key, **options)


@command("app", "Make an HTML page of a model.", "app heart-risk.seal -o heart-risk.html")
@seal_file
@click.option(
    "-o", "--output", type=FILE, help="Where to write; FILE with .html by default. The suffix chooses the target."
)
@click.option("--handout", is_flag=True, help="Also write a sheet for IT security and data protection.")
def app_(file: Path, output: Path | None, handout: bool, as_json: bool) -> None:
    """Make one HTML file that opens with a double click, without installation, server or network.

    A package can add targets that write files with other suffixes: see `sealift docs how-to/add-a-target`.
    """
    from sealift.cli import app

    app.page(file, output, handout=handout, as_json=as_json)
