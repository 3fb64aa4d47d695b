"""`sealift predict` with folders: which files are predicted, the journal, and the results."""

from __future__ import annotations

import io
import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import seals
from sealift.batch import score
from sealift.batch.folder import FolderJob, FolderSettings
from sealift.batch.folder.inputs import InputFile, Settled
from sealift.batch.folder.journal import NAME, Journal
from sealift.cli.commands import app
from sealift.errors import SealiftError
from sealift.runtime import load

HEAD = "age,weight,sex\n"
MODEL = {"name": "tiny", "version": "1", "identity": "0" * 64}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    seals.write(tmp_path / "tiny.seal")
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / "a.csv").write_text(HEAD + "50,70,f\n61,80,m\n")
    (tmp_path / "in" / "sub" / "b.jsonl").write_text(
        '{"age": 50, "weight": "x", "sex": "f"}\n{"weight": 7, "sex": "m"}\n'
    )
    (tmp_path / "in" / "notes.md").write_text("no table")
    (tmp_path / "in" / ".hidden.csv").write_text(HEAD)
    return tmp_path


def invoke(*arguments: object, code: int = 0) -> Result:
    done = CliRunner().invoke(app, ["predict", "tiny.seal", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done


def invoked(*arguments: object, code: int = 0) -> Any:
    return json.loads(invoke(*arguments, "--json", code=code).output)


def test_each_file_has_the_output_that_it_has_by_itself(folder: Path) -> None:
    result = invoked("in", "-o", "out/", code=3)
    assert result["ok"]
    assert (result["rows"], result["refused"]) == (4, 1)
    assert [each["input"] for each in result["files"]] == ["a.csv", "sub/b.jsonl"]
    problem = result["problems"][0]
    assert (problem["input"], problem["row"], problem["code"]) == ("sub/b.jsonl", 1, "R102")
    assert result["cautions"] == {"age": {"missing": 1}}
    model = load(folder / "tiny.seal")
    for name in ("a.csv", "sub/b.jsonl"):
        alone: Any = io.BytesIO()
        score(model, folder / "in" / name, alone, output_kind="csv" if name == "a.csv" else "jsonl")
        assert (folder / "out" / name).read_bytes() == alone.getvalue()
    assert sorted(path.name for path in (folder / "out").iterdir()) == [NAME, "a.csv", "sub"]


def test_a_second_run_predicts_only_what_changed(folder: Path) -> None:
    invoke("in", "-o", "out", code=3)
    written = (folder / "out" / "a.csv").stat()
    (folder / "in" / "sub" / "b.jsonl").write_text('{"age": 50, "weight": 60, "sex": "f"}\n')
    (folder / "in" / "c.csv").write_text(HEAD + "1,2,f\n")
    result = invoked("in", "-o", "out")
    assert {each["input"]: each["resumed"] for each in result["files"]} == {
        "a.csv": True,
        "c.csv": False,
        "sub/b.jsonl": False,
    }
    assert (result["rows"], result["refused"]) == (4, 0)
    assert (folder / "out" / "a.csv").stat() == written
    (folder / "out" / "a.csv").unlink()  # an output that is gone is computed again
    assert [each["resumed"] for each in invoked("in", "-o", "out")["files"]] == [False, True, True]
    assert (folder / "out" / "a.csv").exists()


def test_a_file_that_cannot_be_read_does_not_stop_the_others(folder: Path) -> None:
    (folder / "in" / "bad.csv").write_text("foo\n1\n")
    (folder / "in" / "worse.parquet").write_bytes(b"PAR1 but cut off")
    result = invoked("in", "-o", "out", code=1)
    assert (result["ok"], result["error"]["code"]) == (False, "E789")
    assert {each["input"]: each["error"]["code"] for each in result["failed"]} == {
        "bad.csv": "E101",
        "worse.parquet": "E404",
    }
    assert len(result["files"]) == 2
    (folder / "in" / "bad.csv").write_text(HEAD + "1,2,f\n")
    (folder / "in" / "worse.parquet").unlink()
    assert len(invoked("in", "-o", "out", code=3)["files"]) == 3


def test_several_files_and_another_format(folder: Path) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install 'sealift[tables]'")
    result = invoked("in/a.csv", "in/sub/b.jsonl", "-o", "out", "--format", "parquet", "--processes", 1, code=3)
    assert [each["output"] for each in result["files"]] == ["a.csv.parquet", "b.jsonl.parquet"]
    from pyarrow import parquet

    table = parquet.read_table(folder / "out" / "b.jsonl.parquet").to_pydict()
    assert table["row"] == [1, 2]
    assert table["error"][0].startswith("[R102]")
    assert table["label"][0] is None


def test_the_options_of_folders_need_a_folder(folder: Path) -> None:
    assert "--format needs a folder" in invoke("in/a.csv", "-o", "a.csv", "--format", "csv", code=2).output
    assert "single INPUT" in invoke("-", "in", "-o", "out", code=2).output


def test_two_inputs_with_one_output(folder: Path) -> None:
    (folder / "more").mkdir()
    (folder / "more" / "a.csv").write_text(HEAD + "1,2,f\n")
    result = invoked("in", "more", "-o", "out", code=1)
    assert [each["error"]["code"] for each in result["failed"]] == ["E788"]
    assert len(result["files"]) == 2


@pytest.mark.parametrize(
    ("inputs", "output", "code"),
    [(["in"], "in", "E788"), (["in/a.csv"], "in/", "E788"), (["absent"], "out", "E401"), (["in/sub"], "in/", "E788")],
)
def test_places_that_cannot_be_used(folder: Path, inputs: list[str], output: str, code: str) -> None:
    result = invoked(*inputs, "-o", output, "--processes", 1, *(["--watch"] if code == "E401" else []), code=1)
    assert result["error"]["code"] == code


def test_a_folder_of_outputs_inside_of_the_inputs_is_left_out(folder: Path) -> None:
    invoke("in", "-o", "in/out/", code=3)
    assert len(invoked("in", "-o", "in/out/", code=3)["files"]) == 2


def test_outputs_of_another_model_or_other_options_are_refused(folder: Path) -> None:
    invoke("in", "-o", "out", code=3)
    assert invoked("in", "-o", "out", "--keep-inputs", code=1)["error"]["code"] == "E785"
    seals.write(folder / "tiny.seal", bias=0.5)
    error = invoked("in", "-o", "out", code=1)["error"]
    assert error["code"] == "E785"
    assert "tiny 1, identity" in error["what"]


def test_one_process_at_a_time_writes_to_a_folder(tmp_path: Path) -> None:
    first = Journal(tmp_path, MODEL, {})
    with pytest.raises(SealiftError, match="E786"):
        Journal(tmp_path, MODEL, {})
    first.close()
    Journal(tmp_path, MODEL, {}).close()


def test_a_process_that_is_killed_is_replaced_once(folder: Path) -> None:
    settings_ = FolderSettings((folder / "in" / "a.csv",), folder / "out", processes=1)
    job = FolderJob(load(folder / "tiny.seal"), settings_, _die)
    summary = job.run()
    assert [(each["input"], each["error"]["code"]) for each in summary.failed] == [("a.csv", "E787")]
    assert not (folder / "out" / "a.csv").exists()


def _die(connection: Any, number: int) -> None:
    connection.recv()
    os.kill(os.getpid(), 9)


def test_watch_takes_files_when_they_are_whole(folder: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed: pip install 'sealift[tables]'")
    import pyarrow

    parquet.write_table(pyarrow.table({"age": [1.0], "weight": [2.0], "sex": ["f"]}), folder / "whole.parquet")
    content = (folder / "whole.parquet").read_bytes()
    settings_ = FolderSettings((folder / "in",), folder / "out", processes=1, watch=True, settle=0.2)
    job = FolderJob(load(folder / "tiny.seal"), settings_, file=folder / "tiny.seal")
    names: list[str] = []
    arrived = threading.Event()

    def note(entry: Any) -> None:
        names.append(entry["input"])
        arrived.set()

    stop = threading.Event()
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(job.run(finished=note, stopped=stop.is_set)))
    thread.start()
    try:
        half = folder / "in" / "late.parquet"
        half.write_bytes(content[:-10])
        while len(names) < 2:
            assert arrived.wait(60)
            arrived.clear()
        time.sleep(1.5)
        assert sorted(names) == ["a.csv", "sub/b.jsonl"]  # the Parquet file lacks its footer
        half.write_bytes(content)
        while len(names) < 3:
            assert arrived.wait(60)
            arrived.clear()
    finally:
        stop.set()
        thread.join(60)
    assert names[2] == "late.parquet"
    assert [each["input"] for each in results[0].files] == ["a.csv", "late.parquet", "sub/b.jsonl"]


def test_a_file_that_changes_is_not_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x")
    settled = Settled(0.0)
    assert not settled.whole(InputFile(path, "a.csv", 1, 1))
    assert settled.whole(InputFile(path, "a.csv", 1, 1))
    assert not settled.whole(InputFile(path, "a.csv", 2, 2))
    assert not Settled(3600.0).whole(InputFile(path, "a.csv", 1, 1))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(min_value=0, max_value=2000), more=st.integers(min_value=0, max_value=3))
def test_a_journal_that_was_cut_off_anywhere(tmp_path: Path, cut: int, more: int) -> None:
    (tmp_path / NAME).unlink(missing_ok=True)
    inputs = [InputFile(tmp_path / f"{i}.csv", f"{i}.csv", 10, i) for i in range(8)]
    for each in inputs:
        each.path.write_text("x" * 7)
    journal = Journal(tmp_path, MODEL, {"format": None})
    for each in inputs[:5]:
        journal.add(each, {"output": each.name, "bytes": 7})
    journal.close()
    whole = (tmp_path / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(whole[:cut])
    kept = max(0, whole[:cut].count(b"\n") - 1)
    again = Journal(tmp_path, MODEL, {"format": None})
    assert list(again.finished) == [f"{i}.csv" for i in range(kept)]
    for each in inputs[kept : kept + more]:
        again.add(each, {"output": each.name, "bytes": 7})
    again.close()
    last = Journal(tmp_path, MODEL, {"format": None})
    assert [each.name for each in inputs if last.output_of(each)] == [f"{i}.csv" for i in range(kept + more)]
    last.close()
