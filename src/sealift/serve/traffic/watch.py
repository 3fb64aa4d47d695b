"""Watched folders: a sealed file that appears in one is deployed as a version of its model.

A folder is looked at by its listing and the status of its files, so that it works on every file system. A file is used
when it ends as a sealed file does and a copy of it has the right digests. One that is still being copied is tried again
when it has changed; one that is damaged and no longer changes is reported once.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

from sealift import files
from sealift.errors import FileError, SealiftError
from sealift.serve.traffic.operations import Operations
from sealift.serve.traffic.watching import Watch

ACTOR = "watch"
SETTLED = 5.0
"""Seconds for which a damaged file must not change before it is reported."""
_END = 22
_END_SIGN = b"PK\x05\x06"
_LONGEST = 1 << 24

Status: TypeAlias = tuple[int, int, int]
"""The size of a file, its time of modification in nanoseconds, and its number on the disk."""

_log = logging.getLogger(__name__)


class WatchedFolders:
    """The watched folders of a server. Only the supervisor uses it.

    Args:
        operations: the models.
        watches: the folder of each model by its name.
        state: the folder of the state, where the files that were looked at are noted.
    """

    def __init__(self, operations: Operations, watches: Mapping[str, Watch], state: Path) -> None:
        self._operations, self._watches = operations, watches
        self._noted = state / "watched.json"
        self._done: dict[str, Status] = _read(self._noted)
        self._seen: dict[Path, tuple[Status, float]] = {}  # what does not change now, and since when
        self._tried: dict[Path, tuple[Status, SealiftError]] = {}
        self._reported: dict[Path, Status] = {}  # what was logged, and is tried again
        for name, watch in watches.items():
            self._begin(name, watch)

    def tick(self) -> None:
        """Deploy the files that are new and whole."""
        for name, watch in self._watches.items():
            statuses = _statuses(watch.folder)
            for path in [path for path in self._seen if path.parent == watch.folder and path not in statuses]:
                del self._seen[path]
                self._tried.pop(path, None)
            for path, status in sorted(statuses.items(), key=lambda item: item[1][1]):
                if self._done.get(str(path)) != status:
                    self._look(name, watch, path, status)

    def _begin(self, name: str, watch: Watch) -> None:
        """Skip the files that existed before the deployment's own file, when a folder is watched first."""
        if any(Path(path).parent == watch.folder for path in self._done):
            return
        versions = self._operations.models[name].versions.values()
        newest = max((_status(Path(version.file)) or (0, 0, 0))[1] for version in versions)
        for path, status in _statuses(watch.folder).items():
            if status[1] <= newest:
                self._done[str(path)] = status

    def _look(self, name: str, watch: Watch, path: Path, status: Status) -> None:
        now = time.monotonic()
        known = self._seen.get(path)
        if known is None or known[0] != status:
            self._seen[path] = status, now
            return
        if self._tried.get(path, (None, None))[0] != status and _ends_as_sealed(path):
            reason = f"new file {path.name}"
            try:
                self._operations.deploy(
                    path,
                    name=name,
                    share=watch.share,
                    again=False,
                    inside=watch.inside,
                    actor=ACTOR,
                    reason=reason,
                )
            except SealiftError as error:
                self._tried[path] = status, error
            else:
                about = {"name": name, "file": str(path), "share": watch.share, "reason": reason}
                self._operations.automatic({"action": "deploy", "actor": ACTOR, **about})
                self._note(path, status)
                return
        if now - known[1] >= SETTLED:
            self._seen[path] = status, now
            self._refuse(name, path, status)

    def _refuse(self, name: str, path: Path, status: Status) -> None:
        tried = self._tried.pop(path, None)
        what = "The file is not a whole sealed file." if tried is None or tried[0] != status else str(tried[1])
        if self._reported.get(path) != status:
            self._reported[path] = status
            _log.warning("%s is not deployed: %s", path, what)
        if tried is not None and isinstance(tried[1], FileError):  # of this computer; the file may be a good one
            return
        with suppress(FileError):  # the disk is full
            self._operations.record("refuse", name, actor=ACTOR, reason=what, file=str(path))
            self._note(path, status)

    def _note(self, path: Path, status: Status) -> None:
        """Do not look at a file again until it changes."""
        self._seen.pop(path, None)
        self._tried.pop(path, None)
        self._reported.pop(path, None)
        self._done = {each: known for each, known in self._done.items() if Path(each).exists()}
        self._done[str(path)] = status
        try:
            files.write_atomic(self._noted, json.dumps(self._done, indent=1).encode() + b"\n")
        except FileError as error:
            _log.warning("%s cannot be written: %s", self._noted, error)


def _read(path: Path) -> dict[str, Status]:
    try:
        raw: Any = json.loads(files.read(path, limit=_LONGEST))
        return {str(each): (int(size), int(changed), int(number)) for each, (size, changed, number) in raw.items()}
    except (SealiftError, ValueError, TypeError, AttributeError):  # none, or of a version that wrote it otherwise
        return {}


def _statuses(folder: Path) -> dict[Path, Status]:
    """The sealed files of a folder; none where the folder cannot be read now."""
    try:
        statuses = {path: _status(path) for path in folder.iterdir() if path.suffix == ".seal"}
    except OSError:
        return {}
    return {path: status for path, status in statuses.items() if status is not None}


def _status(path: Path) -> Status | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino


def _ends_as_sealed(path: Path) -> bool:
    """Whether a file has an end record: its writer has probably come to the end. Its digests are checked later."""
    try:
        with path.open("rb") as stream:
            stream.seek(-_END, 2)
            return stream.read(len(_END_SIGN)) == _END_SIGN
    except OSError:
        return False
