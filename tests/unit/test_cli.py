"""The commands as a person calls them: exit codes, messages, files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import seals
from sealift import __version__
from sealift.cli import main

GOOD = "age,weight,sex\n61.5,80,f\n,70.25,m\n"


class Called:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.out)
        return parsed


class Caller:
    def __init__(self, captured: pytest.CaptureFixture[str]) -> None:
        self._captured = captured

    def __call__(self, *arguments: object) -> Called:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        captured = self._captured.readouterr()
        code = ended.value.code
        return Called(code if isinstance(code, int) else 0, captured.out, captured.err)


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Caller:
    return Caller(capsys)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text(GOOD)
    return path


def test_version(call: Caller) -> None:
    assert call("--version").out == f"sealift {__version__}\n"


@pytest.mark.parametrize("command", ["pack", "inspect", "verify", "predict", "keygen", "sign", "app", "demo"])
def test_every_help_has_an_example(call: Caller, command: str) -> None:
    result = call(command, "--help")
    assert result.code == 0
    assert f"Example:  sealift {command}" in " ".join(result.out.split()).replace("Example: ", "Example:  ")


def test_wrong_usage(call: Caller, tiny: Path) -> None:
    for arguments in (
        ["nothing"],
        ["predict", tiny],
        ["predict", tiny, "x.csv"],
        ["inspect"],
        ["verify", tiny, "--no"],
    ):
        result = call(*arguments)
        assert result.code == 2
        assert "Traceback" not in result.err


def test_inspect(call: Caller, tiny: Path) -> None:
    result = call("inspect", tiny)
    assert result.code == 0
    for part in ("Tiny risk", "tiny 1", "age", "0 to 120", "years", "f, m", "probability_healthy, probability_ill"):
        assert part in result.out
    report = call("inspect", tiny, "--json").json
    assert report["ok"] is True
    assert report["contract"] == seals.CONTRACT.as_json()
    assert report["claimed_signers"] == []


def test_control_characters_of_a_file_never_reach_the_terminal(call: Caller, tmp_path: Path) -> None:
    import dataclasses

    from sealift import canonical, seal

    members = {name: data for name, data in seals.members().items() if name != "manifest.json"}
    wicked = dataclasses.replace(seals.CONTRACT, title="a\x1b[2Jb\u202ec")
    members["contract.json"] = canonical.dumps(wicked.as_json())
    seal.write(
        tmp_path / "w.seal",
        seal.assemble(members, name="w", version="1", task="classification", producer="t", opsets={"": 21}),
    )
    result = call("inspect", tmp_path / "w.seal")
    assert "\x1b" not in result.out
    assert "\u202e" not in result.out


def test_verify_and_signatures(call: Caller, tiny: Path, tmp_path: Path) -> None:
    result = call("verify", tiny)
    assert (result.code, "not signed" in result.out) == (0, True)
    assert "Anyone can make one that passes these checks" in result.out
    assert f"{len(seals.ROWS)} of {len(seals.ROWS)} generated examples" in result.out
    assert call("keygen", tmp_path / "a.key").code == 0
    keyid = call("keygen", tmp_path / "b.key", "--json").json["keyid"]
    again = call("keygen", tmp_path / "a.key")
    assert (again.code, "E501" in again.err) == (1, True)
    identity = call("verify", tiny, "--json").json["identity"]
    signed = call("sign", tiny, "--key", tmp_path / "b.key", "--json").json
    assert (signed["signed_by"], signed["identity"]) == (keyid, identity)
    report = call("verify", tiny, "--key", tmp_path / "b.key.pub", "--json").json
    assert (report["verified_key"], report["self_test"]["passed"]) == (keyid, True)
    unchecked = call("verify", tiny)
    assert f"claims to be signed by {keyid[:16]}… (not checked)" in unchecked.out
    assert "Anyone can make one that passes these checks" in unchecked.out
    assert "original model" not in unchecked.out
    checked = call("verify", tiny, "--key", tmp_path / "b.key.pub")
    assert f"signed by {keyid}\n" in checked.out
    assert ("claims" in checked.out, "Anyone" in checked.out) == (False, False)
    inspected = call("inspect", tiny)
    assert f"claims to be signed by {keyid[:16]}… (not checked)" in inspected.out
    assert call("inspect", tiny, "--json").json["claimed_signers"] == [keyid]
    other = call("verify", tiny, "--key", tmp_path / "a.key.pub")
    assert (other.code, "E503" in other.err) == (1, True)


def test_an_example_that_comes_out_differently(call: Caller, tmp_path: Path) -> None:
    wrong = seals.write(tmp_path / "wrong.seal", [0.9, 0.9, 0.9, 0.9])
    result = call("verify", wrong)
    assert (result.code, "E206" in result.err, result.out) == (1, True, "")


def test_an_error_is_three_lines(call: Caller, tmp_path: Path) -> None:
    result = call("inspect", tmp_path / "no.seal")
    assert result.code == 1
    assert result.out == ""
    what, where, fix = result.err.splitlines()
    assert what.startswith("error E401  ")
    assert where == f"    where   {tmp_path / 'no.seal'}"
    assert fix.startswith("    fix     ")
    as_json = call("inspect", tmp_path / "no.seal", "--json")
    assert (as_json.code, as_json.err) == (1, "")
    assert as_json.json["ok"] is False
    assert as_json.json["error"]["code"] == "E401"


def test_a_file_that_is_no_seal(call: Caller, rows: Path) -> None:
    for command in (["inspect"], ["verify"], ["app"], ["sign", "--key", rows]):
        assert call(command[0], rows, *command[1:]).code == 1


def test_predict(call: Caller, tiny: Path, rows: Path, tmp_path: Path) -> None:
    result = call("predict", tiny, rows, "-o", tmp_path / "out.csv")
    assert result.code == 0
    assert "2 rows" in result.out
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 3


def test_predict_with_bad_rows_ends_with_3_and_loses_no_good_one(call: Caller, tiny: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("id,age,weight,sex\n1,61.5,80,f\n2,old,1,x\n3,40,55.5,m\n")
    result = call("predict", tiny, rows, "-o", tmp_path / "out.csv", "--keep", "id")
    assert result.code == 3
    assert "row 2  R102" in result.out
    assert [line.split(",")[:3] for line in (tmp_path / "out.csv").read_text().splitlines()[1:]] == [
        ["1", "1", "1"],
        ["2", "2", ""],
        ["3", "3", "1"],
    ]
    result = call("predict", tiny, rows, "-o", tmp_path / "out.csv", "--ignore-extra", "--json")
    assert (result.code, result.json["rows"], result.json["refused"]) == (3, 3, 1)
    assert [problem["code"] for problem in result.json["problems"]] == ["R102", "R104"]


def test_predict_refuses_and_leaves_nothing(call: Caller, tiny: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("id,age,weight,sex\n1,61.5,80,f\n")
    result = call("predict", tiny, rows, "-o", tmp_path / "out.csv")
    assert (result.code, "E102" in result.err, "--keep" in result.err) == (1, True, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.csv", "tiny.seal"]


def test_predict_through_pipes(tiny: Path) -> None:
    command = [sys.executable, "-m", "sealift", "predict", str(tiny), "-", "-o", "-"]
    ran = subprocess.run(command, input=GOOD.encode(), capture_output=True, check=False)
    assert ran.returncode == 0
    assert ran.stdout.splitlines()[0] == b"row,label,label_name,probability_healthy,probability_ill,error"
    assert len(ran.stdout.splitlines()) == 3
    assert b"2 rows" in ran.stderr


def test_stdout_is_for_one_thing(call: Caller, tiny: Path, rows: Path) -> None:
    assert call("predict", tiny, rows, "-o", "-", "--json").code == 2


def test_ctrl_c(call: Caller, tiny: Path, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sealift.runtime.SealedModel.answer", interrupted)
    result = call("predict", tiny, rows, "-o", tmp_path / "out.csv")
    assert result.code == 130
    assert "Traceback" not in result.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.csv", "tiny.seal"]


def test_a_console_that_lacks_characters(tmp_path: Path) -> None:
    name = tmp_path / "größe-性别.seal"
    command = [sys.executable, "-m", "sealift", "inspect", str(name)]
    environment = {"PYTHONIOENCODING": "cp1252", "PATH": ""}
    ran = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert ran.returncode == 1
    assert ran.stderr.startswith(b"error E401")
    assert b"Traceback" not in ran.stderr


def test_no_colour_without_a_terminal(tiny: Path) -> None:
    command = [sys.executable, "-m", "sealift", "verify", str(tiny)]
    ran = subprocess.run(command, capture_output=True, check=True, env={"FORCE_COLOR": "1"})
    assert b"\x1b" not in ran.stdout + ran.stderr


def test_help_starts_without_the_heavy_libraries() -> None:
    code = (
        "import sys; from sealift.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "found = {'numpy', 'onnxruntime', 'pandas', 'pyarrow', 'sklearn', 'cryptography', 'rich'} & set(sys.modules)\n"
        "assert not found, found"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
