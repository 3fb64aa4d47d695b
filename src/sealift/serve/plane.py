"""The data plane: the models that are served, by name and version, and their answers to rows; it knows no transport."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Batch, Contract, Problem, columns_of
from sealift.errors import ServeError
from sealift.runtime import SealedModel
from sealift.runtime.golden import SelfTest


@dataclass(frozen=True)
class Answered:
    """The answers to N rows.

    Attributes:
        batch: the checked rows: which are good, and the problems of the others.
        outputs: output name → answers of the good rows, in their order.
    """

    batch: Batch
    outputs: Mapping[str, npt.NDArray[Any]]

    @property
    def problems(self) -> Sequence[Problem]:
        """What is wrong with the rows that have no answer."""
        return self.batch.problems


class ServedModel:
    """One version of a model, loaded and self-tested.

    Attributes:
        name: the name under which it is served.
        model: the sealed model.
        test: the result of the self-test in this process; None before `prepare`.
    """

    def __init__(self, name: str, model: SealedModel) -> None:
        self.name = name
        self.model = model
        self.test: SelfTest | None = None

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

    def answer(self, rows: Any) -> Answered:
        """Answer rows.

        Args:
            rows: N rows in any form that `SealedModel.predict` reads.

        Raises:
            ContractError: E101 to E105 when the columns do not fit the contract.
            SealError: E207, E209.
        """
        answers = self.model.answer_rows(rows)
        if answers is not None:
            count = len(answers[self.contract.outputs[0].name])
            return Answered(Batch({}, np.ones(count, dtype=np.bool_), ()), answers)
        batch = self.model.encoded(columns_of(self.contract, rows))
        return Answered(batch, self.model.answer(batch) if batch.good.any() else {})


class Plane:
    """The served models. Threads may share it.

    Attributes:
        draining: whether the process is about to end; it then answers requests but is not ready.
    """

    def __init__(self, models: Sequence[ServedModel] = ()) -> None:
        self._lock = threading.Lock()
        self._models: dict[str, dict[str, ServedModel]] = {}
        self.draining = False
        for model in models:
            self.add(model)

    def add(self, model: ServedModel) -> None:
        """Serve a model, in place of the one with the same name and version."""
        with self._lock:
            models = {name: dict(versions) for name, versions in self._models.items()}
            models.setdefault(model.name, {})[model.version] = model
            self._models = models  # replaced at once, so that readers need no lock

    def names(self) -> list[str]:
        """The names of the models."""
        return list(self._models)

    def versions(self, name: str) -> list[str]:
        """The versions of a model. Raises ServeError E701."""
        return list(self._versions(name))

    def find(self, name: str, version: str | None = None) -> ServedModel:
        """A model by name and version; by default the version that was added last. Raises ServeError E701."""
        versions = self._versions(name)
        if version is None:
            return list(versions.values())[-1]
        model = versions.get(version)
        if model is None:
            raise ServeError(
                "E701",
                f"The model {name!r:.80} has no version {version!r:.80}.",
                fix=f"Use one of: {', '.join(versions)}.",
            )
        return model

    def only(self) -> ServedModel:
        """The model of a route without a model's name. Raises ServeError E701 unless exactly one is served."""
        names = self.names()
        if len(names) != 1:
            raise ServeError(
                "E701",
                f"This route names no model, and {len(names)} models are served.",
                fix="Use a route with the name of the model, such as /v1/models/NAME/predict.",
            )
        return self.find(names[0])

    def models(self) -> list[ServedModel]:
        """All versions of all models."""
        return [model for versions in self._models.values() for model in versions.values()]

    @property
    def ready(self) -> bool:
        """Whether every model is ready, and there is one, and the process is not about to end."""
        models = self.models()
        return bool(models) and not self.draining and all(model.ready for model in models)

    def _versions(self, name: str) -> Mapping[str, ServedModel]:
        versions = self._models.get(name)
        if versions is None:
            served = ", ".join(self.names()[:8]) or "none"
            raise ServeError(
                "E701", f"There is no model {name!r:.80}.", fix=f"Use the name of a model that is served: {served}."
            )
        return versions
