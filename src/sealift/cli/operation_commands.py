"""The commands for what a server keeps: keys, the audit log, records and receipts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sealift.cli.program import FILE, command


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
