"""Fit and pack one case, and return the outcome."""

from __future__ import annotations

import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sealift
from bench.fidelity.case import Case
from bench.fidelity.second_oracle import compare, new_rows
from sealift import ParityError, SealiftError

# From best to worst. `different`: the proof found a difference and no file was written. `silent`: it found none, but
# the written file answers other rows differently. `crash`: anything else.
STATUSES = ("verified", "refused", "different", "crash", "silent")
FAULTS = STATUSES[2:]


@dataclass(frozen=True)
class Outcome:
    """The outcome of a case.

    Attributes:
        library, kind, name, variant: those of the case.
        status: one of STATUSES.
        native: rows compared by onnxruntime.
        webassembly: rows compared by onnxruntime-web.
        new_rows: rows not used in the proof for which the written file gives the original's answers.
        how: how its steps were converted.
        reason: why it is not verified.
        seconds: the time of fitting and packing.
    """

    library: str
    kind: str
    name: str
    variant: str
    status: str
    native: int = 0
    webassembly: int = 0
    new_rows: int = 0
    how: str = ""
    reason: str = ""
    seconds: float = 0.0

    @property
    def key(self) -> tuple[str, str, str]:
        """The key of the case, as `Case.key`."""
        return f"{self.library}: {self.kind}", self.name, self.variant


def attempt(case: Case) -> Outcome:
    """Fit and pack a case. A case that cannot be fitted counts as a crash."""
    start = time.perf_counter()

    def outcome(status: str, reason: str = "", **more: Any) -> Outcome:
        seconds = round(time.perf_counter() - start, 2)
        given = (case.library, case.kind, case.name, case.variant, status)
        return Outcome(*given, reason=reason, seconds=seconds, **more)

    with tempfile.TemporaryDirectory() as folder:
        try:
            model, X = case.fitted()
            packed = sealift.pack(model, X, name="case", output=Path(folder) / "case.seal")
        except ParityError as error:
            return outcome("different", f"{error.where}: {error.what}")
        except SealiftError as error:
            return outcome("crash" if _is_fault(error) else "refused", f"{error.code} {error.what} {error.fix}")
        except Exception as error:
            traceback.print_exc()
            return outcome("crash", f"{type(error).__name__}: {error}")
        try:
            count, difference = compare(model, packed.load(), packed.report.tolerance, new_rows(X))
        except Exception as error:
            traceback.print_exc()
            return outcome("crash", f"The written file fails on other rows: {type(error).__name__}: {error}")
    report = packed.report
    engine = report.engines.get("webassembly", "")
    if engine.startswith("does not run"):
        # A graph that the page's engine cannot run is not a success.
        return outcome("crash", f"WebAssembly {engine}")
    webassembly = report.compared.get("webassembly", 0)
    counts = {"native": report.total - webassembly, "webassembly": webassembly, "new_rows": count}
    how = ", ".join(sorted({step["how"] for step in packed.steps}))
    return outcome("silent" if difference else "verified", difference, how=how, **counts)


def _is_fault(error: SealiftError) -> bool:
    """Whether a refusal is a fault: a converter that raised an unexpected exception, or E305, since all models here
    predict their X."""
    return error.what.startswith("The converter failed") or error.code == "E305"
