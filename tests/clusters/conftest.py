"""The fixture of the tests on Ray; they are skipped where it is not installed (`make test-ray`)."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from two_nodes import SOURCES, TwoNodes, node


@pytest.fixture(scope="module")
def nodes() -> Iterator[TwoNodes]:
    pytest.importorskip("ray", reason="Ray is not installed: make test-ray")
    from ray.cluster_utils import Cluster

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
