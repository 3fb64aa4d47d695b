"""A running server connects to no other computer, and listens only where it was told to (strace)."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

import seals

STRACE = shutil.which("strace")
_LOCAL = re.compile(r'sa_family=AF_(UNIX|NETLINK|UNSPEC)|inet_addr\("127\.|"::1"')
_CALL = re.compile(r"(?P<name>connect|bind|sendto|sendmsg)\(\d+, .*sa_family=")


def other_addresses(log: str) -> list[str]:
    """The system calls of a log that name an address beyond this computer."""
    return [line for line in log.splitlines() if _CALL.search(line) and not _LOCAL.search(line)]


@pytest.mark.parametrize(
    ("call", "address", "reported"),
    [
        ("connect(3, ", "10.1.2.3", True),
        ("bind(3, ", "0.0.0.0", True),
        ('sendto(3, "x", 1, 0, ', "8.8.8.8", True),
        ("bind(3, ", "127.0.0.1", False),
    ],
)
def test_the_test_itself(call: str, address: str, reported: bool) -> None:
    line = f'7 {call}{{sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("{address}")}}, 16) = 0'
    assert bool(other_addresses(line)) is reported


@pytest.mark.skipif(STRACE is None, reason="strace is not installed: the system calls cannot be watched")
def test_a_server_opens_no_outside_socket(tmp_path: Path) -> None:
    seals.write(tmp_path / "one.seal")
    seals.write(tmp_path / "two.seal", version="2", bias=0.3)
    (tmp_path / "deployment.toml").write_text('[[models]]\nfile = "one.seal"\n[records]\nstore = "records.db"\n')
    log = tmp_path / "trace.log"
    watched = [str(STRACE), "-f", "-qq", "-o", str(log), "-e", "trace=connect,bind,sendto,sendmsg"]
    serve = ["serve", str(tmp_path / "deployment.toml"), "--port", "0", "--workers", "2", "--json"]
    command = [*watched, sys.executable, "-m", "sealift", *serve]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    try:
        lines = list(iter(process.stdout.readline, b"}\n"))
        if not lines and process.poll() is not None and b"ptrace" in process.communicate()[1].lower():
            pytest.skip("this machine does not let strace watch a process")
        url = json.loads(b"".join([*lines, b"}"]))["url"]
        row = b'{"age": 50, "weight": 70, "sex": "f"}'
        for _ in range(20):
            urllib.request.urlopen(f"{url}/v1/models/tiny/predict", row, timeout=60).read()
        for path in ("/metrics", "/docs", "/openapi.json", "/v2/models/tiny"):
            urllib.request.urlopen(url + path, timeout=60).read()
        port = url.rpartition(":")[2]
        deploy = [sys.executable, "-m", "sealift", "deploy", str(tmp_path / "two.seal"), "--shadow", "--port", port]
        subprocess.run(deploy, check=True, capture_output=True, timeout=120)
        for _ in range(20):
            urllib.request.urlopen(f"{url}/v1/models/tiny/predict", row, timeout=60).read()
        time.sleep(2)  # a background task would need some time
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGTERM)
        process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    calls = log.read_text(errors="replace")
    assert "AF_UNIX" in calls or "inet_addr" in calls, "nothing was watched"
    assert "bind(" in calls
    assert other_addresses(calls) == []
