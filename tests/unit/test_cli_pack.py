"""`sealift pack`: where the model comes from, how the rows are typed, what the contract file may say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeRegressor

from sealift.cli import main
from sealift.cli.contract_file import read_contract_file
from sealift.cli.read_data import read_data
from sealift.errors import SealiftError
from sealift.packing import ContractOptions
from sealift.packing.load_model import load_model

MODULE = """\
import neighbour
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeRegressor
model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
if __name__ == "__main__":
    raise AssertionError("the script part ran")
"""


@pytest.fixture
def fitted() -> LogisticRegression:
    return LogisticRegression().fit([[0.0], [1.0]], [0, 1])


def code_of(action: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(SealiftError) as raised:
        action(*arguments, **options)
    assert raised.value.fix
    return raised.value.code


def test_a_model_out_of_a_python_file(tmp_path: Path) -> None:
    (tmp_path / "neighbour.py").write_text("")
    (tmp_path / "json.py").write_text(MODULE)  # the name of a module that is loaded already
    assert isinstance(load_model(f"{tmp_path / 'json.py'}:model"), LogisticRegression)
    assert json.dumps([]) == "[]"
    with pytest.raises(SealiftError, match=r"E308.*It has: model\."):
        load_model(f"{tmp_path / 'json.py'}:nothing")


@pytest.mark.parametrize(
    ("text", "line"),
    [("x = 1\nraise ValueError('boo')\n", "line 2"), ("x = (\n", "line 1"), ("import nowhere_9\n", "line 1")],
)
def test_a_python_file_that_fails(tmp_path: Path, text: str, line: str) -> None:
    (tmp_path / "broken.py").write_text(text)
    with pytest.raises(SealiftError, match=f"E308.*{line}"):
        load_model(f"{tmp_path / 'broken.py'}:model")


class Wicked:
    """A pickle that leaves a mark when it is opened."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


def test_a_pickle_is_not_opened_by_default(tmp_path: Path, fitted: LogisticRegression) -> None:
    mark = tmp_path / "mark"
    for name in ("m.pkl", "m.joblib", "m.pickle"):
        joblib.dump(Wicked(mark), tmp_path / name)
        assert code_of(load_model, str(tmp_path / name)) == "E307"
    assert not mark.exists()
    joblib.dump(fitted, tmp_path / "good.joblib")
    assert isinstance(load_model(str(tmp_path / "good.joblib"), trust_pickle=True), LogisticRegression)


def test_a_skops_file(tmp_path: Path, fitted: LogisticRegression) -> None:
    skops.io.dump(fitted, tmp_path / "m.skops")
    assert isinstance(load_model(str(tmp_path / "m.skops")), LogisticRegression)
    fitted.note_ = Wicked(tmp_path / "mark")
    try:
        skops.io.dump(fitted, tmp_path / "odd.skops")
    except Exception as error:
        pytest.skip(f"skops does not write it: {error}")
    with pytest.raises(SealiftError, match="E307"):
        load_model(str(tmp_path / "odd.skops"))


def test_models_that_cannot_be_loaded(tmp_path: Path) -> None:
    for name in ("m.skops", "m.joblib", "m.h5"):
        (tmp_path / name).write_bytes(b"garbage")
        assert code_of(load_model, str(tmp_path / name), trust_pickle=True) == "E308"
    (tmp_path / "m.py").write_text("")
    assert code_of(load_model, str(tmp_path / "m.py")) == "E308"
    assert code_of(load_model, str(tmp_path / "none.skops")) == "E401"
    assert code_of(load_model, f"{tmp_path / 'none.py'}:model") == "E401"


CSV = (
    "whole,gaps,real,flag,gappy,text,na,code,target\n"
    "1,,1.5,true,True,a,NA,01,y\n"
    "2,3,2,FALSE,,,x,02,n\n"
    "-3,NA,1e3,True,false,c,NA,3,y\n"
)


def test_the_columns_of_a_csv_are_typed(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(CSV)
    rows, truth = read_data(tmp_path / "d.csv", target="target", drop=["code"])
    assert isinstance(rows, pd.DataFrame)
    assert list(rows.columns) == ["whole", "gaps", "real", "flag", "gappy", "text", "na"]
    assert truth is not None
    assert truth.tolist() == ["y", "n", "y"]
    assert [rows[name].dtype.kind for name in ("whole", "gaps", "real", "flag")] == ["i", "f", "f", "b"]
    assert np.isnan(rows["gaps"].tolist()[2])
    assert rows["gappy"].tolist() == [True, None, False]
    assert [None if pd.isna(value) else value for value in rows["text"]] == ["a", None, "c"]
    # As pandas reads it, which most models were trained on; a contract file may say otherwise.
    assert [None if pd.isna(value) else value for value in rows["na"]] == [None, "x", None]
    rows, _ = read_data(tmp_path / "d.csv", target="target", drop=["code"], fields={"na": {"missing_as": [""]}})
    assert rows["na"].tolist() == ["NA", "x", "NA"]


def test_a_csv_that_pandas_wrote_reads_as_pandas_reads_it(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1.25, np.nan, 1e-300], "b": [1, 2, 3], "c": ["x", "y", "z"], "d": [True, False, True]})
    frame.to_csv(tmp_path / "d.csv", index=False)
    rows, _ = read_data(tmp_path / "d.csv", target=None, drop=[])
    pd.testing.assert_frame_equal(rows, pd.read_csv(tmp_path / "d.csv"))


@pytest.mark.parametrize("suffix", ["parquet", "jsonl", "xlsx"])
def test_other_tables_keep_their_types(tmp_path: Path, suffix: str) -> None:
    frame = pd.DataFrame({"a": [1.25, np.nan, 3.5], "b": [1, 2, 3], "c": ["x", "y", "z"], "d": [True, False, True]})
    path = tmp_path / f"d.{suffix}"
    if suffix == "parquet":
        frame.to_parquet(path)
    elif suffix == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_excel(path, index=False)
    rows, _ = read_data(path, target=None, drop=[])
    pd.testing.assert_frame_equal(rows, frame)


def test_without_pandas_the_rows_are_arrays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "d.csv").write_text(CSV)
    monkeypatch.setattr("sealift.cli.read_data.find_spec", lambda _: None)
    rows, _ = read_data(tmp_path / "d.csv", target="target", drop=[])
    assert rows["whole"].tolist() == [1, 2, -3]


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "E404"), ("a,b\n", "E105"), ("a,a\n1,2\n", "E103"), ("a,b\n1\n", "E404"), ("b\n1\n", "E101")],
)
def test_rows_that_cannot_be_used(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "d.csv").write_text(text)
    assert code_of(read_data, tmp_path / "d.csv", target="a", drop=[]) == code


def test_options_in_a_contract_file(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(
        'headline = ["probability", 1]\n[card]\ntitle = "T"\n[inputs.age]\nunits = "years"\nrange = [0, 120]\n'
    )
    known = ContractOptions(fields={"age": {"units": "years", "range": [0, 120]}}, headline=("probability", 1))
    assert read_contract_file(path) == (known, {"title": "T"})
    path = tmp_path / "c.json"
    path.write_text('{"class_names": ["a", "b"]}')
    assert read_contract_file(path) == (ContractOptions(class_names=["a", "b"]), {})


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"nope": 1}',
        '{"inputs": [1]}',
        '{"inputs": {"a": 1}}',
        '{"title": "T"}',
        '{"card": "T"}',
        '{"card": {"title": 1}}',
        '{"card": {"autor": "A"}}',
        '{"headline": [1]}',
    ],
)
def test_a_contract_file_that_is_malformed(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.json").write_text(text)
    assert code_of(read_contract_file, tmp_path / "c.json") == "E106"


PIPELINE = """\
import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
import pandas as pd

rng = np.random.default_rng(0)
X = pd.DataFrame({"age": rng.uniform(20, 80, 120).round(1), "sex": rng.choice(["f", "m"], 120)})
y = np.where(X.age + 10 * (X.sex == "m") > 55, "ill", "well")
columns = make_column_transformer((StandardScaler(), ["age"]), (OneHotEncoder(handle_unknown="ignore"), ["sex"]))
model = make_pipeline(columns, LogisticRegression()).fit(X, y)
"""


def test_from_a_python_file_to_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def call(*arguments: str) -> Any:
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--json"])
        assert ended.value.code in (None, 0), capsys.readouterr()
        return json.loads(capsys.readouterr().out)

    (tmp_path / "train.py").write_text(PIPELINE)
    module = load_model(f"{tmp_path / 'train.py'}:model")
    rng = np.random.default_rng(1)
    held = pd.DataFrame({"id": range(40), "age": rng.uniform(20, 80, 40).round(1), "sex": rng.choice(["f", "m"], 40)})
    held["truth"] = "ill"
    held.to_csv(tmp_path / "held.csv", index=False)
    (tmp_path / "c.toml").write_text('[card]\ntitle = "T"\n[inputs.age]\nunits = "years"\n')
    call("keygen", str(tmp_path / "k"))
    sealed = str(tmp_path / "m.seal")
    packed = call(
        *("pack", f"{tmp_path / 'train.py'}:model", "--data", str(tmp_path / "held.csv"), "--target", "truth"),
        *("--drop", "id", "--name", "m", "-o", sealed, "--contract", str(tmp_path / "c.toml")),
        *("--sign", str(tmp_path / "k")),
    )
    assert call("verify", sealed, "--key", str(tmp_path / "k.pub"))["identity"] == packed["identity"]
    assert call("inspect", sealed)["contract"]["inputs"][0]["units"] == "years"
    out = str(tmp_path / "out.csv")
    summary = call("predict", sealed, str(tmp_path / "held.csv"), "-o", out, "--keep", "id", "--ignore-extra")
    assert summary["refused"] == 0
    answers = pd.read_csv(out)
    assert answers["label"].tolist() == module.predict(held[["age", "sex"]]).tolist()  # type: ignore[attr-defined]


def test_what_a_file_retains_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def call(*arguments: str) -> tuple[Any, str]:
        with pytest.raises(SystemExit) as ended:
            main([*arguments])
        printed = capsys.readouterr()
        return ended.value.code, printed.out + printed.err

    rng = np.random.default_rng(1)
    rows = pd.DataFrame({"age": rng.uniform(20, 80, 120), "dose": rng.normal(5, 1, 120)})
    rows["salary"] = (rows["age"] * 900 + rng.normal(0, 4000, 120)).round(2)
    rows[:80].to_csv(tmp_path / "train.csv", index=False)
    rows[80:].to_csv(tmp_path / "test.csv", index=False)
    model = DecisionTreeRegressor(random_state=0).fit(rows[["age", "dose"]][:80], rows["salary"][:80])
    joblib.dump(model, tmp_path / "m.joblib")
    sealed = str(tmp_path / "m.seal")
    pack = [
        *("pack", str(tmp_path / "m.joblib"), "--trust-pickle", "--data", str(tmp_path / "test.csv"), "--name", "m"),
        *("--target", "salary", "--training", str(tmp_path / "train.csv"), "-o", sealed),
    ]
    status, printed = call(*pack, "--privacy", "strict", "--json")
    refused = json.loads(printed)
    assert status == 1
    assert refused["error"]["code"] == "E309"
    assert not Path(sealed).exists()
    status, printed = call(*pack, "--json")
    privacy = json.loads(printed)["privacy"]
    assert privacy["compared"] == {"rows": 40, "training_rows": 80, "targets": True}
    assert {"kind": "targets", "count": 80, "of": 80}.items() <= privacy["findings"][0].items()
    status, printed = call("inspect", sealed)
    assert "Privacy, as measured when it was packed" in printed
    assert "80 training rows" in printed
    assert "targets" in printed
    status, printed = call(
        *("doctor", str(tmp_path / "m.joblib"), "--trust-pickle", "--data", str(tmp_path / "train.csv")),
        *("--target", "salary"),
    )
    assert "80 of 80 target values that fewer than 5 rows have" in " ".join(printed.split())


@pytest.mark.parametrize("command", ["pack", "doctor"])
def test_without_onnx_the_line_that_installs_it_is_shown(command: str, tmp_path: Path) -> None:
    (tmp_path / "m.skops").write_bytes(b"")
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    given = [command, "m.skops", "--data", "rows.csv", *(["--name", "m"] if command == "pack" else [])]
    code = f"import sys; sys.modules['onnx'] = None; from sealift.cli import main; sys.argv[1:] = {given}; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert "E405" in done.stderr
    assert "pip install 'sealift[sklearn]'" in done.stderr
