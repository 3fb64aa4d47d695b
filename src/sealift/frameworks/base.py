"""The two protocols of this package: a `Framework` is a library of models, a `Source` is one fitted model of it.

`packing` accesses models only through these two. To add a framework, write one subclass of each and declare the
`Framework` as an entry point of the group `sealift.frameworks` (docs/how-to/add-a-framework.md). The frameworks of
Sealift itself are declared in the same way.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy.typing as npt

from sealift.contract.outputs.features import FEATURES
from sealift.errors import PackError
from sealift.frameworks.dict_keys import Keys
from sealift.frameworks.learned import Learned, RetainedRows, Share
from sealift.graph.step import StepOutput
from sealift.graph.table import Table
from sealift.graph.tensor import Tensor
from sealift.runtime import Limits

HEAD = 4096
"""The number of bytes of a model file that are passed to `Framework.sniff`."""


@dataclass(frozen=True)
class Trust:
    """What is permitted while a model file is opened.

    Attributes:
        pickle: whether a pickle may be opened, which can run any code.
        types: types that a file may use in addition to those that are trusted by default.
        limits: limits of time and memory for the processes in which a graph from a file runs.
    """

    pickle: bool = False
    types: tuple[str, ...] = ()
    limits: Limits | None = None


class Framework(ABC):
    """A library of models: recognises its objects and files, and opens them.

    An instance is made without the library, which may not be installed; only `load`, `open` and `source` may import
    it.

    Attributes:
        name: the entry point's name, such as "xgboost".
        extra: the extra of the package that installs the library, as in `pip install 'sealift[xgboost]'`.
        packages: the import packages whose classes are the library's models; the library's own is the first one.
        converters: the module that registers the converters when it is imported; empty where there is none.
        distributions: the distributions whose versions are recorded in a file's provenance.
        r_savers: classes of the library in R, each with the R code that saves such an object as a file for `open`.
    """

    name: str
    extra: str
    packages: tuple[str, ...] = ()
    converters: str = ""
    distributions: tuple[str, ...] = ()
    r_savers: tuple[tuple[str, str], ...] = ()

    @property
    def installed(self) -> bool:
        """Whether the library can be imported."""
        return not self.packages or find_spec(self.packages[0]) is not None

    def owns(self, model: Any) -> bool:
        """Whether a model is the library's, decided by the modules of the classes in its type's MRO.

        If several frameworks own a model, the one that defines the earliest class of the MRO is used.
        """
        return self.depth(model) < len(type(model).__mro__)

    def depth(self, model: Any) -> int:
        """The place in the type's MRO of the first class from `packages`; the length of the MRO if there is none."""
        kinds = type(model).__mro__
        prefixes = tuple(f"{package}." for package in self.packages)
        return next((i for i, kind in enumerate(kinds) if f"{kind.__module__}.".startswith(prefixes)), len(kinds))

    def load(self) -> None:
        """Import the module `converters`; called before the first model is converted.

        Raises:
            ImportError: when the library is not installed, or cannot be imported. The next call tries again.
        """
        if self.converters:
            import_module(self.converters)

    @abstractmethod
    def source(self, model: Any, rows: Any = None) -> Source:
        """The source for a model that the framework owns.

        Args:
            model: the fitted model.
            rows: the caller's rows; None without rows.
        """

    def sniff(self, path: Path, head: bytes) -> bool:
        """Whether a file is a model file that `open` reads, decided by its bytes or its name.

        Args:
            path: the file, which may be read, but not opened as a model.
            head: its first `HEAD` bytes.

        Raises:
            PackError: E308 for a file of the library that cannot be opened, with what to save instead.
        """
        del path, head
        return False

    def open(self, path: Path, trust: Trust) -> Any:
        """The model in a file for which `sniff` is true.

        Raises:
            FileError: E405 when the library is not installed.
            PackError: E307 when opening the file could run code that `trust` does not permit, E308 when it cannot be
                opened.
        """
        raise NotImplementedError(f"{self.name} opens no files, so its sniff must not claim {path} ({trust}).")

    def column_name(self, label: Any) -> str:
        """The column name that the library stores for a label of a data frame."""
        return str(label)

    def version_note(self, warning: Warning | str) -> str | None:
        """A note for a warning, raised while a model is loaded, about another version of the library; else None."""
        del warning
        return None


@dataclass(frozen=True)
class ArrayInput:
    """An input of a model that takes arrays (N, ...).

    Attributes:
        name: its name.
        shape: its dimensions after the rows: a number for a fixed size, otherwise a name as in `tensor[…]`; empty
            for one number per row, None if the model does not state it.
    """

    name: str
    shape: tuple[int | str, ...] | None


@dataclass(frozen=True)
class RowFormat:
    """The rows that a model takes.

    Attributes:
        kind: "table" for columns; "texts" if each row is one string, "dicts" if each row is a dict, "arrays" if
            each input is an array whose first axis is the rows, "pictures" if each row is one picture.
        columns: the names of the columns that the model was fitted on, in its order; None if it stores none.
        width: the number of columns; None if the model does not state it.
        keys: for dicts, the keys that each step with dicts as its input knows; empty if it was never fitted.
        step: for texts and dicts, the type of the step that reads them.
        arrays: for arrays, the inputs in the model's order; empty for a single one that the model does not describe.
    """

    kind: Literal["table", "texts", "dicts", "arrays", "pictures"] = "table"
    columns: tuple[str, ...] | None = None
    width: int | None = None
    keys: tuple[Keys, ...] = ()
    step: str = ""
    arrays: tuple[ArrayInput, ...] = ()

    @property
    def key_of(self) -> dict[str, Any]:
        """The keys of dicts by the names of their fields; a key need not be a string."""
        return {str(name): name for known in self.keys for name in known.places or ()}


class FeatureMatrix(NamedTuple):
    """The output of a transformer.

    Attributes:
        values: (N, k), of any dtype.
        names: the columns' names.
        sparse: whether the transformer returned a sparse matrix.
    """

    values: npt.NDArray[Any]
    names: Sequence[str]
    sparse: bool


class ModelPart(NamedTuple):
    """A part of a model whose result can be compared separately, such as a layer of a net.

    Attributes:
        name: its path in the model and its type, such as `layer2.0.conv1 (Conv2d)`.
        answer: its result in the original, (…).
        tensors: the tensors that it computes in the graph of the last conversion. Its result is one of those that have
            the shape of `answer`; where there is none, the graph computes it together with another part.
    """

    name: str
    answer: npt.NDArray[Any]
    tensors: Sequence[Tensor]


class Source(ABC):
    """One fitted model, or one step of it: the original that answers are compared with, and its conversion.

    Attributes:
        model: the fitted object.
    """

    def __init__(self, model: Any) -> None:
        self.model = model

    @property
    def kind(self) -> str:
        """The name of the model's type, for messages."""
        return type(self.model).__name__

    def check(self) -> None:  # noqa: B027 - nothing to check by default
        """Raise PackError for a model that cannot predict.

        E301 when it was never fitted, E302 when no contract describes its rows, E304 for any other reason.
        """

    @property
    @abstractmethod
    def rows(self) -> RowFormat:
        """The rows that the model takes."""

    @property
    @abstractmethod
    def outputs(self) -> Collection[str]:
        """The kinds of outputs that `answer` can compute: value, label, probability, score, features.

        A converted output that is not among them is left out of the contract, because it cannot be proved. A
        model that predicts may name both "value" and "label".
        """

    @abstractmethod
    def answer(self, rows: Any, outputs: Collection[str]) -> dict[str, npt.NDArray[Any]]:
        """The original's answers to rows in its own format, by kind of output: dense arrays (N,) or (N, k).

        Their dtypes are those of the computation: where one is float32, answers are compared with the tolerance of
        float32. Exceptions of the model are not caught.
        """

    @abstractmethod
    def convert(self, table: Table) -> tuple[StepOutput, str]:
        """The model applied to the columns of `table`, in the table's graph, and how it was converted.

        A converter that is registered for the model's exact type (`registry.converter`) takes precedence. The way of
        conversion is one of "own", "skl2onnx", "traced", "exported".

        Raises:
            PackError: E302 for a model that cannot be converted; `registry.apply` adds the path of the step.
        """

    @property
    def limits(self) -> Limits | None:
        """The limits of the processes that run the graphs of a model of unknown origin; None for any other model."""
        return None

    @property
    def tolerance(self) -> float | None:
        """The relative difference allowed by default; None for that of the dtype in which the model computes."""
        return None

    @property
    def classes(self) -> npt.NDArray[Any] | None:
        """The classes of a classifier of one target, in the order of its probabilities; else None."""
        return None

    def features(self, rows: Any) -> FeatureMatrix:
        """A transformer's output for rows, with the names of its columns."""
        values = self.answer(rows, (FEATURES.name,))[FEATURES.name]
        return FeatureMatrix(values, [f"x{i}" for i in range(values.shape[1])], sparse=False)

    def is_unfitted(self, error: Exception) -> bool:
        """Whether an error of the conversion is caused by attributes that the model gets in training."""
        del error
        return False

    def explain(self) -> tuple[str, str] | None:
        """A cause of different answers other than an error of the conversion, and the remedy; None if none is known."""
        return None

    def parts(self, rows: Any) -> Sequence[ModelPart]:
        """The parts of the model in the order of their computation, with their results for rows in its own format.

        Called after a conversion when answers differ, to name the first part that differs; empty by default.
        """
        del rows
        return ()

    @property
    def function(self) -> Callable[..., Any] | None:
        """The user's own function that the model calls; None if it calls none."""
        return None

    @property
    def learned(self) -> Learned:
        """What the model learned from its training data."""
        return Learned()

    def remembered(self) -> list[tuple[str, Sequence[str]]]:
        """The columns that the model stores from its training, with some strings for those that contained strings.

        Raises:
            PackError: E305 when the model does not store its number of columns.
        """
        rows = self.rows
        names = rows.columns if rows.columns is not None else [f"x{i}" for i in range(rows.width or 0)]
        if not names:
            raise forgotten()
        return [(name, ()) for name in names]


def forgotten() -> PackError:
    """The error for a model that does not store its number of columns."""
    return PackError(
        "E305",
        "The model does not store its number of columns.",
        fix="Give some rows: sealift doctor MODEL --data rows.csv, or sealift.doctor(model, X).",
    )


@dataclass(frozen=True)
class Step:
    """One converted step of a model.

    Attributes:
        path: the names and types of the enclosing steps and its own, joined by " › ".
        source: the original step.
        table: its input in the graph.
        answer: its output in the graph.
        how: the way of conversion: own, skl2onnx, traced, exported; or refused.
    """

    path: str
    source: Source
    table: Table
    answer: StepOutput
    how: str


__all__ = [
    "HEAD",
    "ArrayInput",
    "FeatureMatrix",
    "Framework",
    "Learned",
    "ModelPart",
    "RetainedRows",
    "RowFormat",
    "Share",
    "Source",
    "Step",
    "Trust",
    "forgotten",
]
