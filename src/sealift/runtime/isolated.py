"""An engine that runs a graph in a separate process, with limits of time and memory; its interface is `Engine`'s."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeAlias

import numpy.typing as npt

from sealift.contract import Output
from sealift.errors import LimitError, SealError, rebuilt
from sealift.runtime.child import Child, ForkSafeLock, LostError
from sealift.runtime.engine import Engine, joined
from sealift.runtime.fit import check_answers
from sealift.runtime.frames import FrameError, as_arrays, as_parts
from sealift.runtime.limits import Limits
from sealift.runtime.weights import Weights
from sealift.stages import Stages

# With the parent's paths, so that the child imports the same packages.
_PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from sealift.runtime.worker import main; "
    "main(int(sys.argv[2]))"
)
_log = logging.getLogger(__name__)
AnyEngine: TypeAlias = "Engine | IsolatedEngine"
_exact = True  # tests switch off the limit of the system, so that they test the samples only
_confined: ContextVar[Limits | None] = ContextVar("confined", default=None)


class IsolatedEngine:
    """A graph in a separate process.

    Calls of several threads are answered one after the other. After a limit was exceeded, the next call starts another
    process; so does the first call after a fork.
    """

    def __init__(
        self,
        graph: bytes | memoryview,
        *,
        limits: Limits,
        threads: int | None = None,
        stages: Stages | None = None,
        declared: Sequence[Output] = (),
        until: float | None = None,
        weights: Weights | None = None,
    ) -> None:
        """Start the process and load a graph.

        Args:
            graph: a checked graph.
            limits: the limits of the process.
            threads: the number of threads for many rows; by default all processors that the process may use.
            stages: the stages that compute some of its inputs.
            declared: the outputs of its contract, whose shapes and types its answers must have.
            until: the deadline by `time.monotonic` for loading and all calls together, in place of the limit of each
                call.
            weights: its constants whose elements are stored outside the graph.

        Raises:
            SealError: E207 when it cannot be run here, E210 when it exceeds a limit.
        """
        described, parts = ([], []) if weights is None else as_parts(weights.arrays)
        self._parts = [graph, *parts]
        self._bounds = limits.bounds(sum(map(len, self._parts)))
        self._stages = stages or Stages((), ())
        self._declared = declared
        self._until = until
        self._header = {
            "op": "load",
            "threads": threads,
            "stages": [(stage.field, stage.spec, stage.kind) for stage in self._stages.stages],
            "texts": list(self._stages.texts),
            "graph": len(graph),
            "weights": described,
            "shared": weights is not None and weights.shared,
            "declared": [output.as_json() for output in declared],
        }
        self._child: Child | None = None
        self._closed = False
        # Held while a process is started; the child serializes calls itself.
        self._starting = ForkSafeLock()
        loaded = self._ready()[1]
        self.outputs: list[str] = [str(name) for name in loaded["outputs"]]
        self.inputs: list[str] = [str(name) for name in loaded["inputs"]]

    def run(
        self, tensors: Mapping[str, npt.NDArray[Any]], outputs: Sequence[str] | None = None
    ) -> dict[str, npt.NDArray[Any]]:
        """Run the graph on N rows; output name → array with N entries. Raises SealError E207, E209, E210."""
        names = list(outputs or self.outputs)
        pieces = self._stages.local(tensors)
        if pieces is not None:
            answers = [self._run(piece, names) for piece in pieces]
            return {name: joined([answer[name] for answer in answers]) for name in names}
        return self._run(tensors, names)

    def _run(self, tensors: Mapping[str, npt.NDArray[Any]], names: list[str]) -> dict[str, npt.NDArray[Any]]:
        described, parts = as_parts(tensors)
        head, body = self._ask(
            self._ready()[0], {"op": "run", "tensors": described, "outputs": names}, parts, self._bounds.call
        )
        try:
            arrays = as_arrays(head.get("arrays"), body)
        except FrameError as error:
            raise _misfit(str(error)) from None
        if list(arrays) != names:
            raise _misfit("other outputs than the requested ones")
        # Again in this process: the other one may be controlled by a hostile graph.
        check_answers(self._declared, names, list(arrays.values()), len(next(iter(tensors.values()))))
        return arrays

    def run_pieces(
        self,
        count: int,
        piece: Callable[[int, int], Mapping[str, npt.NDArray[Any]] | None],
        outputs: Sequence[str] | None = None,
    ) -> dict[str, Any] | None:
        """As `Engine.run_pieces`, but with all rows in one call, to which the limits apply."""
        tensors = piece(0, count)
        return None if tensors is None else self.run(tensors, outputs)

    def close(self) -> None:
        """Kill the process. Later calls raise SealError E207."""
        self._closed = True
        if self._child is not None:
            self._child.close()

    def _ready(self) -> tuple[Child, dict[str, Any]]:
        """A process that has loaded the graph, and its answer to the request to load where it was started now."""
        with self._starting:
            if self._closed:
                raise closed()
            if self._child is not None and self._child.usable:
                return self._child, {}
            paths = [path for path in sys.path if path]
            package = str(Path(__file__).parents[2])
            command = [sys.executable, "-I", "-c", _PROGRAM, json.dumps([*paths, package])]
            command.append(str(self._bounds.memory if _exact else 0))
            _log.info("starting a process for a graph, at most %.1f GB", self._bounds.memory / 1e9)
            child = Child(command, memory=self._bounds.memory)
            loaded, _ = self._ask(child, self._header, self._parts, self._bounds.load)
            self._child = child
            return child, loaded

    def _ask(
        self, child: Child, header: Mapping[str, Any], parts: Sequence[bytes | memoryview], seconds: float
    ) -> tuple[dict[str, Any], bytes]:
        if self._until is not None:
            seconds = self._bounds.load
        try:
            head, body = child.ask(header, parts, seconds=seconds, until=self._until, largest=self._bounds.memory)
        except LostError as lost:
            if self._closed:
                raise closed() from None
            if lost.killed:
                raise LimitError(
                    "E210",
                    "The process that ran the model was killed, probably because memory ran out.",
                    fix="Do not use a file of unknown origin. For a trusted one, use a machine with more memory, or "
                    "predict fewer rows at once.",
                ) from None
            raise
        if "error" in head:
            error = rebuilt(head["error"])
            if isinstance(error, LimitError):
                child.close()  # otherwise its memory is not released
            raise error
        return head, body


def closed() -> SealError:
    """E207 for a model that was closed."""
    return SealError("E207", "The model was closed.", fix="Load it again with sealift.load.")


def confining() -> Limits | None:
    """The limits of the `confined` block around the caller; None outside a block."""
    return _confined.get()


def open_engine(
    graph: bytes | memoryview,
    *,
    threads: int | None = None,
    stages: Stages | None = None,
    weights: Weights | None = None,
) -> AnyEngine:
    """Load a graph, in this process or within `confined` in a separate one. Raises SealError E207, E210."""
    limits = _confined.get()
    if limits is None:
        return Engine(graph, threads=threads, stages=stages, weights=weights)
    return IsolatedEngine(graph, limits=limits, threads=threads, stages=stages, weights=weights)


@contextmanager
def confined(limits: Limits | None) -> Iterator[None]:
    """Within the block, `open_engine` runs graphs in separate processes; without limits, nothing changes."""
    if limits is None:
        yield
        return
    token = _confined.set(limits)
    try:
        yield
    finally:
        _confined.reset(token)


def _misfit(what: str) -> SealError:
    return SealError(
        "E209",
        f"The answer of the process that runs the model does not fit the contract: {what}.",
        fix="Do not use this file, and inform its publisher. Nothing was answered.",
    )
