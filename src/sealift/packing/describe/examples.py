"""Golden examples, background rows, and sketches of the inputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract
from sealift.packing.inputs.base import InputRows
from sealift.packing.inputs.number_values import count_distinct
from sealift.packing.privacy.detect import answers_finding, examples_finding
from sealift.packing.privacy.findings import Finding
from sealift.packing.probes.probe_rows import ProbeRows, Row, encoded
from sealift.packing.probes.row_generator import RowGenerator, few
from sealift.packing.proof.prove import Proof
from sealift.packing.types import type_packing
from sealift.stats import SMALL, Numbers

_GOLDEN, _BACKGROUND = 64, 100
_WIDE = 4096  # columns
_LEAST = 8  # golden examples; fewer prove too little where the file is opened


def background(
    generator: RowGenerator, contract: Contract, input_rows: InputRows, *, keep_rows: bool
) -> dict[str, Any]:
    """`reference/background.json`: generated rows, or some of the caller's."""
    count = few(_BACKGROUND, generator.width)
    if keep_rows:
        usable = np.flatnonzero(encoded(contract, input_rows.values()).good).tolist()
        rows = _rows(input_rows, [usable[i] for i in _spread(len(usable), count)])
    else:
        drawn = generator.draw(contract, 2 * count, seed=1)
        rows = [drawn[i] for i in unlike(input_rows, drawn)[:count]]
    return {
        "columns": [f.name for f in contract.inputs],
        "rows": _as_json(contract, rows),
        "source": _source(keep_rows),
    }


def sketches(generator: RowGenerator, contract: Contract) -> dict[str, Any]:
    """`reference/sketches.json`; with every second quantile where there are many columns, to fit a JSON member."""
    kept = [s.thinned() if len(contract.inputs) > _WIDE and isinstance(s, Numbers) else s for s in generator.sketches]
    return {f.name: dataclasses.asdict(sketch) for f, sketch in zip(contract.inputs, kept, strict=True)}


def examples(
    contract: Contract,
    proof: Proof,
    input_rows: InputRows,
    width: int,
    own: Mapping[str, npt.NDArray[Any]] | None,
    single_answers: Callable[[Contract, Mapping[str, npt.NDArray[Any]]], npt.NDArray[np.bool_]],
) -> tuple[dict[str, Any], list[Finding]]:
    """`golden/examples.json`: generated rows of every kind, or the caller's with their answers `own`.

    `width` is how many numbers and strings a row has. `single_answers` says which answers are one person's target
    value. Rows with other answers are chosen where there
    are enough; the findings report what is left.
    """
    generated, truth = proof.rows, proof.truth
    count = few(_GOLDEN, width)
    if own is not None:
        usable = np.flatnonzero(encoded(contract, input_rows.values()).good).tolist()
        picked, answers = [usable[i] for i in _spread(len(usable), count)], own
        rows = _rows(input_rows, picked)
        findings = [examples_finding(len(rows))]
    else:
        single = single_answers(contract, truth)
        usable = unlike(input_rows, generated.rows)
        picked, answers = _of_every_kind(generated, [i for i in usable if not single[i]], count), truth
        if len(picked) < _LEAST:
            picked = _of_every_kind(generated, usable, count)
        rows = [generated.rows[i] for i in picked]
        findings = answers_finding(int(single[picked].sum()), len(picked))
    golden = {
        "columns": [f.name for f in contract.inputs],
        "rows": _as_json(contract, rows),
        "answers": {name: array[picked].tolist() for name, array in answers.items()},
        "tolerance": {name: t.capped(answers[name][picked]).as_dict() for name, t in proof.tolerance.items()},
        "source": _source(own is not None),
    }
    return golden, findings


def unlike(input_rows: InputRows, rows: Sequence[Row]) -> list[int]:
    """The indices of generated rows that equal no single record of the caller's.

    A row that SMALL records share is no single one. All indices, where every row there can be is somebody's: with a
    few columns of a few values each, drawn independently, that says nothing.
    """
    columns = [column.values for column in input_rows.columns]
    # The column with the most different values leaves the fewest records to look at.
    key = max(range(len(columns)), key=lambda i: count_distinct(columns[i]))
    wanted: dict[Any, list[int]] = {row[key]: [] for row in rows}
    for i, value in enumerate(columns[key]):
        if value in wanted:
            wanted[value].append(i)
    chosen = []
    for i, row in enumerate(rows):
        twins = 0
        for record in wanted[row[key]]:
            twins += all(column[record] == value for column, value in zip(columns, row, strict=True))
            if twins >= SMALL:
                break
        if twins in (0, SMALL):
            chosen.append(i)
    return chosen or list(range(len(rows)))


def _of_every_kind(generated: ProbeRows, usable: Sequence[int], count: int) -> list[int]:
    chosen: list[int] = []
    for kind in dict.fromkeys(generated.kinds):
        places = [i for i in usable if generated.kinds[i] == kind]
        want = count // 2 if kind == "plausible" else max(1, count // 8)
        chosen += [places[i] for i in _spread(len(places), want)]
    return chosen


def _spread(count: int, want: int) -> list[int]:
    """Up to `want` indices below `count`, evenly spread."""
    return [int(i) for i in np.unique(np.linspace(0, count - 1, min(want, count)).astype(int))]


def _rows(input_rows: InputRows, picked: Sequence[int]) -> list[Row]:
    return [[column.values[i] for column in input_rows.columns] for i in picked]


def _as_json(contract: Contract, rows: Sequence[Row]) -> list[list[Any]]:
    packings = [type_packing(f.dtype) for f in contract.inputs]
    return [[packing.as_json(value) for packing, value in zip(packings, row, strict=True)] for row in rows]


def _source(own: bool) -> str:
    return "caller" if own else "generated"
