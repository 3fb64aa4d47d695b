"""The audit log: administrative acts and refused attempts, as a history whose lines are chained by digests."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from sealift import files
from sealift.errors import SealiftError, ServeError
from sealift.serve.traffic.history import History, read

_log = logging.getLogger(__name__)
ACTS = frozenset({"deploy", "promote", "rollback"})
"""The actions of the control socket that are recorded."""
_DETAILS = ("name", "version", "file", "share", "shadow", "hold")


class AuditLog:
    """Appends to a log, to which other processes may append too.

    Args:
        path: the file, which is made with mode 0600.

    Raises:
        ServeError: E742 where the log was altered. FileError: E402 where it cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with suppress(FileExistsError):
            files.create(path, b"", mode=0o600)
            if os.name == "posix" and os.geteuid() == 0:  # the server may run as another user, who owns the folder
                owner = path.parent.stat()
                os.chown(path, owner.st_uid, owner.st_gid)
        try:
            self._history = History(path)
            self._size = path.stat().st_size
        except OSError as error:
            raise files.unwritable(path, error) from error

    def append(self, action: str, *, actor: str, kind: str, reason: str = "", **what: Any) -> dict[str, Any]:
        """Add an entry, and wait until it is on the disk.

        Args:
            action: what was done or attempted.
            actor: who did it.
            kind: how the actor was authenticated: user (of the system), key, token or certificate; server for
                what the server did by itself; empty if not authenticated.
            reason: why.
            what: further members of the entry.

        Raises:
            ServeError: E742. OSError: it cannot be written.
        """
        with files.exclusive(self._path):
            if self._path.stat().st_size != self._size:  # another process has added entries
                self._history = History(self._path)
            entry = self._history.append(action, actor=actor, reason=reason, kind=kind, **what)
            self._size = self._path.stat().st_size
        return entry


def entries(path: Path, *, last: int | None = None, head: str | None = None) -> tuple[int, list[dict[str, Any]]]:
    """The number of entries of a log, and the last of them, after all were checked.

    Args:
        path: the file.
        last: how many to return; None for all.
        head: the digest of an entry that was noted before, and must be there.

    Raises:
        ServeError: E742 where the log was altered. FileError: E401 where there is none.
    """
    files.read(path, limit=0)
    every_entry = list(read(path))
    if head is not None and head not in (entry["digest"] for entry in every_entry):
        raise ServeError(
            "E742",
            f"The history was altered: it has no entry with the digest {head:.64}.",
            where=str(path),
            fix="Compare it with a copy.",
        )
    return len(every_entry), every_entry if last is None else every_entry[-last:]


class Handler(Protocol):
    """What does administrative acts (`sealift.serve.traffic.operations`)."""

    def handle(self, request: Mapping[str, Any], /) -> dict[str, Any]:
        """Do what a request asks. Raises SealiftError."""


class AuditedOperations:
    """Does administrative acts and records them.

    Args:
        operations: what does the acts.
        log: where they are recorded; None records nothing.
    """

    def __init__(self, operations: Handler, log: AuditLog | None) -> None:
        self._operations = operations
        self._audit = log

    def handle(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Do what a request of the control socket asks. Raises as `Operations.handle`."""
        action = request.get("action")
        if action == "refused":
            self._record(request, str(request.get("code", "")))
            return {"ok": True}
        if action not in ACTS:
            return self._operations.handle(request)
        outcome = "E901"
        try:
            answer = self._operations.handle(request)
            outcome = "done"
            return answer
        except SealiftError as error:
            outcome = error.code
            raise
        finally:
            self._record(request, outcome)

    def automatic(self, request: Mapping[str, Any]) -> None:
        """Record a change that the server made by itself, as a request of `handle`."""
        self._record({**request, "kind": "server"}, "done")

    def _record(self, request: Mapping[str, Any], outcome: str) -> None:
        if self._audit is None:
            return
        details = {key: request[key] for key in (*_DETAILS, "route", "address", "suppressed") if request.get(key)}
        try:
            self._audit.append(
                str(request["action"]),
                actor=str(request.get("actor", "")),
                kind=str(request.get("kind", "user")),
                reason=str(request.get("reason", "")),
                outcome=outcome,
                **details,
            )
        except (SealiftError, OSError) as error:
            _log.error("the audit log cannot be written: %s", error)
