"""`sealift.toml`: default values for the options of commands."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from sealift import files
from sealift.errors import FileError

NAME = "sealift.toml"
PER_CALL = frozenset({
    # These concern a single call.
    "help", "json", "quiet", "config", "check", "reason", "shadow", "hold", "canary",
    # These select what is erased.
    "where", "id", "dry-run",
    # These permit something that is refused by default, which must be explicit in each call.
    "overwrite", "force", "keep-rows", "trust", "trust-pickle", "password-prompt", "password-file", "open",
})  # fmt: skip
"""The options that are permitted on the command line only."""

_LONGEST = 1 << 20


def defaults(command: click.Command, given: Path | None, commands: Mapping[str, click.Command]) -> dict[str, Any]:
    """Parameter → default value, for a command.

    Args:
        command: the command.
        given: the file of `--config`; by default `sealift.toml` in the current folder or the nearest of its parents.
        commands: all commands by name.

    Raises:
        FileError: E401 when the file cannot be read, E407 when it is malformed or has an unknown key, or when a file
            that was not named belongs to another user.
    """
    path = given or _search()
    if path is None:
        return {}
    try:
        raw = tomllib.loads(files.read(path, limit=_LONGEST).decode())
    except ValueError as error:  # the parser's and the decoder's errors
        raise _malformed(
            path, f"it cannot be read: {error}", "Write TOML: [predict] and, below it, ignore-extra = true."
        ) from None
    for name, table in raw.items():
        if name not in commands or not isinstance(table, dict):
            raise _malformed(path, f"[{name:.40}] is not a command", f"Use tables named {', '.join(sorted(commands))}.")
        _options(commands[name], table, path)
    return _options(command, raw.get(str(command.name), {}), path)


def settable(command: click.Command) -> dict[str, click.Option]:
    """Key → option, for the options of a command that a file of defaults may set."""
    return {key: option for option in _options_of(command) if (key := _key(option)) not in PER_CALL}


def _options_of(command: click.Command) -> list[click.Option]:
    return [parameter for parameter in command.params if isinstance(parameter, click.Option)]


def _options(command: click.Command, table: Mapping[str, Any], path: Path) -> dict[str, Any]:
    known = settable(command)
    defaults: dict[str, Any] = {}
    for key, value in table.items():
        where = f"[{command.name}] {key:.40}"
        if key not in known:
            per_call = key in PER_CALL and key in map(_key, _options_of(command))
            more = "is permitted on the command line only" if per_call else "is not an option"
            raise _malformed(path, f"{where} {more}", f"Use the keys {', '.join(sorted(known))}.")
        option = known[key]
        defaults[str(option.name)] = _value(option, value, where, path)
    return defaults


def _value(option: click.Option, value: Any, where: str, path: Path) -> Any:
    if option.is_flag:
        if not isinstance(value, bool):
            raise _malformed(path, f"{where} must be true or false", "Write true or false, without quotes.")
        return value
    if option.multiple:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise _malformed(path, f"{where} must be a list of strings", 'Write ["a", "b"].')
        return [_text(option, item, path) for item in value]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _malformed(path, f"{where} must be a string or a number", f"Write the value of {option.opts[0]}.")
    return _text(option, value, path)


def _text(option: click.Option, value: Any, path: Path) -> Any:
    """The value as on the command line; paths are relative to the folder of the file of defaults."""
    if option.type.name == "path" and isinstance(value, str):
        return str(path.parent / value)
    return str(value)


def _key(option: click.Option) -> str:
    """The longest name without its dashes."""
    return max(option.opts, key=len).lstrip("-")


def _search() -> Path | None:
    """The nearest file of defaults. Raises FileError E407 for one of another user, which could set keys."""
    try:
        here = Path.cwd()
    except OSError:  # the folder was removed
        return None
    for folder in (here, *here.parents):
        path = folder / NAME
        try:
            if path.is_file():
                owner = path.stat().st_uid
            else:
                continue
        except OSError:
            continue
        if os.name == "posix" and owner not in (os.geteuid(), 0):
            raise _malformed(path, "it belongs to another user", f"If you trust it, use --config {path}.")
        return path
    return None


def _malformed(path: Path, what: str, fix: str) -> FileError:
    return FileError("E407", f"The file of defaults cannot be used: {what}.", where=str(path), fix=fix)
