"""What the tests of packing share."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sealift.packing import Packed
from sealift.runtime.engines import wasm


@pytest.fixture(autouse=True)
def no_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """Imported by name: without the WebAssembly run, which has tests of its own and takes a second each time."""
    monkeypatch.setattr(wasm, "node", lambda: None)


def member(packed: Packed, name: str) -> Any:
    """A JSON member of the sealed file."""
    return json.loads(bytes(packed.load().seal.members[name]))


def text(packed: Packed, name: str) -> str:
    """A member as text."""
    return bytes(packed.load().seal.members[name]).decode()
