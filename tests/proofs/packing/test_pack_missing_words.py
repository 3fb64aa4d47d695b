"""How a training table marks missing values is recorded at pack time, and files of rows are read by it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from click.testing import CliRunner
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder

import sealift
from sealift.batch import score
from sealift.cli.commands import app
from sealift.contract import MISSING_WORDS
from sealift.errors import SealiftError


def _table(rows: int = 400) -> str:
    rng = np.random.default_rng(5)
    lines = ["stage,age,label"]
    for _ in range(rows):
        stage = rng.choice(["I", "II", "III", "n/a", "NA", ""], p=[0.3, 0.2, 0.14, 0.12, 0.12, 0.12])
        age = rng.choice(["NA", "#N/A", str(rng.integers(20, 90))], p=[0.05, 0.05, 0.9])
        label = int(stage in ("III", "n/a", "NA", "")) ^ int(rng.random() < 0.1)
        lines.append(f"{stage},{age},{label}")
    return "\n".join(lines) + "\n"


def _model() -> Pipeline:
    stages = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="missing"), OneHotEncoder(handle_unknown="ignore")
    )
    prepare = make_column_transformer((stages, ["stage"]), (SimpleImputer(), ["age"]))
    return make_pipeline(prepare, LogisticRegression(max_iter=1000))


def _answers(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, keep_default_na=False)


def test_the_csv_that_trained_the_model_gets_the_original_answers(tmp_path: Path) -> None:
    # 143 of 400 rows of such a file once had other answers, for NA and n/a were unknown categories.
    (tmp_path / "train.csv").write_text(_table())
    frame = pd.read_csv(tmp_path / "train.csv")
    X, y = frame[["stage", "age"]], frame["label"]
    model = _model().fit(X, y)
    packed = sealift.pack(model, X, y, name="m", output=tmp_path / "m.seal")
    assert packed.contract.inputs[0].missing_as == MISSING_WORDS
    assert packed.contract.inputs[1].missing_as is None
    summary = score(sealift.load(tmp_path / "m.seal"), tmp_path / "train.csv", tmp_path / "out.csv", ignore_extra=True)
    answers = _answers(tmp_path / "out.csv")
    assert answers["label"].astype(int).tolist() == model.predict(X).tolist()
    np.testing.assert_allclose(answers["probability_1"].astype(float), model.predict_proba(X)[:, 1], rtol=1e-12)
    counted = {item.field: item.as_dict() for item in summary.cautions}
    assert counted["stage"] == {"missing": int(X["stage"].isna().sum())}
    assert counted["age"]["missing"] == int(X["age"].isna().sum())


def test_the_command_line_reads_the_same_table_alike(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(_table())
    (tmp_path / "train.py").write_text(
        "import pandas as pd\nfrom sklearn.compose import make_column_transformer\n"
        "from sklearn.impute import SimpleImputer\nfrom sklearn.linear_model import LogisticRegression\n"
        "from sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import OneHotEncoder\n"
        f"frame = pd.read_csv({str(tmp_path / 'train.csv')!r})\n"
        "stages = make_pipeline(SimpleImputer(strategy='constant', fill_value='missing'),"
        " OneHotEncoder(handle_unknown='ignore'))\n"
        "model = make_pipeline(make_column_transformer((stages, ['stage']), (SimpleImputer(), ['age'])),"
        " LogisticRegression(max_iter=1000)).fit(frame[['stage', 'age']], frame['label'])\n"
    )
    seal, out = str(tmp_path / "m.seal"), str(tmp_path / "out.csv")
    data = str(tmp_path / "train.csv")
    run = CliRunner().invoke(
        app, ["pack", f"{tmp_path / 'train.py'}:model", "--data", data, "--target", "label", "--name", "m", "-o", seal]
    )
    assert run.exit_code == 0, run.output
    run = CliRunner().invoke(app, ["predict", seal, data, "-o", out, "--ignore-extra"])
    assert run.exit_code == 0, run.output
    frame = pd.read_csv(data)
    model = _model().fit(frame[["stage", "age"]], frame["label"])
    assert _answers(tmp_path / "out.csv")["label"].astype(int).tolist() == model.predict(frame).tolist()
    missing = int(frame["stage"].isna().sum())
    assert f"column stage: {missing} missing" in run.output


def test_a_word_that_is_a_category_is_no_missing_value(tmp_path: Path) -> None:
    frame = pd.DataFrame({"country": ["NA", "DE", "FR", "NA", None, "DE"] * 10, "x": range(60)})
    y = [0, 1] * 30
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["country"]), remainder="passthrough"),
        LogisticRegression(max_iter=1000),
    ).fit(frame, y)
    packed = sealift.pack(model, frame, y, name="m", output=tmp_path / "m.seal")
    assert packed.contract.inputs[0].missing_as is None
    countries: list[Any] = ["DE", "FR", None]
    held_out = frame.assign(country=countries * 20)  # the encoder knows NA though these rows do not have it
    packed = sealift.pack(model, held_out, y, name="m2", output=tmp_path / "m2.seal")
    assert packed.contract.inputs[0].missing_as is None


def test_only_empty_cells_are_missing_for_readers_other_than_pandas(tmp_path: Path) -> None:
    frame = pl.DataFrame({"c": ["a", "b", None, "a"] * 10})
    model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()).fit(frame, [0, 1, 0, 1] * 10)
    packed = sealift.pack(model, frame, name="m", output=tmp_path / "m.seal")
    assert packed.contract.inputs[0].missing_as is None


def test_the_empty_line_of_a_list_of_strings_is_the_empty_string(tmp_path: Path) -> None:
    texts = ["good film", "bad film", "good", ""] * 10
    model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(texts, [1, 0, 1, 0] * 10)
    packed = sealift.pack(model, texts, name="m", output=tmp_path / "m.seal")
    assert packed.contract.inputs[0].missing_as == ()
    sealed = packed.load()
    out = io.BytesIO()
    source = io.BytesIO(b"id,text\n1,good film\n2,\n3,bad\n")
    assert score(sealed, source, out, output_kind="jsonl", ignore_extra=True).refused == 0
    assert out.getvalue().count(b'"error": ""') == 3
    lines = io.BytesIO(b'{"text": "good film"}\n{"text": ""}\n')
    assert score(sealed, lines, io.BytesIO(), input_kind="jsonl").refused == 0


def test_declared_words_and_dates(tmp_path: Path) -> None:
    frame = pd.DataFrame({"age": [61.0, 45.0, np.nan, 70.0] * 10, "smoker": [True, False, True, False] * 10})
    model = make_pipeline(SimpleImputer(), LogisticRegression()).fit(frame, [1, 0, 1, 0] * 10)
    fields: dict[str, dict[str, Any]] = {
        "age": {"missing_as": ["", "-999", "unknown"]},
        "smoker": {"true_as": ["yes"], "false_as": ["no"]},
    }
    sealed = sealift.pack(
        model, frame, name="m", contract=sealift.ContractOptions(fields=fields), output=tmp_path / "m.seal"
    ).load()
    source = io.BytesIO(b"age,smoker\n61,yes\n-999,no\nunknown,yes\n,no\nNA,no\n")
    out = io.BytesIO()
    summary = score(sealed, source, out)
    assert [(problem.row, problem.code) for problem in summary.problems] == [(5, "R102")]
    assert {item.field: item.missing for item in summary.cautions} == {"age": 3}
    workbook = pytest.importorskip("openpyxl").Workbook()
    for row in (["age", "smoker"], [61, True], [-999, "no"], ["unknown", "yes"]):
        workbook.active.append(row)
    workbook.save(tmp_path / "rows.xlsx")
    assert {c.field: c.missing for c in score(sealed, tmp_path / "rows.xlsx", tmp_path / "o.csv").cautions} == {
        "age": 2
    }
    with pytest.raises(SealiftError, match="E106"):
        sealift.pack(
            model,
            frame,
            name="m",
            contract=sealift.ContractOptions(fields={"age": {"true_as": ["yes"]}}),
            output=tmp_path / "n.seal",
        )


def test_unknown_categories_and_unusual_numbers_are_counted(tmp_path: Path) -> None:
    frame = pd.DataFrame({"sex": ["f", "m"] * 50, "age": np.tile(np.arange(20.0, 70.0), 2)})
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["sex"]), remainder="passthrough"),
        LogisticRegression(max_iter=1000),
    ).fit(frame, [0, 1] * 50)
    sealed = sealift.pack(model, frame, name="m", output=tmp_path / "m.seal").load()
    source = io.BytesIO(b"sex,age\nf,30\nX,30\nY,500\nX,-5\n")
    counted = {item.field: item.as_dict() for item in score(sealed, source, io.BytesIO()).cautions}
    assert counted == {"sex": {"unknown": 3, "examples": ["X", "Y"]}, "age": {"outside": 2}}
