"""`sealift serve` started as a program."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
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

    def workers(self) -> list[int]:
        """The process ids of the workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]


@contextmanager
def serving(*arguments: str) -> Iterator[Running]:
    """`sealift serve` with these arguments at a free port, until the end of the block."""
    command = [sys.executable, "-m", "sealift", "serve", *arguments, "--port", "0", "--workers", str(WORKERS), "--json"]
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
