"""The parity report for notebooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sealift import notebook as html
from sealift.contract.numbers import exponential
from sealift.packing.proof.report import Report


def report_page(title: str, report: Report, steps: Sequence[Mapping[str, str]], notes: Sequence[str]) -> str:
    """Rows compared, largest and allowed differences, and how each step was converted."""
    kinds = [[kind, f"{count:,}"] for kind, count in report.compared.items()]
    if report.refused:
        kinds.append(["left out: the original refuses them", f"{report.refused:,}"])
    stated = "" if report.stated is None else f", stated by the packer; the default is {exponential(report.policy)}"
    outputs = []
    for name, worst in report.worst.items():
        allowed = report.tolerance.get(name)
        outputs.append(
            [
                name,
                f"{report.different[name]:,}",
                f"{worst:.1e}" if allowed else "",
                (exponential(allowed.relative) + stated) if allowed else "none: equal",
            ]
        )
    parts = [
        html.table("Rows compared with the original", ["kind", "rows"], kinds),
        html.table("Answers", ["output", "rows that differ", "worst difference", "allowed"], outputs),
        html.table("Steps", ["step", "how"], [[step["path"], step["how"]] for step in steps]),
        *(html.note("bad", "Differs", line) for line in report.lines()),
        *(html.note("care", "Note", text) for text in notes),
    ]
    return html.whole(title, "".join(parts), good=report.passed)
