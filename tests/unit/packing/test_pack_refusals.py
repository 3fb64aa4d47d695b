"""What packing refuses before and beside conversion: code, place and remedy, one by one."""

from __future__ import annotations

import dataclasses
import datetime
import importlib
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

import sealift
from packs import no_node  # noqa: F401 - a fixture
from sealift import optional
from sealift.contract import Output
from sealift.errors import PackError, SealError, SealiftError
from sealift.frameworks import StepOutput, Table, converter, registry, source_of
from sealift.packing import load_model
from sealift.packing.inputs.detect import read_rows
from sealift.packing.proof.oracle import Original
from sealift.runtime.engines import wasm

X = np.random.default_rng(0).normal(size=(40, 2))
Y = (X[:, 0] > 0).astype(int)
MODEL = LogisticRegression().fit(X, Y)


def refused(rows: Any, model: Any = MODEL, **rest: Any) -> SealiftError:
    with tempfile.TemporaryDirectory() as folder:
        with pytest.raises(SealiftError) as caught:
            sealift.pack(model, rows, name="m", output=f"{folder}/m.seal", **rest)
        assert list(Path(folder).iterdir()) == []
    return caught.value


@pytest.mark.parametrize(
    ("rows", "code", "what", "fix"),
    [
        (pl.DataFrame(X, schema=["a", "b"]).lazy(), "E305", "lazy data frame", ".collect()"),
        (pa.table({"a": X[:, 0], "b": X[:, 1]}), "E305", "pyarrow table", "to_pandas()"),
        (np.ma.array(X), "E305", "masked array", "filled"),
        ({"a": [1.0, 2.0], "b": [1.0]}, "E305", "differ in length", "one value a row"),
        (pd.DataFrame({"a": ["x\0"] * 40, "b": 1.0}), "E304", "U+0000", "Remove such characters"),
        (np.array([["\ud800", "b"]] * 40, dtype=object), "E304", "surrogate pair", "Remove such characters"),
        (X.astype(np.float16), "E304", "float16", "float32 or float64"),
        (np.full((40, 2), 2**60), "E304", "beyond 2**53", "Leave the column out"),
        (pd.DataFrame({"a": [1, "x"] * 20, "b": 1.0}), "E304", "int, str", "hold numbers, strings"),
        (pl.DataFrame({"a": [datetime.timedelta(hours=1)] * 40, "b": 1.0}), "E304", "holds Duration", "total_days"),
        (pd.DataFrame({"a": X[:, 0]}), "E305", "has 1 columns, but the model was fitted on 2", "exactly the columns"),
    ],
)
def test_rows(rows: Any, code: str, what: str, fix: str) -> None:
    error = refused(rows)
    assert error.code == code
    assert what in error.what
    assert fix in error.fix
    assert error.where.startswith("column ") == (code == "E304" and "column" in error.what)


def test_rows_that_cannot_be_generated() -> None:
    def fail(columns: Any) -> Any:
        raise TypeError("no such column type")

    form = dataclasses.replace(read_rows(X, source_of(MODEL)), build=fail)
    output = Output(name="label", kind="label", dtype="int64", classes=(0, 1))
    with pytest.raises(PackError) as caught:
        Original(source_of(MODEL), form, (output,)).answer_columns({"x0": [1.0], "x1": [2.0]})
    assert caught.value.code == "E304"
    assert "cannot be generated: TypeError: no such column type" in caught.value.what
    assert "plain column types" in caught.value.fix


def test_answers_of_another_shape_than_promised() -> None:
    right = registry.registered()[Ridge]

    def doubled(step: Any, x: Table) -> StepOutput:
        output = right(step, x)
        assert isinstance(output, StepOutput)
        assert output.value is not None
        return StepOutput(value=output.value.matrix() * np.array([[1.0, 1.0]]))

    converter(Ridge, replace=True)(doubled)
    try:
        error = refused(X, Ridge().fit(X, X[:, 0]))
    finally:
        converter(Ridge, replace=True)(right)
    assert (error.code, error.where) == ("E302", "Ridge")
    assert "gives 1 columns of 'value', and the converted model 2" in error.what


def test_without_onnx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    for name in [name for name in sys.modules if name.startswith("sealift.packing")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(SealiftError) as caught:
        importlib.import_module("sealift.packing")
    assert caught.value.code == "E405"
    assert "pip install" in caught.value.fix


def test_dicts_without_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    error = refused([{"a": 1.0, "b": 2.0}])
    assert error.code == "E405"
    assert "pip install pandas" in error.fix


@pytest.mark.parametrize(
    ("name", "module", "code", "fix"),
    [
        ("m.skops", "skops.io", "E405", "pip install 'sealift[sklearn]'"),
        ("m.onnx", "onnx", "E405", "pip install 'sealift[sklearn]'"),
    ],
)
def test_libraries_that_open_files(
    name: str, module: str, code: str, fix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_bytes(b"x")
    import_module = importlib.import_module

    def lacking(wanted: str) -> Any:
        if wanted == module:
            raise ModuleNotFoundError(f"No module named {wanted!r}", name=wanted)
        return import_module(wanted)

    monkeypatch.setattr(optional, "import_module", lacking)
    with pytest.raises(SealiftError) as caught:
        load_model.load_model(str(tmp_path / name))
    assert (caught.value.code, caught.value.where) == (code, str(tmp_path / name))
    assert fix in caught.value.fix


def test_a_file_that_is_no_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "train.py"
    path.write_text("model = 1")
    monkeypatch.setattr(importlib.util, "spec_from_file_location", lambda *_: None)
    with pytest.raises(PackError) as caught:
        load_model.load_model(f"{path}:model")
    assert (caught.value.code, caught.value.where, caught.value.fix) == ("E308", str(path), "Give a .py file.")


def test_what_the_page_cannot_run_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise SealError("E207", "no such operator", fix="")

    monkeypatch.setattr(wasm, "node", lambda: "node")
    monkeypatch.setattr(wasm, "WasmEngine", broken)
    packed = sealift.pack(MODEL, X, name="m", output=tmp_path / "m.seal")
    assert "No page can be made of this model: in WebAssembly it does not run: no such operator" in packed.notes
