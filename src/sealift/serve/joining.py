"""Joins rows of different requests into one computation of the graph (micro-batching), where that is measured to help.

Nothing waits for further requests: what has arrived is computed at once. In the thread of the event loop those are the
requests that are read in one iteration of the loop (`sealift.serve.http.joiner`); in threads, those that arrive while
another computation runs (`JoinedRuns`).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from sealift.contract import columns_of
from sealift.runtime.processors import processors

if TYPE_CHECKING:
    from sealift.runtime import SealedModel

Tensors: TypeAlias = Mapping[str, npt.NDArray[Any]]
Batching: TypeAlias = Literal["auto", "on", "off"]
MODES: tuple[Batching, ...] = ("auto", "on", "off")
MOST = 64
"""Rows that are computed at once at most."""
_LOOP = 0.002
"""Seconds for which a computation may keep the thread of the event loop busy."""
_PROBES, _TIMED, _TURNS = 256, 16, 3
_SLOW = 2e-4
"""Seconds of a row from which on the probes are not computed: the server would start later."""
_GAIN = 1.1
"""By how much a row must be faster in a joined computation."""


def most_joined(model: SealedModel, mode: Batching) -> int:
    """The maximum number of rows that are computed at once; 1 where each is computed by itself.

    Args:
        model: the model, which computes generated rows one by one and at once.
        mode: `auto` joins rows where that is faster and gives the same bits for each of these rows; `on` in any case,
            also where the last bits of an answer depend on the other rows.

    Raises:
        SealError: E207, E209, E210.
    """
    if mode == "off":
        return 1
    run = model.engine.run
    probes = _probes(model.encoded(columns_of(model.contract, model.examples.columns)).only_good())
    if probes is None:
        return MOST if mode == "on" else 1
    rows = [{name: array[row : row + 1] for name, array in probes.items()} for row in range(_PROBES)]
    some = {name: array[:_TIMED] for name, array in probes.items()}
    if mode == "auto":
        if _seconds(lambda: run(rows[0])) > _SLOW:
            return 1
        singles = [run(row) for row in rows]
        if not all(_equal(answers, [each[name] for each in singles]) for name, answers in run(probes).items()):
            return 1
        if _seconds(lambda: [run(row) for row in rows[:_TIMED]]) < _GAIN * _seconds(lambda: run(some)):
            return 1
    per_row = _seconds(lambda: run(some), _TURNS if mode == "auto" else 1) / _TIMED
    return MOST if per_row > _LOOP else max(1, min(MOST, int(_LOOP / per_row)))


def _probes(examples: Tensors) -> Tensors | None:
    """Rows with values of the examples in other combinations, and close to them; None without examples.

    Whether a row has other bits among others can depend on its values: vector instructions and scalar ones round
    functions such as the exponential differently for some arguments only.
    """
    count = len(next(iter(examples.values())))
    if not count:
        return None
    probes: dict[str, npt.NDArray[Any]] = {}
    rows = np.arange(_PROBES)[:, None]
    for name, array in examples.items():
        width = int(np.prod(array.shape[1:]))
        column = np.arange(width)
        flat = np.take_along_axis(array.reshape(count, width), (rows * (2 * column + 1) + 5 * column) % count, axis=0)
        if flat.dtype.kind == "f":
            flat[::2] *= 0.99 + 0.02 * ((97 * rows + 31 * column) % _PROBES / _PROBES)[::2]
        probes[name] = flat.reshape(_PROBES, *array.shape[1:])
    return probes


def _seconds(function: Callable[[], object], turns: int = _TURNS) -> float:
    """The shortest time of some calls."""
    times = []
    for _ in range(turns):
        begun = time.perf_counter()
        function()
        times.append(time.perf_counter() - begun)
    return min(times)


def _equal(joined: npt.NDArray[Any], singles: Sequence[npt.NDArray[Any]]) -> bool:
    """Whether answers have the same bits as those of single rows."""
    each = np.concatenate(singles)
    same: bool = each.tolist() == joined.tolist() if joined.dtype.hasobject else each.tobytes() == joined.tobytes()
    return same


def concatenated(rows: Sequence[Tensors]) -> Tensors:
    """The rows of several requests, one after another."""
    return {name: np.concatenate([each[name] for each in rows]) for name in rows[0]}


def parallel(workers: int) -> int:
    """The number of threads of one of so many workers that compute at the same time."""
    return max(1, processors() // workers)


class _Waiting:
    """Rows whose answers a thread waits for."""

    def __init__(self, tensors: Tensors, rows: int) -> None:
        self.tensors, self.rows = tensors, rows
        self.turn = threading.Event()  # there are answers, or this thread has to compute
        self.outputs: Tensors | None = None
        self.error: Exception | None = None


class JoinedRuns:
    """Runs a graph for several threads. Few compute at a time; what the others bring meanwhile is computed at once.

    Args:
        run: computes the answers to rows.
        most: rows that are computed at once at most.
        parallel: the number of threads that compute at the same time.
    """

    def __init__(self, run: Callable[[Tensors], Tensors], most: int, parallel: int = 1) -> None:
        self._run, self._most, self._parallel = run, most, parallel
        self._lock = threading.Lock()
        self._waiting: deque[_Waiting] = deque()
        self._computing = 0

    @property
    def waiting(self) -> int:
        """The number of threads that wait."""
        return len(self._waiting)

    def run(self, tensors: Tensors) -> Tensors:
        """The answers to N rows. Raises what `run` raises for them by themselves."""
        rows = len(next(iter(tensors.values())))
        own = _Waiting(tensors, rows)
        with self._lock:
            computes = self._computing < self._parallel
            if computes:
                self._computing += 1
            else:
                self._waiting.append(own)
        if not computes:
            own.turn.wait()
        if own.outputs is None and own.error is None:
            try:
                self._compute([own, *self._taken(self._most - rows)])
            finally:
                self._pass_on()
        if own.error is not None:
            raise own.error
        assert own.outputs is not None
        return own.outputs

    def _taken(self, room: int) -> list[_Waiting]:
        """The oldest waiting rows for which there is room."""
        taken = []
        with self._lock:
            while self._waiting and self._waiting[0].rows <= room:
                taken.append(self._waiting.popleft())
                room -= taken[-1].rows
        return taken

    def _pass_on(self) -> None:
        """Let the thread that has waited longest compute."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().turn.set()
            else:
                self._computing -= 1

    def _compute(self, all_rows: Sequence[_Waiting]) -> None:
        own, *others = all_rows
        try:
            if others:
                self._compute_joined(all_rows)
            else:
                own.outputs = self._run(own.tensors)
        except Exception as error:
            if not others:
                own.error = error
                return
            for each in all_rows:  # one of them may be the reason
                self._compute([each])
        finally:
            for each in others:
                each.turn.set()

    def _compute_joined(self, all_rows: Sequence[_Waiting]) -> None:
        outputs = self._run(concatenated([each.tensors for each in all_rows]))
        start = 0
        for each in all_rows:
            stop = start + each.rows
            each.outputs = {name: array[start:stop] for name, array in outputs.items()}
            start = stop
