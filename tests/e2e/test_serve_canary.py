"""Canaries that are made bad on purpose return to the version before by themselves, and no caller sees a failure."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import seals
from loads import Load, sealift
from sealift import canonical, seal
from servers import serving

ROW = {"age": 61.5, "weight": 80, "sex": "f"}
PATH = "/v1/models/tiny/predict"
SIZE = 512


def contract_with(unknown: Any) -> Any:
    *others, sex = seals.CONTRACT.inputs
    return dataclasses.replace(seals.CONTRACT, inputs=(*others, dataclasses.replace(sex, unknown=unknown)))


def write(path: Path, version: str, *, bias: float = seals.BIAS, unknown: str = "allowed", slow: bool = False) -> Path:
    """A version of the tiny model, whose contract also allows or refuses other values of `sex`."""
    contract = contract_with(unknown)
    members = seals.members(contract=contract, version=version, bias=bias)
    model = onnx.load_from_string(members["model.onnx"])
    if slow:
        slow_down(model)
    helper.set_model_props(model, {"sealift.contract": canonical.dumps(contract.as_json()).decode()})
    members["model.onnx"] = model.SerializeToString()
    parts = {name: data for name, data in members.items() if name != "manifest.json"}
    seal.write(path, seal.assemble(parts, name="tiny", version=version, task="classification", producer="tests",
                                   opsets={"": 21}))  # fmt: skip
    return path


def slow_down(model: onnx.ModelProto) -> None:
    """Add products of large matrices to the graph, whose result is multiplied by 0."""
    square = np.random.default_rng(0).normal(size=(SIZE, SIZE)) / SIZE
    constants = {"start": np.ones((2, SIZE)), "square": square, "zero": np.zeros((1, 1))}
    model.graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in constants.items())
    made = [helper.make_node("MatMul", ["filled", "start"], ["v0"])]
    made = [*made, *(helper.make_node("MatMul", [f"v{n}", "square"], [f"v{n + 1}"]) for n in range(60))]
    made.append(helper.make_node("ReduceSum", ["v60"], ["summed"], keepdims=1))
    made.append(helper.make_node("Mul", ["summed", "zero"], ["nothing"]))
    made.append(helper.make_node("Add", ["sum", "nothing"], ["slow_sum"]))
    nodes = list(model.graph.node)
    at = next(i for i, node in enumerate(nodes) if "sum" in node.input)
    nodes[at].input[list(nodes[at].input).index("sum")] = "slow_sum"
    del model.graph.node[:]
    model.graph.node.extend([*nodes[:at], *made, *nodes[at:]])


@pytest.mark.parametrize(
    ("bad", "options", "row", "reason"),
    [
        ({"unknown": "refused"}, [], {**ROW, "sex": "x"}, "had an error"),
        ({"slow": True}, ["--max-latency", "3"], ROW, "99th percentile"),
        ({"bias": -6.0}, ["--max-disagreement", "0.05"], ROW, "answers differ"),
    ],
    ids=["errors", "latency", "wrong answers"],
)
def test_a_bad_canary_is_rolled_back(
    tmp_path: Path, bad: dict[str, Any], options: list[str], row: dict[str, Any], reason: str
) -> None:
    (tmp_path / "deployment.toml").write_text(f'[[models]]\nfile = "{write(tmp_path / "good.seal", "1").name}"\n')
    canary = write(tmp_path / "bad.seal", "2", **bad)
    with serving(str(tmp_path / "deployment.toml")) as server:
        with Load(server, path=PATH, row=json.dumps(row).encode(), refused=422) as load:
            deploy = ("deploy", str(canary), "--canary", "0.3", "--window", "600", "--least", "100", *options)
            assert sealift(*deploy, server=server)[0] == 0
            until = time.monotonic() + 90
            while sealift("status", server=server)[1]["models"][0].get("canary"):
                assert time.monotonic() < until, "the trial does not end"
                time.sleep(0.5)
            done = time.monotonic()
            time.sleep(0.5)
            assert set(load.since(done)) == {"1"}
        assert load.failures == []
    history = [json.loads(line) for line in (tmp_path / "deployment.state" / "history.jsonl").read_text().splitlines()]
    assert history[-1]["action"] == "rollback"
    assert reason in history[-1]["reason"]


def test_a_version_that_refuses_rows_gets_its_share_of_them(tmp_path: Path) -> None:
    """The shortest path cannot answer such rows; the general path must not choose a version again."""
    write(tmp_path / "one.seal", "1")
    write(tmp_path / "two.seal", "2", unknown="refused")
    models = "".join(f'[[models]]\nfile = "{name}.seal"\nweight = 50\n' for name in ("one", "two"))
    (tmp_path / "deployment.toml").write_text(models)
    row = json.dumps({**ROW, "sex": "x"}).encode()
    with serving(str(tmp_path / "deployment.toml")) as server, Load(server, path=PATH, row=row, refused=422) as load:
        while len(load.versions) < 1000:
            time.sleep(0.05)
        counts = load.since(0)
    assert abs(counts["2"] / counts.total() - 0.5) < 0.1  # six standard deviations
