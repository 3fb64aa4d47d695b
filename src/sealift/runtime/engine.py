"""The one place that imports ONNX Runtime: silent, single-threaded per call, parallel over rows."""

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
from sealift.runtime.single_row import Alone
from sealift.runtime.weights import Weights
from sealift.stages import Stages

if TYPE_CHECKING:
    import onnxruntime

# Rows a piece: large enough that the call's overhead vanishes, small enough that the processors share a file fairly.
FEW, _MOST = 1024, 8192
# What ONNX Runtime, NumPy and the C++ library say when an allocation fails; none of them has a class of its own for it.
_NO_MEMORY = ("allocate memory", "Unable to allocate", "bad_alloc", "bad allocation", "Integer overflow")
_CONFIG = {
    # A second lock beside the check of the graph (sealift.seal.graph): nothing can be below a folder that is a device.
    "session.model_external_initializers_file_folder_path": os.devnull,
}


# A sealed graph has no constants to compute (spec/SEAL.md §7), and opening one must not start computing.
_DISABLED = ("ConstantFolding",)
_SWITCH = "ORT_DISABLE_TELEMETRY"
_warned = False


def _library() -> Any:
    global _warned  # noqa: PLW0603 -- once a process
    # ONNX Runtime's wheel sends telemetry unless this stands before its library is loaded; its API is too late.
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

    Each call uses one thread, so that a sum over trees always adds in the same order; many rows are spread over
    the processors in pieces.
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
            threads: how many processors to use for many rows; all that the process may use by default.
            stages: the text stages that feed it.
            declared: the outputs of its contract, to which its answers are held.
            weights: its constants whose elements are outside of it.

        Raises:
            SealError: E207 when it cannot be run here.
        """
        ort = _library()
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # what goes wrong is raised
        for key, value in _CONFIG.items():
            options.add_session_config_entry(key, value)
        disabled = _DISABLED if weights is None else (*_DISABLED, *weights.disabled)
        options.add_session_config_entry("optimization.disable_specified_optimizers", ";".join(disabled))
        if weights is not None:
            weights.give(options)
        # What is used where it lies must stay there as long as the session.
        self._weights = weights
        try:
            self._session: onnxruntime.InferenceSession = ort.InferenceSession(
                bytes(graph), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the library raises a dozen classes of its own
            raise _cannot_run(error) from error
        # Past the wrapper's checks of providers and inputs, which take a quarter of what a row alone does.
        self._call: Any = getattr(self._session, "_sess", self._session).run
        self._threads = threads or processors()
        self._pool: tuple[int, ThreadPoolExecutor] | None = None
        self._stages = stages or Stages((), ())
        self._declared = declared
        self._alone = Alone(self._session)
        self.outputs: list[str] = [output.name for output in self._session.get_outputs()]
        self.inputs: list[str] = [t.name for t in self._session.get_inputs() if t.name not in self._stages.made]

    def run(self, tensors: Mapping[str, npt.NDArray[Any]], outputs: Sequence[str] | None = None) -> dict[str, Any]:
        """Run the graph on N rows; output name → array with N entries. Raises SealError E207, E209, E210."""
        names = outputs or self.outputs
        found = self._alone.answer(names, tensors)
        if found is not None:
            return found
        count = len(next(iter(tensors.values())))
        if count <= FEW and not self._stages.made:
            try:
                found = dict(zip(names, self._asked(names, tensors, count), strict=True))
            except SealiftError:
                raise
            except Exception as error:
                raise _cannot_run(error) from error
            if count == 1:
                self._alone.learn(tensors, found)
            return found
        answers = self.run_pieces(
            count, lambda start, stop: {key: array[start:stop] for key, array in tensors.items()}, names
        )
        assert answers is not None  # there are tensors for all rows
        return answers

    def run_pieces(
        self,
        count: int,
        piece: Callable[[int, int], Mapping[str, npt.NDArray[Any]] | None],
        outputs: Sequence[str] | None = None,
    ) -> dict[str, Any] | None:
        """Run the graph on N rows that `piece(start, stop)` makes the tensors of, in the thread that runs them.

        Returns:
            Output name → array with N entries; None as soon as `piece` gives None.

        Raises:
            SealError: E207, E209, E210.
        """
        names = outputs or self.outputs
        size = min(max(-(-count // self._threads), FEW), _MOST)
        starts = range(0, max(count, 1), size)
        given_up = False

        def answers(start: int) -> list[list[Any]] | None:
            nonlocal given_up
            tensors = None if given_up else piece(start, min(start + size, count))
            if tensors is None:
                given_up = True
                return None
            return self._answers(names, tensors)

        try:
            alone = len(starts) == 1 or self._threads == 1
            results = list(map(answers, starts) if alone else self._executor().map(answers, starts))
        except SealiftError:
            raise
        except Exception as error:
            raise _cannot_run(error) from error
        parts = [part for part in results if part is not None]
        if len(parts) < len(results):
            return None
        return {name: joined([array for part in parts for array in part[i]]) for i, name in enumerate(names)}

    def _executor(self) -> ThreadPoolExecutor:
        """The engine's threads, made when they are first needed, and again in a child of `fork`, which has none."""
        pool = self._pool
        if pool is None or pool[0] != os.getpid():
            # Without a lock, which a child of `fork` may find locked: of two pools made at once, one is dropped.
            self._pool = pool = os.getpid(), ThreadPoolExecutor(self._threads, thread_name_prefix="sealift")
        return pool[1]

    def _answers(self, names: Sequence[str], piece: Mapping[str, npt.NDArray[Any]]) -> list[list[Any]]:
        """For each output, what it gives for a piece, in parts."""
        found = (self._asked(names, part, len(next(iter(part.values())))) for part in self._stages.pieces(piece))
        return [list(parts) for parts in zip(*found, strict=True)]

    def _asked(self, names: Sequence[str], tensors: Mapping[str, npt.NDArray[Any]], count: int) -> list[Any]:
        answers: list[Any] = self._call(names, dict(tensors), None)
        # Buffers bound for single rows take their shapes and types from an answer checked here.
        check_answers(self._declared, names, answers, count)
        return answers


def joined(parts: list[Any]) -> Any:
    """The parts of an answer, one below the other."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _cannot_run(error: Exception) -> SealError:
    reason = " ".join(str(error).split())[:300]
    if isinstance(error, MemoryError) or any(sign in reason for sign in _NO_MEMORY):
        return LimitError(
            "E210",
            f"The model asks for more memory than this process may use: {reason or 'out of memory'}.",
            fix="Do not use a file of unknown origin; else give fewer rows at once, or more memory (--memory GB).",
        )
    return SealError(
        "E207",
        f"The model cannot be run on this machine: {reason}.",
        fix="Update onnxruntime, or pack the model again.",
    )
