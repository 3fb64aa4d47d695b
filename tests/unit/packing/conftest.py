"""Packing is tested without the WebAssembly run, which has tests of its own and takes a second each time."""

from __future__ import annotations

import pytest

from sealift.runtime import wasm


@pytest.fixture(autouse=True)
def _no_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wasm, "node", lambda: None)
