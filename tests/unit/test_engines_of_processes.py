"""Engines that run a graph in another process: what they send, and what they accept as an answer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import seals
from sealift.errors import LimitError, SealError
from sealift.runtime import Limits, isolated, worker
from sealift.runtime.child import LostError
from sealift.runtime.engine import Engine
from sealift.runtime.engines import wasm
from sealift.runtime.frames import as_parts
from sealift.runtime.isolated import IsolatedEngine, confined, open_engine
from sealift.runtime.weights import Weights

ROW = {
    "number": np.array([[61.5, 80.0]]),
    "text": np.array([["f"]], dtype=object),
    "text_missing": np.array([[False]]),
}
ANSWERS = {"label": np.array([1]), "probability": np.array([[0.25, 0.75]])}
LIMITS = Limits(seconds=3, memory=2, load_seconds=5)


class Process:
    """A child process: answers requests by `change`, and keeps what it was asked."""

    usable = True

    def __init__(self, change: Callable[[dict[str, Any]], Any] = lambda header: None) -> None:
        self.change = change
        self.asked: list[tuple[dict[str, Any], list[bytes], dict[str, Any]]] = []
        self.closed = False

    def __call__(self, command: Sequence[str], *, memory: int | None = None) -> Process:
        self.command, self.memory = command, memory
        return self

    def ask(self, header: dict[str, Any], parts: Sequence[Any] = (), **limits: Any) -> Any:
        self.asked.append((header, [bytes(part) for part in parts], limits))
        changed = self.change(header)
        if isinstance(changed, Exception):
            raise changed
        if changed is not None:
            return changed
        if header["op"] != "run":
            return {"inputs": list(ROW), "outputs": list(ANSWERS)}, b""
        described, body = as_parts(ANSWERS)
        return {"arrays": described, "outputs": described}, b"".join(map(bytes, body))

    def close(self) -> None:
        self.closed = True


WEIGHTS = Weights(
    {"w": np.arange(3.0), "v": np.arange(2, dtype=np.float32)},
    shared=True,
    members={"weights/a": b"123", "weights/b": b"4"},
)


def started(monkeypatch: pytest.MonkeyPatch, process: Process, **options: Any) -> IsolatedEngine:
    monkeypatch.setattr(isolated, "Child", process)
    return IsolatedEngine(b"graph", limits=LIMITS, **options)


def error(engine: IsolatedEngine) -> SealError:
    with pytest.raises(SealError) as caught:
        engine.run(ROW)
    return caught.value


def test_a_graph_is_loaded_with_its_weights_and_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process()
    engine = started(monkeypatch, process, threads=2, weights=WEIGHTS, declared=seals.CONTRACT.outputs)
    header, parts, limits = process.asked[0]
    assert (header["op"], header["graph"], header["threads"], header["shared"]) == ("load", 5, 2, True)
    assert parts == [b"graph", WEIGHTS.arrays["w"].tobytes(), WEIGHTS.arrays["v"].tobytes()]
    assert [(item["name"], item["dtype"], item["size"]) for item in header["weights"]] == [
        ("w", "float64", 24),
        ("v", "float32", 8),
    ]
    assert header["declared"] == [output.as_json() for output in seals.CONTRACT.outputs]
    assert limits == {"seconds": 5.0, "until": None, "largest": 2_000_000_000}
    assert process.memory == 2_000_000_000
    assert (engine.inputs, engine.outputs) == (list(ROW), list(ANSWERS))
    without = Process()
    started(monkeypatch, without)
    assert (without.asked[0][1], without.asked[0][0]["weights"]) == ([b"graph"], [])


def test_rows_are_answered_within_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process()
    answers = started(monkeypatch, process, declared=seals.CONTRACT.outputs).run(ROW)
    assert {name: array.tolist() for name, array in answers.items()} == {"label": [1], "probability": [[0.25, 0.75]]}
    header, _, limits = process.asked[1]
    assert (header["op"], header["outputs"], limits["seconds"]) == ("run", list(ANSWERS), 3.0)
    assert limits["largest"] == 2_000_000_000
    until = Process()
    started(monkeypatch, until, until=1234.5).run(ROW)
    assert [(limits["seconds"], limits["until"]) for _, _, limits in until.asked] == [(5.0, 1234.5)] * 2


def run(answer: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda header: answer if header["op"] == "run" else None


@pytest.mark.parametrize(
    "answer",
    [
        ({"arrays": [{"name": "label"}]}, b""),
        ({}, b""),
        ({"arrays": as_parts({"probability": ANSWERS["probability"]})[0]}, bytes(16)),
        ({"arrays": as_parts({"label": np.array([1, 0]), "probability": ANSWERS["probability"]})[0]}, bytes(32)),
        ({"arrays": as_parts({"label": np.array([1.0]), "probability": ANSWERS["probability"]})[0]}, bytes(24)),
    ],
)
def test_answers_that_do_not_fit_are_refused(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    caught = error(started(monkeypatch, Process(run(answer)), declared=seals.CONTRACT.outputs))
    assert caught.code == "E209"
    assert caught.fix


def test_errors_of_the_process_are_raised_here(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = Process(run(({"error": SealError("E207", "no such operator", fix="none").as_dict()}, b"")))
    caught = error(started(monkeypatch, refused))
    assert (caught.code, caught.what, refused.closed) == ("E207", "no such operator", False)
    greedy = Process(run(({"error": LimitError("E210", "too much", fix="none").as_dict()}, b"")))
    caught = error(started(monkeypatch, greedy))
    assert (caught.code, type(caught), greedy.closed) == ("E210", LimitError, True)


@pytest.mark.parametrize(("killed", "code"), [(False, "E207"), (True, "E210")])
def test_a_process_that_ends(killed: bool, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = LostError("E207", "it ended", fix="none")
    lost.killed = killed
    process = Process(run(lost))
    engine = started(monkeypatch, process)
    assert error(engine).code == code
    engine.close()
    assert process.closed
    assert "closed" in error(engine).what


def test_graphs_are_isolated_within_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process()
    monkeypatch.setattr(isolated, "Child", process)
    assert isinstance(open_engine(seals.graph()), Engine)
    with confined(None):
        assert isinstance(open_engine(seals.graph()), Engine)
    with confined(LIMITS):
        assert isinstance(open_engine(b"graph"), IsolatedEngine)
    assert isinstance(open_engine(seals.graph()), Engine)
    assert len(process.asked) == 1


@pytest.mark.parametrize(
    ("raised", "code", "what"),
    [
        (SealError("E209", "another shape", fix="none"), "E209", "another shape"),
        (MemoryError(), "E210", "needs more memory"),
        (RuntimeError("no \n such  operator"), "E207", "on this machine: RuntimeError: no such operator."),
        (ValueError("x" * 400), "E207", "on this machine: ValueError: " + "x" * 288 + "."),
    ],
)
def test_errors_within_the_process_have_a_code(raised: Exception, code: str, what: str) -> None:
    coded = worker._coded(raised)
    assert coded.code == code
    assert what in coded.what
    assert coded.fix


def test_what_a_library_prints_does_not_reach_the_answers() -> None:
    program = """
import os, sys
from sealift.runtime import worker
requests, answers = worker._streams()
os.write(1, b"printed by a library")
print("printed by Python", flush=True)
answers.write(requests.read() + os.read(0, 9))
answers.flush()
"""
    done = subprocess.run([sys.executable, "-c", program], input=b"asked", stdout=subprocess.PIPE, check=True)
    assert done.stdout == b"asked"


# WebAssembly.


def wasm_engine(monkeypatch: pytest.MonkeyPatch, process: Process, weights: Weights | None = None) -> wasm.WasmEngine:
    monkeypatch.setattr(wasm, "_host", lambda: process)
    return wasm.WasmEngine(b"graph", None, weights)


def test_a_graph_in_webassembly(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process()
    with wasm_engine(monkeypatch, process, WEIGHTS) as engine:
        answers = engine.run(ROW, list(ANSWERS))
    assert {name: array.tolist() for name, array in answers.items()} == {"label": [1], "probability": [[0.25, 0.75]]}
    (load, parts, first), (asked, _, second), (drop, _, _) = process.asked
    assert (load["op"], load["graph"], parts) == ("load", 5, [b"graph", b"123", b"4"])
    assert load["weights"] == [{"path": "weights/a", "size": 3}, {"path": "weights/b", "size": 1}]
    assert (asked["op"], asked["outputs"]) == ("run", list(ANSWERS))
    assert (drop["op"], {load["id"], asked["id"], drop["id"]}) == ("drop", {load["id"]})
    assert first["seconds"] is second["seconds"] is None
    with confined(LIMITS), wasm_engine(monkeypatch, process) as engine:
        engine.run(ROW, list(ANSWERS))
    assert [limits["seconds"] for _, _, limits in process.asked[3:5]] == [5.0, 3.0]
    assert process.asked[3][0]["id"] != load["id"]


def test_errors_of_webassembly(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SealError, match="cannot be run in WebAssembly: no such operator") as caught:
        wasm_engine(monkeypatch, Process(lambda header: ({"error": "no such\noperator"}, b"")))
    assert caught.value.code == "E207"
    with pytest.raises(LostError, match="perhaps for lack of memory"):
        wasm_engine(monkeypatch, Process(lambda header: LostError("E207", "it ended", fix="")))
    monkeypatch.setattr(wasm, "_LARGEST", 4)
    with pytest.raises(SealError, match="larger than 300 MB"):
        wasm_engine(monkeypatch, Process())


@pytest.mark.parametrize(("printed", "major"), [("v20.1.0\n", 20), ("v18.0.0\n", 18), ("nothing\n", 0), ("", 0)])
def test_the_version_of_node(printed: str, major: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def ran(command: list[str], *, text: bool = False, **_: Any) -> Any:
        return subprocess.CompletedProcess(command, 0, printed if text else printed.encode())

    monkeypatch.setattr("sealift.runtime.engines.wasm.subprocess.run", ran)
    wasm._major.cache_clear()
    assert wasm._major("node") == major
    monkeypatch.setattr("sealift.runtime.engines.wasm.shutil.which", lambda name: "node")
    for there in (True, False):
        monkeypatch.setattr(
            wasm, "engine_files", lambda there=there: [type("File", (), {"is_file": lambda _: there})()]
        )
        assert wasm.node() == ("node" if major >= 20 and there else None)
    monkeypatch.setattr("sealift.runtime.engines.wasm.shutil.which", lambda name: None)
    assert wasm.node() is None
    wasm._major.cache_clear()
