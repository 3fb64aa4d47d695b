"""The command line's edge: every exception becomes a coded error, and stdout holds the result or nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import seals
from sealift import canonical, seal
from sealift.cli.commands import app
from sealift.seal import generate_keys

ROWS = "age,weight,sex\n61.5,80,f\n,70.25,m\n"
LONG = "n" * 300


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    seals.write(tmp_path / "tiny.seal")
    (tmp_path / "rows.csv").write_text(ROWS)
    generate_keys(tmp_path / "k")
    return tmp_path


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def shell(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`sealift` stands for the program in `line`."""
    program = f'sealift() {{ {sys.executable} -m sealift "$@"; }}; {line}'
    return subprocess.run(
        ["/bin/bash", "-c", program],
        cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TypeError("unhashable type: 'list'"), "E901"),
        (RecursionError("maximum recursion depth exceeded"), "E901"),
        (EOFError(), "E901"),
        (MemoryError(), "E902"),
        (OSError(28, "No space left on device"), "E402"),
    ],
)
def test_every_exception_becomes_a_coded_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("sealift.seal.read", fails)
    done = invoke("inspect", "tiny.seal")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error {code}  ")
    assert "Traceback" not in done.stderr
    report = json.loads(invoke("inspect", "tiny.seal", "--json").stdout)
    assert (report["ok"], report["error"]["code"]) == (False, code)


def test_the_traceback_is_shown_on_request(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEALIFT_DEBUG", "1")
    done = invoke("inspect", "absent.seal")
    assert (done.exit_code, "Traceback" in done.stderr, "error E401" in done.stderr) == (1, True, True)


@pytest.mark.parametrize(
    "line",
    [
        "sealift --version >/dev/full",
        "sealift --help >/dev/full",
        "sealift inspect tiny.seal >/dev/full",
        "sealift inspect tiny.seal --json >/dev/full",
        "sealift predict tiny.seal rows.csv -o - >/dev/full",
        "sealift inspect tiny.seal >&-",
        "sealift verify tiny.seal --json >&-",
        "sealift predict tiny.seal rows.csv -o - >&-",
    ],
)
def test_a_full_or_closed_stdout(folder: Path, line: str) -> None:
    done = shell(line, folder)
    assert (done.returncode, done.stderr[:12]) == (1, "error E402  "), done.stderr
    assert len(done.stderr.splitlines()) <= 3


@pytest.mark.parametrize("line", ["sealift inspect absent.seal 2>&-", "sealift inspect absent.seal 2>/dev/full"])
def test_a_stderr_that_takes_nothing(folder: Path, line: str) -> None:
    done = shell(line, folder)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def test_a_closed_pipe_and_a_closed_stdin(folder: Path) -> None:
    done = shell("sealift inspect tiny.seal | head -1", folder)
    assert (done.stdout, done.stderr) == ("Tiny risk\n", "")
    done = shell("sealift predict tiny.seal - -o out.csv <&-", folder)
    assert (done.returncode, done.stderr[:12]) == (1, "error E401  ")


@pytest.mark.parametrize("arguments", [["inspect"], ["inspect", "a", "b"], ["predict", "tiny.seal"], ["nothing"]])
def test_wrong_usage_as_json(folder: Path, arguments: Sequence[str]) -> None:
    done = invoke(*arguments, "--json")
    report = json.loads(done.stdout)
    assert (done.exit_code, report["ok"], report["error"]["code"]) == (2, False, "E903")


@pytest.mark.parametrize("name", [LONG, f"{LONG}.seal", "d/" * 3000, "", ".", "/", "a\0b", "\udc80", "rows.csv"])
def test_invalid_file_names(folder: Path, name: str) -> None:
    data = name + ".csv"
    for arguments in (
        ["inspect", name],
        ["verify", "tiny.seal", "--key", name],
        ["predict", name, "rows.csv", "-o", "out.csv"],
        ["predict", "tiny.seal", data, "-o", "out.csv"],
        ["predict", "tiny.seal", "rows.csv", "-o", f"no/x/{data}"],
        ["sign", name, "--key", "k"],
        ["sign", "tiny.seal", "--key", name],
        ["app", name],
        ["keygen", f"no/x/{name}"],
        ["pack", name, "--data", "rows.csv", "--name", "m"],
        ["pack", f"{name}.py:model", "--data", "rows.csv", "--name", "m"],
        ["doctor", name],
    ):
        done = invoke(*arguments)
        assert done.exit_code == 1, arguments
        assert "E901" not in done.stderr, (arguments, done.stderr)
        assert done.stderr.startswith("error E"), (arguments, done.stderr)


def changed(folder: Path, member: str, path: Sequence[Any], value: Any) -> Path:
    """The tiny sealed file with one value of a member replaced, digests kept right."""
    members = {name: data for name, data in seals.members().items() if name != "manifest.json"}
    raw = json.loads(members[member])
    place = raw
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    members[member] = canonical.dumps(raw)
    file = folder / "changed.seal"
    packed = seal.assemble(members, name="w", version="1", task="classification", producer="t", opsets={"": 21})
    seal.write(file, packed)
    return file


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["headline", "output"], ["label"]),
        (["headline", "output"], {}),
        (["headline", "class"], [1]),
        (["headline"], [1, 2]),
        (["outputs", 0, "classes"], [[0], [1]]),
        (["outputs", 0, "class_names"], [["a"], ["b"]]),
        (["outputs", 1, "columns"], [{}, None]),
        (["outputs", 1, "units"], 3),
        (["outputs", 1, "description"], []),
    ],
)
def test_a_malformed_contract_is_reported(folder: Path, path: Sequence[Any], value: Any) -> None:
    file = changed(folder, "contract.json", path, value)
    for arguments in (["inspect", file], ["verify", file], ["predict", file, "rows.csv", "-o", "o.csv"], ["app", file]):
        done = invoke(*arguments)
        assert (done.exit_code, done.stderr[:12]) == (1, "error E106  "), (arguments, done.stderr)


@pytest.mark.usefixtures("default_signals")
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_leaves_no_unfinished_file(folder: Path, number: int, kind: str) -> None:
    (folder / "temporary").mkdir()
    command = [sys.executable, "-m", "sealift", "predict", "tiny.seal", "-", "-o", f"out.{kind}"]
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(folder / "temporary")},
    ) as process:  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(b"age,weight,sex\n" + b"50,70,f\n" * 50_000)
        process.stdin.flush()
        deadline = time.monotonic() + 60
        while not any(path.stat().st_size for path in folder.glob(".sealift-*.part")) and kind == "csv":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        while not list((folder / "temporary").iterdir()) and kind == "xlsx":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(number)
        assert process.wait(timeout=60) == 128 + number
        assert process.stderr is not None
        stderr = process.stderr.read().decode()
        process.stdin.close()
    assert "no incomplete file remains" in stderr
    assert "Traceback" not in stderr
    assert not list(folder.glob(".sealift-*"))
    assert not (folder / f"out.{kind}").exists()
    assert not list((folder / "temporary").iterdir())


def test_a_signal_that_is_ignored_stays_ignored(folder: Path) -> None:
    code = (
        "import os, signal; from sealift.cli.console import _signals\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "with _signals(): os.kill(os.getpid(), signal.SIGHUP)\n"
        "print('alive')"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"alive\n"
