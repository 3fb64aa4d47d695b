"""The page's engine: ONNX Runtime's WebAssembly build under Node, where Node is installed.

One process serves all graphs and ends with Python. It runs the same files as the page.
"""

from __future__ import annotations

import itertools
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy.typing as npt

from sealift.errors import SealError
from sealift.front import engine_files, versions
from sealift.runtime.child import Child, ForkSafeLock, LostError
from sealift.runtime.engine import joined
from sealift.runtime.engines.base import Unavailable
from sealift.runtime.frames import as_arrays, as_parts
from sealift.runtime.isolated import confining
from sealift.runtime.weights import Weights
from sealift.stages import Stages

__all__ = ["ENGINE", "LostError", "WasmEngine", "node", "version"]

_LARGEST = 300_000_000  # the limit of pages


def node() -> str | None:
    """The path of Node 20 or newer; None without it, or where the page's program was not built."""
    path = shutil.which("node")
    if path is None or not all(file.is_file() for file in engine_files()):
        return None
    return path if _major(path) >= 20 else None


@cache
def _major(node: str) -> int:
    try:
        done = subprocess.run(  # noqa: S603
            [node, "--version"], capture_output=True, text=True, timeout=60, check=True, start_new_session=True
        )
        return int(done.stdout.strip().lstrip("v").split(".")[0])
    except (OSError, ValueError, subprocess.CalledProcessError):
        return 0


def version() -> str:
    """The version of the WebAssembly build."""
    return versions()["onnxruntime-web"]


class WasmEngine:
    """A graph ready to run in WebAssembly; use as a context manager.

    Raises:
        SealError: E207 when it cannot be loaded or run, E210 within `confined` when that takes too long.
        LostError: the process ended; the next engine starts another.
    """

    def __init__(
        self,
        graph: bytes | memoryview,
        stages: Stages | None = None,
        weights: Weights | None = None,
    ) -> None:
        """Load a graph, with its weights."""
        members = {} if weights is None else weights.members
        parts = [graph, *members.values()]
        size = sum(map(len, parts))
        if size > _LARGEST:
            raise _cannot_run("it is larger than 300 MB")
        self._stages = stages or Stages((), ())
        self._id = next(_ids)
        self._host = _host()
        limits = confining()
        # WebAssembly itself limits memory to 4 GB.
        self._bounds = None if limits is None else limits.bounds(size)
        listed = [{"path": name, "size": len(data)} for name, data in members.items()]
        header = {"op": "load", "id": self._id, "graph": len(graph), "weights": listed}
        self._ask(header, parts, None if self._bounds is None else self._bounds.load)

    def __enter__(self) -> WasmEngine:
        return self

    def __exit__(self, *_: object) -> None:
        if self._host.usable:
            with suppress(SealError):  # the error that ended the block is reported
                self._host.ask({"op": "drop", "id": self._id}, [])

    def run(self, tensors: Mapping[str, npt.NDArray[Any]], outputs: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
        """Run the graph on N rows; output name → array."""
        parts = [self._run(part, outputs) for part in self._stages.pieces(tensors)]
        return {name: joined([part[name] for part in parts]) for name in outputs}

    def _run(self, tensors: Mapping[str, npt.NDArray[Any]], outputs: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
        described, parts = as_parts(tensors)
        header = {"op": "run", "id": self._id, "tensors": described, "outputs": list(outputs)}
        head, body = self._ask(header, parts, None if self._bounds is None else self._bounds.call)
        return as_arrays(head["outputs"], body)

    def _ask(
        self, header: dict[str, Any], parts: Sequence[bytes | memoryview], seconds: float | None
    ) -> tuple[dict[str, Any], bytes]:
        try:
            head, body = self._host.ask(header, parts, seconds=seconds)
        except LostError:
            raise LostError(
                "E207",
                "The process that runs WebAssembly ended, perhaps for lack of memory.",
                fix="Close other programs, or do not test WebAssembly: engines=('native',).",
            ) from None
        if "error" in head:
            raise _cannot_run(head["error"])
        return head, body


_current: Child | None = None
_starting = ForkSafeLock()


def _host() -> Child:
    """The shared process; a new one where the last has ended."""
    global _current  # noqa: PLW0603 -- one process serves all graphs
    with _starting:
        if _current is None or not _current.usable:
            program = Path(str(files("sealift.runtime.engines"))) / "wasm_host.js"
            _current = Child([str(node()), str(program), *map(str, engine_files())])
        return _current


_ids = itertools.count()


def _cannot_run(reason: str) -> SealError:
    return SealError(
        "E207",
        f"The model cannot be run in WebAssembly: {' '.join(reason.split())[:300]}.",
        fix="A page would not run either. Pack a simpler or smaller model.",
    )


class _WebAssembly:
    """The engine of the page."""

    name = "wasm"
    key = "webassembly"
    title = "WebAssembly"
    consequence = "No page can be made of this model"

    def unavailable(self) -> Unavailable | None:
        """Why it cannot run: no Node, or the page's program was not built."""
        if node() is not None:
            return None
        return Unavailable("Node 20 or newer was not found, or the page's program was not built", "Install Node 20")

    def version(self) -> str:
        """The version of the WebAssembly build."""
        return f"onnxruntime-web {version()}"

    def open(self, graph: bytes | memoryview, stages: Stages, weights: Weights | None = None) -> WasmEngine:
        """Load the graph in the Node process that all graphs share."""
        return WasmEngine(graph, stages, weights)


ENGINE = _WebAssembly()
