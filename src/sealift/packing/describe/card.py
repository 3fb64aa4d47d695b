"""The model card, from measured facts and the author's texts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sealift.contract import ABOUT, Contract, Field, Output, labels, named_categories, readable, shown
from sealift.contract.numbers import exponential
from sealift.packing.privacy.findings import statement

_UNSTATED = "Not stated by the author."


def card(contract: Contract, *, name: str, version: str, evidence: Mapping[str, Any], about: Mapping[str, str]) -> str:
    """The card in Markdown with a front matter as model hubs read it (huggingface.co/docs/hub/model-cards)."""
    title = contract.title or name
    parity = evidence["parity"]
    parts = [
        _front(contract, about),
        f"# {_line(title)}",
        f"Version {version}. {contract.description}".strip(),
        _section("When to use", about.get("when_to_use", _UNSTATED)),
        _section("Pitfalls", "\n\n".join([about.get("pitfalls", _UNSTATED), *_measured_pitfalls(contract, evidence)])),
        _section("Evidence", _evidence(parity, evidence)),
        _section("Answers", _answers(contract.outputs)),
        _section("Inputs", _inputs(contract.inputs) + _ignored(contract)),
        _section("Privacy", statement(evidence["privacy"])),
        _section("Who made it", _who(about)),
    ]
    return "\n\n".join(parts) + "\n"


def _front(contract: Contract, about: Mapping[str, str]) -> str:
    lines = ["---", "library_name: sealift", f"tags: [{contract.task}, tabular, onnx, sealed]"]
    if "license" in about:
        lines.append(f"license: {_yaml(about['license'])}")
    return "\n".join([*lines, "---"])


def _measured_pitfalls(contract: Contract, evidence: Mapping[str, Any]) -> list[str]:
    pitfalls = []
    bounded = [f for f in contract.inputs if f.observed is not None]
    if bounded:
        pitfalls.append(
            "Outside the observed ranges in the table below the model extrapolates; nothing was learned there."
        )
    # Retained data are in a separate section.
    retained = {f"{finding['sentence']} {finding['remedy']}" for finding in evidence["privacy"]["findings"]}
    return pitfalls + [str(note) for note in evidence.get("notes", ()) if note not in retained]


def _evidence(parity: Mapping[str, Any], evidence: Mapping[str, Any]) -> str:
    kinds = ", ".join(f"{count} {kind}" for kind, count in parity["compared"].items())
    lines = [
        f"- The sealed graph was compared with the original model on {parity['rows']} rows ({kinds}); none differs.",
        *(
            f"- {name}: worst difference {entry['worst']:.1e} "
            f"(allowed {exponential(entry['relative'])}{_stated(parity)})"
            for name, entry in parity["outputs"].items()
            if "relative" in entry
        ),
    ]
    if evidence.get("metrics"):
        values = ", ".join(f"{key} {value}" for key, value in evidence["metrics"].items())
        lines.append(f"- On the {evidence['rows']} rows given when it was sealed: {values} (as in sklearn.metrics).")
    if isinstance(always := evidence.get("baseline"), Mapping):
        lines.append(
            f"- Always answering the commonest class, {_line(shown(always['class']))}, would have an accuracy_score of "
            f"{always['accuracy_score']}."
        )
    return "\n".join(lines)


def _stated(parity: Mapping[str, Any]) -> str:
    """A note where the packer stated the tolerance."""
    tolerance = parity["tolerance"]
    if tolerance["stated"] is None:
        return ""
    return f", stated by the packer; the default is {exponential(tolerance['policy'])}"


def _answers(outputs: Sequence[Output]) -> str:
    lines = ["| answer | meaning | unit | columns |", "|---|---|---|---|"]
    for o in outputs:
        names = o.column_names[:12] + ["…"] * (len(o.column_names) > 12)
        meaning = ". ".join(filter(None, (o.title, o.description)))
        lines.append(f"| {_cell(o.name)} | {_cell(meaning)} | {_cell(o.units)} | {_cell(', '.join(names))} |")
    return "\n".join(lines)


def _inputs(fields: Sequence[Field]) -> str:
    lines = ["| input | type | values | missing | unit |", "|---|---|---|---|---|"]
    called = labels(fields)
    lines += [
        f"| {_cell(_called(f, label))} | {f.dtype} | {_cell(_values(f))} | {f.missing} | {_cell(f.units)} |"
        for f, label in zip(fields, called, strict=True)
    ]
    described = _missing_words(fields)
    texts = [
        (label, ". ".join(filter(None, ("" if label == f.title else f.title, f.description))))
        for f, label in zip(fields, called, strict=True)
    ]
    described += [f"- **{_line(name)}**: {_line(text)}" for name, text in texts if text]
    return "\n".join(lines) + ("\n\n" + "\n".join(described) if described else "")


def _called(f: Field, label: str) -> str:
    """The displayed name of a field, and the name of its column if that differs."""
    return label if label == f.name else f"{label} ({f.name})"


def _missing_words(fields: Sequence[Field]) -> list[str]:
    """Which cells of a text file are missing values, if not only empty cells."""
    by_words: dict[tuple[str, ...], list[str]] = {}
    for f in fields:
        if f.missing_as is not None:
            by_words.setdefault(f.missing_as, []).append(f"**{_line(f.name)}**")
    return [
        f"- In a text file these cells of {_shortened(names)} are missing values: {_cells(words)}."
        for words, names in by_words.items()
    ]


def _cells(words: Sequence[str]) -> str:
    return ", ".join(f"`{_line(word)}`" if word.strip() else "an empty cell" for word in words) or "none"


def _shortened(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more inputs" if len(names) > 8 else "")


def _ignored(contract: Contract) -> str:
    """The columns that the model drops."""
    names = [f"`{_line(column.name)}`" for column in contract.ignored]
    if not names:
        return ""
    return f"\n\nThe model drops these columns of the training rows; rows may have them or not: {', '.join(names)}."


def _values(f: Field) -> str:
    if f.categories is not None:
        known = named_categories(f)
        listed = ", ".join(known[:12]) + (f" and {len(known) - 12} more" if len(known) > 12 else "")
        return listed + (" or others" if f.unknown == "allowed" else "")
    if f.range is not None:
        return " to ".join("any" if bound is None else _bound(bound) for bound in f.range)
    return f"mostly {_bound(f.observed[0])} to {_bound(f.observed[1])}" if f.observed else ""


def _bound(bound: float | str) -> str:
    return bound if isinstance(bound, str) else readable(bound)


def _who(about: Mapping[str, str]) -> str:
    lines = [f"- {heading}: {_line(about[key])}" for key, heading in list(ABOUT.items())[2:] if key in about]
    return "\n".join(lines) or _UNSTATED


def _section(heading: str, body: str) -> str:
    return f"## {heading}\n\n{body}"


def _line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|")


def _yaml(text: str) -> str:
    # A JSON string is also a YAML string; characters that cannot be printed are not permitted in YAML.
    return json.dumps("".join(c for c in _line(text) if c.isprintable()), ensure_ascii=False)
