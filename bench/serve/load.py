"""Load by wrk: requests that take turns, and what came back."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = Path(__file__).with_name("load.lua")
_CLIENT_TIMEOUT = 20  # seconds after which wrk counts a request as an error


@dataclass(frozen=True)
class Work:
    """The requests of one kind.

    Attributes:
        path: the target.
        headers: the headers.
        bodies: the bodies, which take turns.
        rows: the rows in a body.
    """

    path: str
    headers: Mapping[str, str]
    bodies: Sequence[bytes]
    rows: int = 1


@dataclass(frozen=True)
class Load:
    """What wrk measured.

    Attributes:
        rate: requests in a second.
        p50, p99: latencies in milliseconds that half and 99 % of the requests did not exceed.
        errors: responses of a status from 400 on, and requests without a response.
        requests: all requests.
    """

    rate: float
    p50: float
    p99: float
    errors: int
    requests: int


def load(port: int, work: Work, connections: int, seconds: int) -> Load:
    """Send requests over so many connections for so many seconds."""
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed: tools/setup.sh wrk")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for at, body in enumerate(work.bodies, 1):
            (folder / str(at)).write_bytes(body)
        headers = [f"{key}: {value}" for key, value in work.headers.items()]
        (folder / "headers").write_text("\n".join(headers) + "\n")
        command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds:g}s", "--timeout", f"{_CLIENT_TIMEOUT}s"]
        command += ["-s", str(_SCRIPT), f"http://127.0.0.1:{port}", "--", work.path, name, str(len(work.bodies))]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + 60)
    try:
        figures = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        sys.exit(f"wrk: {done.stdout[-300:]} {done.stderr[-300:]}")
    rate = figures["requests"] / (figures["microseconds"] / 1e6)
    return Load(rate, figures["p50"] / 1e3, figures["p99"] / 1e3, figures["errors"], figures["requests"])
