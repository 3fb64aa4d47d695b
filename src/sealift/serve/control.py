"""The control socket of a running server, which only programs of the same user on the same computer can use.

The commands `sealift deploy`, `promote`, `rollback` and `status` send one request each, and get one answer.
"""

from __future__ import annotations

import getpass
import os
import socket
import stat
import struct
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sealift.errors import ServeError
from sealift.serve.channel import Channel

_TIMEOUT = 600.0
"""Seconds for an answer: large models are loaded by every worker."""


def socket_path(port: int) -> Path:
    """The socket of the server at a port.

    Raises:
        ServeError: E740 where its folder belongs to another user.
    """
    base = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(base) / "sealift" if base else Path(tempfile.gettempdir()) / f"sealift-{os.getuid()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise ServeError(
            "E740",
            "The folder of the control sockets belongs to, or can be used by, others.",
            where=str(folder),
            fix="Remove it, or set XDG_RUNTIME_DIR to a folder of your own.",
        )
    return folder / f"{port}.sock"


def listen(path: Path) -> socket.socket:
    """A listening socket; one that a killed server left there is replaced."""
    path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.bind(str(path))
    path.chmod(0o600)
    made.listen(16)
    made.setblocking(False)
    return made


def accept(listening: socket.socket) -> Channel | None:
    """A connection of the same user or of the administrator; None for others."""
    try:
        connected, _ = listening.accept()
    except OSError:
        return None
    if hasattr(socket, "SO_PEERCRED"):
        credentials = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        _, user, _ = struct.unpack("3i", credentials)
        if user not in (0, os.getuid()):
            connected.close()
            return None
    return Channel(connected)


def ask(port: int, request: Mapping[str, Any]) -> dict[str, Any]:
    """Send a request to the server at a port, and return its answer.

    The actor is the user of this process, unless the request names another: a worker names the caller of a route.

    Raises:
        ServeError: E740 where no server answers; and the errors of the server.
    """
    path = socket_path(port)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connected:
        connected.settimeout(_TIMEOUT)
        try:
            connected.connect(str(path))
        except OSError as error:
            raise ServeError(
                "E740",
                f"No server of this user listens at port {port}: {error.strerror or error}.",
                fix="Start it with `sealift serve`, or name its port with --port.",
            ) from None
        channel = Channel(connected)
        connected.settimeout(_TIMEOUT)
        channel.send({"actor": user_name(), **request})
        answer = channel.wait()
    if answer is None:
        raise ServeError(
            "E740", "The server ended, or did not answer in time.", fix="Look at `sealift status` and at its log."
        )
    problem = answer.get("error")
    if isinstance(problem, dict):
        raise ServeError(problem["code"], problem["what"], where=problem.get("where", ""), fix=problem["fix"])
    return answer


def user_name() -> str:
    """The name of the user of this process."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())
