"""Inputs that are arrays: a sealed ONNX model with such inputs, answered from programs and from files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from onnx import TensorProto, helper, numpy_helper

from sealift import batch, canonical, load, seal
from sealift.contract import Contract, Field, Output, encode
from sealift.contract.types import value_type
from sealift.errors import ContractError, PageError, SealError
from sealift.runtime import Limits
from sealift.targets.page.build import build_page

CONTRACT = Contract(
    inputs=(
        Field(name="signal", dtype="tensor[2,length]"),
        Field(name="gain", dtype="float64"),
        Field(name="offset", dtype="tensor[3]", missing="allowed"),
    ),
    outputs=(Output(name="value", kind="value", dtype="float64"),),
    task="regression",
)
ROWS: list[dict[str, Any]] = [
    {"signal": [[1, 2, 3], [4, 5, 6]], "gain": 2.0, "offset": [1, 0, 0]},
    {"signal": [[0.5, 0, 0], [0, 0, 0]], "gain": -1.0, "offset": None},
    {"signal": [[1, 1, 1], [1, 1, 1]], "gain": 0.0, "offset": [0.25, 0.25, 0.25]},
]
EXPECTED = [43.0, -0.5, 0.75]


def graph() -> bytes:
    """The gain times the sum of the signal, plus the sum of what is present of the offset."""
    node, info = helper.make_node, helper.make_tensor_value_info
    nodes = [
        node("ReduceSum", ["tensor0", "both"], ["sum"], keepdims=0),
        node("Reshape", ["number", "flat"], ["gain"]),
        node("Mul", ["sum", "gain"], ["product"]),
        node("IsNaN", ["tensor2"], ["gone"]),
        node("Where", ["gone", "zero", "tensor2"], ["present"]),
        node("ReduceSum", ["present", "one"], ["offset"], keepdims=0),
        node("Add", ["product", "offset"], ["value"]),
    ]
    inputs = [
        info("number", TensorProto.DOUBLE, [None, 1]),
        info("tensor0", TensorProto.DOUBLE, [None, 2, None]),
        info("tensor2", TensorProto.DOUBLE, [None, 3]),
    ]
    constants = {"both": np.array([1, 2]), "one": np.array([1]), "flat": np.array([-1]), "zero": np.array(0.0)}
    body = helper.make_graph(
        nodes,
        "signals",
        inputs,
        [info("value", TensorProto.DOUBLE, [None])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return bytes(model.SerializeToString())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    examples = {
        "columns": [field.name for field in CONTRACT.inputs],
        "rows": [list(row.values()) for row in ROWS],
        "answers": {"value": EXPECTED},
        "tolerance": {},
        "source": "generated",
    }
    parts = {
        "contract.json": canonical.dumps(CONTRACT.as_json()),
        "model.onnx": graph(),
        "golden/examples.json": canonical.dumps(examples),
        "evidence.json": canonical.dumps({"rows": 3}),
        "card.md": b"# Signals\n",
        "provenance.json": canonical.dumps({}),
        "sbom.cdx.json": canonical.dumps({"bomFormat": "CycloneDX"}),
    }
    file = tmp_path / "signals.seal"
    seal.write(file, seal.assemble(parts, name="s", version="1", task="regression", producer="tests", opsets={"": 21}))
    return file


def test_the_contract_requires_the_capability() -> None:
    assert CONTRACT.requires == ("type:tensor/1",)
    assert [(tensor.name, tensor.shape, tensor.fields) for tensor in CONTRACT.tensors] == [
        ("number", ("rows", 1), (1,)),
        ("tensor0", ("rows", 2, "length0"), (0,)),
        ("tensor2", ("rows", 3), (2,)),
    ]
    assert Contract.from_json(CONTRACT.as_json()) == CONTRACT
    with pytest.raises(ContractError, match="requires must list exactly"):
        Contract.from_json({**CONTRACT.as_json(), "requires": []})


def test_the_examples_come_out(path: Path) -> None:
    assert load(path).self_test().passed
    with load(path, limits=Limits()) as isolated:
        assert isolated.self_test().passed


@pytest.mark.parametrize("kind", ["dicts", "arrays", "columns", "pandas", "polars", "arrow"])
def test_rows_of_programs(path: Path, kind: str) -> None:
    arrays = [{**row, "signal": np.array(row["signal"])} for row in ROWS]
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    rows: Any = {
        "dicts": ROWS,
        "arrays": arrays,
        "columns": columns,
        "pandas": pd.DataFrame(arrays),
        "polars": pl.DataFrame(columns, strict=False),
        "arrow": pl.DataFrame(columns, strict=False).to_arrow(),
    }[kind]
    model = load(path)
    assert model.predict(rows)["value"].tolist() == EXPECTED
    for row, expected in zip(ROWS, EXPECTED, strict=True):
        for _ in range(3):  # of which the later ones have buffers of their own
            assert model.predict([row])["value"].tolist() == [expected]


def test_the_length_may_differ_between_calls_and_not_within_one(path: Path) -> None:
    model = load(path)
    longer = {"signal": np.ones((2, 5)), "gain": 1, "offset": None}
    assert model.predict([longer])["value"].tolist() == [10.0]
    assert model.predict(ROWS)["value"].tolist() == EXPECTED
    with pytest.raises(
        ContractError, match=r"differs from that of earlier rows; predict such rows separately"
    ) as caught:
        model.predict([*ROWS, longer])
    assert (caught.value.code, caught.value.where) == ("R102", "row 4")
    many = [ROWS[i % 3] for i in range(3000)]
    assert model.predict(many)["value"].tolist() == EXPECTED * 1000


def test_files(path: Path, tmp_path: Path) -> None:
    table, lines, answers = tmp_path / "rows.csv", tmp_path / "rows.jsonl", tmp_path / "answers.csv"
    texts = [{name: "" if value is None else json.dumps(value) for name, value in row.items()} for row in ROWS]
    broken = {"signal": "[[1,2],[3", "gain": "1", "offset": ""}
    pd.DataFrame([*texts, broken]).to_csv(table, index=False)
    lines.write_text("".join(json.dumps(row) + "\n" for row in [*ROWS, {**ROWS[0], "signal": [["1"], ["2"]]}]))
    for source in (table, lines):
        summary = batch.score(load(path), source, answers)
        assert (summary.rows, summary.refused) == (4, 1)
        answered = pd.read_csv(answers)
        assert answered["value"].tolist()[:3] == EXPECTED
        assert answered["error"][3].startswith('[R102] "signal" is ')
        assert "an array of numbers of the shape [2, length]" in answered["error"][3]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1, 2, 3, 4], "Its shape is [4]"),
        ([[1, 2, 3]], "Its shape is [1, 3]"),
        ([1, 2, None], ""),
        ([1, 2, "3"], ""),
        ([1, 2, [3]], ""),
        ([1, 2, np.inf], ""),
        ([1, 2, 10**400], ""),
        ([1, 2, 3j], ""),
        ([], ""),
        (5.0, ""),
        ("[1,2,3]", ""),
        ({"a": 1}, ""),
        ([[[[[[[[[[1]]]]]]]]]], ""),
        (np.array(["1", "2", "3"]), ""),
    ],
)
def test_what_is_no_array_of_the_shape(value: Any, message: str) -> None:
    rows = encode(CONTRACT, {"signal": [np.ones((2, 3))], "gain": [1.0], "offset": [value]})
    assert [(problem.code, problem.field) for problem in rows.problems] == [("R102", "offset")]
    assert "an array of numbers of the shape [3]." in rows.problems[0].message
    assert message in rows.problems[0].message


def test_a_missing_array() -> None:
    rows = encode(CONTRACT, {"signal": [None, np.ones((2, 3))], "gain": [1.0, 1.0], "offset": [None, float("nan")]})
    assert [(problem.row, problem.code, problem.field) for problem in rows.problems] == [(1, "R101", "signal")]
    assert np.isnan(rows.tensors["tensor2"]).all()
    assert rows.tensors["tensor0"].shape == (2, 2, 3)


@pytest.mark.parametrize(
    "dtype",
    [
        *("tensor", "tensor[]", "tensor[0]", "tensor[2,]", "tensor[a,a]", "tensor[2, 3]", "tensor[-1]", "tensor[A]"),
        *("tensor[9999999,9999999]", "tensor[1,1,1,1,1,1,1,1,1]", "tensor[3]]", "tensor[a][b]"),
    ],
)
def test_shapes_that_are_none(dtype: str) -> None:
    assert value_type(dtype) is None


@pytest.mark.parametrize("key", ["categories", "range", "observed", "typical", "true_as", "date_format"])
def test_what_an_array_does_not_have(key: str) -> None:
    value = {"typical": 1.0, "date_format": "%Y-%m-%d"}.get(key, [1.0, 2.0])
    with pytest.raises(ContractError) as caught:
        Field.from_json({"name": "x", "dtype": "tensor[2]", key: value})
    assert caught.value.code == "E106"


def test_a_deep_cell_is_read_without_recursion(path: Path, tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    table.write_text(f'signal,gain,offset\n"{"[" * 200_000}",1,\n')
    assert batch.score(load(path), table, tmp_path / "answers.csv").refused == 1


def test_a_graph_of_another_shape_is_refused(path: Path, tmp_path: Path) -> None:
    parts = {name: bytes(data) for name, data in seal.read(path).members.items() if name != "manifest.json"}
    inputs = (Field(name="signal", dtype="tensor[3,length]"), *CONTRACT.inputs[1:])
    contract = Contract(inputs=inputs, outputs=CONTRACT.outputs, task="regression")
    parts["contract.json"] = canonical.dumps(contract.as_json())
    file = tmp_path / "other.seal"
    seal.write(file, seal.assemble(parts, name="s", version="1", task="regression", producer="t", opsets={"": 21}))
    with pytest.raises(SealError, match="'tensor0' of the graph is declared with another type or shape") as caught:
        load(file)
    assert caught.value.code == "E209"


def test_the_schema_of_a_row() -> None:
    schema = CONTRACT.json_schema()
    jsonschema = pytest.importorskip("jsonschema", reason="validates rows by a schema")
    for row in ROWS:
        jsonschema.validate(row, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**ROWS[0], "signal": [[1, 2, 3]]}, schema)


def test_there_is_no_page_of_it(path: Path, tmp_path: Path) -> None:
    with pytest.raises(PageError, match="does not have what the model requires: type:tensor/1") as caught:
        build_page(path, tmp_path / "signals.html")
    assert caught.value.code == "E607"
