"""Fixtures of all tests. That this file is here also puts tests/ on the path, so that helpers can be imported."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from two_nodes import TwoNodes

# Tests import onnxruntime before sealift, which would warn that its telemetry is on already.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

# Workers that each take every core for their sums of products wait for one another.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

# Shared machines stutter; how long an example takes says nothing about whether it is right.
# Where CI is set the examples are the same each time: new ones are looked for at a desk, where somebody can look into
# what they find.
settings.register_profile("sealift", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("sealift")


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A small sealed model (tests/seals.py)."""
    import seals

    return seals.write(tmp_path / "tiny.seal")


@pytest.fixture
def default_signals() -> Iterator[None]:
    """Child processes start with the default actions of signals.

    Where the tests run in the background (`nohup … &`), some signals are ignored, and child processes inherit that.
    """
    # When a child process starts another program, a handler is reset to the default action; SIG_IGN is not.
    handlers = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGHUP)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """The browser that a file's tests of the page share; each test runs in both."""
    import pages

    with pages.launch(kind=request.param) as launched:
        yield launched


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """For what only Chromium's remote protocol can do; such a test says what stands for it in Firefox."""
    import pages

    with pages.launch() as launched:
        yield launched


@pytest.fixture(scope="module")
def nodes() -> Iterator[TwoNodes]:
    """A cluster of Ray with two nodes on this machine."""
    pytest.importorskip("ray", reason="Ray is not installed: make test-ray")
    from ray.cluster_utils import Cluster

    from two_nodes import SOURCES, TwoNodes, node

    os.environ["PYTHONPATH"] = os.pathsep.join([SOURCES, *filter(None, [os.environ.get("PYTHONPATH")])])
    for attempt in range(3):
        cluster = Cluster()
        try:
            cluster.add_node(**node())
            second = cluster.add_node(**node())
            cluster.wait_for_nodes(timeout=120)
        except Exception:  # Ray waits 15 seconds for each node, which is too short where other programs run
            cluster.shutdown()
            if attempt == 2:
                raise
        else:
            break
    try:
        yield TwoNodes(cluster, cluster.address, second)
    finally:
        cluster.shutdown()
