"""The base class of heads, and checks of their arguments."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from sealift.errors import PackError
from sealift.graph.step import NamedOutput
from sealift.graph.tensor import Tensor

Rows = TypeVar("Rows")


class Geometry(NamedTuple, Generic[Rows]):
    """Where the pixels of a net's input are in the original pictures, or its tokens in the original texts.

    Attributes:
        rows: as a tensor of the graph or as an array, float64 (N, 8): the six numbers of spec/IMAGE.md §7, and the
            height and the width of the input. For texts (N, T, 3): the numbers of spec/TOKENIZER.md §7.
        size: the height and the width of the input; None where they depend on the picture. For texts the largest
            number of tokens and 3; None where there is no limit.
    """

    rows: Rows
    size: tuple[int, int] | None


class OutputHead(ABC):
    """The meaning of an output of a model: which outputs of the contract it becomes, and by which arithmetic.

    The arithmetic exists twice: `attach` adds it to the graph, and `answer` computes it with NumPy in float64 from the
    output of the original model. `pack` compares the two.

    Attributes:
        kinds: the names of the kinds of its outputs, the main one first.
        reads: the model's outputs that it takes, by name; empty for the one output that it is given for.
        is_located: whether it needs the places of tokens in a text, for which the tokenizer must compute them.
    """

    kinds: tuple[str, ...]
    reads: tuple[str, ...] = ()
    is_located: bool = False

    def output_names(self, name: str | None) -> tuple[str, ...]:
        """The names of its outputs.

        Args:
            name: the name of the model's output; None for the only head of a model, whose outputs have the names of
                their kinds.
        """
        if name is None:
            return self.kinds
        return (name, *(f"{name}_{kind}" for kind in self.kinds[1:]))

    @abstractmethod
    def attach(
        self, raw: Sequence[Tensor], names: Sequence[str], geometry: Geometry[Tensor] | None
    ) -> list[NamedOutput]:
        """Add the arithmetic to the graph.

        Args:
            raw: the outputs of the model, each (N,) or (N, …).
            names: the names of the results.
            geometry: that of the pictures, where the model has an image stage, or the places of the tokens.

        Raises:
            PackError: E351 when an output has another shape than the head needs.
        """

    @abstractmethod
    def answer(
        self, raw: Sequence[npt.NDArray[Any]], geometry: Geometry[npt.NDArray[np.float64]] | None
    ) -> list[npt.NDArray[Any]]:
        """The same with NumPy, in the order of the names."""

    def truth(self, y: Any) -> Any:
        """True answers as the main output has them."""
        return y


def matrix(raw: Tensor, width: int | None, name: str) -> Tensor:
    """An output of a model as float64 (N, k). Raises PackError E351 unless it has `width` columns.

    Axes of the size 1 are left out, as those of a net that ends in a global pooling.
    """
    sizes = [size for size in raw.shape[1:] if size != 1] or [1]
    if len(sizes) > 1 or sizes[0] is None or width not in (None, sizes[0]):
        raise misfit(name, raw.shape[1:], f"{width or 'k'} numbers for each row")
    wide = raw.cast("float64")
    if len(raw.shape) == 2:
        return wide
    return wide.op("Reshape", np.array([-1, sizes[0]]), shape=(None, sizes[0]))


def as_matrix(raw: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """The same for an answer of the original."""
    return np.asarray(raw, dtype=np.float64).reshape(len(raw), -1)


def misfit(name: str, shape: Sequence[int | None], wanted: str) -> PackError:
    """The error E351 for an output whose shape a head cannot use."""
    spelled = ", ".join("any" if size is None else str(size) for size in shape)
    return PackError(
        "E351",
        f"{name} needs {wanted}, but the model's output has the shape (rows{', ' * bool(shape)}{spelled}).",
        where="outputs",
        fix="Give as many names as the output has columns, or another head.",
    )


def unusable(head: str, what: str, fix: str) -> PackError:
    """The error E352 for an argument of a head."""
    return PackError("E352", f"{head}: {what}.", where="outputs", fix=fix)


def check_names(head: str, names: Any, *, least: int = 1) -> tuple[str, ...]:
    """Names as a tuple. Raises PackError E352 unless they are at least `least` different strings."""
    if isinstance(names, str) or not isinstance(names, Sequence | np.ndarray):
        raise unusable(head, f"names must be a list of strings, got {type(names).__name__}", 'Use names=["a", "b"].')
    texts = tuple(str(name) for name in names)
    if len(texts) < least or not all(texts) or len(set(texts)) != len(texts):
        raise unusable(head, f"names must be at least {least} different, non-empty strings", "Give one for each class.")
    return texts
