"""Checks of the original before it is exported: equal answers for equal rows, whatever the other rows and calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sealift.errors import PackError

BATCHES = (1, 2, 7, 32)
"""The numbers of rows whose answers are compared."""
TOLERANCE = 1e-4
"""The difference allowed between two calls, relative to the largest answer: kernels round differently by shape."""

Answers: TypeAlias = Mapping[str, npt.NDArray[Any]]


def check_calls(answer: Callable[[Sequence[int]], Answers], count: int, kind: str) -> None:
    """Check that a row's answer depends neither on the call nor on the other rows of a call.

    Args:
        answer: computes the answers to some of the rows, given by their indices.
        count: the number of rows.
        kind: the type of the model, for messages.

    Raises:
        PackError: E330 when two equal calls answer differently, E331 when an answer depends on other rows.
    """
    largest = [row % count for row in range(max(BATCHES))]
    whole, again = answer(largest), answer(largest)
    scales = _scales(whole)
    check_repeated(whole, again, kind)
    for name, array in whole.items():
        if len(array.shape) == 0 or len(array) != len(largest):
            raise _dependent(f"for {len(largest)} rows it gives {name!r} the shape {list(array.shape)}", kind)
    for size in BATCHES[:-1]:
        try:
            part = answer(largest[-size:])
        except Exception as error:  # the user's forward can raise any exception
            what = f"{type(error).__name__}: {' '.join(str(error).split())[:200].rstrip('.')}"
            raise _dependent(f"it answers 32 rows, but for {size} it raises {what}", kind) from error
        for name, array in part.items():
            wanted = whole[name][-size:]
            if array.shape != wanted.shape:
                raise _dependent(
                    f"for {size} row{'s' * (size > 1)} it gives {name!r} the shape {list(array.shape)} in place of "
                    f"{list(wanted.shape)}",
                    kind,
                )
            if not _agree(array, wanted, scales[name]):
                raise _dependent(f"with {size} row{'s' * (size > 1)} in a call they differ from those with 32", kind)


def check_repeated(answers: Answers, again: Answers, kind: str) -> None:
    """Raise PackError E330 where two calls with the same rows answer differently."""
    scales = _scales(answers)
    if any(not _agree(again[name], array, scales[name]) for name, array in answers.items()):
        raise PackError(
            "E330",
            "Two calls with the same rows give different answers: the net uses random numbers, the time, or what an "
            "earlier call stored.",
            where=kind,
            fix="Make its answer a function of its arguments only in evaluation mode.",
        )


def _scales(answers: Answers) -> dict[str, float]:
    return {name: float(np.abs(_finite(array)).max(initial=0.0)) or 1.0 for name, array in answers.items()}


def _agree(got: npt.NDArray[Any], wanted: npt.NDArray[Any], scale: float) -> bool:
    if got.shape != wanted.shape:
        return False
    if got.dtype.kind != "f":
        # An index of the largest of nearly equal numbers can differ; the proof compares each answer.
        return got.dtype.kind in "iu" or bool((got == wanted).all())
    return bool(np.allclose(got, wanted, rtol=TOLERANCE, atol=TOLERANCE * scale, equal_nan=True))


def _finite(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    numbers = array.astype(np.float64)
    return numbers[np.isfinite(numbers)]


def _dependent(how: str, kind: str) -> PackError:
    return PackError(
        "E331",
        f"The answers depend on the other rows of a call, or on their number: {how}.",
        where=kind,
        fix="Compute along the axes of a row (axis or dim 1 and later, not 0), name the axis in squeeze(-1), and let "
        "normalization use its running statistics.",
    )
