"""`sealift receipt`."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from sealift.cli import console
from sealift.cli.console import clean, say
from sealift.receipts.check import Replay, replay_receipt, verify_receipt
from sealift.receipts.compact import read_receipt
from sealift.receipts.statement import Statement
from sealift.runtime import SealedModel, load

_AGREEMENT = {
    "exact": "reproduced: every answer has the same bits",
    "tolerance": "reproduced within the tolerance of the sealed file",
    "none": "NOT reproduced",
}
_SHOWN = 40
_YES = "as in the receipt"


def run(
    action: str,
    receipt: str,
    file: Path | None,
    *,
    model: Path | None,
    key: Path | None,
    rows: Path | None,
    as_json: bool,
) -> int:
    """Check a receipt, or compute its answers again; returns the exit code."""
    file = model or file
    if action == "verify" and key is None:
        raise click.UsageError("verify needs --key: without the public key, anybody could have signed the receipt.")
    if action == "replay" and (file is None or rows is None):
        raise click.UsageError("replay needs FILE, the sealed file that answered, and --rows, the rows of the request.")
    if rows is not None and file is None:
        raise click.UsageError("--rows needs --model: the contract in the sealed file says how rows are read.")
    text = read_receipt(receipt)
    if action == "verify":
        assert key is not None
        with nullcontext() if file is None else load(file, isolated=True) as opened:
            _verified(verify_receipt(text, key, model=opened, rows=rows), opened, rows, key, as_json=as_json)
        return 0
    assert file is not None
    with load(file, isolated=True) as loaded:
        replay = replay_receipt(text, loaded, rows, key=key)
    _replayed(replay, signed=key is not None, as_json=as_json)
    return 3 if replay.agreement == "none" else 0


def _verified(statement: Statement, model: SealedModel | None, rows: Path | None, key: Path, *, as_json: bool) -> None:
    checked = ["signature", *(["model"] if model is not None else []), *(["rows"] if rows is not None else [])]
    if as_json:
        console.show_json({"ok": True, "checked": checked, "receipt": statement.as_json()})
        return
    say(f"signature  valid, of the key in {clean(key)}")
    say(f"model      {_YES if model is not None else 'not compared; give --model FILE'}")
    say(f"rows       {_YES if rows is not None else 'not compared; give --model FILE --rows ROWS'}")
    _show(statement)


def _replayed(replay: Replay, *, signed: bool, as_json: bool) -> None:
    if as_json:
        console.show_json(
            {
                "ok": replay.agreement != "none",
                "agreement": replay.agreement,
                "signature": signed,
                "rows": replay.statement.rows,
                "differing": replay.differing,
                "beyond_tolerance": replay.beyond,
                "worst": dict(replay.worst),
                "receipt": replay.statement.as_json(),
            }
        )
        return
    say(f"answers    {_AGREEMENT[replay.agreement]}")
    if replay.differing is None:
        say("           the receipt has only a digest of its answers, so their differences are not known")
    elif replay.differing:
        say(f"           {replay.differing} of {replay.statement.rows} rows have other bits, {replay.beyond} of them "
            "beyond the tolerance")  # fmt: skip
        for name, worst in replay.worst.items():
            say(f"           {clean(name)}: the worst relative difference is {worst:.3g}")
    say(f"signature  {'valid' if signed else 'not checked; give --key'}")
    _show(replay.statement)


def _show(statement: Statement) -> None:
    say(f"time       {statement.time}")
    say(f"answered   {statement.name} {statement.version}  identity {statement.identity[:12]}…")
    say(f"self-test  {statement.matching} of {statement.examples} examples reproduced")
    engine = f"{clean(statement.engine)} {clean(statement.engine_version)}"
    say(f"engine     {engine}, sealift {clean(statement.server_version)}")
    say(f"route      {clean(statement.route)}, {statement.rows} rows, {statement.answered} answered")
    if statement.values is None:
        say(f"answers    digest {statement.output_digest}")
        return
    for name, values in statement.values.items():
        shown = ", ".join(_short(value) for value in values[:3])
        say(f"answers    {clean(name)}: {shown}{', …' if len(values) > 3 else ''}")


def _short(value: Any) -> str:
    text = clean(str(value))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
