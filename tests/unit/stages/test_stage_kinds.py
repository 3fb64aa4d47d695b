"""Kinds of stages: known by their own folders alone, and open for those of other packages."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import sealift
from sealift import plugins
from sealift.contract import Contract, Field, Output, Stage, encode
from sealift.contract import stage as contract_stage
from sealift.contract.capabilities import capabilities, check_required
from sealift.contract.stage import StageOutput, stage_kinds
from sealift.errors import ContractError
from sealift.plugins import Plugins
from sealift.runtime import Engine
from sealift.stages import StageRun, Stages, StageType
from sealift.stages.text import text_stage

SOURCE = Path(sealift.__file__).parent
READERS = ("contract", "runtime", "seal", "batch", "targets", "cli")
# The list of what the page, a reader in another language, can do.
OF_THE_PAGE = SOURCE / "targets/page/capabilities.py"
# `counts` is a key of COCO's run lengths, too.
OF_COCO = SOURCE / "contract/outputs/mask.py"
FILES = [
    path for folder in READERS for path in sorted((SOURCE / folder).rglob("*.py")) if path not in (OF_THE_PAGE, OF_COCO)
]
assert len(FILES) > 80


def named(source: str) -> Iterator[str]:
    """Where a source imports the text stage, or names it or a tensor of it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sealift.stages."):
            yield f"line {node.lineno}: {node.module}"
        if isinstance(node, ast.Constant) and node.value in (
            "text/1",
            "stage:text/1",
            "terms",
            "counts",
            "image/1",
            "tokenizer/1",
            "stage:tokenizer/1",
            "input_ids",
            "attention_mask",
            "pixels",
            "geometry",
        ):
            yield f"line {node.lineno}: {node.value!r}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_readers_and_engines_know_no_kind_of_stage(path: Path) -> None:
    assert list(named(path.read_text(encoding="utf-8"))) == []


def test_the_test_itself() -> None:
    assert list(named("from sealift.stages.text import TextStage")) == ["line 1: sealift.stages.text"]
    assert list(named('x = "terms"')) == ["line 1: 'terms'"]
    assert list(named("from sealift.stages import Stages")) == []


def test_the_text_stage_brings_its_capability() -> None:
    assert "text/1" in stage_kinds()
    assert {f"stage:{kind}" for kind in stage_kinds()} == {name for name in capabilities() if name.startswith("stage:")}
    spec = {"analyzer": "whole", "ngrams": [1, 1], "hash": {"columns": 4, "signs": True}}
    contract = _contract(text_stage(0, spec))
    assert contract.requires == ("stage:text/1",)
    assert [tensor.name for tensor in contract.tensors] == ["text", "text_missing", "terms0", "counts0"]
    assert [tensor.shape for tensor in contract.tensors[2:]] == [("rows", "length0")] * 2


def _contract(*stages: Stage) -> Contract:
    return Contract(
        inputs=(Field(name="note", dtype="string", missing="allowed"),),
        outputs=(Output(name="value", kind="value", dtype="float64"),),
        task="regression",
        stages=stages,
    )


class LengthRun(StageRun):
    def __init__(self, stages: Mapping[int, Stage], columns: Mapping[int, int]) -> None:
        self._most = {k: (columns[stage.field], float(stage.spec["most"])) for k, stage in stages.items()}

    def pieces(self, tensors: Any) -> Iterator[Any]:
        made = {
            f"length{k}": np.array([[min(len(text), most)] for text in tensors["text"][:, column]], dtype=np.float64)
            for k, (column, most) in self._most.items()
        }
        yield {**tensors, **made}


class Length(StageType):
    """The number of characters of a text, of which `most` are counted."""

    name = "length"
    version = 2
    outputs = (StageOutput("length", "float64", (1,)),)

    def open(self, stages: Mapping[int, Stage], columns: Mapping[int, int], names: Sequence[str]) -> StageRun:
        if any(set(stage.spec) != {"most"} for stage in stages.values()):
            raise ContractError("E106", "A length stage has the key most.", fix="See its page.")
        return LengthRun(stages, columns)


@pytest.fixture
def with_lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("length", f"{__name__}:LENGTH", "sealift.stages")
    points = plugins.declared("sealift.stages")
    monkeypatch.setitem(globals(), "LENGTH", Length())
    monkeypatch.setattr(plugins, "declared", lambda group: [*points, point] if group == point.group else [])
    monkeypatch.setattr(contract_stage, "_kinds", Plugins("sealift.stages", "kind of stage"))


def test_an_unknown_kind_is_refused() -> None:
    raw = _contract().as_json()
    raw |= {"stages": [{"stage": "length/2", "fields": [0], "spec": {"most": 9}, "data": {}}]}
    with pytest.raises(ContractError, match=r"a capability that this program does not have: stage:length/2") as caught:
        Contract.from_json({**raw, "requires": ["stage:length/2"]})
    assert caught.value.code == "E107"
    with pytest.raises(ContractError, match='the kind "length/2" is not known') as caught:
        Contract.from_json(raw)
    assert caught.value.code == "E106"
    with pytest.raises(ContractError, match="stage:text/2") as caught:
        check_required(["stage:text/2"])
    assert caught.value.code == "E107"


@pytest.mark.usefixtures("with_lengths")
def test_a_kind_of_another_package_feeds_the_graph() -> None:
    spec = {"analyzer": "whole", "ngrams": [1, 1], "hash": {"columns": 4, "signs": True}}
    contract = _contract(Stage(0, {"most": 4}, "length/2"), text_stage(0, spec), Stage(0, {"most": 9}, "length/2"))
    assert contract.requires == ("stage:length/2", "stage:text/1")
    read = Contract.from_json(contract.as_json())
    assert read == contract
    stages = Stages.of(read)
    assert stages.made == {"length0", "terms1", "counts1", "length2"}
    rows = encode(contract, {"note": ["ab", None, "abcdef"]}).tensors
    (piece,) = stages.pieces(rows)
    assert piece["length0"].tolist() == [[2], [0], [4]]
    assert piece["length2"].tolist() == [[2], [0], [6]]
    assert piece["terms1"].shape == (3, 1)
    engine = Engine(_sum(contract, "length0", "length2"), stages=stages)
    assert engine.inputs == ["text", "text_missing"]
    assert engine.run(rows)["value"].tolist() == [4, 0, 10]


@pytest.mark.usefixtures("with_lengths")
def test_a_kind_says_what_is_malformed() -> None:
    with pytest.raises(ContractError, match="has the key most"):
        Stages.of(_contract(Stage(0, {"least": 4}, "length/2")))


def _sum(contract: Contract, first: str, second: str) -> bytes:
    """A graph that is fed as the contract says, and whose output is the sum of two columns (N, 1)."""
    elements = {"float64": TensorProto.DOUBLE, "int64": TensorProto.INT64, "bool": TensorProto.BOOL}
    inputs = [
        helper.make_tensor_value_info(
            tensor.name,
            elements.get(tensor.dtype, TensorProto.STRING),
            [None if isinstance(size, str) else size for size in tensor.shape],
        )
        for tensor in contract.tensors
    ]
    output = helper.make_tensor_value_info("value", TensorProto.DOUBLE, [None])
    flat = helper.make_tensor("flat", TensorProto.INT64, [1], [-1])
    nodes = [
        helper.make_node("Add", [first, second], ["sum"]),
        helper.make_node("Reshape", ["sum", "flat"], ["value"]),
    ]
    graph = helper.make_graph(nodes, "sum", inputs, [output], [flat])
    model: onnx.ModelProto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
    model.ir_version = 10
    return bytes(model.SerializeToString())
