"""Display the evidence in a sealed file, for `sealift inspect`: the comparison with the original, and the steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from sealift.cli.console import clean, pairs, say, table
from sealift.contract.numbers import exponential

_MANY, _LONGEST = 30, 2000


def show(evidence: Any) -> None:
    """Print the evidence. It may come from an untrusted file; entries of a wrong form are skipped."""
    if not isinstance(evidence, Mapping):
        return
    parity = _mapping(evidence.get("parity"))
    compared = _mapping(parity.get("compared"))
    if compared:
        say("\nEvidence")
        counts = {kind: count for kind, count in compared.items() if isinstance(count, int)}
        kinds = ([kind, f"{count:,}"] for kind, count in counts.items())
        total = sum(counts.values())
        refused = parity.get("refused_by_original")
        pairs(
            [
                ("compared", f"{total:,} rows with the original model"),
                ("left out", f"{refused:,} generated rows that the original refuses" if _counts(refused) else ""),
                ("tolerance", _stated(parity)),
                ("measured", _metrics(evidence)),
            ]
        )
        table(["rows compared", "count"], kinds, total=len(counts))
        outputs = _mapping(parity.get("outputs"))
        header = ["output", "rows that differ", "worst difference", "allowed"]
        table(header, _outputs(outputs), total=len(outputs))
    optimized = _mapping(evidence.get("optimized"))
    if optimized:
        say("\nOptimized")
        rows, flips = optimized.get("rows"), optimized.get("flips")
        pairs(
            [
                ("method", clean(optimized.get("method", ""))),
                ("original", clean(optimized.get("original", ""))),
                ("compared", f"{rows:,} rows with the original file" if _counts(rows) else ""),
                ("labels", f"{flips:,} differ" if _counts(flips) else "equal"),
            ]
        )
    steps = [step for step in _list(evidence.get("steps")) if isinstance(step, Mapping) and "path" in step]
    if steps:
        say(f"\nSteps: {len(steps)}")
        rows = ([_scalar(step.get("how")), _scalar(step["path"])] for step in steps)
        table(["how", "step"], rows, limit=68, most=_MANY, total=len(steps))
    privacy = _mapping(evidence.get("privacy"))
    if privacy:
        _show_privacy(privacy)
    notes = _list(evidence.get("notes"))
    for note in notes[:_MANY]:
        say(f"\nnote: {clean(_scalar(note))}")
    if len(notes) > _MANY:
        say(f"\n… and {len(notes) - _MANY:,} more notes (--json lists all)")


def _show_privacy(privacy: Mapping[str, Any]) -> None:
    compared = _mapping(privacy.get("compared"))
    rows, training = compared.get("rows"), compared.get("training_rows")
    findings = [finding for finding in _list(privacy.get("findings")) if isinstance(finding, Mapping)]
    lacking = "; ".join(_scalar(text) for text in _list(privacy.get("not_checked"))[:_MANY])
    say("\nPrivacy, as measured when it was packed")
    pairs(
        [
            ("compared", f"{rows:,} rows given" if _counts(rows) else ""),
            ("compared", f"{training:,} training rows" if _counts(training) else ""),
            ("retains", f"data of single records, kinds: {len(findings)}" if findings else "nothing that was found"),
            ("not checked", lacking),
        ]
    )
    keys = ("kind", "count", "where")
    if findings:
        rows = ([_scalar(f.get(key)) for key in keys] for f in findings)
        table(list(keys), rows, most=_MANY, total=len(findings))


def _outputs(outputs: Mapping[str, Any]) -> Iterator[list[str]]:
    for name, raw in outputs.items():
        entry = _mapping(raw)
        relative = entry.get("relative")
        worst = entry.get("worst")
        if not _is_number(relative):
            yield [name, _scalar(entry.get("different")), "", "none: equal"]
            continue
        shown = f"{worst:.1e}" if _is_number(worst) else ""
        yield [name, _scalar(entry.get("different")), shown, exponential(float(relative))]


def _metrics(evidence: Mapping[str, Any]) -> str:
    metrics = _mapping(evidence.get("metrics"))
    numbers = [(name, value) for name, value in metrics.items() if isinstance(value, int | float)]
    listed = ", ".join(f"{name[:80]} {value}" for name, value in numbers[:_MANY])
    return f"{listed} on {_scalar(evidence.get('rows', '?'))[:20]} rows" if listed else ""


def _stated(parity: Mapping[str, Any]) -> str:
    tolerance = _mapping(parity.get("tolerance"))
    stated, rule = tolerance.get("stated"), tolerance.get("policy")
    if not _is_number(stated) or not _is_number(rule):
        return ""
    return f"{exponential(float(stated))} relative, chosen by the packer; the default is {exponential(float(rule))}"


def _is_number(value: object) -> TypeGuard[float]:
    """Whether a value of the evidence is a number; whole numbers are parsed as ints."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _scalar(value: Any) -> str:
    """A value as a string; empty for lists and objects, which may be huge."""
    if isinstance(value, str):
        return value[:_LONGEST]
    return str(value) if isinstance(value, int | float) else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _counts(value: Any) -> bool:
    return isinstance(value, int) and value > 0
