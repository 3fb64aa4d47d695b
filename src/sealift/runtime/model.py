"""The sealed model: `load(path).predict(rows)`."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Literal, Self, overload

import numpy as np
import numpy.typing as npt

from sealift import seal as sealing
from sealift.contract import Batch, Problem, RowReader, columns_of
from sealift.errors import ContractError
from sealift.runtime.answers import Answers, OnError, check_on_error
from sealift.runtime.answers import as_frame as frame_of
from sealift.runtime.child import ForkSafeLock
from sealift.runtime.engine import FEW, Engine, joined
from sealift.runtime.estimator import EstimatorBase
from sealift.runtime.fit import check_graph
from sealift.runtime.golden import Examples, SelfTest, encoded, read_examples, self_test
from sealift.runtime.isolated import AnyEngine, IsolatedEngine, closed
from sealift.runtime.limits import Limits
from sealift.runtime.weights import Weights
from sealift.seal import FileSource, Seal
from sealift.stages import Stages

_log = logging.getLogger(__name__)
_AT_ONCE = 64  # rows with pictures


class SealedModel(EstimatorBase):
    """A sealed file that can predict; `sealift.load` returns it.

    As a context manager it is closed at the end of the block; for an isolated model, that ends its process.

    Attributes:
        seal: the checked file, with its manifest, identity and members.
        contract: the inputs and outputs.
        stages: the stages that process strings before the graph.
    """

    def __init__(
        self, seal: Seal, *, threads: int | None = None, limits: Limits | None = None, until: float | None = None
    ) -> None:
        self.seal = seal
        self.contract = seal.contract()
        check_graph(seal.graph, self.contract)
        self.stages = Stages.of(self.contract)
        self._outputs = [output.name for output in self.contract.outputs]
        self._threads = threads
        self._limits, self._until = limits, until
        self._engine: AnyEngine | None = None
        self._closed = False
        self._opening = ForkSafeLock()

    @property
    def name(self) -> str:
        """The model's name."""
        return self.seal.manifest.name

    @property
    def version(self) -> str:
        """The model's version."""
        return self.seal.manifest.version

    @property
    def identity(self) -> str:
        """SHA-256 of the manifest in hexadecimal; it changes with every byte of the file except the signature."""
        return self.seal.identity

    @property
    def engine(self) -> AnyEngine:
        """The graph, loaded on first use. Raises SealError E207, E210."""
        if self._engine is None:
            with self._opening:
                if self._engine is None:
                    self._engine = self._opened()
        return self._engine

    @property
    def isolated(self) -> bool:
        """Whether the graph runs in a separate process."""
        return self._limits is not None

    def _opened(self) -> AnyEngine:
        graph, outputs = self.seal.members["model.onnx"], self.contract.outputs
        weights = Weights.of(self.seal)
        if self._closed:
            raise closed()
        _log.debug("loading the graph of %s %s, %d bytes", self.name, self.version, len(graph))
        if self._limits is None:
            return Engine(graph, threads=self._threads, stages=self.stages, declared=outputs, weights=weights)
        return IsolatedEngine(
            graph,
            limits=self._limits,
            threads=self._threads,
            stages=self.stages,
            declared=outputs,
            until=self._until,
            weights=weights,
        )

    def close(self) -> None:
        """Release the loaded graph, and end its process where the model is isolated. Later calls raise E207."""
        with self._opening:
            self._closed, engine, self._engine = True, self._engine, None
        if isinstance(engine, IsolatedEngine):
            engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def reader(self) -> RowReader:
        """The contract, compiled for reading rows."""
        return RowReader(self.contract)

    @cached_property
    def examples(self) -> Examples:
        """The golden examples. Raises SealError E203, E205."""
        return read_examples(self.seal.json("golden/examples.json"), self.contract, self.seal.members)

    @overload
    def predict(
        self,
        rows: Any,
        *,
        ignore_extra: bool = False,
        as_frame: Literal[False] = False,
        on_error: Literal["raise"] = "raise",
    ) -> dict[str, npt.NDArray[Any]]: ...

    @overload
    def predict(self, rows: Any, *, ignore_extra: bool = False, on_error: OnError) -> Answers: ...

    @overload
    def predict(self, rows: Any, *, ignore_extra: bool = False, as_frame: bool, on_error: OnError = "raise") -> Any: ...

    def predict(
        self, rows: Any, *, ignore_extra: bool = False, as_frame: bool = False, on_error: OnError = "raise"
    ) -> dict[str, npt.NDArray[Any]] | Any:
        """Predict N rows.

        Args:
            rows: a pandas, polars or pyarrow table, a 2-d array (columns in the contract's order), a list of dicts,
                a dict of columns or one dict of values.
            ignore_extra: ignore unknown columns instead of raising E102.
            as_frame: return a data frame with the columns of an answered file: of polars or pyarrow where the rows are
                such a table, else of pandas, with the index of the rows.
            on_error: "raise" raises for the first bad row. "null" answers the good rows and leaves the answers of bad
                rows missing: NaN where an output is float64, else None in an array of objects. The result is then an
                `Answers`, whose `problems` list what is wrong; a data frame has a last column `error`.

        Returns:
            Output name → array, for the outputs of the model: `label` (N,), `probability` (N, classes) float64 in the
            contract's order of classes, `score` (N,) or (N, classes), `value` (N,) or (N, k), `features` (N, k). With
            `as_frame` a data frame of N rows.

        Raises:
            ValueError: `on_error` is not one of these strings.
            MissingExtraError: E405 when `as_frame` needs pandas and it is not installed.
            ContractError: E101 to E105 when the columns do not fit, R101 to R104 and R108 for the first bad row.
            SealError: E207 when the graph cannot be run here, E209 when an answer has another shape or type than the
                contract declares, E210 when the model exceeds a limit of time or memory.
        """
        if as_frame or on_error != "raise":
            return self._predicted(rows, ignore_extra=ignore_extra, as_frame=as_frame, on_error=on_error)
        answers = self.answer_rows(rows, ignore_extra=ignore_extra)
        if answers is not None:
            return answers
        # A row may have a problem: `encoded` reports it, or encodes the rows after all.
        batch, answers = self._tried(self._columns(rows, ignore_extra=ignore_extra), on_error)
        if batch.problems:
            first = batch.problems[0].as_error()
            others = int((~batch.good).sum()) - 1
            more = f" {others} more rows have problems." if others else ""
            raise ContractError(first.code, first.what + more, where=first.where, fix=first.fix)
        return answers

    def _columns(self, rows: Any, *, ignore_extra: bool) -> dict[str, Any]:
        """The columns of rows that a program gives, which may name files of this computer."""
        columns = columns_of(self.contract, rows, ignore_extra=ignore_extra)
        for field in self.contract.inputs:
            if field.type.feeds == "stage":
                columns[field.name] = field.type.local(columns[field.name])
        return columns

    def _tried(
        self, columns: Mapping[str, Sequence[Any] | npt.NDArray[Any]], on_error: OnError
    ) -> tuple[Batch, dict[str, npt.NDArray[Any]]]:
        """The checked rows, and the answers to the good ones; none where `on_error` is "raise" and there is a problem.

        Values that only stages read take much memory, so such rows are answered some at a time; after a part with a
        problem, the others are not tried if `on_error` is "raise".
        """
        count = len(next(iter(columns.values())))
        size = _AT_ONCE if self.stages.read else count
        good: list[npt.NDArray[np.bool_]] = []
        problems: list[Problem] = []
        parts: list[dict[str, npt.NDArray[Any]]] = []
        for start in range(0, count, size):
            part = {name: column[start : start + size] for name, column in columns.items()}
            batch = self.encoded(part, first_row=start + 1)
            good.append(batch.good)
            problems += batch.problems
            if problems and on_error == "raise":
                break
            if batch.good.any():
                parts.append(self.answer(batch))
        whole = {name: joined([part[name] for part in parts]) for name in (parts[0] if parts else ())}
        return Batch({}, np.concatenate(good), problems), whole

    def answer_rows(self, rows: Any, *, ignore_extra: bool = False) -> dict[str, npt.NDArray[Any]] | None:
        """Predict rows that have no problem, with the fewest operations; None where a row may have one.

        Args:
            rows, ignore_extra: as for `predict`.

        Raises:
            ContractError: E101 to E105. SealError: E207, E209, E210.
        """
        if self.stages.refuses:
            return None
        tensors = self.reader.one(rows)
        if tensors is None:
            count, piece = self.reader.pieces(rows, ignore_extra=ignore_extra)
            if count > FEW:
                return self.engine.run_pieces(count, piece, self._outputs)
            tensors = piece(0, count)
        return None if tensors is None else self.engine.run(tensors, self._outputs)

    def encoded(self, columns: Mapping[str, Sequence[Any] | npt.NDArray[Any]], *, first_row: int = 1) -> Batch:
        """Encode columns as tensors, with the problems of their rows (R101 to R104, R108).

        Args:
            columns: input name → N values, for every input.
            first_row: the number of the first row in messages.
        """
        return self.stages.checked(self.reader.encode(columns, first_row=first_row), first_row=first_row)

    def _predicted(self, rows: Any, *, ignore_extra: bool, as_frame: bool, on_error: OnError) -> Any:
        check_on_error(on_error)
        if on_error == "raise":
            answers: Mapping[str, npt.NDArray[Any]] = self.predict(rows, ignore_extra=ignore_extra)
        else:
            batch, good_answers = self._tried(self._columns(rows, ignore_extra=ignore_extra), on_error)
            answers = Answers(batch, self.contract, good_answers)
        return frame_of(self.contract, answers, rows) if as_frame else answers

    def notes(self, rows: Any, *, ignore_extra: bool = False) -> list[dict[str, str]]:
        """What makes the answer to each row less reliable, by input: a text that is cut, an unusual picture.

        Args:
            rows: the rows, as in `predict`.
            ignore_extra: ignore unknown columns instead of raising E102.
        """
        batch = self.encoded(self._columns(rows, ignore_extra=ignore_extra))
        notes: list[dict[str, str]] = [{} for _ in batch.good]
        for row, name, note in self.notes_of(batch):
            notes[row][name] = note
        return notes

    def notes_of(self, batch: Batch) -> list[tuple[int, str, str]]:
        """The notes on a checked batch: the index of the row, the name of the input, and the note."""
        if not self.stages.notes:
            return []
        where = np.flatnonzero(batch.good).tolist()
        inputs = self.contract.inputs
        return [(where[row], inputs[field].name, note) for row, field, note in self.stages.cautions(batch.only_good())]

    def answer(self, batch: Batch) -> dict[str, npt.NDArray[Any]]:
        """Predict the good rows of a checked batch, in their order."""
        answers = self.engine.run(batch.only_good(), self._outputs)
        return {name: np.asarray(array) for name, array in answers.items()}

    def self_test(self) -> SelfTest:
        """Run the golden examples on this machine. Raises SealError E205 when they are malformed, E207."""
        examples = self.examples
        return self_test(self.answer(encoded(examples, self.contract, self.stages)), examples)


def load(
    source: FileSource,
    *,
    threads: int | None = None,
    warm: bool = False,
    isolated: bool = False,
    limits: Limits | None = None,
) -> SealedModel:
    """Open a sealed file. Only its ONNX graph is executed, and no training framework is imported.

    ONNX Runtime loads the graph when rows are first predicted, which takes seconds for a forest of a million nodes.

    Args:
        source: the .seal file: its path, its bytes, a binary stream, which is read to its end and stays open, or an
            object whose method `open("rb")` returns one, such as `fsspec.open(address)` or a `zipfile.Path`.
        threads: the number of threads for many rows; by default all processors that the process may use.
        warm: load the graph now, so that the first prediction takes no longer than later ones.
        isolated: run the graph in a separate process, with limits of time and memory, for files of unknown origin. The
            answers are the same. A call takes some tenths of a millisecond longer, and calls of several threads are
            answered one after the other. `close`, or the end of a `with` block, ends the process.
        limits: the limits of that process; implies `isolated`. After a call that exceeded one (E210), the next call
            starts another process.

    Raises:
        FileError: E401. SealError: E201 to E205, E208, E209, E211; with `warm` E207 when the graph cannot be run here,
            and E210 when it exceeds a limit.
        ContractError: E106.
    """
    model = SealedModel(sealing.read_source(source), threads=threads, limits=limits or (Limits() if isolated else None))
    if warm:
        _ = model.engine
    return model
