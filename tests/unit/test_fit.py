"""Graphs and answers that do not fit the contract: one coded error, and no answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from onnx_bytes import (
    BOOL,
    DOUBLE,
    FLOAT,
    INT64,
    STRING,
    doubles,
    graph,
    int64s,
    integer,
    model,
    node,
    opset,
    tensor,
    value,
)
from sealift import canonical, load, seal
from sealift.contract import Contract, Field, Output
from sealift.errors import SealError
from sealift.runtime.fit import check_answers

NUMBER = value("number", DOUBLE, (None, 1))
COUNT = node("Shape", ["number"], ["n"], integer("start", 0), integer("end", 1))


def written(path: Path, body: bytes, output: Output) -> Path:
    task: Any = "classification" if output.name == "label" else "regression"
    contract = Contract(inputs=(Field(name="a", dtype="float64"),), outputs=(output,), task=task)
    parts = {
        "contract.json": canonical.dumps(contract.as_json()),
        "model.onnx": model(body, opsets=[opset("", 21)]),
        "golden/examples.json": b"{}",
        "evidence.json": b"{}",
        "card.md": b"#",
        "provenance.json": b"{}",
        "sbom.cdx.json": b"{}",
    }
    seal.write(path, seal.assemble(parts, name="m", version="1", task=task, producer="t", opsets={"": 21}))
    return path


def flat(size: Sequence[int | None] = (None,)) -> bytes:
    return value("value", DOUBLE, size)


ONE = Output(name="value", kind="value", dtype="float64")
TWO = Output(name="value", kind="value", dtype="float64", width=2, columns=("p", "q"))
FLATTENED = node("Reshape", ["number", "all"], ["v"])
ALL = int64s("all", -1)
# The shapes are computed, so that ONNX Runtime learns them only while it answers.
ANSWERS: dict[str, tuple[list[bytes], list[bytes], bytes, Output]] = {
    "a column in place of a list": (
        [COUNT, node("Concat", ["n", "one"], ["s"], integer("axis", 0)), node("Reshape", ["number", "s"], ["value"])],
        [int64s("one", 1)],
        flat(),
        ONE,
    ),
    "one value for all rows": ([node("ReduceSum", ["number"], ["value"], integer("keepdims", 0))], [], flat(), ONE),
    "two values for each row": (
        [FLATTENED, node("Concat", ["v", "v"], ["value"], integer("axis", 0))],
        [ALL],
        flat(),
        ONE,
    ),
    "one row more": (
        [FLATTENED, node("Concat", ["v", "more"], ["value"], integer("axis", 0))],
        [ALL, doubles("more", 1.0)],
        flat(),
        ONE,
    ),
    "one row less": (
        [FLATTENED, node("Slice", ["v", "from", "to"], ["value"])],
        [ALL, int64s("from", 1), int64s("to", 1 << 40)],
        flat(),
        ONE,
    ),
    "three columns of two": (
        [node("Concat", ["number", "number", "number"], ["value"], integer("axis", 1))],
        [],
        flat((None, None)),
        TWO,
    ),
    "one column of two": ([node("Identity", ["number"], ["value"])], [], flat((None, None)), TWO),
    "columns and rows exchanged": (
        [node("Concat", ["number", "number"], ["w"], integer("axis", 1)), node("Transpose", ["w"], ["value"])],
        [],
        flat((None, None)),
        TWO,
    ),
}


@pytest.mark.parametrize("rows", [1, 3, 2500])
@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_of_another_shape_is_not_handed_out(name: str, rows: int, tmp_path: Path) -> None:
    nodes, constants, declared, output = ANSWERS[name]
    made = load(written(tmp_path / "m.seal", graph(nodes, [NUMBER], [declared], constants), output))
    with pytest.raises(SealError) as caught:
        made.predict({"a": [1.0] * rows})
    assert caught.value.code == "E209"


def test_single_rows_are_checked_each_time(tmp_path: Path) -> None:
    """The buffers of the first row must not be answers to a later one."""
    positive = node("Greater", ["v", "zero"], ["positive"])
    picked = node("Compress", ["v", "positive"], ["value"], integer("axis", 0))
    zero = tensor("zero", DOUBLE, [], bytes(8))
    body = graph([FLATTENED, positive, picked], [NUMBER], [flat()], [ALL, zero])
    made = load(written(tmp_path / "m.seal", body, ONE))
    assert made.predict({"a": 2.0})["value"].tolist() == [2.0]
    assert made.predict({"a": 3.0})["value"].tolist() == [3.0]
    for rows in ({"a": -1.0}, {"a": [1.0, -1.0]}):
        with pytest.raises(SealError) as caught:
            made.predict(rows)
        assert caught.value.code == "E209"
    assert made.predict({"a": 4.0})["value"].tolist() == [4.0]


PORTS: dict[str, tuple[list[bytes], list[bytes], str]] = {
    "no input": ([], [flat()], "has no input 'number'"),
    "another input": ([NUMBER, value("more", DOUBLE, (None, 1))], [flat()], "an unknown input 'more'"),
    "another name": ([value("numbers", DOUBLE, (None, 1))], [flat()], "input"),
    "an input of float32": ([value("number", FLOAT, (None, 1))], [flat()], "input 'number'"),
    "an input of text": ([value("number", STRING, (None, 1))], [flat()], "input 'number'"),
    "a wider input": ([value("number", DOUBLE, (None, 2))], [flat()], "input 'number'"),
    "an input of one row": ([value("number", DOUBLE, (1, 1))], [flat()], "input 'number'"),
    "a flat input": ([value("number", DOUBLE, (None,))], [flat()], "input 'number'"),
    "no output": ([NUMBER], [value("values", DOUBLE, (None,))], "no output 'value'"),
    "an output of float32": ([NUMBER], [value("value", FLOAT, (None,))], "output 'value'"),
    "an output of whole numbers": ([NUMBER], [value("value", INT64, (None,))], "output 'value'"),
    "an output of text": ([NUMBER], [value("value", STRING, (None,))], "output 'value'"),
    "an output of booleans": ([NUMBER], [value("value", BOOL, (None,))], "output 'value'"),
    "a wide output": ([NUMBER], [flat((None, 1))], "output 'value'"),
    "an output of one row": ([NUMBER], [flat((1,))], "output 'value'"),
    "an output of one number": ([NUMBER], [flat(())], "output 'value'"),
}


@pytest.mark.parametrize("name", PORTS)
def test_a_graph_that_declares_other_inputs_or_outputs_is_not_loaded(name: str, tmp_path: Path) -> None:
    inputs, outputs, what = PORTS[name]
    constants = [doubles("w", 1.0)]
    output = "values" if name == "no output" else "value"
    path = written(tmp_path / "m.seal", graph([node("Identity", ["w"], [output])], inputs, outputs, constants), ONE)
    with pytest.raises(SealError) as caught:
        load(path)
    assert caught.value.code == "E209"
    assert what in caught.value.what


@pytest.mark.parametrize(
    "answer",
    [
        {"a": 1.0},
        [{0: 0.1, 1: 0.9}],
        [1.0, 2.0],
        None,
        2.0,
        np.array(["1", "2"], dtype=object),
        np.array([1, 2]),
        np.array([1, 2], dtype=np.float32),
        np.array([True, False]),
        np.array([[1.0], [2.0]]),
        np.array([1.0, 2.0, 3.0]),
        np.array(1.0),
        np.array([]),
    ],
    ids=str,
)
def test_an_answer_of_another_type_is_not_handed_out(answer: Any) -> None:
    with pytest.raises(SealError) as caught:
        check_answers((ONE,), ["value"], [answer], 2)
    assert caught.value.code == "E209"
    assert caught.value.fix


def test_labels_of_each_type_are_accepted() -> None:
    for dtype, answer in (
        ("string", np.array(["a", "b"], dtype=object)),
        ("int64", np.array([1, 2])),
        ("bool", np.array([True, False])),
        ("float64", np.array([0.5, 1.5])),
    ):
        kind: Any = dtype
        check_answers((Output(name="label", kind="label", dtype=kind),), ["label"], [answer], 2)
