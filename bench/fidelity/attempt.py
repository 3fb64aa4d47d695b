"""One case tried: fitted, packed, and told how it ended."""

from __future__ import annotations

import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sealift
from bench.fidelity.again import afresh, compare
from bench.fidelity.case import Case
from sealift import ParityError, SealiftError

# From best to worst. `different`: the proof found a difference and no file was written. `silent`: it found none, but
# the written file answers other rows differently. `crash`: anything else.
STATUSES = ("verified", "refused", "different", "crash", "silent")
FAULTS = STATUSES[2:]


@dataclass(frozen=True)
class Outcome:
    """How a case ended.

    Attributes:
        library, kind, name, variant: the case's own.
        status: one of STATUSES.
        native: rows compared by onnxruntime.
        webassembly: rows compared by onnxruntime-web.
        afresh: rows that the written file answered as the original does, apart from the proof.
        how: the rungs of the ladder that its steps took.
        reason: why it is not verified.
        seconds: what fitting and packing took.
    """

    library: str
    kind: str
    name: str
    variant: str
    status: str
    native: int = 0
    webassembly: int = 0
    afresh: int = 0
    how: str = ""
    reason: str = ""
    seconds: float = 0.0

    @property
    def key(self) -> tuple[str, str, str]:
        """As `Case.key`."""
        return f"{self.library}: {self.kind}", self.name, self.variant


def attempt(case: Case) -> Outcome:
    """Fit and pack it. A case that cannot be fitted is a fault of this folder and counts as a crash."""
    start = time.perf_counter()

    def ended(status: str, reason: str = "", **more: Any) -> Outcome:
        seconds = round(time.perf_counter() - start, 2)
        given = (case.library, case.kind, case.name, case.variant, status)
        return Outcome(*given, reason=reason, seconds=seconds, **more)

    with tempfile.TemporaryDirectory() as folder:
        try:
            model, X = case.fitted()
            packed = sealift.pack(model, X, name="case", output=Path(folder) / "case.seal")
        except ParityError as error:
            return ended("different", f"{error.where}: {error.what}")
        except SealiftError as error:
            return ended("crash" if _is_fault(error) else "refused", f"{error.code} {error.what} {error.fix}")
        except Exception as error:
            traceback.print_exc()
            return ended("crash", f"{type(error).__name__}: {error}")
        try:
            again, difference = compare(model, packed.load(), packed.report.tolerance, afresh(X))
        except Exception as error:
            traceback.print_exc()
            return ended("crash", f"The written file fails on other rows: {type(error).__name__}: {error}")
    report = packed.report
    engine = report.engines.get("webassembly", "")
    if engine.startswith("does not run"):
        # Every page is to show the same table, so a graph that the page's engine cannot run is no success.
        return ended("crash", f"WebAssembly {engine}")
    webassembly = report.compared.get("webassembly", 0)
    counts = {"native": report.total - webassembly, "webassembly": webassembly, "afresh": again}
    how = ", ".join(sorted({step["how"] for step in packed.steps}))
    return ended("silent" if difference else "verified", difference, how=how, **counts)


def _is_fault(error: SealiftError) -> bool:
    """Whether it is told to users as a refusal and yet is a fault: a converter that failed in a way of its own; or a
    model said to fail on X, where every model here answers its X."""
    return error.what.startswith("The converter failed") or error.code == "E305"
