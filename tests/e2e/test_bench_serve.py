"""bench.serve: a server of its list, loaded by wrk, and the figures that come back."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench.serve.batches import forms
from bench.serve.environments import NotInstalledError, environment
from bench.serve.load import Load, Work, load
from bench.serve.models import Prepared
from bench.serve.peers import PEERS
from bench.serve.running import DidNotStartError
from bench.serve.session import Machine
from bench.serve.single import Measured, lines, measure

import seals

SEALIFT = next(peer for peer in PEERS if peer.name == "sealift")
pytestmark = pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed: tools/setup.sh wrk")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Rows of the sealed model of the tests, under the name of the benchmark's model."""
    folder = tmp_path_factory.mktemp("numeric")
    seals.write(folder / "model.seal")
    (folder / "serve.toml").write_text('[[models]]\nfile = "model.seal"\nname = "bench"\n[records]\n')
    rows: list[dict[str, Any]] = [{"age": 20.0 + at, "weight": 80.5, "sex": "fm"[at % 2]} for at in range(64)]
    risks = np.array([seals.risk(row["age"], row["weight"], row["sex"]) for row in rows])
    return Prepared(folder, rows, np.stack([1 - risks, risks], axis=1))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path, {"sealift": Path(sys.prefix)})


def test_a_server_is_measured(machine: Machine, prepared: Prepared) -> None:
    results = measure(machine, [SEALIFT], prepared, 1, 1)
    measured = results[SEALIFT]
    assert measured.apart < 1e-9
    assert measured.labels == 0
    assert measured.starts[0] > 0
    assert measured.memory[0] > 10e6
    assert {connections: len(loads) for connections, loads in measured.loads.items()} == {1: 1, 8: 1, 64: 1, 256: 1}
    assert all(one.requests and not one.errors and one.p50 <= one.p99 for (one,) in measured.loads.values())
    assert "| Sealift | " in lines(results)[2]


def test_errors_and_other_answers_are_counted(machine: Machine, prepared: Prepared) -> None:
    work = SEALIFT.work(prepared, 2)
    with machine.started(SEALIFT, prepared.folder, work) as server:
        assert json.loads(server.ask(work))["model"] == "bench"
        unknown = load(server.port, replace(work, path="/v1/models/unknown/predict"), 2, 1)
        both = load(server.port, Work(work.path, work.headers, [*work.bodies, b"{"]), 2, 1)
        with pytest.raises(ValueError, match=r"^404"):
            server.ask(replace(work, path="/v1/models/unknown/predict"))
    assert unknown.errors == unknown.requests > 0
    assert 0 < both.errors < both.requests
    wrong = replace(prepared, expected=prepared.expected[:, ::-1].copy())
    assert measure(machine, [SEALIFT], wrong, 1, 1)[SEALIFT].labels == len(prepared.rows)


def test_a_server_that_does_not_start_is_left_out(machine: Machine, prepared: Prepared) -> None:
    (machine.folder / "serve.toml").write_text("[server]\nunknown = 1\n")
    broken = replace(prepared, folder=machine.folder)
    assert measure(machine, [SEALIFT], broken, 1, 1) == {}
    assert "E709" in machine.skipped["Sealift"]
    with pytest.raises(DidNotStartError), machine.started(SEALIFT, machine.folder, SEALIFT.work(prepared, 1)):
        pass


def test_peers_have_requirements_without_cuda(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for peer in PEERS:
        if peer.name != "sealift":
            assert "==" in (Path("bench/serve/requirements") / f"{peer.environment}.txt").read_text()
    (tmp_path / "cuda.txt").write_text("nvidia-cublas==13.0\n")
    monkeypatch.setattr("bench.serve.environments._REQUIREMENTS", tmp_path)
    with pytest.raises(NotInstalledError, match="CUDA"):
        environment("cuda")


def test_a_table_without_sealift_has_no_ratios() -> None:
    other = replace(SEALIFT, name="other", title="Other")
    measured = Measured([1.0], [10**6], {c: [] for c in (1, 8, 64, 256)})
    for loads in measured.loads.values():
        loads.append(load_of(100.0))
    assert lines({other: measured})[2].endswith("| – |")
    ours = replace(measured, loads={c: [load_of(300.0)] for c in (1, 8, 64, 256)})
    assert lines({SEALIFT: ours, other: measured})[3].endswith("| 3.0 × |")


def load_of(rate: float) -> Load:
    return Load(rate, 1.0, 2.0, 0, 10)


def test_forms_of_many_rows(prepared: Prepared) -> None:
    by_title = {form.title: form.work for form in forms(SEALIFT, replace(prepared, rows=[{"x": 1.0, "y": 2.0}] * 3))}
    assert set(by_title) == {"JSON, objects", "JSON, lists", "JSON, columns", "Arrow", "V2, binary"}
    head = int(by_title["V2, binary"].headers["Inference-Header-Content-Length"])
    assert by_title["V2, binary"].bodies[0][head:] == np.array([[1.0, 2.0]] * 3).tobytes()
