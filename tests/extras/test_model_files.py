"""Model files of other programs and versions (tests/models): their own answers, or a refusal that says what to do."""

from __future__ import annotations

import gzip
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import model_rows
import sealift
from model_rows import HERE, ROWS, TRAIN, frame, strange
from parity import answers
from sealift.errors import PackError
from sealift.frameworks.model_files import framework_of_file
from sealift.packing.load_model import load_model

xgboost, lightgbm, _ = (
    pytest.importorskip(library, reason=f"{library} is not installed: pip install 'sealift[{library}]'")
    for library in ("xgboost", "lightgbm", "catboost")
)

CLOSE = {"xgboost": 1e-6, "lightgbm": 1e-12, "catboost": 1e-12}
STRANGE = re.compile("lightgbm/.*(categories|never|linear)")
REFUSED = re.compile(r"vectors\.")
FILES = [path for path in sorted(HERE.glob("*/*.answers")) if not REFUSED.search(path.name)]


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def loaded(path: Path) -> Any:
    return import_module(f"sealift.frameworks.{path.parent.name}.native").load(path)


def rows_for(name: str) -> tuple[Any, Any]:
    """The rows that the model was trained on and those that its answers belong to."""
    if name.startswith("catboost") and re.search("categories|branches", name):
        return frame(TRAIN), frame(ROWS)
    if "names" in name:
        columns = ["a", "c"] if name.startswith("xgboost") else ["a", "b", "c"]
        return frame(TRAIN)[columns], frame(ROWS)[columns]
    return TRAIN, strange(ROWS) if STRANGE.search(name) else ROWS


@pytest.mark.parametrize("path", FILES, ids=named)
def test_the_answers_of_who_made_it(path: Path) -> None:
    model_file = path.with_suffix("")
    framework = framework_of_file(model_file)
    assert framework is not None
    assert framework.name == path.parent.name
    model, wanted = loaded(model_file), np.loadtxt(path, delimiter=",")
    train, rows = rows_for(named(path))
    _, actual = answers(model, train, rows)
    chosen = "value" if "value" in actual else "label" if re.search("softmax|hinge", path.name) else "probability"
    got = actual[chosen]
    if chosen == "probability" and wanted.size == len(got):
        got = got[:, 1]
    np.testing.assert_allclose(got, wanted.reshape(got.shape), rtol=0, atol=CLOSE[path.parent.name] * wanted.max())
    # The proof of `pack` asks the installed library, which answers the same.
    if "label" in actual:
        np.testing.assert_array_equal(model.predict(rows), actual["label"])
    if hasattr(model, "predict_proba"):
        np.testing.assert_allclose(model.predict_proba(rows), actual["probability"], rtol=0, atol=1e-6)


def test_class_names_of_a_file() -> None:
    assert list(loaded(HERE / "catboost" / "1.0.6-words.cbm").classes_) == ["no", "yes"]


def refusal(path: Path) -> tuple[str, str]:
    with pytest.raises(PackError) as caught:
        load_model(str(path))
    assert caught.value.code == "E308"
    assert caught.value.where == str(path)
    assert caught.value.fix
    return caught.value.what, caught.value.fix


@pytest.mark.parametrize("suffix", ["", ".model", ".ubj", ".json", ".bin"])
def test_the_old_binary_format_is_refused(tmp_path: Path, suffix: str) -> None:
    data = (HERE / "xgboost" / "program-logistic.model").read_bytes()
    for start in (0, 4):  # with the mark "binf" and without
        path = tmp_path / f"old{suffix}"
        path.write_bytes(data[start:])
        what, fix = refusal(path)
        assert "old binary format" in what
        assert 'xgb.save(xgb.load("old.model"), "model.json")' in fix
        assert 'save_model("model.json")' in fix


@pytest.mark.skipif(xgboost.__version__ < "3.2", reason="XGBoost before 3.2 opens these")
@pytest.mark.parametrize("name", ["2.0.3-vectors.json", "2.0.3-vectors.ubj", "3.1.0-vectors.ubj"])
def test_leaves_of_several_numbers_by_an_old_version_are_refused(name: str) -> None:
    what, fix = refusal(HERE / "xgboost" / name)
    assert "several numbers" in what
    assert "one_output_per_tree" in fix


@pytest.mark.parametrize(
    ("name", "saver", "other"),
    [
        ("xgboost.rds", 'xgb.save(model, "model.json")', "lgb"),
        ("lightgbm.bin", 'lgb.save(model, "model.txt")', "xgb"),
        ("catboost.rds", 'catboost.save_model(model, "model.cbm")', "xgb"),
        ("workspace.RData", 'xgb.save(model, "model.json")', "lgb"),
        ("glm.model", "lgb.save", "nothing else"),
    ],
)
def test_objects_of_r_are_refused(name: str, saver: str, other: str) -> None:
    what, fix = refusal(HERE / "r" / name)
    assert "only R can open" in what
    assert saver in fix
    assert other not in fix


@pytest.mark.parametrize(
    ("name", "text", "what", "fix"),
    [
        ("dump.txt", b"booster[0]:\n0:[f0<1] yes=1", "text dump", "xgb.save"),
        ("dump.json", b'[\n  { "nodeid": 0, "depth": 0 }]', "text dump", "save_model"),
        ("lgb.json", b'{"name":"tree","tree_info":[{"tree_structure":{}}]}', "JSON dump of LightGBM", "lgb.save"),
        ("model.json.gz", gzip.compress(b"{}", mtime=0), "compressed", "gzip -d"),
        ("torn.rds", b"\x1f\x8b\x08", "only R can open", "catboost.save_model"),
        ("other.json", b'{"a": 1}', "pkl or booster file", "module.py:name"),
        ("other.model", b"\x00\x01", "pkl or booster file", "module.py:name"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, name: str, text: bytes, what: str, fix: str) -> None:
    (tmp_path / name).write_bytes(text)
    error = refusal(tmp_path / name)
    assert what in error[0]
    assert fix in error[1]


@pytest.mark.parametrize(
    "name", ["xgboost/program-dart.json", "lightgbm/3.3.5-linear.txt", "catboost/1.2-branches.json"]
)
def test_files_cut_short_are_refused(tmp_path: Path, name: str) -> None:
    data = (HERE / name).read_bytes()
    path = tmp_path / Path(name).name
    path.write_bytes(data[: len(data) * 4 // 5])
    what, fix = refusal(path)
    assert "truncated" in what or "cannot be loaded" in what
    assert fix


@pytest.mark.parametrize("name", ["lightgbm/3.3.5-linear.txt", "catboost/1.0.6-categories.cbm"])
def test_a_file_that_the_library_dies_of_is_refused(tmp_path: Path, name: str) -> None:
    """One that ends the process, which no exception handler sees."""
    data = bytearray((HERE / name).read_bytes())
    path = tmp_path / Path(name).name
    if name.endswith(".txt"):
        data = bytearray(bytes(data).replace(b"leaf_value=", b"leaf_walue="))
    else:
        data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    path.write_bytes(data)
    what, fix = refusal(path)
    assert "crashes when it opens" in what or "cannot be loaded" in what
    assert "save it again" in fix


def test_any_ending_will_do(tmp_path: Path) -> None:
    for name in ("xgboost/3.1.0-quantiles.ubj", "xgboost/program-cox.json", "lightgbm/2.3.1-zeros.txt"):
        path = tmp_path / "trained.model"
        path.write_bytes((HERE / name).read_bytes())
        model: Any = load_model(str(path))
        wanted = np.loadtxt(HERE / f"{name}.answers", delimiter=",")
        actual = model.predict_proba(ROWS) if "zeros" in name else model.predict(ROWS)
        np.testing.assert_allclose(actual, wanted, rtol=1e-5)


def test_a_table_file_has_texts_where_the_model_has_categories(tmp_path: Path) -> None:
    """`sealift pack FILE --data rows.csv`: the whole way, with the columns in the model's order alone."""
    kept = xgboost.__version__ >= "3.1"  # the older ones keep no names of categories
    for name in ("xgboost/3.1.0-names.json", "lightgbm/4.0.0-names.txt")[not kept :]:
        train, _ = rows_for(name)
        packed = sealift.pack(load_model(str(HERE / name)), train, name="m", output=tmp_path / "m.seal")
        field = next(field for field in packed.contract.inputs if field.name == "c")
        assert field.dtype == "string"
        turned = train[train.columns[::-1]]
        with pytest.raises(PackError) as caught:
            sealift.pack(load_model(str(HERE / name)), turned, name="m", output=tmp_path / "n.seal")
        assert re.search("in this order|columns are a, b, c", caught.value.what)
        assert "order" in caught.value.fix


def test_catboost_finds_its_columns_by_name(tmp_path: Path) -> None:
    model = load_model(str(HERE / "catboost" / "1.2-categories.cbm"))
    rows = frame(TRAIN)[["b", "a", "c", "d"]]
    assert sealift.pack(model, rows, name="m", output=tmp_path / "m.seal").report.passed


def test_categories_that_are_numbers(tmp_path: Path) -> None:
    """A table file holds whole numbers where the data frame had categories of numbers."""
    X = pd.DataFrame({"x": TRAIN[:, 3], "grade": np.array([1, 2, 30, 7])[TRAIN[:, 2].astype(int)]})
    y = model_rows.targets(TRAIN)["value"] + (X["grade"] == 30)
    trained = X.astype({"grade": "category"})
    first = lightgbm.LGBMRegressor(n_estimators=5, min_data_per_group=1, verbose=-1, n_jobs=1).fit(trained, y)
    second = xgboost.XGBRegressor(n_estimators=5, enable_categorical=True, n_jobs=1).fit(trained, y)
    first.booster_.save_model(tmp_path / "first")
    second.get_booster().save_model(tmp_path / "second.json")
    for name, model in (("first", first), ("second.json", second)):
        again: Any = load_model(str(tmp_path / name))
        np.testing.assert_array_equal(again.predict(X), model.predict(trained))
        assert sealift.pack(again, X, name="m", output=tmp_path / "m.seal").report.passed
