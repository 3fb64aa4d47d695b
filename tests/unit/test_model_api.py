"""A sealed model as a data scientist uses it: display, copies, frames, classes, bad rows, sources, logging."""

from __future__ import annotations

import copy
import gzip
import io
import logging
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import cloudpickle
import fsspec
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse

import sealift
import seals
from sealift import Limits, load
from sealift.contract import Contract, Field, Output
from sealift.errors import ContractError, FileError, SealError
from sealift.runtime import Answers

NAMES = [field.name for field in seals.CONTRACT.inputs]
DICTS = [dict(zip(NAMES, row, strict=True)) for row in seals.ROWS]
BAD = {"age": 61.5, "weight": "heavy", "sex": "x"}


def _same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert list(one) == list(other)
    for name, values in one.items():
        np.testing.assert_array_equal(values, other[name])


def test_repr_is_a_short_line(tiny: Path) -> None:
    model = load(tiny)
    expected = "classification, 3 inputs (age, weight, sex) → label, probability"
    assert repr(model) == f"<SealedModel tiny 1: {expected}; identity {model.identity[:12]}…>"
    assert repr(model.contract) == f"<Contract: {expected}>"
    assert repr(model.seal).startswith("<Seal tiny 1: 8 members, ")
    model.close()
    assert repr(model).endswith("closed>")
    assert repr(Limits(seconds=2, memory=0.5)) == "Limits(seconds=2, memory=0.5)"
    assert eval(repr(Limits(seconds=1234567.5)), {"Limits": Limits}) == Limits(seconds=1234567.5)


def test_repr_of_a_wide_contract_is_no_longer() -> None:
    wide = Contract(
        inputs=tuple(Field(name=f"a column with a long name {i}", dtype="float64") for i in range(5000)),
        outputs=tuple(Output(name=f"value{i}", kind="value", dtype="float64") for i in range(64)),
        task="regression",
    )
    assert len(repr(wide)) < 300
    assert "5000 inputs" in repr(wide)
    assert wide._repr_html_().count("<tr>") < 250
    assert "4,900 more inputs" in wide._repr_html_()


def test_notebooks_show_inputs_outputs_and_escape_what_files_say(tiny: Path, tmp_path: Path) -> None:
    shown = load(tiny)._repr_html_()
    for text in ("Tiny risk", "tiny 1, classification", load(tiny).identity, "age", "years", "probability_ill", "f, m"):
        assert text in shown, text
    field = Field(name="<script>alert(1)</script>", dtype="float64", title="<b>")
    hostile = Contract(inputs=(field,), outputs=seals.CONTRACT.outputs, task="classification", title="<img src=x>")
    shown = hostile._repr_html_()
    assert "<script" not in shown
    assert "<img" not in shown
    assert "<b>" not in shown


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickled_model_answers_as_before(tiny: Path, protocol: int) -> None:
    model = load(tiny, threads=1)
    expected = model.predict(DICTS)
    tiny.unlink()  # the pickle holds the file
    again = pickle.loads(pickle.dumps(model, protocol=protocol))
    assert again.identity == model.identity
    assert again._threads == 1
    _same(again.predict(DICTS), expected)
    _same(cloudpickle.loads(cloudpickle.dumps(model)).predict(DICTS), expected)
    assert again.self_test().passed
    # The engine, which cannot be pickled, is not part of it.
    assert len(pickle.dumps(model)) < 2 * len(pickle.dumps(load(model.seal.as_bytes())))


def test_copies_answer_by_themselves(tiny: Path) -> None:
    model = load(tiny)
    expected = model.predict(DICTS)
    for made in (copy.copy(model), copy.deepcopy(model), copy.deepcopy([model])[0]):
        assert made is not model
        assert made.seal is model.seal
        _same(made.predict(DICTS), expected)
        made.close()
        _same(model.predict(DICTS), expected)
    model.close()
    for made in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        with pytest.raises(SealError) as caught:
            made.predict(DICTS)
        assert caught.value.code == "E207"


def test_a_pickle_whose_file_was_changed_is_refused(tiny: Path) -> None:
    pickled = pickle.dumps(load(tiny))
    at = pickled.index(b'"Tiny risk"')
    with pytest.raises(SealError) as caught:
        pickle.loads(pickled[: at + 1] + b"t" + pickled[at + 2 :])
    assert caught.value.code == "E202"


def test_seals_contracts_and_results_can_be_pickled(tiny: Path) -> None:
    model = load(tiny)
    seal = pickle.loads(pickle.dumps(model.seal))
    assert (seal.identity, seal.as_bytes()) == (model.identity, tiny.read_bytes())
    assert pickle.loads(pickle.dumps(model.contract)) == model.contract
    assert copy.deepcopy(model.contract) == model.contract
    answers = model.predict([*DICTS, BAD], on_error="null")
    assert pickle.loads(pickle.dumps(answers)).problems == answers.problems


def test_frames_come_from_the_library_of_the_rows(tiny: Path) -> None:
    model = load(tiny)
    answers = model.predict(DICTS)
    names = ["label", "label_name", "probability_healthy", "probability_ill"]
    pandas = model.predict(pd.DataFrame(DICTS, index=[7, 5, 5, 9]), as_frame=True)
    assert isinstance(pandas, pd.DataFrame)
    assert list(pandas.columns) == names
    assert pandas.index.tolist() == [7, 5, 5, 9]
    assert pandas["label"].dtype == np.int64
    assert pandas["label_name"].tolist() == [seals.NAMES[label] for label in answers["label"]]
    np.testing.assert_array_equal(pandas["probability_ill"], answers["probability"][:, 1])
    polars = model.predict(pl.DataFrame(DICTS), as_frame=True)
    assert isinstance(polars, pl.DataFrame)
    assert dict(polars.schema) == dict(zip(names, [pl.Int64, pl.String, pl.Float64, pl.Float64], strict=True))
    arrow = model.predict(pa.Table.from_pylist(DICTS), as_frame=True)
    assert isinstance(arrow, pa.Table)
    assert arrow.schema == pa.schema(
        list(zip(names, [pa.int64(), pa.string(), pa.float64(), pa.float64()], strict=True))
    )
    for other in (polars, arrow):
        assert other.to_pandas()["probability_ill"].tolist() == pandas["probability_ill"].tolist()
    for rows in (DICTS, [list(row) for row in seals.ROWS], np.array(seals.ROWS, dtype=object)):
        plain = model.predict(rows, as_frame=True)
        assert isinstance(plain, pd.DataFrame)
        assert plain.index.tolist() == [0, 1, 2, 3]
    assert len(model.predict(DICTS[0], as_frame=True)) == 1


def test_a_multi_index_and_a_date_index_are_kept(tiny: Path) -> None:
    index = pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["ward", "bed"])
    frame = load(tiny).predict(pd.DataFrame(DICTS, index=index), as_frame=True)
    assert frame.index.equals(index)
    assert frame.index.names == ["ward", "bed"]


def test_bad_rows_get_missing_answers(tiny: Path) -> None:
    model = load(tiny)
    good = model.predict(DICTS)
    rows = [BAD, *DICTS[:2], {**BAD, "weight": 1.0}, *DICTS[2:]]
    answers = model.predict(rows, on_error="null")
    assert isinstance(answers, Answers)
    assert answers.good.tolist() == [False, True, True, False, True, True]
    assert [(p.row, p.field, p.code) for p in answers.problems] == [
        (1, "weight", "R102"), (1, "sex", "R104"), (4, "sex", "R104"),
    ]  # fmt: skip
    np.testing.assert_array_equal(answers["probability"][answers.good], good["probability"])
    assert np.isnan(answers["probability"][~answers.good]).all()
    assert answers["label"].tolist() == [None, *good["label"][:2], None, *good["label"][2:]]
    with pytest.raises(ContractError) as caught:
        model.predict(rows)
    assert caught.value.code == "R102"
    # The dtypes do not depend on whether a row is bad.
    clean = model.predict(DICTS, on_error="null")
    assert clean.problems == ()
    assert {name: array.dtype for name, array in clean.items()} == {n: a.dtype for n, a in answers.items()}
    none = model.predict([BAD], on_error="null")
    assert none["label"].tolist() == [None]
    assert np.isnan(none["probability"]).all()
    assert none["probability"].shape == (1, 2)


def test_frames_of_bad_rows_tell_the_errors(tiny: Path) -> None:
    model = load(tiny)
    rows = pd.DataFrame([DICTS[0], {**DICTS[1], "sex": "x"}, {"age": 999.0, "weight": None, "sex": "m"}])
    made: tuple[Any, ...] = (rows, pl.from_pandas(rows), pa.Table.from_pandas(rows))
    for table in made:
        frame = model.predict(table, as_frame=True, on_error="null")
        assert type(frame) is type(table)
        listed = (
            frame.to_dict("list") if isinstance(frame, pd.DataFrame) else pl.DataFrame(frame).to_dict(as_series=False)
        )
        errors = listed["error"]
        assert pd.isna(errors[0])
        assert errors[1] == "[R104] \"sex\" is the text 'x', which the model does not know. It knows: f, m."
        assert errors[2].startswith('[R103] "age" is 999')
        assert "[R101]" in errors[2]
        assert pd.isna(listed["label"][1:]).all()
        assert pd.isna(listed["label_name"][1:]).all()
        assert pd.isna(listed["probability_ill"][1:]).all()
        assert listed["label"][0] in (0, 1)
    assert str(model.predict(rows, as_frame=True, on_error="null")["label"].dtype) == "Int64"
    polars = model.predict(pl.from_pandas(rows), as_frame=True, on_error="null")
    assert polars["probability_ill"].null_count() == 2


def test_other_values_of_on_error_are_refused(tiny: Path) -> None:
    with pytest.raises(ValueError, match="on_error must be 'raise' or 'null'"):
        load(tiny).predict(DICTS, on_error="ignore")  # type: ignore[call-overload]


def test_missing_columns_raise_with_on_error_null(tiny: Path) -> None:
    with pytest.raises(ContractError) as caught:
        load(tiny).predict([{"age": 1.0}], on_error="null")
    assert caught.value.code == "E101"


def test_attributes_of_scikit_learn(tiny: Path) -> None:
    model = load(tiny)
    assert model.classes_.tolist() == [0, 1]
    assert model.classes_.dtype == np.int64
    assert model.feature_names_in_.tolist() == NAMES
    assert model.feature_names_in_.dtype == object
    assert model.n_features_in_ == 3
    np.testing.assert_array_equal(model.predict_proba(DICTS), model.predict(DICTS)["probability"])


def test_a_file_is_read_from_whatever_holds_it(tiny: Path, tmp_path: Path) -> None:
    data = tiny.read_bytes()
    with zipfile.ZipFile(tmp_path / "models.zip", "w") as archive:
        archive.writestr("models/tiny.seal", data)

    class Remote:
        """A path of a file system that is no local one, as universal_pathlib and cloudpathlib have."""

        path = "bucket/tiny.seal"

        def open(self, mode: str = "r") -> io.BytesIO:
            assert mode == "rb"
            return io.BytesIO(data)

    class OpenFile:
        """As fsspec.open gives: it has its mode, and __fspath__ raises."""

        path, mode = "memory://tiny.seal", "rb"

        def open(self) -> io.BytesIO:
            return io.BytesIO(data)

        def __fspath__(self) -> str:
            raise ValueError("no local path")

    class Local:
        def __fspath__(self) -> str:
            return str(tiny)

    identity = load(tiny).identity
    stream = io.BytesIO(b"header" + data)
    stream.seek(6)
    sources: list[Any] = [
        str(tiny), data, bytearray(data), memoryview(data), stream, Remote(), OpenFile(), Local(),
        zipfile.Path(tmp_path / "models.zip", "models/tiny.seal"),
    ]  # fmt: skip
    for source in sources:
        assert load(source).identity == identity, source
    assert not stream.closed
    with tiny.open("rb") as opened:
        assert load(opened).identity == identity


def test_a_file_is_read_from_the_file_systems_of_fsspec(tiny: Path, tmp_path: Path) -> None:
    data, identity = tiny.read_bytes(), load(tiny).identity
    memory, local = fsspec.filesystem("memory"), fsspec.filesystem("file")
    memory.pipe({"/models/tiny.seal": data, "/models/tiny.seal.gz": gzip.compress(data)})
    cached = {"cache_storage": str(tmp_path / "cache")}
    try:
        sources = [
            fsspec.open("memory://models/tiny.seal"),
            fsspec.open("memory://models/tiny.seal.gz", compression="gzip"),
            fsspec.open("simplecache::memory://models/tiny.seal", simplecache=cached),
            fsspec.open(f"file://{tiny}"),
            local.open(str(tiny)),
        ]
        for source in sources:
            assert load(source).identity == identity, source
        stream = memory.open("/models/tiny.seal", "rb")
        assert load(stream).identity == identity
        assert not stream.closed
        assert sealift.seal.read_source(fsspec.open("memory://models/tiny.seal")).identity == identity
        for source, where, said in (
            (fsspec.open("memory://models/none.seal"), "/models/none.seal", "there is no such file"),
            (fsspec.open(f"file://{tmp_path}/none.seal"), f"{tmp_path}/none.seal", "No such file"),
            (fsspec.open("memory://models/tiny.seal", "r"), "/models/tiny.seal", "binary mode"),
            ("memory://models/tiny.seal", "memory://models/tiny.seal", "fsspec.open(address)"),
        ):
            with pytest.raises(FileError) as caught:
                load(source)
            assert (caught.value.code, caught.value.where) == ("E401", where)
            assert said in str(caught.value)
    finally:
        memory.rm("/models", recursive=True)


def test_sources_that_cannot_be_read(tiny: Path) -> None:
    class Broken:
        path = "bucket/lost.seal"

        def open(self, mode: str) -> Any:
            raise RuntimeError("no such bucket")

    cases: list[tuple[Any, str, str]] = [
        (Broken(), "bucket/lost.seal", "no such bucket"),
        (io.StringIO("text"), "stream", "binary mode"),
        (3.5, "", "type float"),
        ([1], "", "type list"),
    ]
    for source, where, said in cases:
        with pytest.raises(FileError) as caught:
            load(source)
        assert caught.value.code == "E401"
        assert caught.value.where == where
        assert said in str(caught.value)
    with pytest.raises(SealError) as damaged:
        load(tiny.read_bytes()[:-1])
    assert damaged.value.code == "E202"


def test_logging_is_silent_until_it_is_configured(tiny: Path, caplog: pytest.LogCaptureFixture) -> None:
    program = f"import sealift; sealift.load({str(tiny)!r}).predict([{{'age': 1.0, 'weight': 2.0, 'sex': 'f'}}])"
    unconfigured = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert unconfigured.stdout == unconfigured.stderr == b""
    assert logging.getLogger("sealift").level == logging.NOTSET
    with caplog.at_level(logging.DEBUG, "sealift"):
        load(tiny).predict([{"age": 1.0, "weight": 123.25, "sex": "f"}])
    assert "loading the graph of tiny 1" in caplog.text
    assert "123.25" not in caplog.text  # values of rows are never logged


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "dok", "lil", "bsr", "dia"])
def test_a_sparse_matrix_is_refused_as_such(form: str, tiny: Path) -> None:
    matrix = getattr(scipy.sparse, f"{form}_array")(np.eye(3))
    with pytest.raises(ContractError, match="sparse matrix") as caught:
        load(tiny).predict(matrix)
    assert caught.value.code == "E104"


def test_a_frame_without_pandas(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(sealift.MissingExtraError, match="pip install pandas"):
        load(tiny).predict(DICTS, as_frame=True)
    assert isinstance(load(tiny).predict(pl.DataFrame(DICTS), as_frame=True), pl.DataFrame)
