"""The protocol of an engine: a program that runs the graph of a sealed file.

`pack` compares the answers of each engine with the original's. To add an engine, implement `EngineKind` and declare an
instance as an entry point of the group `sealift.engines`; those of Sealift itself are declared in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

import numpy.typing as npt

from sealift.plugins import Plugins
from sealift.runtime.weights import Weights
from sealift.stages import Stages

NATIVE = "native"
"""The engine of `load` and `predict`; every proof includes it."""


DOES_NOT_RUN = "does not run: "
"""The beginning of what `evidence.json` says of an engine that cannot run the graph."""

NOT_CHECKED = "not checked: "
"""Likewise of an engine that cannot run on the machine where the file was made."""

NOT_ASKED = "not asked for"
"""What `evidence.json` says of an engine that the packer left out."""


class Session(Protocol):
    """A graph ready to run."""

    def run(self, tensors: Mapping[str, npt.NDArray[Any]], outputs: Sequence[str]) -> Mapping[str, npt.NDArray[Any]]:
        """Run the graph on N rows; output name → array with N rows.

        Raises:
            SealError: E207 when the graph cannot be run.
        """


class Unavailable(NamedTuple):
    """Why an engine cannot run on this machine, and what to install."""

    reason: str
    remedy: str


class EngineKind(Protocol):
    """One engine.

    Attributes:
        name: the entry point's name, as in `ProofOptions(engines=("native", "wasm"))`.
        key: its name in `evidence.json`.
        title: its displayed name.
        consequence: the consequence for users of a graph that does not run in it, without a full stop.
    """

    name: str
    key: str
    title: str
    consequence: str

    def unavailable(self) -> Unavailable | None:
        """Why it cannot run here; None if it can."""

    def version(self) -> str:
        """The engine and its version, such as "onnxruntime 1.30.0"."""

    def open(
        self, graph: bytes | memoryview, stages: Stages, weights: Weights | None = None
    ) -> AbstractContextManager[Session]:
        """Load a graph, with its weights.

        Raises:
            SealError: E207 when the graph cannot be loaded.
            LostError: when the engine's process ended, which need not be caused by the graph.
        """


_engines: Plugins[EngineKind] = Plugins("sealift.engines", "engine")


def engines() -> Mapping[str, EngineKind]:
    """The engines by name."""
    return _engines.all()
