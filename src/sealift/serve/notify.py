"""Messages to systemd, or to another manager of services: the server is ready, still alive, or ending.

The protocol is that of sd_notify(3): a datagram to the socket that the environment names. Without it nothing is sent.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time


class Notifier:
    """Sends the messages. They are for the process that reads the environment, and not for its children."""

    def __init__(self) -> None:
        address = os.environ.pop("NOTIFY_SOCKET", "")
        # "@" stands for a name that is not in the file system.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        limit = os.environ.pop("WATCHDOG_USEC", "")
        own = os.environ.pop("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self._interval = int(limit) / 2e6 if limit.isdigit() and own else 0.0
        self._next = 0.0

    def send(self, message: str) -> None:
        """Send a message, such as READY=1; a manager that is gone is ignored."""
        if self._address:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
                sending.sendto(message.encode(), self._address)

    def alive(self) -> None:
        """Send WATCHDOG=1 twice in each interval of the watchdog. Called in every turn of the main loop."""
        if self._interval and time.monotonic() >= self._next:
            self._next = time.monotonic() + self._interval
            self.send("WATCHDOG=1")
