"""Compare the strings that the original refuses, in fields that are read as a number or a time, with the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from sealift.contract import Contract, Stage
from sealift.packing.probes.probe_rows import Row, encoded
from sealift.packing.probes.value_texts import WIDE, is_value, odd_texts, spelled
from sealift.packing.proof.oracle import Original
from sealift.packing.proof.report import Report
from sealift.stages.text import TextStage, text_stage

KIND = "texts read as values"
"""The kind of rows that show which strings are refused."""

_UNREADABLE = "\u2042 unseen"
# Strings that pandas may read as a missing value instead of raising; the original shows which of them it does.
_MISSING = {"number": ("",), "time": ("", "NaT", "nat", "NAT", "nan", "NaN", "NAN")}


def with_policies(stages: Sequence[Stage], original: Original) -> tuple[Stage, ...]:
    """The stages, changed so that they refuse the strings that the original refuses; found by calling it.

    The original raises when it reads the string, or later because of the missing or infinite value that it read.
    """
    columns = original.input_rows.columns
    one: dict[str, Any] = {column.name: [column.values[0]] for column in columns}
    readers = Counter(stage.field for stage in stages if is_value(stage))
    if not readers or not original.accepts(one, wholly=False):
        return tuple(stages)
    result = []
    for stage in stages:
        # If two stages read a field, a refusal does not show which of them refuses.
        if not is_value(stage) or readers[stage.field] > 1 or TextStage(stage.spec).count(_UNREADABLE):
            result.append(stage)
            continue
        name = columns[stage.field].name
        spec = {
            key: value for key, value in stage.spec.items() if key not in ("unreadable", "missing", "wide", "infinite")
        }
        if not original.accepts({**one, name: [_UNREADABLE]}, wholly=False):
            texts = _MISSING[spec["analyzer"]]
            missing = [text for text in texts if original.accepts({**one, name: [text]}, wholly=False)]
            spec |= {"unreadable": "refused"} | ({"missing": missing} if missing else {})
            if spec["analyzer"] == "number" and not original.accepts({**one, name: [WIDE]}, wholly=False):
                spec["wide"] = "refused"
        infinite = ("inf", "-inf") if spec["analyzer"] == "number" else ()
        if infinite and not any(original.accepts({**one, name: [text]}, wholly=False) for text in infinite):
            spec["infinite"] = "refused"
        result.append(text_stage(stage.field, spec))
    return tuple(result)


def compare_refusals(report: Report, original: Original, contract: Contract, base: Row) -> None:
    """Compare which strings the original and the sealed file refuse, in a row that the original answers otherwise.

    A string that both refuse counts as compared. If only the original refuses one, the cause is either the string or
    the value read from it: if it also refuses the plain spelling of the value, reading is not the cause.
    """
    names = [field.name for field in contract.inputs]
    for position in dict.fromkeys(stage.field for stage in contract.stages if is_value(stage)):
        stages = [stage for stage in contract.stages if stage.field == position and is_value(stage)]
        texts = list(dict.fromkeys(text for stage in stages for text in odd_texts(stage)))
        rows = [[*base[:position], text, *base[position + 1 :]] for text in texts]
        converted = ~encoded(contract, _columns(names, rows)).good
        expected = np.array([not original.accepts(_columns(names, [row]), wholly=False) for row in rows])
        keep = np.ones(len(rows), dtype=np.bool_)
        for i in np.flatnonzero(expected & ~converted).tolist():
            plain = [[*base[:position], text, *base[position + 1 :]] for text in _plain(stages, texts[i])]
            keep[i] = all(original.accepts(_columns(names, [row]), wholly=False) for row in plain)
        report.refused += int((~keep).sum())
        compared = [row for row, good in zip(rows, keep, strict=True) if good]
        report.add_refusals(KIND, _columns(names, compared), expected[keep].tolist(), converted[keep].tolist())


def _columns(names: Sequence[str], rows: Sequence[Row]) -> Mapping[str, list[Any]]:
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def _plain(stages: Sequence[Stage], text: str) -> Iterator[str | None]:
    """The plain spelling of the value that each stage reads from a string; None if it reads a missing value."""
    for stage in stages:
        value = TextStage(stage.spec).count(text).get(0)
        yield None if value is None else spelled(stage, value)
