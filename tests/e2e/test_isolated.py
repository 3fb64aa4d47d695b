"""`sealift.load(path, isolated=True)`: the same answers, from a process with limits."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

import sealift
from hostile_models import LARGE, SLOW, large, large_graph, sealed, slow
from sealift import Limits
from sealift.errors import SealError
from sealift.runtime import IsolatedEngine, SealedModel, isolated

ROW = {"age": 61.5, "weight": 80.0, "sex": "f"}


def process_of(model: SealedModel) -> psutil.Process:
    assert isinstance(model.engine, IsolatedEngine)
    assert model.engine._child is not None
    return psutil.Process(model.engine._child._process.pid)


def ends(process: psutil.Process) -> bool:
    try:
        process.wait(10)
    except psutil.TimeoutExpired:
        return False
    return True


@pytest.fixture
def model(tiny: Path) -> Iterator[SealedModel]:
    with sealift.load(tiny, isolated=True) as opened:
        yield opened


@pytest.fixture
def sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the system has no limit of memory: what bounds it are the samples alone."""
    monkeypatch.setattr(isolated, "_exact", False)


def test_the_answers_are_those_of_this_process(model: SealedModel, tiny: Path) -> None:
    here = sealift.load(tiny)
    for rows in (ROW, [ROW] * 5000):
        expected, answers = here.predict(rows), model.predict(rows)
        assert list(answers) == list(expected)
        for name, array in expected.items():
            assert answers[name].dtype == array.dtype
            assert answers[name].tobytes() == array.tobytes()
            assert answers[name].flags.writeable
    assert model.self_test().passed
    assert process_of(model).pid != os.getpid()
    assert os.getpgid(process_of(model).pid) != os.getpgid(0)


def test_by_default_the_graph_runs_in_this_process(tiny: Path) -> None:
    assert not isinstance(sealift.load(tiny).engine, IsolatedEngine)
    with sealift.load(tiny, limits=Limits(memory=1)) as limited:
        assert isinstance(limited.engine, IsolatedEngine)


def test_errors_are_those_of_this_process(tiny: Path, model: SealedModel) -> None:
    for each in (model, sealift.load(tiny)):
        with pytest.raises(SealError, match="E207"):
            each.engine.run({"number": np.zeros((1, 2))})
    assert model.predict(ROW)["label"].shape == (1,)


@pytest.mark.usefixtures("sampled")
def test_a_slow_model_is_ended_by_the_watching_thread(tmp_path: Path) -> None:
    with sealift.load(slow(tmp_path / "h.seal", 5.0), limits=Limits(seconds=1, memory=4)) as opened:
        assert opened.predict({"x": 5.0})["value"].tolist() == [5.0]
        before, begun = process_of(opened), time.monotonic()
        with pytest.raises(SealError, match=r"E210.*within 1 seconds"):
            opened.predict({"x": SLOW})
        assert time.monotonic() - begun < 20
        assert ends(before)
        assert opened.predict({"x": 7.0})["value"].tolist() == [7.0]
        assert process_of(opened).pid != before.pid


@pytest.mark.usefixtures("sampled")
def test_a_large_model_is_ended_by_the_watching_thread(tmp_path: Path) -> None:
    file = sealed(tmp_path / "h.seal", large_graph(800_000_000), 5.0)  # 6.4 GB, which this machine may well have
    with sealift.load(file, limits=Limits(seconds=60, memory=0.5)) as opened:
        assert opened.predict({"x": 5.0})["value"].tolist() == [5.0]
        before = process_of(opened)
        with pytest.raises(SealError, match=r"E210.*(more than 0.5 GB|more memory than)"):
            opened.predict({"x": LARGE})
        assert ends(before)
        assert opened.predict({"x": 7.0})["value"].tolist() == [7.0]


def test_the_systems_limit_of_memory(tmp_path: Path) -> None:
    with sealift.load(large(tmp_path / "h.seal", 5.0), limits=Limits(memory=2)) as opened:
        with pytest.raises(SealError, match="E210"):
            opened.predict({"x": LARGE})
        assert opened.predict({"x": 7.0})["value"].tolist() == [7.0]


def test_a_process_that_ends_by_itself_is_started_again(model: SealedModel) -> None:
    model.predict(ROW)
    process = process_of(model)
    process.kill()
    assert ends(process)
    assert model.predict(ROW)["label"].shape == (1,)
    assert process_of(model).pid != process.pid


def test_closing_ends_the_process(tiny: Path) -> None:
    for _ in range(2):
        with sealift.load(tiny, isolated=True, warm=True) as opened:
            process = process_of(opened)
        opened.close()
        assert not process.is_running()
        with pytest.raises(SealError, match="closed"):
            opened.predict(ROW)


def test_a_model_in_this_process_is_closed_alike(tiny: Path) -> None:
    with sealift.load(tiny) as opened:
        opened.predict(ROW)
    with pytest.raises(SealError, match="closed"):
        opened.predict(ROW)


@pytest.fixture(autouse=True)
def earlier() -> None:
    """The child processes that other tests left running for their next proof."""
    EARLIER[:] = psutil.Process().children()


EARLIER: list[psutil.Process] = []


def workers() -> list[psutil.Process]:
    """The child processes that this test started and that still run."""
    return [child for child in psutil.Process().children() if child not in EARLIER]


def test_collection_ends_the_process_and_leaks_nothing(tiny: Path) -> None:
    def files_open() -> int:
        return psutil.Process().num_fds()

    opened = sealift.load(tiny, isolated=True)
    opened.predict(ROW)
    process = process_of(opened)
    del opened
    gc.collect()
    assert ends(process)
    before = files_open()
    for _ in range(3):
        with sealift.load(tiny, isolated=True) as opened:
            opened.predict(ROW)
    assert files_open() <= before
    assert workers() == []


def test_a_close_from_another_thread_ends_a_call(tmp_path: Path) -> None:
    opened = sealift.load(slow(tmp_path / "h.seal", 5.0), isolated=True, warm=True)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(opened.predict, {"x": SLOW})
        time.sleep(0.5)
        opened.close()
        with pytest.raises(SealError, match="closed"):
            call.result(30)


def test_threads_share_one_process(model: SealedModel, tiny: Path) -> None:
    rows = [{"age": float(age), "weight": 80.0, "sex": "f"} for age in range(60)]
    here = sealift.load(tiny)
    expected = [here.predict(row)["probability"].tobytes() for row in rows]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda row: model.predict(row)["probability"].tobytes(), rows))
    assert answers == expected
    assert len(workers()) == 1


FORKED = """\
import os, sys, warnings, sealift, threading, time
warnings.simplefilter("ignore")
row = {"age": 61.5, "weight": 80.0, "sex": "f"}
model = sealift.load(sys.argv[1], isolated=True)
expected = model.predict(row)["probability"].tolist()
pid = model.engine._child._process.pid
held = threading.Thread(target=lambda: [model.predict(row) for _ in range(2000)])
held.start()  # so that the lock is held when the process forks
child = os.fork()
if child == 0:
    same = model.predict(row)["probability"].tolist() == expected and model.engine._child._process.pid != pid
    model.close()
    os._exit(0 if same else 1)
assert os.waitpid(child, 0)[1] == 0
held.join()
assert model.predict(row)["probability"].tolist() == expected and model.engine._child._process.pid == pid
print("ok")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_forked_process_starts_its_own(tiny: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKED, str(tiny)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout == "ok\n", done.stderr


KILLED = """\
import os, sys, sealift, threading, time
model = sealift.load(sys.argv[1], isolated=True, warm=True)
print(model.engine._child._process.pid, flush=True)
threading.Thread(target=model.predict, args=({"x": float(sys.argv[2])},), daemon=True).start()
time.sleep(1)
os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("x", [5.0, SLOW])
def test_the_process_ends_with_this_one_even_while_it_computes(x: float, tmp_path: Path) -> None:
    file = slow(tmp_path / "h.seal", 5.0)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(file), str(x)], capture_output=True, text=True, timeout=120, check=False
    )
    deadline = time.monotonic() + 10
    while psutil.pid_exists(int(done.stdout)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not psutil.pid_exists(int(done.stdout)) or psutil.Process(int(done.stdout)).status() == "zombie"


@pytest.mark.parametrize("limits", [{"seconds": 0}, {"memory": -1.0}, {"load_seconds": float("nan")}, {"seconds": "1"}])
def test_limits_are_positive_numbers(limits: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be a positive finite number"):
        Limits(**limits)
