"""Load on a server: requests over several connections while its versions change, and the commands that change them."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Self

from servers import Running


def sealift(*arguments: str, server: Running | None = None) -> tuple[int, Any]:
    """Run a command; its exit code and its JSON."""
    port = [] if server is None else ["--port", server.address.rpartition(":")[2]]
    command = [sys.executable, "-m", "sealift", *arguments, *port, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, json.loads(done.stdout)


class Background:
    """Functions that run in threads until the end of the block; each of them ends when `_ending` is set."""

    def __init__(self, functions: Iterable[Callable[[], None]]) -> None:
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=function) for function in functions]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()


class Load(Background):
    """Requests over kept connections, until the end of the block.

    Attributes:
        versions: of each answered request its beginning, by the monotonic clock, and the version that answered.
        failures: the other responses, and connections that failed.
    """

    def __init__(
        self, server: Running, connections: int = 4, *, path: str, row: bytes, refused: int = 0, key: str = ""
    ) -> None:
        self._address, self._path, self._row = server.address, path, row
        self._refused = refused
        self._headers = {"x-api-key": key} if key else {}
        self.versions: list[tuple[float, str]] = []
        self.failures: list[str] = []
        super().__init__([self._run] * connections)

    def _run(self) -> None:
        connection = http.client.HTTPConnection(self._address, timeout=30)
        while not self._ending.is_set():
            try:
                begun = time.monotonic()
                connection.request("POST", self._path, self._row, self._headers)
                response = connection.getresponse()
                body = json.loads(response.read())
                if response.status not in (200, self._refused):
                    self.failures.append(f"{response.status} {body}")
                else:
                    self.versions.append((begun, body["version"]))
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
        connection.close()

    def since(self, moment: float) -> Counter[str]:
        """How many requests that began after a moment each version answered."""
        return Counter(version for begun, version in list(self.versions) if begun > moment)
