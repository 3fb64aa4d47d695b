"""The file of API keys: for each key its name, its scopes, and the digest of the secret.

A secret is 256 random bits. Its digest is SHA-256 without salt or iterations: these make guessing of passwords slow,
and a random secret of this length cannot be guessed from its digest at any speed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sealift import files
from sealift.errors import FileError, ServeError
from sealift.serve.access.rates import Rate
from sealift.serve.urgency import PRIORITIES

SCOPES = ("predict", "operate", "audit", "admin")
"""What a caller may do: send rows; change which version answers; read metrics, states and logs; all of these."""
PREFIX = "sealift_"
"""The beginning of every secret, by which programs that search for leaked secrets find them."""

_BYTES = 32
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_LONGEST = 1 << 24
_FORMAT = "sealift keys 1"


@dataclass(frozen=True)
class ApiKey:
    """A key.

    Attributes:
        name: the name of the caller.
        digest: the SHA-256 of the secret, in hexadecimal.
        scopes: what it may do.
        created, expires, revoked: times in seconds since 1970; None where there is none.
        rate: the requests that it may send; None for the rate of the deployment.
        priority: the highest priority of its requests, one of `PRIORITIES`; None for that of the deployment.
    """

    name: str
    digest: str
    scopes: tuple[str, ...]
    created: float
    expires: float | None = None
    revoked: float | None = None
    rate: Rate | None = None
    priority: str | None = None

    def state(self, now: float) -> str:
        """`active`, `expired` or `revoked`."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= now else "active"

    def as_dict(self) -> dict[str, Any]:
        """The entry of the file."""
        return {
            "name": self.name,
            "digest": self.digest,
            "scopes": list(self.scopes),
            "created": text_of(self.created),
            "expires": text_of(self.expires),
            "revoked": text_of(self.revoked),
            "rate": None if self.rate is None else str(self.rate),
            "priority": self.priority,
        }


def digest_of(secret: str) -> bytes:
    """The digest by which a key is found."""
    return hashlib.sha256(secret.encode()).digest()


def read(path: Path) -> list[ApiKey]:
    """The keys of a file.

    Raises:
        ServeError: E764 when it cannot be read, is malformed, or others may change it.
    """
    try:
        status = path.stat()
        data = files.read(path, limit=_LONGEST)
    except (OSError, FileError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _unusable(path, f"it cannot be read: {reason}", f"Create it: sealift keys create {path} NAME.") from None
    if os.name == "posix" and (status.st_mode & 0o022 or (os.geteuid() and status.st_uid not in (0, os.geteuid()))):
        fix = "Make it writable only for its owner, who must be the user of the server or the administrator: chmod 600."
        raise _unusable(path, "other users can change it", fix)
    try:
        raw = json.loads(data)
        if raw["format"] != _FORMAT:
            raise ValueError("unknown format")
        return [_key(entry) for entry in raw["keys"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unusable(path, f"it is malformed: {error!r:.120}", "Restore it from a copy.") from None


def create(
    path: Path,
    name: str,
    scopes: Sequence[str],
    *,
    expires: float | None = None,
    rate: Rate | None = None,
    priority: str | None = None,
) -> tuple[ApiKey, str]:
    """Add a key to a file, which is made with mode 0600 where there is none; returns the key and its secret.

    Raises:
        ServeError: E764, as `read`; E765 for a malformed name, or one that an active key has.
        FileError: E402 when the file cannot be written.
    """
    if _NAME.fullmatch(name) is None:
        raise ServeError(
            "E765",
            f"{name!r:.80} cannot be the name of a key.",
            fix="Use 1 to 64 letters, digits and ._@- that begin with a letter or a digit.",
        )
    if not path.exists():
        _begin(path)
    secret = PREFIX + secrets.token_urlsafe(_BYTES)
    now = time.time()
    scopes = tuple(scope for scope in SCOPES if scope in scopes)
    key = ApiKey(name, digest_of(secret).hex(), scopes, now, expires, None, rate, priority)
    with _changing(path) as keys:
        if any(each.name == name and each.state(now) == "active" for each in keys):
            raise ServeError(
                "E765",
                f"There is an active key with the name {name!r}.",
                where=str(path),
                fix="Use another name, or revoke that key first.",
            )
        keys.append(key)
    return key, secret


def revoke(path: Path, name: str) -> ApiKey:
    """Revoke the key of a name, which stays in the file.

    Raises:
        ServeError: E764, as `read`; E765 where no key of this name can be revoked.
        FileError: E402 when the file cannot be written.
    """
    with _changing(path) as keys:
        for at, key in enumerate(keys):
            if key.name == name and key.revoked is None:
                keys[at] = replace(key, revoked=time.time())
                return keys[at]
        names = ", ".join(key.name for key in keys if key.revoked is None) or "none"
        raise ServeError(
            "E765",
            f"There is no key {name!r:.80} that could be revoked.",
            where=str(path),
            fix=f"Names of keys: {names:.300}.",
        )


def text_of(moment: float | None) -> str | None:
    """A time in ISO 8601."""
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")


@contextmanager
def _changing(path: Path) -> Iterator[list[ApiKey]]:
    """The keys, which are written back at the end of the block; other processes wait meanwhile."""
    path = path.resolve()  # a link stays one
    if not path.exists():
        raise _unusable(path, "there is no such file", "Name the file of keys or the deployment file.")
    with files.exclusive(path):
        keys = read(path)
        yield keys
        owner = path.stat()
        part = path.with_name(f".sealift-{secrets.token_hex(8)}.part")
        files.create(part, _encoded(keys), mode=0o600)
        try:
            if os.name == "posix" and os.geteuid() == 0:  # the server may run as another user, who owns the file
                os.chown(part, owner.st_uid, owner.st_gid)
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise files.unwritable(path, error) from error


def _begin(path: Path) -> None:
    """Make a file without keys, which is complete from its first moment, if there is none."""
    with files.exclusive_folder(path.parent):
        if path.exists() or path.is_symlink():  # another process was faster, or a link leads nowhere
            return
        part = path.with_name(f".sealift-{secrets.token_hex(8)}.part")
        files.create(part, _encoded([]), mode=0o600)
        try:
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise files.unwritable(path, error) from error


def _encoded(keys: Sequence[ApiKey]) -> bytes:
    return json.dumps({"format": _FORMAT, "keys": [key.as_dict() for key in keys]}, indent=1).encode() + b"\n"


def _key(entry: Any) -> ApiKey:
    scopes = tuple(entry["scopes"])
    if not set(scopes) <= set(SCOPES) or len(bytes.fromhex(entry["digest"])) != hashlib.sha256().digest_size:
        raise ValueError("an unknown scope, or a digest of another length")
    created, expires, revoked = (_moment(entry[field]) for field in ("created", "expires", "revoked"))
    rate = None if entry["rate"] is None else Rate.parse(entry["rate"])
    priority = entry.get("priority")  # former versions wrote none
    if priority is not None and priority not in PRIORITIES:
        raise ValueError("an unknown priority")
    return ApiKey(str(entry["name"]), entry["digest"].lower(), scopes, created or 0.0, expires, revoked, rate, priority)


def _moment(text: str | None) -> float | None:
    return None if text is None else datetime.fromisoformat(text).timestamp()


def _unusable(path: Path, reason: str, fix: str) -> ServeError:
    return ServeError("E764", f"The file of API keys cannot be used: {reason}.", where=str(path), fix=fix)
