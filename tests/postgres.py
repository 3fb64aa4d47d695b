"""A server of PostgreSQL for tests, from Debian's packages (`tools/setup.sh postgres`) or any other installation."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest


class Postgres:
    """A database server in a folder, which listens on a Unix socket only."""

    def __init__(self, folder: Path) -> None:
        self._programs = _programs()
        self.folder = folder
        # A server of PostgreSQL refuses to run as root.
        self._user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
        folder.mkdir()
        if self._user:
            shutil.chown(folder, "nobody", "nogroup")
        self._run("initdb", "-D", str(folder / "data"), "-A", "trust", "-U", "records", "--no-sync", "-E", "UTF8")
        self.url = f"postgresql://records@/postgres?host={folder}"
        self.start()

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' -c fsync=off"
        self._run(
            "pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", str(self.folder / "log"), "-o", options, "start"
        )

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._user, str(self._programs / program), *arguments]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, timeout=120)


def _programs() -> Path:
    """The folder of the programs; the test is skipped where there is none."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'sealift[postgres]'")
    program = shutil.which("pg_ctl")
    folders = [Path(program).resolve().parent] if program else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders or not (folders[-1] / "initdb").exists():
        pytest.skip("PostgreSQL is not installed: tools/setup.sh postgres")
    return folders[-1]


def short_folder(base: Path) -> Path:
    """A path for the server that is short enough for a Unix socket."""
    return Path("/tmp") / f"sealift-{os.getpid()}-{time.monotonic_ns() % 10**6}-{base.name[:8]}"
