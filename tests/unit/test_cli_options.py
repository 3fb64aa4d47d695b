"""What all commands share: `--json`, `--quiet`, the defaults of `sealift.toml`; and `explain-error`."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

import sealift
import seals
from sealift import explanations, manual, seal
from sealift.cli import commands
from sealift.cli.commands import app
from sealift.cli.config import PER_CALL, settable
from sealift.demo.run import Result as DemoResult
from sealift.errors import CODES
from sealift.receipts.issue import Issuer
from sealift.receipts.rows import answered_by
from sealift.serve.access.audit import AuditLog
from sealift.serve.access.keys import create as create_key
from sealift.serve.records.stores.sqlite import SqliteStore

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "reference" / "cli.md").read_text()
MODEL = """\
import numpy as np
from sklearn.linear_model import LogisticRegression

print("printed by the module")
X = np.random.default_rng(0).normal(size=(40, 2))
model = LogisticRegression().fit(X, X[:, 0] > 0)
"""
# Every command with arguments that make it succeed; the demo takes a quarter of a minute and has tests of its own.
CALLS: dict[str, list[str]] = {
    "pack": ["train.py:model", "--data", "rows.csv", "--name", "m", "--engines", "native"],
    "doctor": ["train.py:model", "--data", "rows.csv"],
    "inspect": ["tiny.seal"],
    "optimize": ["tiny.seal", "--method", "fold"],
    "verify": ["tiny.seal"],
    "predict": ["tiny.seal", "tiny.csv", "-o", "answers.csv"],
    "serve": ["tiny.seal", "--check"],
    "records": ["show", "records.db"],
    "keys": ["list", "keys.json"],
    "audit": ["show", "audit.jsonl"],
    "receipt": ["verify", "receipt.txt", "--key", "k.pub"],
    "export": ["docker", "tiny.seal", "-o", "image", "--open", "--force"],
    "keygen": ["new"],
    "sign": ["tiny.seal", "--key", "k"],
    "app": ["tiny.seal", "-o", "tiny.html"],
    "explain-error": ["E302"],
    "docs": ["how-to/sign"],
}
# They need a running server: tests/e2e/test_serve_traffic.py, test_shadow_diff.py.
OF_A_SERVER = {"deploy", "promote", "rollback", "shadow-diff", "status"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(MODEL)
    (tmp_path / "rows.csv").write_text("x0,x1\n" + "".join(f"{i / 7},{-i}\n" for i in range(20)))
    (tmp_path / "tiny.csv").write_text("age,weight,sex\n50,70,f\n61,80,m\n")
    seal.generate_keys(tmp_path / "k")
    seals.write(tmp_path / "tiny.seal")
    SqliteStore(tmp_path / "records.db", create=True).close()
    create_key(tmp_path / "keys.json", "a", ["predict"])
    AuditLog(tmp_path / "audit.jsonl").append("create key", actor="ada", kind="user")
    model = sealift.load(tmp_path / "tiny.seal")
    issuer = Issuer(seal.load_private_key(tmp_path / "k"))
    parts = answered_by(model, [[50, 70, "f"]])
    receipt = issuer.receipt(model, model.self_test(), parts, route="predict", begun=0.0)
    (tmp_path / "receipt.txt").write_text(receipt)
    return tmp_path


def invoke(*arguments: object, code: int = 0) -> Result:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == code, done.output
    return done


def test_the_calls_are_of_all_commands() -> None:
    assert {*CALLS, "demo", *OF_A_SERVER} == set(app.commands)


@pytest.mark.parametrize("command", sorted(app.commands))
def test_every_command_has_the_common_options_last(command: str) -> None:
    names = [parameter.opts for parameter in app.commands[command].params]
    assert names[-3:] == [["--json"], ["-q", "--quiet"], ["--config"]]


@pytest.mark.parametrize("command", sorted(CALLS))
def test_json_is_one_object_and_quiet_does_not_change_it(command: str, folder: Path) -> None:
    report = json.loads(invoke(command, *CALLS[command], "--json").stdout)
    assert report["ok"] is True
    (folder / "new").unlink(missing_ok=True)
    (folder / "new.pub").unlink(missing_ok=True)
    again = json.loads(invoke(command, *CALLS[command], "--json", "--quiet").stdout)
    assert set(again) == set(report)


@pytest.mark.parametrize("command", sorted(CALLS))
def test_quiet_prints_nothing(command: str, folder: Path) -> None:
    done = invoke(command, *CALLS[command], "--quiet")
    own = done.output.replace("printed by the module\n", "")  # the user's own module may print
    assert own == ""


@pytest.mark.parametrize("command", sorted(CALLS))
def test_wrong_usage_is_one_object(command: str, folder: Path) -> None:
    report = json.loads(invoke(command, *CALLS[command], "--nonsense", "--json", code=2).stdout)
    assert (report["ok"], report["error"]["code"]) == (False, "E903")


def test_quiet_shows_errors_and_the_exit_code(folder: Path) -> None:
    done = invoke("inspect", "none.seal", "--quiet", code=1)
    assert done.stdout == ""
    assert done.stderr.startswith("error E401")
    (folder / "tiny.csv").write_text("age,weight,sex\n50,heavy,f\n61,80,m\n")
    assert invoke(*["predict", *CALLS["predict"], "-q"], code=3).output == ""
    # The next command of the same process is not quiet.
    assert "identity" in invoke("inspect", "tiny.seal").stdout


def test_answers_on_stdout_are_no_text(folder: Path) -> None:
    done = invoke("predict", "tiny.seal", "tiny.csv", "-o", "-", "--quiet")
    assert done.stdout.startswith("row,label,")
    assert done.stderr == ""


def test_defaults_of_a_project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "tiny.csv").write_text("age,weight,sex,bed,ward\n50,70,f,7,a\n")
    invoke("predict", "tiny.seal", "tiny.csv", "-o", "a.csv", code=1)
    (folder / "sealift.toml").write_text(
        '[predict]\nignore-extra = true\nkeep = ["bed"]\nseconds = 60\n[verify]\nkey = "k.pub"\n[sign]\nkey = "k"\n'
    )
    invoke("predict", "tiny.seal", "tiny.csv", "-o", "a.csv")
    assert Path("a.csv").read_text().startswith("row,bed,label,")
    # The command line wins.
    invoke("predict", "tiny.seal", "tiny.csv", "-o", "a.csv", "--keep", "ward")
    assert Path("a.csv").read_text().startswith("row,ward,label,")
    # Files are relative to the file's folder, and a required option can be set.
    below = folder / "below" / "further"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    invoke("sign", "../../tiny.seal")
    assert "signed by" in invoke("verify", "../../tiny.seal").stdout
    # The nearest file is used, alone.
    (below.parent / "sealift.toml").write_text("")
    assert "not signed" not in invoke("verify", "../../tiny.seal").stdout
    assert "not checked" in invoke("verify", "../../tiny.seal").stdout
    assert "signed by" in invoke("verify", "../../tiny.seal", "--config", "../../sealift.toml").stdout
    monkeypatch.chdir(folder)
    assert "not checked" in invoke("verify", "tiny.seal", "--config", os.devnull).stdout


def test_python_reads_no_defaults(folder: Path) -> None:
    (folder / "sealift.toml").write_text('[verify]\nkey = "no-such-key.pub"\n')
    assert sealift.verify("tiny.seal").verified_key is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[predict", "cannot be read"),
        ("[predit]\nignore-extra = true", "[predit] is not a command"),
        ("ignore-extra = true", "[ignore-extra] is not a command"),
        ("[predict]\nextras = true", "[predict] extras is not an option"),
        ("[predict]\nignore-extra = 'yes'", "[predict] ignore-extra must be true or false"),
        ("[predict]\nkeep = 'bed'", "[predict] keep must be a list of strings"),
        ("[predict]\nkeep = [1]", "[predict] keep must be a list of strings"),
        ("[predict]\nseconds = [1]", "[predict] seconds must be a string or a number"),
        ("[predict]\njson = true", "[predict] json is permitted on the command line only"),
        ("[predict]\noverwrite = true", "[predict] overwrite is not an option"),
        ("[pack]\ntrust-pickle = true", "[pack] trust-pickle is permitted on the command line only"),
        ("[pack]\noverwrite = true", "[pack] overwrite is permitted on the command line only"),
        ("[sign]\npassword-file = 'p'", "[sign] password-file is permitted on the command line only"),
        ("[predict]\nFILE = 'm.seal'", "[predict] FILE is not an option"),
    ],
)
def test_defaults_that_cannot_be_used(text: str, said: str, folder: Path) -> None:
    """In any table, also of a command that is not run."""
    (folder / "sealift.toml").write_text(text)
    done = invoke("inspect", "tiny.seal", "--json", code=1)
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "E407"
    assert said in error["what"]
    assert error["where"] == str(folder / "sealift.toml")


def test_a_value_of_a_wrong_type_is_wrong_usage(folder: Path) -> None:
    (folder / "sealift.toml").write_text('[verify]\nseconds = "soon"\n')
    assert "'--seconds': 'soon'" in invoke("verify", "tiny.seal", code=2).output


def test_a_file_of_another_user_is_not_used_unless_it_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "sealift.toml").write_text('[verify]\nkey = "k.pub"\n')
    invoke("sign", "tiny.seal", "--key", "k")
    owner = os.geteuid()
    if owner == 0:
        os.chown(folder / "sealift.toml", 4242, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    done = invoke("verify", "tiny.seal", code=1)
    assert "belongs to another user" in done.stderr
    assert "signed by" in invoke("verify", "tiny.seal", "--config", "sealift.toml").stdout


def test_the_keys_of_defaults_are_documented() -> None:
    section = REFERENCE.split("## Defaults of a project")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", section, re.MULTILINE)
    documented = {command: re.findall(r"`([\w-]+)`", keys) for command, keys in rows}
    assert documented == {name: sorted(settable(c)) for name, c in app.commands.items() if settable(c)}
    for key in PER_CALL - {"help", "config"}:
        assert key.partition("-")[0] in section, key


def test_the_fields_of_the_demo_and_of_explanations_are_documented() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (`ok` .+) \|$", REFERENCE, re.MULTILINE))
    fields = {command: re.findall(r"`(\w+)`", listed) for command, listed in rows.items()}
    assert set(fields) == set(app.commands)
    assert fields["demo"] == ["ok", *(field.name for field in dataclasses.fields(DemoResult))]
    assert fields["explain-error"] == ["ok", *(field.name for field in dataclasses.fields(explanations.Explanation))]
    for field in fields["demo"][1:]:
        assert f"`{field}`" in REFERENCE.split("Of `demo`:")[1].split("\n\n")[0] or field in (
            "identity", "seal_bytes", "page_bytes",
        ), field  # fmt: skip


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_explained(code: str) -> None:
    entry: dict[str, Any] = json.loads(invoke("explain-error", code, "--json").stdout)
    assert (entry["code"], entry["title"]) == (code, CODES[code])
    page = " ".join((ROOT / "docs" / "errors.md").read_text().split())
    for key in ("meaning", "causes", "what_to_do"):
        assert len(entry[key]) > 20
        assert entry[key] in page


def test_explanations_for_people() -> None:
    text = invoke("explain-error", "e302").stdout
    assert text.startswith("E302  A step of the model cannot be converted.\n\n  meaning   ")
    assert "\n  fix       " in text
    assert invoke("explain-error", "[E302]").stdout == text
    assert "](" not in invoke("explain-error", "E407").stdout
    done = invoke("explain-error", "E3021", code=2)
    assert "there is no error 'E3021'" in done.output
    assert "E302" in done.output


def test_a_wheel_without_the_page_reports_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(manual, "_ROOTS", (tmp_path,))
    manual.pages.cache_clear()
    explanations._explanations.cache_clear()
    with pytest.raises(sealift.SealiftError, match="not installed"):
        explanations.explain("E302")
    explanations._explanations.cache_clear()
    manual.pages.cache_clear()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str) -> None:
    """The lines of the reference print a script, and what it calls completes commands and options."""
    assert f"_SEALIFT_COMPLETE={shell}_source sealift" in REFERENCE
    for words, expected in (("sealift exp", "explain-error"), ("sealift predict --qu", "--quiet")):
        environment = {
            **os.environ,
            "_SEALIFT_COMPLETE": f"{shell}_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1 if shell != "fish" else words.split()[-1]),
        }
        code = "from sealift.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert expected in done.stdout, done.stderr


def test_help_of_verify_names_the_file_that_keygen_makes() -> None:
    text = invoke("verify", "--help").output
    assert "clinic.key.pub" in text
    assert "page" in text
    assert "clinic.key.pub" in invoke("keygen", "--help").output
    assert isinstance(commands.app, click.Group)
