"""The unit of `sealift export systemd`: systemd's own checks, the notifications, and the permitted system calls."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import exports
import seals

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    seals.write(tmp_path / "tiny.seal")
    exports.export(
        "systemd", tmp_path / "tiny.seal", "-o", tmp_path / "out", "--executable", shutil.which("true") or ""
    )
    return tmp_path / "out" / "sealift-tiny.service"


def analyze(*arguments: str | Path, code: int = 0) -> str:
    command = ["systemd-analyze", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def settings(unit: Path) -> dict[str, list[str]]:
    settings_of: dict[str, list[str]] = {}
    for line in unit.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            settings_of.setdefault(key, []).append(value)
    return settings_of


def test_systemd_accepts_the_unit(unit: Path) -> None:
    assert "sealift-tiny" not in analyze("verify", "--recursive-errors=no", unit)


def test_an_unknown_setting_is_reported(unit: Path) -> None:
    """The check above can fail."""
    unit.write_text(unit.read_text().replace("ProtectClock=", "ProtectClocks="))
    assert "ProtectClocks" in analyze("verify", "--recursive-errors=no", unit, code=1)


def test_exposure(unit: Path) -> None:
    """systemd's score: 0 is no exposure, 10 full exposure. A server that only serves its machine has less."""
    score = float(re.findall(r"exposure level[^:]*: ([\d.]+)", analyze("security", "--offline=true", unit))[0])
    assert score <= 1.5


def test_only_a_server_of_the_loopback_address_is_cut_off_from_others(unit: Path, tmp_path: Path) -> None:
    assert settings(unit)["IPAddressDeny"] == ["any"]
    (tmp_path / "deployment.toml").write_text(
        '[server]\nhost = "0.0.0.0"\nport = 443\nopen = true\n[[models]]\nfile = "tiny.seal"\n'
    )
    exports.export("systemd", tmp_path / "deployment.toml", "-o", tmp_path / "other", "--name", "tiny")
    other = settings(tmp_path / "other" / "sealift-tiny.service")
    assert "IPAddressDeny" not in other
    assert other["AmbientCapabilities"] == ["CAP_NET_BIND_SERVICE"]


@contextmanager
def manager(folder: Path) -> Iterator[socket.socket]:
    """A socket that receives what a service sends to its manager."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiving:
        receiving.bind(str(folder / "notify"))
        receiving.settimeout(60)
        yield receiving


def start(unit: Path, folder: Path, *before: str) -> subprocess.Popen[bytes]:
    """What the unit starts, with the variables of systemd; the program is that of this environment."""
    (folder / "tiny").mkdir(exist_ok=True)
    text = (unit.parent / "deployment.toml").read_text()
    text = text.replace("/etc/sealift/tiny", str(unit.parent)).replace("/var/lib/sealift-tiny", str(folder / "tiny"))
    (unit.parent / "deployment.toml").write_text(text.replace("port = 8080", "port = 0"))
    _, command, *arguments = shlex.split(settings(unit)["ExecStart"][0])
    arguments = [argument.replace("/etc/sealift/tiny", str(unit.parent)) for argument in arguments]
    environment = {
        **os.environ,
        "NOTIFY_SOCKET": str(folder / "notify"),
        "WATCHDOG_USEC": "200000",
        "XDG_RUNTIME_DIR": str(folder),
    }
    return subprocess.Popen(
        [*before, sys.executable, "-m", "sealift", command, *arguments, "--workers", "2"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def test_notifications(unit: Path, tmp_path: Path) -> None:
    assert settings(unit)["Type"] == ["notify"]
    with manager(tmp_path) as receiving:
        process = start(unit, tmp_path)
        try:
            received = [receiving.recv(100).decode()]
            while received[-1] != "READY=1":
                received.append(receiving.recv(100).decode())
            assert receiving.recv(100) == b"WATCHDOG=1"
            assert receiving.recv(100) == b"WATCHDOG=1"
        finally:
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        rest = [receiving.recv(100)]
        while rest[-1] != b"STOPPING=1":
            rest.append(receiving.recv(100))
        assert received.count("READY=1") == 1
        assert set(received) | {each.decode() for each in rest} <= {"READY=1", "WATCHDOG=1", "STOPPING=1"}


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_the_server_makes_permitted_system_calls_only(unit: Path, tmp_path: Path) -> None:
    permitted: set[str] = set()
    for filtered in settings(unit)["SystemCallFilter"]:
        calls = set(expanded(filtered.lstrip("~")))
        permitted = permitted - calls if filtered.startswith("~") else permitted | calls
    assert "mount" not in permitted
    trace = tmp_path / "trace"
    with manager(tmp_path) as receiving:
        process = start(unit, tmp_path, "strace", "-f", "-qq", "-o", str(trace))
        try:
            while receiving.recv(100) != b"READY=1":
                pass
            time.sleep(1)
        finally:
            child = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0]
            os.kill(int(child), signal.SIGTERM)
            process.communicate(timeout=60)
    text = trace.read_text()
    made = set(re.findall(r"^\d+ +(\w+)\(", text, re.MULTILINE))
    assert {"openat", "socket", "clone"} & made
    assert made - permitted == set()
    # MemoryDenyWriteExecute
    assert not re.findall(r"(?:mmap|mprotect)\(.*PROT_WRITE\|PROT_EXEC.*", text)
    # RestrictAddressFamilies
    assert set(re.findall(r"socket\((AF_\w+)", text)) <= {"AF_UNIX", "AF_INET", "AF_INET6"}


def expanded(name: str) -> Iterator[str]:
    """The system calls of a group of systemd, with those of the groups in it."""
    for line in analyze("syscall-filter", name).splitlines()[1:]:
        entry = line.strip()
        if entry.startswith("@"):
            yield from expanded(entry)
        elif entry and not entry.startswith("#"):
            yield entry
