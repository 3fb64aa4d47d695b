"""The names, options and help of the commands; each calls the module of its name."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import click

from sealift.cli import traffic_commands  # noqa: F401 -- adds its commands
from sealift.cli.options import memory, onnx_memory, onnx_seconds, password, password_file, seal_file, seconds
from sealift.cli.program import FILE, app, command

__all__ = ["app"]


@command(
    "pack",
    "Seal a trained model and prove its answers.",
    "pack train.py:model --data held_out.csv --target disease --name heart-risk",
)
@click.argument("model", metavar="MODEL")
@click.option(
    "--data", type=FILE, required=True, help="Rows for the proof, preferably held out: .csv, .jsonl, .parquet or .xlsx."
)
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

    Several files, or folders, are predicted into a folder, with an output for each file. A journal in that folder
    lists those that are finished: after the command was stopped or killed, the same command goes on.
    """
    from sealift.cli import predict, predict_folder

    if predict_folder.wanted(inputs, output, watch=options["watch"]):
        predict_folder.run(file, inputs, output, **options)
    else:
        predict.run(file, inputs[0], output, **predict_folder.of_single_file(options))


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


@command("records", "Show, export or erase recorded calls.", "records show deployment.toml --last 20")
@click.argument("action", type=click.Choice(["show", "export", "erase"]))
@click.argument("store", metavar="STORE")
@click.option("--model", help="Only records of this model.")
@click.option("--version", help="Only records of this version.")
@click.option("--since", metavar="TIME", help="Only calls from this time on, in ISO 8601 and UTC: 2026-11-27T12:30.")
@click.option("--until", metavar="TIME", help="Only calls before this time.")
@click.option("--error", metavar="CODE", help="Only calls with this error; `any` for all with an error.")
@click.option("--id", "ids", metavar="ID", multiple=True, help="Only this record; may be repeated.")
@click.option("--last", type=click.IntRange(min=1), default=20, help="show: the number of records; 20 by default.")
@click.option("-o", "--output", type=FILE, help="export: the file, .csv, .jsonl, .parquet or .xlsx.")
@click.option("--where", metavar="FIELD=VALUE", help="erase: only rows with this value of an input.")
@click.option("--key-file", type=FILE, help="The key of personal fields; by default that of the deployment file.")
@click.option("--dry-run", is_flag=True, help="erase: count, but erase nothing.")
def records(action: str, store: str, as_json: bool, **options: Any) -> int:
    """Show the last recorded calls, export them as a table, or erase those of a subject.

    STORE is a deployment file (.toml), a file of SQLite, a folder of Parquet files, or postgresql://….
    The exit code of `erase` is 3 when some records could not be searched.
    """
    from sealift.cli import records

    return records.run(action, store, records.RecordsOptions(**options), as_json=as_json)


@command(
    "keys",
    "Create, list or revoke API keys of a server.",
    "keys create deployment.toml ward-3 --scope predict --expires 90d --rate 100/s",
)
@click.argument("action", type=click.Choice(["create", "list", "revoke"]))
@click.argument("file", metavar="FILE", type=FILE)
@click.argument("name", required=False)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(["predict", "operate", "audit", "admin"]),
    help="create: what the key permits; may be repeated; predict by default.",
)
@click.option("--expires", metavar="TIME", help="create: a time from now such as 90d or 12h, or a date in ISO 8601.")
@click.option("--rate", metavar="RATE", help="create: the most requests, such as 100/s, 1000/min, 5000/h or 100000/d.")
@click.option(
    "--priority",
    type=click.Choice(["high", "normal", "low"]),
    help="create: the highest priority of its requests; that of [access] by default.",
)
@click.option("-o", "--output", type=FILE, help="create: write the secret into a new file with mode 0600.")
@click.option("--reason", default="", help="Why, for the audit log.")
def keys(action: str, file: Path, name: str | None, **options: Any) -> None:
    """Create, list or revoke API keys of a server.

    FILE is a deployment file (.toml) with keys in [access], or the file of keys. A new key is shown once; the file
    has only its digest. A running server accepts a new key, and refuses a revoked one, within a second.
    """
    from sealift.cli import access

    access.keys(action, file, name, **options)


@command("audit", "Check or show the audit log of a server.", "audit verify deployment.toml")
@click.argument("action", type=click.Choice(["show", "verify"]))
@click.argument("file", metavar="FILE", type=FILE)
@click.option("--last", type=click.IntRange(min=1), default=20, help="show: the number of entries; 20 by default.")
@click.option("--head", metavar="DIGEST", help="Require an entry with this digest, which was noted before.")
def audit(action: str, file: Path, **options: Any) -> None:
    """Check that no entry of the audit log was changed, and show the last ones.

    FILE is a deployment file (.toml) with [access], or the log. Each entry has the digest of the one before. Note the
    digest of the last entry elsewhere: with --head it shows whether the end of the log was cut off or written anew.
    """
    from sealift.cli import access

    access.audit(action, file, **options)


@command(
    "receipt",
    "Check the receipt of an answer, or compute the answer again.",
    "receipt verify headers.txt --key server.pem.pub --model heart-risk.seal --rows rows.json",
)
@click.argument("action", type=click.Choice(["verify", "replay"]))
@click.argument("receipt", metavar="RECEIPT")
@click.argument("file", metavar="[FILE]", type=FILE, required=False)
@click.option("--key", type=FILE, help="The public key of the server's receipts; verify needs it.")
@click.option("--model", type=FILE, help="The sealed file, the same as FILE: its identity must be that of the receipt.")
@click.option("--rows", type=FILE, help="The rows of the request: .json as it was sent, .csv, .jsonl, .parquet, .xlsx.")
def receipt(action: str, receipt: str, file: Path | None, **options: Any) -> int:
    """Check a receipt without the server, or reproduce its answers with the sealed file.

    RECEIPT is the value of the header Sealift-Receipt, or a file with it or with all headers of the response, as
    `curl --dump-header` writes them. The exit code of `verify` is 0 when all that was given fits. That of `replay` is 0
    when the answers are reproduced, with the same bits or within the tolerance in the sealed file, and 3 when not.
    """
    from sealift.cli import receipt as command

    return command.run(action, receipt, file, **options)


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


@command("demo", "Try everything on real data.", "demo --out demo")
@click.option("--out", type=FILE, default="demo", show_default=True, help="The folder for the demo's files.")
def demo(out: Path, as_json: bool) -> None:
    """Train, pack, verify, sign and use a model on real data."""
    from sealift.cli import app

    app.demo(out, as_json=as_json)


@command("explain-error", "Explain an error code.", "explain-error E302")
@click.argument("code", metavar="CODE")
def explain_error(code: str, as_json: bool) -> None:
    """Explain an error code: its meaning, the usual causes, and what to do."""
    from sealift.cli import explain

    explain.run(code, as_json=as_json)


@command("docs", "Read the documentation.", "docs how-to/sign")
@click.argument("page", metavar="[PAGE]", required=False)
def docs(page: str | None, as_json: bool) -> None:
    """List the pages of the documentation, or show one of them as Markdown."""
    from sealift.cli import docs

    docs.run(page, as_json=as_json)
