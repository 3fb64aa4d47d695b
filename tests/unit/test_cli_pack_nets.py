"""`sealift pack` and `doctor` of nets on pictures and texts, without a line of Python."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import onnx
import pytest
from click.testing import CliRunner, Result

import sealift
from image_nets import net, scans
from sealift.cli.commands import app
from token_texts import built

TOML = 'resize = [32, 32]\nlibrary = "pillow"\nfilter = "bicubic"\nmean = [0.5, 0.4, 0.4]\nstd = 0.25\n'
NAMES = ["healthy", "ill", "unclear"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    onnx.save(net(), "net.onnx")
    scans(tmp_path / "scans")
    (tmp_path / "image.toml").write_text(TOML)
    return tmp_path


def invoke(*arguments: object, code: int = 0) -> Result:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == code, done.output
    return done


def pack(*arguments: object, code: int = 0, model: str = "net.onnx") -> Any:
    done = invoke("pack", model, "--name", "retina", "--engines", "native", "--json", *arguments, code=code)
    report = json.loads(done.stdout)
    return report if code == 0 else report.get("error")


def test_a_folder_of_pictures(folder: Path) -> None:
    pack("--data", "scans", "--preprocess", "image.toml", "--class-names", "healthy, ill,unclear")
    sealed = sealift.load("retina.seal")
    assert list(sealed.contract.output("label").class_names or ()) == NAMES
    preprocess = sealift.Image(resize=(32, 32), filter="bicubic", mean=(0.5, 0.4, 0.4), std=0.25)
    assert sealed.contract.stages[0].spec["steps"] == preprocess.spec()["steps"]


def test_a_table_of_names_with_true_answers(folder: Path) -> None:
    (folder / "rows").mkdir()
    with (folder / "rows" / "scans.csv").open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["id", "file", "disease"])
        rows.writerows([i, f"../scans/{path.name}", i % 2] for i, path in enumerate(sorted(Path("scans").iterdir())))
    table = ("--data", "rows/scans.csv", "--target", "disease", "--preprocess", "image.toml")
    report = pack(*table, "--drop", "id")
    assert report["ok"]
    assert pack(*table, code=1)["code"] == "E104"
    evidence = json.loads(invoke("inspect", "retina.seal", "--json").stdout)["evidence"]
    assert evidence["rows"] == 8


def test_json_and_objects_of_a_module(folder: Path) -> None:
    (folder / "image.json").write_text(json.dumps({"resize": [32, 32], "scale": None}))
    pack("--data", "scans", "--preprocess", "image.json")
    identity = sealift.load("retina.seal").identity
    (folder / "net.py").write_text("import sealift\nprepare = sealift.Image(resize=(32, 32), scale=None)\n")
    pack("--data", "scans", "--preprocess", "net.py:prepare")
    assert sealift.load("retina.seal").identity == identity
    (folder / "image.toml").write_text("resize = [32, 32]\nscale = false\n")
    pack("--data", "scans", "--preprocess", "image.toml")
    assert sealift.load("retina.seal").identity == identity


def test_a_tokenizer(folder: Path) -> None:
    from sealift.packing.preprocess.tokenizer import RECOGNISER

    tokenizer = built("bert")
    tokenizer.save("tokenizer.json")
    assert RECOGNISER.recognise("tokenizer.json") is not None
    (folder / "texts.csv").write_text("text,urgent\nA mass.,1\n,0\nNormal,0\n", "utf-8")
    from sealift.cli.net_rows import read_preprocessing, read_rows

    stage = read_preprocessing(Path("tokenizer.json"))
    texts, truth = read_rows(Path("texts.csv"), stage, target="urgent", drop=())
    assert texts == ["A mass.", None, "Normal"]
    assert list(truth) == [1, 0, 0]


def test_doctor(folder: Path) -> None:
    report = json.loads(invoke("doctor", "net.onnx", "--data", "scans", "--preprocess", "image.toml", "--json").stdout)
    assert report["supported"]
    assert report["rows"] == 8


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("resize = [32, 32", "E324", "cannot be read"),
        ("size = 3", "E324", "unknown key 'size'"),
        ('resize = [32, 32]\nfilter = "sharp"', "E324", "filter"),
        ("resize = 'big'", "E324", ""),
    ],
)
def test_a_file_that_cannot_be_used(folder: Path, text: str, code: str, said: str) -> None:
    (folder / "image.toml").write_text(text)
    error = pack("--data", "scans", "--preprocess", "image.toml", code=1)
    assert error["code"] == code
    assert said in error["what"]


def test_what_is_refused(folder: Path) -> None:
    assert pack("--data", "scans", "--preprocess", "none.toml", code=1)["code"] == "E401"
    assert pack("--data", "scans", "--preprocess", "scans", code=1)["code"] in ("E321", "E341")
    assert pack("--data", "scans", "--preprocess", "image.toml", "--target", "y", code=2)["code"] == "E903"
    assert pack("--data", "scans", "--preprocess", "image.toml", "--class-names", "a,,b", code=2)["code"] == "E903"
    assert pack("--data", "scans", "--preprocess", "image.toml", "--class-names", "a,b", code=1)["code"]
    (folder / "net.py").write_text("prepare = 1 / 0\n")
    assert pack("--data", "scans", "--preprocess", "net.py:prepare", code=1)["code"] == "E308"


def test_defaults_of_a_project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "sealift.toml").write_text('[pack]\npreprocess = "image.toml"\nclass-names = "healthy,ill,unclear"\n')
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / "below")
    pack("--data", "../scans", model="../net.onnx")
    assert list(sealift.load("retina.seal").contract.output("label").class_names or ()) == NAMES
