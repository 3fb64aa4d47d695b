"""The protocol of a kind of stage, and all stages of a contract ready to run.

A stage is data: it computes tensors from the values of one field, before the graph. To add a kind, write one subclass
of `StageType` and one of `StageRun`, and declare the `StageType` as an entry point of the group `sealift.stages`
(docs/how-to/add-a-stage.md). The text stage is declared in the same way.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, cast

from sealift.contract import Batch, Contract, Stage
from sealift.contract.stage import StageOutput, stage_kind

if TYPE_CHECKING:  # a contract with stages is read without NumPy
    import numpy.typing as npt

    Tensors: TypeAlias = Mapping[str, npt.NDArray[Any]]


class StageRun(ABC):
    """All stages of one kind of a contract, ready to run."""

    @abstractmethod
    def pieces(self, tensors: Tensors) -> Iterator[Tensors]:
        """Yield checked rows in pieces for the graph, in order, with the tensors of the stages added.

        Args:
            tensors: tensor name → array of N rows; `text` holds the strings, `text_missing` which of them are missing,
                and `field<f>` the values of a field of a type that only a stage reads.

        Raises:
            SealError: E207 for a value that takes more work than the kind of stage allows.
        """

    @property
    def refuses(self) -> bool:
        """Whether `checked` can find a problem."""
        return False

    def checked(self, batch: Batch, *, first_row: int = 1) -> Batch:
        """The batch with a problem for each value that a stage refuses; `first_row` is the number of its first row."""
        del first_row
        return batch

    @property
    def notes(self) -> bool:
        """Whether `cautions` can find anything."""
        return False

    def cautions(self, tensors: Tensors) -> Iterator[tuple[int, int, str]]:
        """What makes answers less reliable: the index of a row, the field of the stage, and what its value has.

        Args:
            tensors: checked rows, as in `pieces`.
        """
        del tensors
        return iter(())


class StageType(ABC):
    """One kind of stage.

    Attributes:
        name: the entry point's name, such as `text`.
        version: the version of its specification; for readers, each version is a separate kind.
        data: the keys of `Stage.spec` whose values are stored as members by digest, so that stages can share them.
        takes: what its field must hold: `text` for strings, `stage` for values of a type that only a stage reads, which
            are in the array of objects `field<f>`.
        outputs: the tensors that each stage computes.
        is_local: whether a stage runs in the process of the caller, also if the graph runs in a separate one.
        has_notes: whether some stages of this kind have notes on values (`StageRun.notes`).
    """

    name: str
    version: int
    data: ClassVar[tuple[str, ...]] = ()
    takes: ClassVar[str] = "text"
    outputs: ClassVar[tuple[StageOutput, ...]]
    is_local: ClassVar[bool] = False
    has_notes: ClassVar[bool] = False

    def outputs_of(self, spec: Mapping[str, Any]) -> tuple[StageOutput, ...]:
        """The tensors that a stage computes, where their shape depends on its `spec`. Raises ContractError E106."""
        del spec
        return self.outputs

    def longest(self, spec: Mapping[str, Any]) -> int | None:
        """The most entries of one value in a dimension that is not fixed; None where there is no limit."""
        del spec
        return None

    def page_parts(self, spec: Mapping[str, Any]) -> tuple[str, ...]:
        """The files of the front end that a page needs for a stage beside those that each page has; none by default."""
        del spec
        return ()

    @abstractmethod
    def open(self, stages: Mapping[int, Stage], columns: Mapping[int, int], names: Sequence[str]) -> StageRun:
        """Read stages of this kind, which may come from an untrusted file.

        Args:
            stages: the stages by their number in the contract; the output `terms` of stage 3 is the tensor `terms3`.
            columns: field → its column in the tensor `text`, for fields of strings.
            names: the names of all fields, for messages; empty where values are not checked.

        Raises:
            ContractError: E106 for a malformed stage.
        """

    def is_refusing(self, stage: Stage) -> bool:
        """Whether a stage refuses some values; it may be malformed."""
        del stage
        return False

    def is_multiline(self, stage: Stage) -> bool:
        """Whether the values of its field may be long texts, such as those of documents."""
        del stage
        return False


class Stages:
    """The stages of a contract, ready to run; there may be none.

    Attributes:
        stages, texts: the arguments, for another process.
        made: the names of the tensors that the stages compute.
        read: the names of the arrays of values that only stages read, such as `field0`.
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        texts: Sequence[int],
        names: Sequence[str] = (),
        *,
        numbers: Collection[int] | None = None,
    ) -> None:
        """Read stages.

        Args:
            stages: all stages of the contract, whose indices are their numbers.
            texts: the fields of the columns of the tensor `text`, by index.
            names: the names of all fields.
            numbers: the numbers of the stages to run; all by default.

        Raises:
            ContractError: E106 for a malformed stage.
        """
        self.stages, self.texts = tuple(stages), tuple(texts)
        columns = {field: place for place, field in enumerate(texts)}
        run = {number: stage for number, stage in enumerate(stages) if numbers is None or number in numbers}
        kinds: dict[str, dict[int, Stage]] = {}
        for number, stage in run.items():
            kinds.setdefault(stage.kind, {})[number] = stage
        self._runs = [_type(kind).open(group, columns, names) for kind, group in kinds.items()]
        self._local = [run for kind, run in zip(kinds, self._runs, strict=True) if _type(kind).is_local]
        self.read = tuple(
            dict.fromkeys(f"field{stage.field}" for stage in run.values() if _type(stage.kind).takes == "stage")
        )
        self.made = frozenset(
            f"{output.name}{number}" for number, stage in run.items() for output in stage.type.outputs_of(stage.spec)
        )

    @classmethod
    def of(cls, contract: Contract) -> Stages:
        """The stages of a contract. Raises ContractError E106."""
        return cls(contract.stages, *_texts_of(contract))

    @classmethod
    def refusing(cls, contract: Contract) -> Stages:
        """The stages of a contract that refuse values, to be used for `checked` only. Raises ContractError E106."""
        refusing = {i for i, stage in enumerate(contract.stages) if _type(stage.kind).is_refusing(stage)}
        return cls(contract.stages, *_texts_of(contract), numbers=refusing)

    @staticmethod
    def may_have_notes(contract: Contract) -> bool:
        """Whether a kind of its stages has notes; the data of the stages need not be there."""
        return any(_type(stage.kind).has_notes for stage in contract.stages)

    @property
    def refuses(self) -> bool:
        """Whether a stage refuses values."""
        return any(run.refuses for run in self._runs)

    def checked(self, batch: Batch, *, first_row: int = 1) -> Batch:
        """The batch with a problem for each value that a stage refuses.

        Args:
            batch: checked rows of the contract of these stages.
            first_row: the number of the first row in messages.
        """
        for run in self._runs:
            batch = run.checked(batch, first_row=first_row)
        return batch

    @property
    def notes(self) -> bool:
        """Whether `cautions` can find anything."""
        return any(run.notes for run in self._runs)

    def cautions(self, tensors: Tensors) -> list[tuple[int, int, str]]:
        """What makes answers less reliable: the index of a row, a field, and what its value has, such as cut tokens."""
        return [caution for run in self._runs for caution in run.cautions(tensors)]

    def pieces(self, tensors: Tensors) -> Iterator[Tensors]:
        """Yield the rows in pieces for the graph, with the tensors of the stages added."""
        return _after(self._runs, tensors)

    def local(self, tensors: Tensors) -> Iterator[Tensors] | None:
        """The same for the stages that run in the process of the caller; None where there is none."""
        return _after(self._local, tensors) if self._local else None


def _after(runs: Sequence[StageRun], tensors: Tensors) -> Iterator[Tensors]:
    if not runs:
        yield tensors
        return
    for piece in runs[0].pieces(tensors):
        yield from _after(runs[1:], piece)


def _type(kind: str) -> StageType:
    return cast("StageType", stage_kind(kind))


def _texts_of(contract: Contract) -> tuple[list[int], list[str]]:
    """The indices of the string fields, and the names of all fields."""
    texts = [i for i, field in enumerate(contract.inputs) if field.type.feeds == "text"]
    return texts, [field.name for field in contract.inputs]
