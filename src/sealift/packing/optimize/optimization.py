"""The result of `sealift.optimize`: a table of variants, each of which can be written as a sealed file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealift import notebook, seal
from sealift.errors import PackError
from sealift.graph.split_model import SplitModel
from sealift.packing.optimize.members import changed_members
from sealift.packing.optimize.trial import Outcome, TrialRows
from sealift.packing.output_file import OutputFile
from sealift.packing.proof.as_written import check_as_written
from sealift.runtime import SealedModel

ORIGINAL = "original"
"""The name of the first row of the table, the file as it is."""


@dataclass(frozen=True)
class Variant:
    """One row of the table.

    Attributes:
        name: the method.
        title: what it does.
        graph: the graph; None where there is none.
        outcome: what its trial measured.
        size: bytes of the graph and its weights; None without a graph.
    """

    name: str
    title: str
    graph: SplitModel | None
    outcome: Outcome
    size: int | None = None

    @property
    def offered(self) -> bool:
        """Whether it can be written."""
        return self.graph is not None and not self.outcome.reason

    def as_dict(self) -> dict[str, Any]:
        """The row for `--json`."""
        outcome = self.outcome
        return {
            "method": self.name,
            "title": self.title,
            "offered": self.offered,
            "reason": outcome.reason,
            "bytes": self.size,
            "milliseconds": outcome.milliseconds,
            "flips": outcome.flips,
            "worst": outcome.worst,
            "metrics": outcome.metrics,
        }


@dataclass(frozen=True, repr=False)
class Optimization:
    """The variants of a sealed model.

    Attributes:
        model: the sealed model.
        variants: the model as it is, and one variant for each method.
        rows: the rows that were compared.
        engines: the engines of the comparison, with their versions.
    """

    model: SealedModel
    variants: Sequence[Variant]
    rows: TrialRows
    engines: Mapping[str, str]

    def __getitem__(self, method: str) -> Variant:
        """The variant of a method. Raises KeyError."""
        return {variant.name: variant for variant in self.variants}[method]

    @property
    def offered(self) -> list[str]:
        """The methods whose variants can be written, the smallest first."""
        offered = [variant for variant in self.variants if variant.offered and variant.name != ORIGINAL]
        return [variant.name for variant in sorted(offered, key=lambda variant: variant.size or 0)]

    def as_dict(self) -> dict[str, Any]:
        """The table for `--json`."""
        return {
            "identity": self.model.identity,
            "rows": len(self.rows),
            "engines": dict(self.engines),
            "variants": [variant.as_dict() for variant in self.variants],
        }

    def table(self) -> tuple[list[str], list[list[str]]]:
        """The headings, and the cells of each row."""
        timed = list(self.engines)
        measured = list(self.variants[0].outcome.metrics)
        headings = ["method", "size", *(f"{key}, ms a row" for key in timed), *measured, "labels", "difference", ""]
        return headings, [self._cells(variant, timed, measured) for variant in self.variants]

    def _cells(self, variant: Variant, timed: Sequence[str], measured: Sequence[str]) -> list[str]:
        outcome, size = variant.outcome, variant.size
        if size is None:
            return [variant.name, *[""] * (3 + len(timed) + len(measured)), outcome.reason]
        return [
            variant.name,
            f"{size / 1e6:.2f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB",
            *(f"{outcome.milliseconds[key]:.3g}" if key in outcome.milliseconds else "" for key in timed),
            *(f"{outcome.metrics[name]:.4g}" if name in outcome.metrics else "" for name in measured),
            f"{outcome.flips} differ" if outcome.flips else "equal",
            f"{max(outcome.worst.values(), default=0.0):.1e}",
            outcome.reason or ("" if variant.name == ORIGINAL else "offered"),
        ]

    def __repr__(self) -> str:
        headings, cells = self.table()
        widths = [max(len(row[i]) for row in [headings, *cells]) for i in range(len(headings))]
        padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in [headings, *cells]]
        lines = ["  ".join(row).rstrip() for row in padded]
        return "\n".join([f"{len(self.rows):,} rows compared", *lines])

    def _repr_html_(self) -> str:
        """The table for notebooks."""
        headings, cells = self.table()
        return notebook.facts(
            f"Variants of {self.model.name}", notebook.table(f"{len(self.rows):,} rows compared", headings, cells)
        )

    def write(
        self, method: str, output: Path | str | OutputFile | None = None, *, sign: seal.PrivateKey | None = None
    ) -> Path:
        """Write a variant as a sealed file of its own.

        Its evidence contains the identity of the original file, the method, and the differences. Its tolerances are
        twice the largest differences, if those of the original file are smaller.

        Args:
            method: the method.
            output: the path; `<name>-<method>.seal` in the current folder by default.
            sign: sign it with this private key. The signature of the original file is not valid for it.

        Raises:
            PackError: E360 for a variant that is not offered.
            FileError: E402, E406 as for `pack`. SignatureError: E501.
        """
        members: Mapping[str, seal.Bytes] = self.members(method)
        target = OutputFile.of(output, f"{self.model.name}-{method}")
        path = target.check()
        key = None if sign is None else seal.open_private_key(sign)
        if key is not None:
            members = seal.sign_members(members, key)
        seal.write(path, members, lambda written: check_as_written(written, self.engines))
        return path

    def members(self, method: str) -> dict[str, bytes]:
        """The members of the sealed file of a variant. Raises PackError E360 for one that is not offered."""
        variant = {each.name: each for each in self.variants}.get(method)
        if variant is None or variant.name == ORIGINAL or not variant.offered or variant.graph is None:
            reason = "It was not tried." if variant is None else variant.outcome.reason
            raise PackError(
                "E360",
                f"The variant {method!r:.40} is not offered: {reason}",
                fix=f"Use one of {', '.join(self.offered)}." if self.offered else "Use the file as it is.",
            )
        return changed_members(self.model, variant.graph, method, variant.outcome, len(self.rows), self.engines)
