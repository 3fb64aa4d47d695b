"""Commands on malformed input of every kind: a coded error or bad rows, never a traceback or an internal error."""

from __future__ import annotations

import copy
import datetime
import decimal
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

import seals
from sealift import canonical, seal
from sealift.cli.commands import app
from sealift.errors import SealiftError

TRAIN = """\
from sklearn.linear_model import LogisticRegression
model = LogisticRegression().fit([[0.0, 1], [1, 2], [2, 1]], [0, 1, 0])
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    seals.write(tmp_path / "tiny.seal")
    (tmp_path / "rows.csv").write_text("age,weight,sex\n61.5,80,f\n")
    (tmp_path / "train.py").write_text(TRAIN)
    return tmp_path


def run(*arguments: object) -> Result:
    """Run a command; any failure has an error code."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    output = done.stderr + done.stdout
    assert done.exit_code in (0, 1, 3), (arguments, output)
    assert "Traceback" not in output, (arguments, output)
    assert "E901" not in output, (arguments, output)
    if done.exit_code == 1 and "--json" not in arguments and arguments[0] != "doctor":
        assert done.stderr.startswith("error "), (arguments, output)
    return done


def json_lines(age: str = "50", sex: str = '"f"', key: str = '"a"', more: str = "") -> bytes:
    return f'{{{more}"age": {age}, "weight": 70, "sex": {sex}, "k": {key}}}\n'.encode()


LINES = {
    "digits-4000": json_lines(age="9" * 4000, key="9" * 4200),
    "digits-400": json_lines(age="9" * 400, key="9" * 400),
    "digits-30": json_lines(age="9" * 30, key="9" * 30),
    "overflow": json_lines(age="1e999", key="-1e999"),
    "surrogate": json_lines(key='"\\ud800"'),
    "surrogate-in-input": json_lines(sex='"\\udc00"'),
    "surrogate-in-name": json_lines(more='"\\ud800": 1, '),
    "surrogate-later": json_lines() + json_lines(key='"\\ud800"'),
    "nested": json_lines(age="[50]", sex='{"a": 1}', key='[[["a", NaN]]]'),
    "deep": json_lines(key="[" * 5000 + "]" * 5000),
    "nul": json_lines(sex='"f\\u0000"', key='"\\u0000"'),
    "mixed": json_lines(key="1") + json_lines() + json_lines(key='{"a": NaN, "b": Infinity}'),
    "empty-name": json_lines(more='"": 1, '),
    "not-utf8": json_lines() + b'{"age": 50, "weight": 70, "sex": "\xff", "k": "a"}\n',
}
CELLS = {
    "digits": b"age,weight,sex,k\n%s,70,f,%s\n" % (b"9" * 5000, b"9" * 5000),
    "nul": b"age,weight,sex,k\n50,70,f\0,a\n50,70,f,\0\n",
    "cr": b"age,weight,sex,k\r50,70,f,a\r",
    "quote": b'age,weight,sex,k\n50,70,f,"a\n',
    "empty-names": b"age,weight,sex,k,,\n50,70,f,a,,\n",
    "empty": b"",
    "mark": b"\xef\xbb\xbfage,weight,sex,k\n50,70,f,a\n",
    "not-utf8": b"age,weight,sex,k\n50,70,f,\xff\n",
}
_BAD_TEXT = pa.Array.from_buffers(pa.string(), 2, [*pa.array(["a", "b"]).buffers()[:2], pa.py_buffer(b"\xff\xfe")])
ARROW: dict[str, dict[str, Any]] = {
    "year-38504": {"k": pa.array([2**60, -(2**60)], pa.timestamp("us"))},
    "year-38504-input": {"age": pa.array([2**60, 0], pa.timestamp("us"))},
    "year-38504-zone": {"k": pa.array([2**60, 0], pa.timestamp("us", tz="UTC"))},
    "nanoseconds": {"k": pa.array([2**60 + 1, None], pa.timestamp("ns"))},
    "milliseconds": {"k": pa.array([2**55, 0], pa.timestamp("ms"))},
    "date": {"k": pa.array([2**31 - 1, -(2**31)], pa.int32()).cast(pa.date32())},
    "duration": {"k": pa.array([2**62, -(2**62)], pa.duration("us"))},
    "time": {"k": pa.array([2**36, 2], pa.time64("us"))},
    "decimal": {"k": pa.array([decimal.Decimal("1e30"), None]), "age": pa.array([decimal.Decimal("1.5"), None])},
    "binary": {"k": pa.array([b"\xff\xfe", b""]), "sex": pa.array([b"f", b"m"])},
    "fixed": {"k": pa.array([b"0" * 16, b"1" * 16], pa.binary(16))},
    "lists": {"k": pa.array([[1, 2], [3]]), "age": pa.array([[1.0], [2.0]])},
    "structs": {"k": pa.array([{"a": 1}, None]), "sex": pa.array([{"a": 1}, {"a": 2}])},
    "map": {"k": pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.int64()))},
    "nothing": {"k": pa.nulls(2), "age": pa.nulls(2), "sex": pa.nulls(2)},
    "dictionary": {"k": pa.array(["a", None]).dictionary_encode(), "age": pa.array([1, None]).dictionary_encode()},
    "half": {"age": pa.array(np.array([1, np.inf], np.float16))},
    "unsigned": {"k": pa.array([2**64 - 1, 0], pa.uint64()), "age": pa.array([2**64 - 1, None], pa.uint64())},
    "booleans": {"k": pa.array([True, None]), "age": pa.array([True, False])},
    "bad-text": {"k": _BAD_TEXT, "sex": _BAD_TEXT},
}
_ROW = [50, 70, "f", datetime.datetime(2024, 1, 1)]
SHEETS: dict[str, tuple[list[list[Any]], bytes, bytes]] = {
    "types": ([_ROW, [50, 70, "f", datetime.timedelta(days=1)], [50, 70, "f", datetime.time(1)]], b"", b""),
    "large": ([[True, 1, "f", 10**30]], b"", b""),
    "formula": ([["=1+1", 70, "f", "=1+1"]], b"", b""),
    "errors": ([[50, 70, "f", "#N/A"], ["#DIV/0!", 70, "#REF!", 1]], b"", b""),
    "digits": ([_ROW], b"<v>45292</v>", b"<v>" + b"9" * 5000 + b"</v>"),
    "digits-400": ([[50, 70, "f", 1.5]], b"<v>1.5</v>", b"<v>" + b"9" * 400 + b"</v>"),
    "date": ([_ROW], b"<v>45292</v>", b"<v>1e300</v>"),
    "date-text": ([_ROW], b"<v>45292</v>", b"<v>abc</v>"),
    "row-number": ([_ROW], b'<row r="2"', b'<row r="x"'),
    "row-again": ([_ROW], b'<row r="2"', b'<row r="1"'),
    "column-far": ([_ROW], b'r="D2"', b'r="ZZZ2"'),
    "column-absurd": ([_ROW], b'r="D2"', b'r="ZZZZZZZ2"'),
    "column-again": ([_ROW], b'r="D2"', b'r="B2"'),
    "type": ([[50, 70, "f", 1.5]], b't="n"><v>1.5', b't="q"><v>1.5'),
    "shared": ([[50, 70, "f", 1.5]], b't="n"><v>1.5', b't="s"><v>500'),
    "not-xml": ([_ROW], b"<v>50</v>", b"<v>50<v>"),
}  # fmt: skip


def tables(folder: Path) -> Iterator[Path]:
    for name, data in LINES.items():
        (folder / f"{name}.jsonl").write_bytes(data)
        yield folder / f"{name}.jsonl"
    for name, data in CELLS.items():
        (folder / f"{name}.csv").write_bytes(data)
        yield folder / f"{name}.csv"
    for name, columns in ARROW.items():
        plain = {"age": [50.0, 60], "weight": [70.0, 71], "sex": ["f", "m"], "k": ["a", "b"]}
        pq.write_table(pa.table(plain | columns), folder / f"{name}.parquet")
        yield folder / f"{name}.parquet"
    for name, (rows, old, new) in SHEETS.items():
        path = folder / f"{name}.xlsx"
        book = openpyxl.Workbook()
        for row in [["age", "weight", "sex", "k"], *rows]:
            book.active.append(row)
        book.save(path)
        with zipfile.ZipFile(path) as archive:
            parts = {part: archive.read(part) for part in archive.namelist()}
        sheet = "xl/worksheets/sheet1.xml"
        assert old in parts[sheet], name
        parts[sheet] = parts[sheet].replace(old, new) if old else parts[sheet]
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part, body in parts.items():
                archive.writestr(part, body)
        yield path


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "xlsx"])
def test_predict_on_odd_tables(folder: Path, kind: str) -> None:
    for table in tables(folder):
        run("predict", "tiny.seal", table, "-o", f"out.{kind}", "--keep", "k")
        assert not list(folder.glob(".sealift-*")), table
    for table in tables(folder):
        json.loads(run("predict", "tiny.seal", table, "-o", f"out.{kind}", "--ignore-extra", "--json").stdout)


def test_pack_and_doctor_on_odd_tables(folder: Path) -> None:
    for table in tables(folder):
        run("pack", "train.py:model", "--data", table, "--target", "k", "--name", "m")
        run("doctor", "train.py:model", "--data", table)


ODD: list[Any] = [
    None, True, False, 0, -1, 1.5, 1e308, 2**53, 2**62, "", "x", "NaN", "Infinity", "probability", [], {}, [[]], [None],
    ["a"], {"a": 1}, {"output": 1, "class": 2}, {"output": ["x"], "class": None},
    {"output": "probability", "class": [1]},
    "\u202e", "x" * 300, [1, 2, 3], [[1, 2], [3, 4]], {"a": {"b": {"c": []}}},
]  # fmt: skip
EVIDENCE = {
    "rows": 4,
    "parity": {
        "compared": {"caller": 4}, "refused_by_original": 1, "tolerance": {"stated": 1e-6, "policy": 1e-9},
        "outputs": {"probability": {"relative": 1e-9, "worst": 0.0, "different": 0}},
    },
    "steps": [{"path": "a", "how": "b"}],
    "notes": ["n"],
    "metrics": {"accuracy": 0.9},
}  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value, the first three of each list."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value[:3]) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    changed = copy.deepcopy(value)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = new
    return changed


@pytest.mark.parametrize(
    ("member", "count"),
    [("contract.json", 150), ("golden/examples.json", 60), ("evidence.json", 60), ("sbom.cdx.json", 5)],
)
def test_sealed_files_with_odd_values(folder: Path, member: str, count: int) -> None:
    members = {name: data for name, data in seals.members().items() if name != "manifest.json"}
    value = EVIDENCE if member == "evidence.json" else json.loads(members[member])
    cases = [(path, odd) for path in places(value) for odd in ODD]
    for path, odd in random.Random(0).sample(cases, min(count, len(cases))):
        changed = {**members, member: canonical.dumps(replaced(value, path, odd))}
        try:
            packed = seal.assemble(changed, name="w", version="1", task="classification", producer="t", opsets={"": 21})
            seal.write(folder / "odd.seal", packed)
        except SealiftError:
            continue
        run("inspect", "odd.seal")
        json.loads(run("inspect", "odd.seal", "--json").stdout)
        run("verify", "odd.seal")
        if member == "contract.json":
            run("predict", "odd.seal", "rows.csv", "-o", "out.csv")
            run("app", "odd.seal")


DAMAGE: list[Callable[[bytes, random.Random], bytes]] = [
    lambda data, chance: data[: chance.randrange(len(data))],
    lambda data, chance: data[: (at := chance.randrange(len(data)))] + chance.randbytes(1) + data[at + 1 :],
    lambda data, chance: chance.randbytes(chance.randrange(2000)),
    lambda data, chance: data[: (at := chance.randrange(len(data)))] + data[at // 2 :],
]  # fmt: skip


def test_damaged_files(folder: Path) -> None:
    chance = random.Random(0)
    sound = [*tables(folder), folder / "tiny.seal", folder / "train.py"]
    for _ in range(120):
        path = chance.choice(sound)
        damaged = folder / f"damaged{path.suffix}"
        damaged.write_bytes(chance.choice(DAMAGE)(path.read_bytes() or b"x", chance))
        if path.suffix == ".seal":
            for command in (["inspect"], ["verify"], ["app"]):
                run(*command, damaged)
            run("predict", damaged, "rows.csv", "-o", "out.csv")
            run("sign", damaged, "--key", damaged)
        elif path.suffix == ".py":
            run("doctor", f"{damaged}:model")
        else:
            run("predict", "tiny.seal", damaged, "-o", "out.xlsx", "--keep", "k")
