"""How the answers of two versions are compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import seals
from sealift import load
from sealift.contract import columns_of, encode
from sealift.serve.calls import Call
from sealift.serve.decoded import columns_of_tensors
from sealift.serve.plane import ModelRoute, Plane
from sealift.serve.served import ServedModel
from sealift.serve.traffic.shadow import Comparison, ShadowMemory, ShadowObserver, compare
from sealift.serve.traffic.split import Split
from sealift.serve.traffic.state import Version

ROWS: list[dict[str, Any]] = [
    {"age": 30.0, "weight": 80.0, "sex": "f"},
    {"age": None, "weight": 60.0, "sex": "m"},
    {"age": 45.0, "weight": 70.0, "sex": "f"},
]


def served(folder: Path, version: str, bias: float) -> ServedModel:
    model = ServedModel("tiny", load(seals.write(folder / f"{version}.seal", version=version, bias=bias)))
    model.prepare()
    return model


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> tuple[ServedModel, ServedModel]:
    folder = tmp_path_factory.mktemp("seals")
    return served(folder, "1", -0.7), served(folder, "2", 0.2)


def compared(live: ServedModel, shadow: ServedModel, rows: list[dict[str, Any]]) -> Comparison:
    answered = live.answer(rows)
    comparison = Comparison()
    columns = columns_of_tensors(live.contract, answered.batch.tensors, len(answered.batch))
    compare(comparison, live, columns, answered.batch.good, answered.outputs, shadow)
    return comparison


def test_values_come_back_from_tensors() -> None:
    tensors = encode(seals.CONTRACT, columns_of(seals.CONTRACT, ROWS)).tensors
    columns = columns_of_tensors(seals.CONTRACT, tensors, len(ROWS))
    assert columns == {name: [row[name] for row in ROWS] for name in ("age", "weight", "sex")}


def test_the_same_version_never_differs(versions: tuple[ServedModel, ServedModel]) -> None:
    comparison = compared(versions[0], versions[0], ROWS)
    assert (comparison.rows, comparison.differing, comparison.refused) == (3, 0, 0)
    assert comparison.as_dict()["distance"]["probability"] == {"mean": 0.0, "largest": 0.0}


def test_rows_with_another_label_are_counted_by_segment(versions: tuple[ServedModel, ServedModel]) -> None:
    comparison = compared(*versions, ROWS)
    before = [seals.risk(row["age"], row["weight"], row["sex"], -0.7) for row in ROWS]
    after = [seals.risk(row["age"], row["weight"], row["sex"], 0.2) for row in ROWS]
    differs = [(a >= 0.5) != (b >= 0.5) for a, b in zip(before, after, strict=True)]
    assert 0 < sum(differs) < 3
    assert comparison.differing == sum(differs)
    apart = np.abs(np.subtract(before, after))
    distance = comparison.as_dict()["distance"]["probability"]
    assert distance["mean"] == pytest.approx(apart.mean(), rel=1e-9)
    assert distance["largest"] == pytest.approx(apart.max(), rel=1e-9)
    assert comparison.segments["sex"] == {"f": [2, differs[0] + differs[2]], "m": [1, differs[1]]}


def test_bad_rows_are_left_out(versions: tuple[ServedModel, ServedModel]) -> None:
    comparison = compared(*versions, [*ROWS, {"age": 500.0, "weight": 70.0, "sex": "f"}])
    assert comparison.rows == 3


def test_only_models_with_shadows_are_copied_and_a_full_ring_drops(versions: tuple[ServedModel, ServedModel]) -> None:
    live, shadow = versions
    plane = Plane([live])
    memory = ShadowMemory(1)
    observer = ShadowObserver(memory.rings[0], plane)

    def ask(count: int) -> None:
        call = Call(live, "predict", {})
        call.answer(ROWS * count)
        observer.observe(call)

    ask(1)
    assert memory.rings[0].put_count == 0
    version = Version(shadow.version, shadow.model.identity, "2.seal")
    both = {live.version: live, shadow.version: shadow}
    plane.set_route(ModelRoute("tiny", both, Split.all_to("1"), [(version, 7)]))
    ask(1)
    assert memory.rings[0].put_count == 1
    for _ in range(400):
        ask(200)
    assert memory.dropped > 0
    memory.count(7, 2, 5)
    assert memory.compared(7) == (2, 5)
