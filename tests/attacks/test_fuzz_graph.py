"""A short run of the fuzzer of graphs: both readers say the same of every changed graph, and accept no hostile one."""

from __future__ import annotations

import shutil
from pathlib import Path

import fuzz_graph
import graph_cases
import pytest

APP = Path(__file__).parents[2] / "web" / "app"


@pytest.mark.skipif(
    shutil.which("node") is None or not (APP / "node_modules").is_dir(), reason="needs Node and the npm packages"
)
def test_two_readers_agree_on_changed_graphs() -> None:
    counts, findings = fuzz_graph.fuzz(600, seed=20)
    assert findings == []
    # Changes that are all refused, or all accepted, would test nothing.
    assert all(counts[code] >= 10 for code in ("E203", "E205", "E208", fuzz_graph.ACCEPTED)), counts


def test_the_search_for_hostile_parts_finds_them() -> None:
    for name, data, code, _ in graph_cases.cases():
        if name.startswith(("graph-external", "graph-domain-microsoft", "graph-operator-Random")):
            assert code == "E208"
            assert not fuzz_graph.permitted(data), name
        if code is None:
            assert fuzz_graph.permitted(data), name
