"""Messages between two processes: objects of JSON, each on a line of a stream socket."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

_MOST = 1 << 20


class Channel:
    """One end of a connection.

    Attributes:
        socket: the socket, which blocks when it is written and not when it is read.
        open: whether the other end is there.
    """

    def __init__(self, connected: socket.socket) -> None:
        if connected.gettimeout() == 0:
            connected.setblocking(True)
        self.socket = connected
        self.open = True
        self._received = b""

    @classmethod
    def pair(cls) -> tuple[Channel, Channel]:
        """Both ends of a new connection."""
        first, second = socket.socketpair()
        return cls(first), cls(second)

    def fileno(self) -> int:
        """The descriptor, for selectors."""
        return self.socket.fileno()

    def send(self, message: dict[str, Any]) -> None:
        """Send a message; nothing where the other end is gone."""
        try:
            self.socket.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            self.open = False

    def receive(self) -> Iterator[dict[str, Any]]:
        """The messages that are there. Where the other end is gone, `open` becomes False."""
        try:
            data = self.socket.recv(1 << 16, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data or len(self._received) > _MOST:
            self.open = False
            return
        *lines, self._received = (self._received + data).split(b"\n")
        for line in lines:
            message = _read(line)
            if message is None:
                self.open = False
                return
            yield message

    def wait(self) -> dict[str, Any] | None:
        """The next message, within the timeout of the socket; None where none comes."""
        data = b""
        while not data.endswith(b"\n"):
            try:
                part = self.socket.recv(1 << 16)
            except OSError:
                part = b""
            if not part:
                return None
            data += part
        return _read(data)

    def close(self) -> None:
        """Close this end."""
        self.open = False
        self.socket.close()


def _read(line: bytes) -> dict[str, Any] | None:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None
