"""Names of outputs from the true answers, if these are a column or a data frame."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from sealift.contract import Output


def named_as_target(output: Output, title: str, names: Sequence[str]) -> Output:
    """An output that predicts the target itself: a single one has the target's name as its title."""
    if output.width is None and title:
        return dataclasses.replace(output, title=title)
    if output.width is not None and len(names) == output.width:
        return dataclasses.replace(output, columns=tuple(names))
    return output


def named_by_target(output: Output, names: Sequence[str]) -> Output:
    """An output with columns `0_class` for several targets, renamed `target_class`; unchanged if names would repeat."""
    if output.columns is None or not names:
        return output
    parts = [column.partition("_") for column in output.columns]
    if max(int(target) for target, _, _ in parts) >= len(names):
        return output
    renamed = tuple(f"{names[int(target)]}{mark}{value}" for target, mark, value in parts)
    return dataclasses.replace(output, columns=renamed) if len(set(renamed)) == len(renamed) else output
