"""`sealift serve` started as a program."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

WORKERS = 2


class Running:
    """A server that was started."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, grpc: str | None) -> None:
        self.process = process
        self.url = url
        self.grpc = grpc
        self.address = url.partition("://")[2]

    def ask(self, method: str, path: str, body: object = None, key: str | None = None) -> tuple[int, Any]:
        """One request over a connection of its own, with the API key where one is given."""
        connection = http.client.HTTPConnection(self.address, timeout=30)
        try:
            headers = {} if key is None else {"authorization": f"Bearer {key}"}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read() or b"null")
        finally:
            connection.close()

    def metric(self, name: str) -> float:
        """A metric without labels."""
        connection = http.client.HTTPConnection(self.address, timeout=30)
        try:
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
        finally:
            connection.close()
        return float(next(line for line in text.splitlines() if line.startswith(f"{name} ")).split()[1])

    def workers(self) -> list[int]:
        """The process ids of the workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]


def until(happens: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Wait until something happens, at most so long; whether it did."""
    end = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@contextmanager
def serving(*arguments: str, workers: str | None = str(WORKERS)) -> Iterator[Running]:
    """`sealift serve` with these arguments at a free port, until the end of the block.

    Args:
        arguments: of the command.
        workers: the value of `--workers`; None leaves it to the deployment file.
    """
    command = [sys.executable, "-m", "sealift", "serve", *arguments, "--port", "0", "--json"]
    command += [] if workers is None else ["--workers", workers]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert process.stdout is not None
        lines = list(iter(process.stdout.readline, b"}\n"))  # the object is not at the end of the stream
        started = json.loads(b"".join([*lines, b"}"]))
        assert started["ok"], started
        yield Running(process, started["url"], started["grpc"])
    finally:
        process.terminate()
        process.communicate(timeout=60)
