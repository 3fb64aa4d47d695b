"""Sealift without what only POSIX has, as on Windows: everything is imported, and the limits hold by sampling."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hostile_models import LARGE, SLOW, large_graph, sealed, slow

# Runs in each child too. What is of this system, the standard library and the other packages, is loaded before.
AS_ON_WINDOWS = """\
import asyncio, concurrent.futures, logging, multiprocessing, os, pathlib, select, signal, socket, subprocess, sys
import importlib, psutil, tempfile, types
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
for name in os.environ["PRELOADED"].split():
    importlib.import_module(name)
assert not [name for name in sys.modules if name.split(".")[0] == "sealift"]
kill = os.kill
for name in ("resource", "fcntl", "pwd", "grp", "termios", "tty", "pty", "syslog", "posix"):
    sys.modules[name] = None
for name in ("fork", "forkpty", "killpg", "setsid", "getpgid", "getpgrp", "setpgid", "getuid", "geteuid", "getgid",
             "sysconf", "uname", "register_at_fork", "waitstatus_to_exitcode", "mkfifo", "fchmod", "sched_getaffinity"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGKILL", "SIGHUP", "SIGALRM", "SIGUSR1", "SIGQUIT", "SIGPIPE", "SIGCHLD", "setitimer", "alarm", "pause"):
    if hasattr(signal, name):
        delattr(signal, name)
def no_pipes(*_, **__):
    raise OSError("select is for sockets")
select.select = no_pipes
del select.poll, select.epoll
psutil.Process.kill = lambda self: kill(self.pid, 9)
Popen = subprocess.Popen
class AsOnWindows(Popen):
    def __init__(self, command, **options):
        command = list(command)
        if "-c" in command:
            at = command.index("-c") + 1
            command[at] = "import os; exec(os.environ['AS_ON_WINDOWS']); " + command[at]
        super().__init__(command, **options)
    def kill(self):
        if self.poll() is None:
            kill(self.pid, 9)
subprocess.Popen = AsOnWindows
sys.platform = "win32"
def as_nt():
    "What the modules that ask for os.name see; pathlib would make paths of the other system."
    import sealift.files
    sealift.files.os = types.SimpleNamespace(**{**vars(os), "name": "nt"})
"""
PACKAGES = "numpy onnxruntime click cryptography.hazmat.primitives.asymmetric.ed25519"
TRAINING = (
    "onnx onnx.compose onnx.numpy_helper pandas pandas.tseries.frequencies pyarrow pyarrow.parquet openpyxl joblib "
    "scipy.sparse scipy.stats sklearn.experimental.enable_iterative_imputer sklearn.utils.discovery skl2onnx skops.io "
    "playwright.sync_api xgboost lightgbm catboost imblearn"
)


def run(program: str, *arguments: object, folder: Path, packages: str = PACKAGES) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-c", f"import os; exec(os.environ['AS_ON_WINDOWS'])\n{program}", *map(str, arguments)]
    known = {**os.environ, "AS_ON_WINDOWS": AS_ON_WINDOWS, "PRELOADED": packages}
    done = subprocess.run(
        line, capture_output=True, text=True, timeout=120, check=False, cwd=folder, env=known, stdin=subprocess.DEVNULL
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done


COMMAND = "as_nt()\nfrom sealift.cli import main\nmain()\n"
IMPORTS = """\
import importlib, pkgutil, sealift
as_nt()
skipped = ("sealift.__main__",)
for module in pkgutil.walk_packages(sealift.__path__, "sealift."):
    if module.name not in skipped:
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            if error.name not in ("torch", "jax"):  # which are installed only for tests of their own
                raise
print("imported")
"""


def test_every_module_is_imported(tmp_path: Path) -> None:
    done = run(IMPORTS, folder=tmp_path, packages=f"{PACKAGES} {TRAINING}")
    assert done.stdout == "imported\n", done.stderr


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text("x\n5\n6\n")
    return path


def test_verify_and_predict(tmp_path: Path, rows: Path) -> None:
    file = slow(tmp_path / "h.seal", 5.0)
    done = run(COMMAND, "verify", file, folder=tmp_path)
    assert (done.returncode, "1 of 1 generated examples" in done.stdout) == (0, True), done.stderr
    done = run(COMMAND, "predict", file, rows, "-o", tmp_path / "answers.csv", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "answers.csv").read_text() == "row,value,error\n1,5.0,\n2,6.0,\n"


def test_a_slow_model_is_ended(tmp_path: Path, rows: Path) -> None:
    done = run(COMMAND, "verify", slow(tmp_path / "h.seal", SLOW), "--seconds", 4, folder=tmp_path)
    assert (done.returncode, "error E210" in done.stderr) == (1, True), done.stderr
    assert "within 4 seconds" in done.stderr
    rows.write_text(f"x\n{SLOW}\n")
    file = slow(tmp_path / "h.seal", 5.0)
    done = run(COMMAND, "predict", file, rows, "-o", tmp_path / "answers.csv", "--seconds", 4, folder=tmp_path)
    assert (done.returncode, "error E210" in done.stderr) == (1, True), done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["h.seal", "rows.csv"]


def test_a_large_model_is_ended(tmp_path: Path) -> None:
    file = sealed(tmp_path / "h.seal", large_graph(800_000_000), LARGE)
    done = run(COMMAND, "verify", file, "--memory", 0.5, folder=tmp_path)
    assert (done.returncode, "error E210" in done.stderr) == (1, True), done.stderr


IN_PYTHON = f"""\
import sealift
as_nt()
with sealift.load("h.seal", limits=sealift.Limits(seconds=2)) as model:
    assert model.predict({{"x": 5.0}})["value"].tolist() == [5.0]
    try:
        model.predict({{"x": {SLOW}}})
    except sealift.SealiftError as error:
        print(error.code)
    assert model.predict({{"x": 7.0}})["value"].tolist() == [7.0]
    process = model.engine._child._process
print(process.poll() is not None)
"""


def test_an_isolated_model(tmp_path: Path) -> None:
    slow(tmp_path / "h.seal", 5.0)
    assert run(IN_PYTHON, folder=tmp_path).stdout == "E210\nTrue\n"
