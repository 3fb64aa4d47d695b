"""`sealift keys` and `sealift audit`."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from sealift import files
from sealift.cli import console
from sealift.cli.console import clean, say
from sealift.errors import FileError, ServeError
from sealift.serve.access import keys as key_files
from sealift.serve.access.audit import AuditLog, entries
from sealift.serve.access.keys import ApiKey
from sealift.serve.access.rates import Rate
from sealift.serve.control import user_name

_UNITS = {"m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, "y": 365 * 86400.0}
_SPAN = re.compile(r"([1-9][0-9]{0,5})([mhdwy])")


def keys(
    action: str,
    file: Path,
    name: str | None,
    *,
    scopes: Sequence[str],
    expires: str | None,
    rate: str | None,
    priority: str | None,
    output: Path | None,
    reason: str,
    as_json: bool,
) -> None:
    """Create, list or revoke keys, and record that in the audit log."""
    if (name is None) != (action == "list"):
        raise click.UsageError("`list` has no NAME." if name else f"`{action}` needs the NAME of the key.")
    path = _key_file(file)
    if action == "list" or name is None:
        _show(path, key_files.read(path), None, as_json=as_json)
        return
    ends, most = _moment(expires), _rate(rate)
    log = AuditLog(_audit_file(file)) if path.exists() or action == "create" else None
    if action == "revoke":
        key = key_files.revoke(path, name)
        _record(log, "revoke key", key, reason)
        _show(path, [key], None, as_json=as_json)
    else:
        key = _create(path, name, scopes or ["predict"], ends, most, priority, output, as_json=as_json)
        _record(log, "create key", key, reason)


def audit(action: str, file: Path, *, last: int, head: str | None, as_json: bool) -> None:
    """Check an audit log, and show its last entries."""
    path = _audit_file(file) if file.suffix == ".toml" else file
    count, logged = entries(path, last=last, head=head)
    digest = logged[-1]["digest"] if logged else None
    if as_json:
        listed = logged if action == "show" else []
        console.show_json({"ok": True, "file": str(path), "entries": count, "head": digest, "listed": listed})
        return
    for entry in logged if action == "show" else []:
        what = " ".join(str(entry[key]) for key in ("name", "version", "route") if entry.get(key))
        why = f"  {entry['reason']}" if entry["reason"] else ""
        who = f"{entry['actor'] or '-'} ({entry.get('kind') or 'unknown'})"
        say(clean(f"{entry['time']}  {entry['action']:<10} {what}  by {who}  {entry.get('outcome', 'done')}{why}"))
    say(f"{count} entries, none altered" + (f"; the last one has the digest {digest}" if digest else ""))


def _record(log: AuditLog | None, action: str, key: ApiKey, reason: str) -> None:
    if log is not None:
        scopes = list(key.scopes)
        log.append(action, actor=user_name(), kind="user", reason=reason, outcome="done", name=key.name, scopes=scopes)


def _audit_file(file: Path) -> Path:
    """The audit log of a deployment file, or beside a file of keys."""
    if file.suffix != ".toml":
        return file.parent / "audit.jsonl"
    from sealift.serve.deployment import read

    access = read(file).access
    if access is None:
        raise ServeError(
            "E764",
            "The deployment file has no [access], and no audit log.",
            where=str(file),
            fix='Add [access] and, below it, keys = "keys.json".',
        )
    return access.audit


def _create(
    path: Path,
    name: str,
    scopes: Sequence[str],
    expires: float | None,
    rate: Rate | None,
    priority: str | None,
    output: Path | None,
    *,
    as_json: bool,
) -> ApiKey:
    if console.is_silent() and output is None and not as_json:
        raise click.UsageError("With --quiet the key would not be shown: add -o FILE or --json.")
    if output is not None:
        if output.exists():
            raise FileError("E406", "The file for the secret exists.", where=str(output), fix="Name a new file.")
        files.check_writable(output)
    key, secret = key_files.create(path, name, scopes, expires=expires, rate=rate, priority=priority)
    if output is not None:
        files.create(output, f"{secret}\n".encode(), mode=0o600)
    _show(path, [key], secret if output is None else None, as_json=as_json)
    if not as_json:
        say(f"The secret is in {clean(output)}." if output else "The key is shown only now: the file has its digest.")
    return key


def _key_file(file: Path) -> Path:
    if file.suffix != ".toml":
        return file
    from sealift.serve.deployment import read

    access = read(file).access
    if access is None or access.keys is None:
        raise ServeError(
            "E764",
            "The deployment file names no file of API keys.",
            where=str(file),
            fix='Add [access] and, below it, keys = "keys.json".',
        )
    return access.keys


def _show(path: Path, shown: Sequence[ApiKey], secret: str | None, *, as_json: bool) -> None:
    now = time.time()
    if as_json:
        console.show_json(
            {"ok": True, "file": str(path), "keys": [_described(key, now) for key in shown], "secret": secret}
        )
        return
    if secret is not None:
        say(secret)
    for key in shown:
        ends = f"  expires {key_files.text_of(key.expires)}" if key.expires is not None else ""
        rate = f"  at most {key.rate}" if key.rate is not None else ""
        priority = f"  priority at most {key.priority}" if key.priority is not None else ""
        say(f"{clean(key.name):<24} {key.state(now):<8} {', '.join(key.scopes)}{ends}{rate}{priority}")


def _described(key: ApiKey, now: float) -> dict[str, Any]:
    return {key: value for key, value in key.as_dict().items() if key != "digest"} | {"state": key.state(now)}


def _moment(text: str | None) -> float | None:
    """The time of `--expires`."""
    if text is None:
        return None
    span = _SPAN.fullmatch(text)
    if span is not None:
        return time.time() + int(span[1]) * _UNITS[span[2]]
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError("--expires must be a time such as 90d or 12h, or a date such as 2027-06-30.") from None
    moment = (given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp()
    if moment <= time.time():
        raise click.UsageError("--expires is in the past.")
    return moment


def _rate(text: str | None) -> Rate | None:
    try:
        return None if text is None else Rate.parse(text)
    except ValueError as error:
        raise click.UsageError(f"--rate: {error}.") from None
