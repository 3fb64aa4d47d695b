"""Fast path for single rows, with preallocated input and output buffers that stay bound to the session."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import onnxruntime

_Arrays = Mapping[str, npt.NDArray[Any]]
# The names of the outputs, the buffers of the inputs, a function that copies the buffer of each output, and the call.
_Bound = tuple[list[str], _Arrays, list[tuple[str, Callable[[], npt.NDArray[Any]]]], Callable[[], None]]


class SingleRows:
    """Predictions of single rows of numbers.

    `InferenceSession.run` makes new tensors and arrays in each call, which takes a quarter of the time of a single row
    with small models. Here the buffers are bound once; rows are copied into them, and answers out of them.
    """

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        # One for each thread that ran at the same time; `pop` and `append` are atomic.
        self._idle: list[_Bound] = []
        self._possible = True

    def answer(self, names: Sequence[str], tensors: _Arrays) -> dict[str, Any] | None:
        """The named answers to one row; None where there are no buffers for such names and tensors."""
        if not self._idle:
            return None
        answers: dict[str, Any] | None = None
        try:
            bound = self._idle.pop()  # fails where another thread was faster
            known, inputs, copies, call = bound
            fits = names == known and len(tensors) == len(inputs)
            for name, array in tensors.items():
                buffer = inputs.get(name)
                if buffer is None or array.shape != buffer.shape or array.dtype != buffer.dtype:
                    fits = False
                    break
                buffer[...] = array
            if fits:
                call()
                # A loop is faster than a comprehension.
                answers = {}
                for name, copy in copies:
                    answers[name] = copy()
            self._idle.append(bound)
        except IndexError:
            return None
        except Exception:  # such as answers of another shape; the full call reports the error
            self._possible = False
            self._idle.clear()
            return None
        return answers

    def learn(self, tensors: _Arrays, answers: _Arrays) -> None:
        """Make buffers for rows and answers of these shapes and dtypes, if they can be bound."""
        if self._idle or not self._possible:
            return
        arrays = [*tensors.values(), *answers.values()]
        bound = None
        if all(isinstance(array, np.ndarray) and array.dtype.kind in "biuf" for array in arrays):
            with suppress(Exception):
                bound = self._bound(tensors, answers)
        if bound is None:
            self._possible = False
        else:
            self._idle.append(bound)

    def _bound(self, tensors: _Arrays, answers: _Arrays) -> _Bound | None:
        """Bound buffers; None where they do not give the same answers, as where an output is also an input."""
        inputs = {name: np.array(array, order="C") for name, array in tensors.items()}
        outputs = {name: np.empty(array.shape, array.dtype) for name, array in answers.items()}
        binding = self._session.io_binding()
        for name, array in inputs.items():
            binding.bind_input(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)
        for name, array in outputs.items():
            binding.bind_output(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)
        # Without the wrappers, if this version of ONNX Runtime has the attributes that they use.
        inner, bare = getattr(self._session, "_sess", None), getattr(binding, "_iobinding", None)
        call = (
            partial(self._session.run_with_iobinding, binding)
            if inner is None or bare is None
            else partial(inner.run_with_iobinding, bare, None)
        )
        for start in (0, 1):  # a buffer that the call does not write keeps this value
            for array in outputs.values():
                array.fill(start)
            call()
            if not all(array.tobytes() == answers[name].tobytes() for name, array in outputs.items()):
                return None
        return list(outputs), inputs, [(name, array.copy) for name, array in outputs.items()], call
