"""What a user's preprocessing object is for packing: a stage, and the original that the stage must equal.

A recogniser reads a kind of object from its class name and attributes, without importing its library. It is declared as
an entry point of the group `sealift.preprocessing`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import numpy.typing as npt

from sealift.contract import Stage
from sealift.errors import PackError
from sealift.packing.preprocess.randomness import random_step
from sealift.plugins import Plugins


class Preprocessing(ABC):
    """A user's preprocessing of one field.

    Attributes:
        field: the name of the field.
        rows: the rows that it takes, as in `RowFormat.kind`.
    """

    field: str
    rows: Literal["pictures", "texts"]

    @abstractmethod
    def stage(self, field: int) -> Stage:
        """The stage for a field, by its index."""

    @abstractmethod
    def original(self, values: Sequence[Any]) -> Mapping[str, Sequence[npt.NDArray[Any]]]:
        """The array of each value that the user's own library computes, by the name of the stage's output.

        Raises:
            Exception: whatever the library raises for a value that it refuses.
        """

    def located(self) -> Preprocessing:
        """The same, whose stage also computes where in the original value its numbers are."""
        return self

    def places(self, values: Sequence[Any]) -> Sequence[npt.NDArray[Any]]:
        """The array of each value that states this, as the user's own library computes it."""
        raise NotImplementedError

    @property
    @abstractmethod
    def shapes(self) -> Mapping[str, tuple[int | None, ...]]:
        """The dimensions after the rows of each of these arrays; None where they depend on the value."""


class Recogniser(Protocol):
    """Reads one kind of preprocessing objects."""

    def recognise(self, given: Any) -> Preprocessing | None:
        """The preprocessing; None for an object of another kind.

        Raises:
            PackError: E321 for an object of this kind that cannot be a stage.
        """


_recognisers: Plugins[Recogniser] = Plugins("sealift.preprocessing", "recogniser of preprocessing")


def recognised(given: Any) -> Preprocessing:
    """The preprocessing of an object. Raises PackError E321 for one that no recogniser knows, E323 for a random one."""
    if isinstance(given, Preprocessing):
        return given
    random = random_step(given)
    if random:
        raise PackError(
            "E323",
            f"The preprocessing has the random step {random}, so that a picture has another answer each time.",
            where="preprocess",
            fix="Give the transform with which the model is evaluated, without augmentation.",
        )
    for recogniser in _recognisers.all().values():
        preprocessing = recogniser.recognise(given)
        if preprocessing is not None:
            return preprocessing
    raise PackError(
        "E321",
        f"The preprocessing, a {type(given).__module__}.{type(given).__qualname__}, is not known.",
        where="preprocess",
        fix="Describe it with sealift.Image(resize=…, mean=…, std=…); the proof compares it with the named library.",
    )
