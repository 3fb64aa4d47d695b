"""A version of a model, loaded and tested, and its answers to rows."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Batch, columns_of
from sealift.errors import ServeError
from sealift.runtime import SealedModel
from sealift.runtime.golden import Examples, SelfTest
from sealift.serve.answered import Answered
from sealift.serve.joining import JoinedRuns
from sealift.serve.single import SingleRow
from sealift.serve.typed_json import TypedRows

_log = logging.getLogger(__name__)
_TURNS = 3
FAST = 0.002
"""Seconds of an example up to which a model answers in the thread of the event loop."""


class ServedModel:
    """One version of a model. While it is unloaded, its description stays, and its first use loads it again.

    Attributes:
        name: the name under which it is served.
        version: the version in the sealed file.
        identity: the identity of the file.
        contract: the inputs and outputs.
        test: the result of the self-test in this process; None before `prepare`.
        seconds: the time that one example takes in this process; infinite before `prepare`.
        single: the reader of requests with one row; None before `prepare`, while the model is unloaded, and where the
            contract has none.
        typed: the reader of requests with several rows; None as `single`.
        series: the number of its counters (`sealift.serve.counters`).
        source: opens the same file again.
        unloads: whether it may be unloaded.
        loads: how often it was loaded again in this process.
        joins: rows of different requests that are computed at once at most; 1 where each is computed by itself.
    """

    def __init__(self, name: str, model: SealedModel, source: Callable[[], SealedModel] | None = None) -> None:
        self.name = name
        self.version, self.identity, self.contract = model.version, model.identity, model.contract
        self.source = source
        self._model: SealedModel | None = model
        self._loading = threading.Lock()
        self._failed = False
        self._examples: Examples | None = None
        self.test: SelfTest | None = None
        self.seconds = math.inf
        self.single: SingleRow | None = None
        self.typed: TypedRows | None = None
        self.series = 0
        self.unloads = False
        self.loads = 0
        self.joins = 1
        self._joined: JoinedRuns | None = None
        self._outputs = [output.name for output in model.contract.outputs]

    @property
    def model(self) -> SealedModel:
        """The sealed model, which is loaded if it is not. Raises ServeError E803."""
        return self._model or self.load()

    @property
    def loaded(self) -> bool:
        """Whether the model is in the memory of this process."""
        return self._model is not None

    @property
    def examples(self) -> Examples:
        """The golden examples."""
        return self._examples or self.model.examples

    @property
    def ready(self) -> bool:
        """Whether this process reproduced the golden examples, and can load the model again if it is unloaded."""
        return self.test is not None and self.test.passed and not self._failed

    def load(self) -> SealedModel:
        """Load the model if it is not, and run the examples; other threads wait.

        Raises:
            ServeError: E803.
        """
        with self._loading:
            if self._model is None:
                try:
                    self._load()
                except Exception as error:
                    self._failed = True
                    _log.error("%s %s cannot be loaded again: %s", self.name, self.version, error)
                    raise ServeError(
                        "E803",
                        "The model was unloaded and cannot be loaded again.",
                        fix="See the log of the server.",
                    ) from error
                self._failed = False
            assert self._model is not None
            return self._model

    def _load(self) -> None:
        assert self.source is not None
        model = self.source()
        if model.identity != self.identity:
            raise ServeError(
                "E745", "The file has other contents than before.", where=self.name, fix="Deploy the version again."
            )
        self._prepare(model)
        self._model = model
        self.loads += 1

    def unload(self) -> bool:
        """Release the model; requests that are computed still finish. False where it is being loaded."""
        if self.source is None or not self._loading.acquire(blocking=False):
            return False
        try:
            if self._model is not None:
                self._examples = self._model.examples
            self._model = self.single = self.typed = None
        finally:
            self._loading.release()
        return True

    def prepare(self) -> None:
        """Load the graph and run the golden examples; nothing while the model is unloaded.

        Raises:
            ServeError: E703 when an answer differs from the expected one.
            SealError: E205, E207.
        """
        if self._model is not None:
            self._prepare(self._model)

    def _prepare(self, model: SealedModel) -> None:
        test = model.self_test()
        if not test.passed:
            raise ServeError(
                "E703",
                f"The model does not reproduce its examples on this machine: {test.matching} of {test.rows} match.",
                where=self.name,
                fix="Do not serve it here. `sealift verify` shows the differences.",
            )
        self.test = test
        columns = {name: values[:1] for name, values in model.examples.columns.items()}
        for _ in range(_TURNS):
            begun = time.perf_counter()
            self._answer(model, columns)
            self.seconds = min(self.seconds, time.perf_counter() - begun)
        self.single = SingleRow.of(self.name, model)
        self.typed = TypedRows.of(model)

    def join(self, most: int, parallel: int) -> None:
        """Compute up to so many rows of different requests at once (`joining.most_joined`, `joining.parallel`)."""
        self.joins = most
        self._joined = JoinedRuns(self._run, most, parallel) if most > 1 and self.seconds > FAST else None

    def _run(self, tensors: Mapping[str, npt.NDArray[Any]]) -> Mapping[str, npt.NDArray[Any]]:
        return self.model.engine.run(tensors, self._outputs)

    def answer(self, rows: Any) -> Answered:
        """Answer rows.

        Args:
            rows: N rows in any form that `SealedModel.predict` reads.

        Raises:
            ContractError: E101 to E105 when the columns do not fit the contract.
            SealError: E207, E209.
            ServeError: E803.
        """
        return self._answer(self.model, rows)

    def _answer(self, model: SealedModel, rows: Any) -> Answered:
        if not model.stages.refuses:
            count, piece = model.reader.pieces(rows)
            tensors = piece(0, count)
            if tensors is not None:
                batch = Batch(tensors, np.ones(count, dtype=np.bool_), ())
                begun = time.perf_counter()
                joined = self._joined if count < self.joins else None
                if joined is None:
                    outputs: Mapping[str, npt.NDArray[Any]] = model.engine.run(tensors, self._outputs)
                else:
                    outputs = joined.run(tensors)
                return Answered(batch, outputs, (begun, time.perf_counter()))
        batch = model.encoded(columns_of(self.contract, rows))
        begun = time.perf_counter()
        outputs = model.answer(batch) if batch.good.any() else {}
        return Answered(batch.without_pictures(), outputs, (begun, time.perf_counter()))
