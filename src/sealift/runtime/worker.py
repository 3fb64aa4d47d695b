"""The program of the separate process of `isolated.IsolatedEngine`; it ends with the process that started it."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import threading
from typing import IO, Any

from sealift.contract import Output, Stage
from sealift.errors import LimitError, SealError, SealiftError
from sealift.runtime import frames
from sealift.runtime.engine import Engine
from sealift.runtime.weights import Weights
from sealift.stages import Stages


def main(memory: int) -> None:
    """Answer frames until their stream ends.

    Args:
        memory: the memory limit in bytes, enforced by the system where it can; 0 for no limit.
    """
    requests, answers = _streams()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _no_core()
    waiting: queue.SimpleQueue[tuple[dict[str, Any], bytes]] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(requests, waiting), daemon=True).start()
    engine: Engine | None = None
    while True:
        head, body = waiting.get()
        try:
            if head["op"] == "load":
                _limit_memory(memory)
                weights = _weights(head, body)
                graph = body[: head["graph"]]
                del body  # which is as large as the weights
                engine = _load(head, graph, weights)
                del weights
                frames.send(answers, {"inputs": engine.inputs, "outputs": engine.outputs})
            else:
                assert engine is not None
                arrays = engine.run(frames.as_arrays(head["tensors"], body), head["outputs"])
                described, parts = frames.as_parts(arrays)
                frames.send(answers, {"arrays": described}, parts)
        except OSError:  # the parent has closed the pipe
            os._exit(1)
        except Exception as error:
            frames.send(answers, {"error": _coded(error).as_dict()})


def _weights(head: dict[str, Any], body: bytes) -> Weights | None:
    arrays = frames.as_arrays(head["weights"], memoryview(body)[head["graph"] :])
    return Weights(arrays, shared=head["shared"]) if arrays else None


def _load(head: dict[str, Any], graph: bytes, weights: Weights | None) -> Engine:
    stages = Stages([Stage(field, spec, kind) for field, spec, kind in head["stages"]], head["texts"])
    declared = [Output.from_json(output) for output in head["declared"]]
    return Engine(graph, threads=head["threads"], stages=stages, declared=declared, weights=weights)


def _streams() -> tuple[IO[bytes], IO[bytes]]:
    """The pipes of stdin and stdout, which are redirected so that nothing else writes to them."""
    streams = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    return streams


def _read(requests: IO[bytes], waiting: queue.SimpleQueue[tuple[dict[str, Any], bytes]]) -> None:
    # In a separate thread, so that the process ends with its parent even during a computation.
    try:
        while True:
            waiting.put(frames.receive(requests))
    finally:
        os._exit(0)


def _coded(error: Exception) -> SealiftError:
    if isinstance(error, SealiftError):
        return error
    if isinstance(error, MemoryError):
        return LimitError(
            "E210",
            "The model needs more memory than this process may use.",
            fix="Do not use a file of unknown origin. For a trusted one, predict fewer rows at once, or allow more "
            "memory (--memory GB).",
        )
    return SealError(
        "E207",
        f"The model cannot be run on this machine: {' '.join(f'{type(error).__name__}: {error}'.split())[:300]}.",
        fix="Update onnxruntime, or pack the model again.",
    )


def _no_core() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would contain the rows


def _limit_memory(most: int) -> None:
    if not most or sys.platform != "linux":  # other systems do not enforce it
        return
    import resource

    # Not the address space (RLIMIT_AS), which includes reserved areas that use no memory.
    kind = resource.RLIMIT_DATA
    with contextlib.suppress(OSError, ValueError):
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
