"""A server that the benchmark started: its first answer, its memory, its end."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench.serve.load import Work

_LONGEST_START, _GRACE = 120.0, 15.0
_PAUSE = 0.002


class DidNotStartError(Exception):
    """A server ended, or did not answer in time; the message is the end of its log."""


class Running:
    """A server.

    Attributes:
        port: where it listens.
        seconds: the time from its start to its first answer.
    """

    def __init__(self, process: subprocess.Popen[bytes], port: int, seconds: float) -> None:
        self.process = process
        self.port = port
        self.seconds = seconds

    def tree(self) -> list[psutil.Process]:
        """The process and all its descendants."""
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.process.pid)
            return [process, *process.children(recursive=True)]
        return []

    def memory(self) -> int:
        """Bytes of memory of all processes; a page that several share is divided among them (PSS)."""
        total = 0
        for each in self.tree():
            with contextlib.suppress(psutil.Error):
                total += each.memory_full_info().pss
        return total

    def ask(self, work: Work, at: int = 0) -> bytes:
        """The body of the response to one request. Raises OSError, ValueError for another status than 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", work.path, work.bodies[at], dict(work.headers))
            response = connection.getresponse()
            body = response.read()
            if response.status != 200:
                raise ValueError(f"{response.status}: {body[:200]!r}")
            return body
        except http.client.HTTPException as error:
            raise OSError(str(error)) from None
        finally:
            connection.close()


@contextmanager
def running(
    command: list[str], environment: Mapping[str, str], port: int, work: Work, folder: Path, log: Path
) -> Iterator[Running]:
    """Start a server, wait for its first answer, and end it with the block. Raises DidNotStartError."""
    with log.open("wb") as written:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=written, stderr=written, cwd=folder, env={**os.environ, **environment}
        )
    server = Running(process, port, 0.0)
    try:
        while True:
            try:
                server.ask(work)
                break
            except (OSError, ValueError) as error:
                if process.poll() is not None or time.perf_counter() - begun > _LONGEST_START:
                    tail = " ".join(log.read_text(errors="replace").split())[-300:]
                    raise DidNotStartError(f"{error}; {tail}") from None
                time.sleep(_PAUSE)
        server.seconds = time.perf_counter() - begun
        yield server
    finally:
        _end(server)


def _end(server: Running) -> None:
    tree = server.tree()
    if server.process.poll() is None:
        server.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.process.wait(_GRACE)
    _, left = psutil.wait_procs(tree, timeout=3)
    for each in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
    psutil.wait_procs(left, timeout=5)
    if server.process.poll() is None:
        print("a server did not end and is killed", file=sys.stderr)
        server.process.kill()
        server.process.wait()


def free_port() -> int:
    """A port that was free a moment ago, with two more behind it."""
    while True:
        with contextlib.ExitStack() as stack:
            first = stack.enter_context(socket.socket())
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                for following in (port + 1, port + 2):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", following))
            except (OSError, OverflowError):
                continue
            return port
