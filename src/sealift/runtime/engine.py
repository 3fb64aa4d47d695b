"""The native engine: ONNX Runtime, with one thread per call and threads over rows. No other module loads graphs."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Output
from sealift.errors import LimitError, SealError, SealiftError
from sealift.runtime.fit import check_answers
from sealift.runtime.processors import processors
from sealift.runtime.single_row import SingleRows
from sealift.runtime.weights import Weights
from sealift.stages import Stages

if TYPE_CHECKING:
    import onnxruntime

# Rows in a piece: large enough that the overhead of a call is small, small enough for an even load of the processors.
FEW, _MOST = 1024, 8192
# Elements of arrays in a piece: what a net computes inside for an image is many times larger than the image.
_WIDE, _CELLS = 1 << 12, 1 << 21
# Parts of the messages of ONNX Runtime, NumPy and C++ when an allocation fails; they have no exception class for it.
_NO_MEMORY = ("allocate memory", "Unable to allocate", "bad_alloc", "bad allocation", "Integer overflow")
_CONFIG = {
    # In addition to the check of the graph (sealift.seal.graph): a device cannot contain files.
    "session.model_external_initializers_file_folder_path": os.devnull,
}


# A sealed graph has no constants to compute (spec/SEAL.md §7), and loading a graph must not compute anything.
_DISABLED = ("ConstantFolding",)
_SWITCH = "ORT_DISABLE_TELEMETRY"
_warned = False


def library() -> Any:
    """The module onnxruntime, imported without its telemetry."""
    global _warned  # noqa: PLW0603 -- once per process
    # ONNX Runtime's wheel sends telemetry unless the variable is set before its library is loaded.
    if "onnxruntime" in sys.modules and os.environ.get(_SWITCH) != "1" and not _warned:
        _warned = True
        warnings.warn(
            "onnxruntime was imported before sealift, so its telemetry may be on: it keeps files below the user's "
            f"cache folder and may send them. Import sealift first, or set the environment variable {_SWITCH}=1.",
            RuntimeWarning,
            stacklevel=2,
        )
    os.environ[_SWITCH] = "1"
    import onnxruntime

    return onnxruntime


class Engine:
    """A graph ready to run.

    Each call uses one thread, so that sums over trees are always added in the same order; many rows are split into
    pieces, which are run by several threads.
    """

    def __init__(
        self,
        graph: bytes | memoryview,
        *,
        threads: int | None = None,
        stages: Stages | None = None,
        declared: Sequence[Output] = (),
        weights: Weights | None = None,
    ) -> None:
        """Load a graph.

        Args:
            graph: a checked graph.
            threads: the number of threads for many rows; by default all processors that the process may use.
            stages: the stages that compute some of its inputs.
            declared: the outputs of its contract, whose shapes and types its answers must have.
            weights: its constants whose elements are stored outside the graph.

        Raises:
            SealError: E207 when it cannot be run here.
        """
        ort = library()
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # errors are raised
        for key, value in _CONFIG.items():
            options.add_session_config_entry(key, value)
        disabled = _DISABLED if weights is None else (*_DISABLED, *weights.disabled)
        options.add_session_config_entry("optimization.disable_specified_optimizers", ";".join(disabled))
        if weights is not None:
            weights.give(options)
        # The session may use this memory without a copy, as long as it exists.
        self._weights = weights
        try:
            self._session: onnxruntime.InferenceSession = ort.InferenceSession(
                bytes(graph), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the library raises classes of its own
            raise cannot_run(error) from error
        # Without the wrapper's checks of providers and inputs, which take a quarter of the time of a single row.
        self._call: Any = getattr(self._session, "_sess", self._session).run
        self._threads = threads or processors()
        self._pool: tuple[int, ThreadPoolExecutor] | None = None
        self._stages = stages or Stages((), ())
        self._declared = declared
        self._single_rows = SingleRows(self._session)
        self.outputs: list[str] = [output.name for output in self._session.get_outputs()]
        self.inputs: list[str] = [t.name for t in self._session.get_inputs() if t.name not in self._stages.made]
        self.inputs += self._stages.read

    def run(self, tensors: Mapping[str, npt.NDArray[Any]], outputs: Sequence[str] | None = None) -> dict[str, Any]:
        """Run the graph on N rows; output name → array with N entries. Raises SealError E207, E209, E210."""
        names = outputs or self.outputs
        answers = self._single_rows.answer(names, tensors)
        if answers is not None:
            return answers
        count = len(next(iter(tensors.values())))
        most = _piece_of(tensors, count)
        if count <= min(FEW, most) and not self._stages.made:
            try:
                answers = dict(zip(names, self._run(names, tensors, count), strict=True))
            except SealiftError:
                raise
            except Exception as error:
                raise cannot_run(error) from error
            if count == 1:
                self._single_rows.learn(tensors, answers)
            return answers
        answers = self.run_pieces(
            count, lambda start, stop: {key: array[start:stop] for key, array in tensors.items()}, names, most
        )
        assert answers is not None  # there are tensors for all rows
        return answers

    def run_pieces(
        self,
        count: int,
        piece: Callable[[int, int], Mapping[str, npt.NDArray[Any]] | None],
        outputs: Sequence[str] | None = None,
        most: int = _MOST,
    ) -> dict[str, Any] | None:
        """Run the graph on N rows, whose tensors `piece(start, stop)` returns; it is called in the thread that runs
        them. A piece has at most `most` rows.

        Returns:
            Output name → array with N entries; None as soon as `piece` returns None.

        Raises:
            SealError: E207, E209, E210.
        """
        names = outputs or self.outputs
        size = min(max(-(-count // self._threads), FEW), most)
        starts = range(0, max(count, 1), size)
        given_up = False

        def run_piece(start: int) -> list[list[Any]] | None:
            nonlocal given_up
            tensors = None if given_up else piece(start, min(start + size, count))
            if tensors is None:
                given_up = True
                return None
            return self._answers(names, tensors)

        try:
            sequential = len(starts) == 1 or self._threads == 1
            results = list(map(run_piece, starts) if sequential else self._executor().map(run_piece, starts))
        except SealiftError:
            raise
        except Exception as error:
            raise cannot_run(error) from error
        parts = [part for part in results if part is not None]
        if len(parts) < len(results):
            return None
        return {name: joined([array for part in parts for array in part[i]]) for i, name in enumerate(names)}

    def _executor(self) -> ThreadPoolExecutor:
        """The engine's threads, started when they are first needed, and again after a fork."""
        pool = self._pool
        if pool is None or pool[0] != os.getpid():
            # No lock, which could be held after a fork: if two pools are made at once, one of them is dropped.
            self._pool = pool = os.getpid(), ThreadPoolExecutor(self._threads, thread_name_prefix="sealift")
        return pool[1]

    def _answers(self, names: Sequence[str], piece: Mapping[str, npt.NDArray[Any]]) -> list[list[Any]]:
        """For each output, the answers to a piece, in parts."""
        answers = (self._run(names, part, len(next(iter(part.values())))) for part in self._stages.pieces(piece))
        return [list(parts) for parts in zip(*answers, strict=True)]

    def _run(self, names: Sequence[str], tensors: Mapping[str, npt.NDArray[Any]], count: int) -> list[Any]:
        answers: list[Any] = self._call(names, dict(tensors), None)
        # The buffers of single rows get their shapes and types from answers that are checked here.
        check_answers(self._declared, names, answers, count)
        return answers


def _piece_of(tensors: Mapping[str, npt.NDArray[Any]], count: int) -> int:
    """The most rows in a piece: fewer for rows of large arrays."""
    cells = sum(array.size for array in tensors.values() if array.ndim > 2) // max(1, count)
    return _MOST if cells < _WIDE else max(1, _CELLS // cells)


def joined(parts: list[Any]) -> Any:
    """Concatenate the parts of an answer."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def cannot_run(error: Exception) -> SealError:
    """The error for an exception of ONNX Runtime: E210 where an allocation fails, else E207."""
    reason = " ".join(str(error).split())[:300]
    if isinstance(error, MemoryError) or any(sign in reason for sign in _NO_MEMORY):
        return LimitError(
            "E210",
            f"The model needs more memory than this process may use: {reason or 'out of memory'}.",
            fix="Do not use a file of unknown origin. For a trusted one, predict fewer rows at once, or allow more "
            "memory (--memory GB).",
        )
    return SealError(
        "E207",
        f"The model cannot be run on this machine: {reason}.",
        fix="Update onnxruntime, or pack the model again.",
    )
