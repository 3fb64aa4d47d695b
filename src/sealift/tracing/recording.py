"""What one run of a traced function reports beside its result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from sealift.graph.context import ConversionContext
from sealift.graph.table import Block, Table
from sealift.graph.tensor import Tensor

_current: ContextVar[Recording | None] = ContextVar("recording", default=None)


@dataclass
class Recording:
    """One run.

    NumPy and pandas call the operations of an array with only the operands, so an operation finds the recording of its
    run by `current`.

    Attributes:
        context: the conversion.
        unsupported: the operations that the graph cannot repeat (`UnsupportedOperation`).
        integer_operations: how many operations give other results for integers than for floats of the same values.
        special_operands: as in `ConversionContext`.
    """

    context: ConversionContext
    unsupported: list[Exception] = field(default_factory=list)
    integer_operations: int = 0
    special_operands: list[tuple[Tensor, tuple[float, ...]]] = field(default_factory=list)

    @contextmanager
    def active(self) -> Iterator[None]:
        """Make it the current recording of this thread."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)


def active_recording() -> Recording | None:
    """The recording of the run in which this is called; None outside a run."""
    return _current.get()


def current() -> Recording:
    """The recording of the run in which this is called."""
    recording = _current.get()
    assert recording is not None
    return recording


def table_of(*blocks: Block) -> Table:
    """A table of columns that were computed in the current run."""
    return Table(blocks, current().context)
