"""What the proof runs in: the WebAssembly process is lost and restarted, asked for and lacking."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import sealift
import seals
from packs import member
from sealift.errors import PackError, SealiftError
from sealift.runtime.child import Child
from sealift.runtime.engines import wasm

X = np.random.default_rng(0).normal(size=(40, 2))
MODEL = LogisticRegression().fit(X, X[:, 0] > 0)
NEEDS_NODE = pytest.mark.skipif(wasm.node() is None, reason="needs Node and the page's program")
ROW = {
    "number": np.array([[61.5, 80.0]]),
    "text": np.array([["f"]], dtype=object),
    "text_missing": np.array([[False]]),
}


def pack(folder: Path, name: str = "m", **options: Any) -> Any:
    return sealift.pack(MODEL, X, name=name, output=folder / f"{name}.seal", **options)


def probability() -> float:
    with wasm.WasmEngine(seals.graph()) as engine:
        return float(engine.run(ROW, ["probability"])["probability"][0, 1])


@NEEDS_NODE
def test_the_process_has_a_session_of_its_own() -> None:
    process = wasm._host()._process
    assert os.getsid(process.pid) == process.pid != os.getsid(0)


@NEEDS_NODE
def test_an_interrupt_inside_a_call_spoils_no_later_one(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = probability()
    before = wasm._host()

    def interrupted(_: bytes) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        # The answer is on its way, and stays unread.
        patch.setattr("sealift.runtime.frames.receive", lambda *_, **__: interrupted(b""))
        with pytest.raises(KeyboardInterrupt):
            probability()
    assert not before.usable
    assert wasm._host() is not before
    assert probability() == expected


INTERRUPTED = """\
import os, signal, time
from sealift.runtime.engines import wasm
from sealift.runtime.child import Child
host = wasm._host()
signal.signal(signal.SIGINT, signal.SIG_IGN)
os.killpg(0, signal.SIGINT)  # as a terminal or a notebook sends it
time.sleep(0.5)
print(host.usable)
"""


@NEEDS_NODE
def test_an_interrupt_of_the_process_group_does_not_reach_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], start_new_session=True, capture_output=True, timeout=60, check=True
    )
    assert done.stdout == b"True\n"


@NEEDS_NODE
def test_a_process_that_ended_is_started_again(tmp_path: Path) -> None:
    first = pack(tmp_path)
    wasm._host()._process.send_signal(signal.SIGKILL)
    wasm._host()._process.wait()
    again = pack(tmp_path)
    assert again.identity == first.identity
    assert again.report.engines["webassembly"].startswith("onnxruntime-web ")


@NEEDS_NODE
def test_a_process_that_ends_during_the_proof_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = pack(tmp_path)
    ask = Child.ask
    killed: list[Any] = []

    def dying(host: Any, header: dict[str, Any], parts: Any, **limits: Any) -> Any:
        if header["op"] == "run" and len(killed) < times:
            killed.append(host)
            host._process.kill()
            host._process.wait()
        return ask(host, header, parts, **limits)

    monkeypatch.setattr(Child, "ask", dying)
    times = 1
    again = pack(tmp_path)
    assert (again.identity, len(killed)) == (first.identity, 1)
    times = 3
    with pytest.raises(PackError) as caught:
        pack(tmp_path, "other")
    assert caught.value.code == "E310"
    assert not (tmp_path / "other.seal").exists()


@NEEDS_NODE
def test_a_forked_process_does_not_close_the_host() -> None:
    expected = probability()
    host = wasm._host()
    child = os.fork()
    if child == 0:
        host.close()
        os._exit(0 if not host.usable and wasm._host() is not host else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert probability() == expected
    assert wasm._host() is host


def test_threads_share_one_process() -> None:
    if wasm.node() is None:
        pytest.skip("needs Node")
    sentences: list[float] = []
    threads = [threading.Thread(target=lambda: sentences.append(probability())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(set(sentences)) == 1
    assert len(sentences) == 4


def test_engines_fix_the_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_node = pack(tmp_path, proof=sealift.ProofOptions(engines=("native",)))
    monkeypatch.setattr(wasm, "node", lambda: None)
    without = pack(tmp_path, proof=sealift.ProofOptions(engines=("native",)))
    assert with_node.identity == without.identity
    assert without.report.engines["webassembly"] == "not asked for"
    assert not any("identity" in note for note in without.notes)
    automatic = pack(tmp_path)
    assert automatic.identity != without.identity
    assert any("give another identity" in note for note in automatic.notes)
    assert not any("identity" in note for note in member(automatic, "evidence.json")["notes"])


def test_a_requested_proof_that_cannot_run_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wasm, "node", lambda: None)
    with pytest.raises(PackError) as caught:
        pack(tmp_path, proof=sealift.ProofOptions(engines=("native", "wasm")))
    assert caught.value.code == "E310"

    def broken(*_: Any) -> Any:
        raise SealiftError("E207", "no such operator", fix="")

    monkeypatch.setattr(wasm, "node", lambda: "node")
    monkeypatch.setattr(wasm, "WasmEngine", broken)
    with pytest.raises(SealiftError):
        pack(tmp_path, proof=sealift.ProofOptions(engines=("native", "wasm")))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("engines", ["native", (), ("wasm",), ("native", "gpu"), 3, ("native", 1)])
def test_engines_that_are_not_known(tmp_path: Path, engines: Any) -> None:
    with pytest.raises(PackError) as caught:
        pack(tmp_path, proof=sealift.ProofOptions(engines=engines))
    assert caught.value.code == "E304"


def test_node_runs_in_its_own_session(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def run(*_: Any, **options: Any) -> Any:
        seen.update(options)
        raise OSError

    monkeypatch.setattr("sealift.runtime.engines.wasm.subprocess.run", run)
    assert wasm._major(f"nowhere-{time.monotonic()}") == 0
    assert seen["start_new_session"] is True
