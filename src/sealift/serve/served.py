"""A version of a model, loaded and tested, and its answers to rows."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from sealift.contract import Batch, Contract, columns_of
from sealift.errors import ServeError
from sealift.runtime import SealedModel
from sealift.runtime.golden import SelfTest
from sealift.serve.answered import Answered
from sealift.serve.single import SingleRow

_TURNS = 3


class ServedModel:
    """One version of a model.

    Attributes:
        name: the name under which it is served.
        model: the sealed model.
        test: the result of the self-test in this process; None before `prepare`.
        seconds: the time that one example takes in this process; infinite before `prepare`.
        single: the reader of requests with one row; None before `prepare`, and where the contract has none.
        series: the number of its counters (`sealift.serve.counters`).
    """

    def __init__(self, name: str, model: SealedModel) -> None:
        self.name = name
        self.model = model
        self.test: SelfTest | None = None
        self.seconds = math.inf
        self.single: SingleRow | None = None
        self.series = 0
        self._outputs = [output.name for output in model.contract.outputs]

    @property
    def version(self) -> str:
        """The version in the sealed file."""
        return self.model.version

    @property
    def contract(self) -> Contract:
        """The inputs and outputs."""
        return self.model.contract

    @property
    def ready(self) -> bool:
        """Whether this process reproduced the golden examples."""
        return self.test is not None and self.test.passed

    def prepare(self) -> None:
        """Load the graph and run the golden examples.

        Raises:
            ServeError: E703 when an answer differs from the expected one.
            SealError: E205, E207.
        """
        test = self.model.self_test()
        if not test.passed:
            raise ServeError(
                "E703",
                f"The model does not reproduce its examples on this machine: {test.matching} of {test.rows} match.",
                where=self.name,
                fix="Do not serve it here. `sealift verify` shows the differences.",
            )
        self.test = test
        columns = {name: values[:1] for name, values in self.model.examples.columns.items()}
        for _ in range(_TURNS):
            begun = time.perf_counter()
            self.answer(columns)
            self.seconds = min(self.seconds, time.perf_counter() - begun)
        self.single = SingleRow.of(self.name, self.model)

    def answer(self, rows: Any) -> Answered:
        """Answer rows.

        Args:
            rows: N rows in any form that `SealedModel.predict` reads.

        Raises:
            ContractError: E101 to E105 when the columns do not fit the contract.
            SealError: E207, E209.
        """
        model = self.model
        if not model.stages.refuses:
            count, piece = model.reader.pieces(rows)
            tensors = piece(0, count)
            if tensors is not None:
                batch = Batch(tensors, np.ones(count, dtype=np.bool_), ())
                begun = time.perf_counter()
                outputs = model.engine.run(tensors, self._outputs)
                return Answered(batch, outputs, (begun, time.perf_counter()))
        batch = model.encoded(columns_of(self.contract, rows))
        begun = time.perf_counter()
        outputs = model.answer(batch) if batch.good.any() else {}
        return Answered(batch, outputs, (begun, time.perf_counter()))
