"""Findings: the data of single rows that a file retains, and the sentences that report them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from sealift.errors import PackError
from sealift.stats import SMALL

Kind: TypeAlias = Literal[
    "examples", "rows", "partial rows", "method", "targets", "answers", "passages", "terms", "strings", "classes",
    "categories", "values", "derived values", "extremes",
]  # fmt: skip

_KINDS: Sequence[Kind] = get_args(Kind)
_LISTED = 8
_NOT_CHECKED = (
    "what can be computed from several numbers of the file together",
    "whether the answers themselves show that a person was among the training rows",
)


@dataclass(frozen=True)
class Finding:
    """One kind of retained data. No attribute holds a value of it.

    Attributes:
        kind: what is retained.
        count: how many rows, values, answers or strings.
        sentence: the finding in words.
        remedy: how to train or pack without it.
        of: how many were compared; 0 where that is not applicable.
        columns: how many by column, where columns are concerned.
        where: the step, or the member of the file.
    """

    kind: Kind
    count: int
    sentence: str
    remedy: str
    of: int = 0
    columns: Mapping[str, int] = field(default_factory=dict)
    where: str = ""

    @property
    def note(self) -> str:
        """The finding and its remedy."""
        return f"{self.sentence} {self.remedy}"

    def as_json(self) -> dict[str, Any]:
        """The finding as `evidence.json` holds it."""
        return {
            "kind": self.kind,
            "count": self.count,
            "of": self.of,
            "columns": dict(self.columns),
            "where": self.where,
            "sentence": self.sentence,
            "remedy": self.remedy,
        }


@dataclass(frozen=True, repr=False)
class PrivacyReport:
    """The rows that were compared, and the findings.

    Attributes:
        rows: how many rows were given to verify with.
        training: how many training rows were given; None if none were.
        targets: whether target values were given.
        findings: what the file retains.
        left_out: rows given that could not be compared, in sentences.
    """

    rows: int
    training: int | None
    targets: bool
    findings: Sequence[Finding]
    left_out: Sequence[str] = ()

    def __repr__(self) -> str:
        training = "" if self.training is None else f" and {self.training:,} training rows"
        return f"<PrivacyReport: {len(self.findings)} findings in {self.rows:,} rows{training}>"

    @property
    def not_checked(self) -> list[str]:
        """What the comparison does not cover."""
        uncovered = list(self.left_out)
        if self.training is None:
            uncovered.append("training rows other than the rows given (training= gives them)")
        if not self.targets:
            uncovered.append("target values, which were not given")
        return [*uncovered, *_NOT_CHECKED]

    def as_json(self) -> dict[str, Any]:
        """The report as `evidence.json` holds it."""
        return {
            "compared": {"rows": self.rows, "training_rows": self.training, "targets": self.targets},
            "findings": [finding.as_json() for finding in self.findings],
            "not_checked": self.not_checked,
        }

    def check(self, *, strict: bool) -> None:
        """Raise PackError E309 if `strict` and there are findings."""
        if not strict or not self.findings:
            return
        reported = " ".join(f"({i}) {finding.sentence}" for i, finding in enumerate(self.findings[:_LISTED], 1))
        more = f" And {len(self.findings) - _LISTED} more." * (len(self.findings) > _LISTED)
        fixes = dict.fromkeys(finding.remedy for finding in self.findings)
        raise PackError(
            "E309",
            f"The file would retain single records, which strict privacy refuses: {reported}{more}",
            fix=" ".join(list(fixes)[:3]),
        )


def statement(report: Mapping[str, Any]) -> str:
    """The privacy section of the card, in Markdown, from the report as `evidence.json` holds it."""
    compared, findings = report["compared"], report["findings"]
    rows, training = compared["rows"], compared["training_rows"]
    given = _count(training, "training row") if training is not None else _count(rows, "row") + " given for packing"
    if training is not None and rows:
        given += f" and the {_count(rows, 'row')} given for packing"
    with_targets = ", with their target values," if compared["targets"] else ""
    if findings:
        lines = ["**This file retains data of single records:**", *(f"- {f['sentence']}" for f in findings)]
    else:
        lines = [f"No single record of the {given} was found in this file."]
    lines.append(
        f"Every constant of the graph, every text stage, the contract and the examples were compared by value with "
        f"the {given}{with_targets} as they are and in the units of each step. A single record is what fewer than "
        f"{SMALL} rows share."
    )
    lines.append("Not checked: " + "; ".join(report["not_checked"]) + ".")
    return "\n".join(_spaced(lines))


def _spaced(lines: Sequence[str]) -> list[str]:
    """Blank lines between paragraphs, none between the items of a list."""
    spaced: list[str] = []
    for line in lines:
        if spaced and not (line.startswith("- ") and spaced[-1].startswith("- ")):
            spaced.append("")
        spaced.append(line)
    return spaced


def listed(columns: Mapping[str, int]) -> str:
    """Columns with how many of their values are concerned."""
    shown = [f'"{name:.60}" ({count:,})' for name, count in list(columns.items())[:_LISTED]]
    return ", ".join(shown) + (f" and {len(columns) - _LISTED} more columns" if len(columns) > _LISTED else "")


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """Findings in the order of their kinds, one for each kind, place and remedy: that with the largest count."""
    best: dict[tuple[str, str, str], Finding] = {}
    for finding in findings:
        key = finding.kind, finding.where, finding.remedy
        if key not in best or finding.count > best[key].count:
            best[key] = finding
    return sorted(best.values(), key=lambda finding: _KINDS.index(finding.kind))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"
