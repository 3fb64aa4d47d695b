"""The page docs/fidelity-nets.md from the outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

_HEAD = (
    "# Neural networks: what was packed and compared\n\n"
    "For readers who want to know which neural networks can be packed. "
    "`make fidelity-nets` (`bench/nets`) makes each architecture in a small variant, trains it for three steps, so "
    "that neither weights nor the statistics of normalisations are initial, packs it with `sealift.pack`, opens the "
    "file again and computes its examples. Each row compares the answers of the sealed graph with those of the "
    "original on 24 given rows, on generated ones, on single rows and in batches of 2, 7 and 32 rows.\n\n"
    "- **verified**: all answers agree, natively and in WebAssembly; *worst* is the largest difference in units of the "
    "usual size of the output. The tolerance for exported float32 networks is 1e-4.\n"
    "- **refused**: no file is written, with the reason.\n"
    "- **different**: the proof found a difference, and no file is written.\n"
)


def page(outcomes: Sequence[Mapping[str, Any]]) -> str:
    """The page for outcomes in the order of the cases."""
    counts = Counter(entry["status"] for entry in outcomes)
    share = 100 * counts["verified"] / max(1, len(outcomes))
    both = sum("webassembly" in entry.get("compared", {}) for entry in outcomes)
    lines = [
        _HEAD,
        f"**{counts['verified']} of {len(outcomes)} verified ({share:.0f} %), {both} of them in WebAssembly too; "
        f"{counts['refused']} refused, {counts['different']} different, {counts['crash']} crashed.**\n",
    ]
    for group, entries in groupby(sorted(outcomes, key=lambda entry: _order(outcomes, entry)), lambda e: e["group"]):
        lines += [f"## {group}\n", "| architecture | weights | result | worst |", "|---|---|---|---|"]
        lines += [_row(entry) for entry in entries]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _order(outcomes: Sequence[Mapping[str, Any]], entry: Mapping[str, Any]) -> int:
    return [each["group"] for each in outcomes].index(entry["group"])


def _row(entry: Mapping[str, Any]) -> str:
    if entry["status"] != "verified":
        reason = str(entry["reason"]).replace("|", "\\|").replace("\n", " ")
        return f"| `{entry['name']}` | | {entry['status']} ({entry['code']}): {_without_paths(reason)[:240]} | |"
    where = "verified" if "webassembly" in entry["compared"] else "verified natively"
    return f"| `{entry['name']}` | {entry['weights']:,} | {where}, {entry['how']} | {entry['worst']:.1e} |"


def _without_paths(text: str) -> str:
    """The text with the names of files instead of their paths."""
    return " ".join(word.rpartition("/")[2] if word.startswith("/") else word for word in text.split())
