"""`Packed`: the result of `pack`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sealift.contract import Contract
from sealift.packing.describe.report_html import report_page
from sealift.packing.privacy.findings import PrivacyReport
from sealift.packing.proof.report import Report
from sealift.runtime import SealedModel, load


@dataclass(frozen=True, repr=False)
class Packed:
    """The result of `pack`.

    Attributes:
        path: the sealed file.
        identity: the model's identity.
        contract: its contract.
        report: the parity report.
        notes: notes for the packer.
        steps: each step's path, and how it was converted.
        privacy: which contents were compared with the caller's rows, and which data of them the file retains.
        signed_by: the id of the key that signed the file; None if it is not signed.
    """

    path: Path
    identity: str
    contract: Contract
    report: Report
    notes: Sequence[str]
    steps: Sequence[Mapping[str, str]] = ()
    privacy: PrivacyReport | None = None
    signed_by: str | None = None

    def __repr__(self) -> str:
        notes = f"; {len(self.notes)} note{'s' * (len(self.notes) != 1)}" if self.notes else ""
        return f"<Packed {str(self.path)!r}: {self.report.verdict}{notes}; identity {self.identity[:12]}…>"

    def load(self) -> SealedModel:
        """Load the sealed model."""
        return load(self.path)

    def _repr_html_(self) -> str:
        """The parity report for notebooks."""
        return report_page(f"Sealed: {self.path}", self.report, self.steps, self.notes)
