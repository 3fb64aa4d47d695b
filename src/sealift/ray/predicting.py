"""`sealift predict --on ray`: the chunks of a table file, predicted by the nodes of a cluster with Ray Data.

This process reads the input and writes the answers, as it does without Ray, so the output is the same. In between, the
chunks are blocks of a data set. They are in the object store of Ray, which moves them to disk if memory is short.
"""

from __future__ import annotations

import logging
import pickle
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sealift.batch.chunk_answers import ChunkAnswers, answers_of
from sealift.batch.chunks import Chunk
from sealift.batch.job import opened
from sealift.errors import SealiftError, ServeError
from sealift.optional import need
from sealift.ray.cluster import library

CHUNK = 16_384
"""Rows of a chunk: large enough for the cost of a task of Ray, some milliseconds."""


class OnRay:
    """Predicts chunks on the connected cluster; a `MapChunks` of `sealift.score`.

    Args:
        file: the sealed file.
        seconds, memory: the limits of the model on each node, as for `sealift.score`.
    """

    def __init__(self, file: Path, seconds: float | None = None, memory: float | None = None) -> None:
        self._file, self._seconds, self._memory = file, seconds, memory

    def __call__(self, chunks: Iterator[tuple[int, Chunk]], keep: Sequence[str]) -> Iterator[ChunkAnswers]:
        """The answers to numbered chunks, in their order. Raises ServeError E816."""
        ray, data = library(), library("ray.data")
        arrow = need("pyarrow", "ray", "Ray")
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        context = data.DataContext.get_current()
        context.enable_progress_bars = False
        context.execution_options.preserve_order = True
        blocks = [
            ray.put(arrow.table({"chunk": arrow.array([pickle.dumps(numbered)], arrow.large_binary())}))
            for numbered in chunks
        ]
        if not blocks:
            return
        nodes = max(1, int(ray.cluster_resources().get("CPU", 1)))
        answered = data.from_arrow_refs(blocks).map_batches(
            _Predictor,
            fn_constructor_args=(ray.put(self._file.read_bytes()), list(keep), self._seconds, self._memory),
            batch_size=None,
            batch_format="pyarrow",
            compute=data.ActorPoolStrategy(min_size=1, max_size=min(nodes, len(blocks))),
            num_cpus=1,
        )
        try:
            for batch in answered.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=2):
                for packed in batch.column("answers"):
                    # It was made by this program on a node of the user's own cluster.
                    yield pickle.loads(packed.as_py())  # noqa: S301
        except ray.exceptions.RayError as error:
            raise _cause(error) from error


class _Predictor:
    """An actor with the loaded model."""

    def __init__(self, file: Any, keep: Sequence[str], seconds: float | None, memory: float | None) -> None:
        self._stack = ExitStack()
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="sealift-")))
        path = folder / "model.seal"
        path.write_bytes(library().get(file))
        self._model = self._stack.enter_context(opened(path, seconds, memory))
        self._keep = keep

    def __call__(self, batch: Any) -> Any:
        """A table of answers for a table of chunks."""
        arrow = need("pyarrow", "ray", "Ray")
        packed = []
        for cell in batch.column("chunk"):
            first, chunk = pickle.loads(cell.as_py())  # noqa: S301
            packed.append(pickle.dumps(answers_of(self._model, chunk, self._keep, first).unobserved()))
        return arrow.table({"answers": arrow.array(packed, arrow.large_binary())})


def _cause(error: BaseException) -> SealiftError:
    """The error of Sealift that was raised on a node, or E816."""
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, SealiftError):
            return at
        at = getattr(at, "cause", None) or at.__cause__
    return ServeError(
        "E816",
        f"The computation on Ray failed: {error!s:.300}",
        fix="Read the logs of the node, in /tmp/ray/session_latest/logs, and run the command again.",
    )
