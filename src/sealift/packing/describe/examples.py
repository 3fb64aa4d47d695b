"""Golden examples, background rows, and sketches of the inputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract
from sealift.packing.describe.stored_rows import StoredMember
from sealift.packing.inputs.base import InputRows
from sealift.packing.inputs.number_values import count_distinct
from sealift.packing.privacy.detect import answers_finding, examples_finding
from sealift.packing.privacy.findings import Finding
from sealift.packing.probes.probe_rows import ProbeRows, Row, encoded
from sealift.packing.probes.row_generator import RowGenerator, few
from sealift.packing.proof.prove import Proof
from sealift.stats import SMALL, Numbers

_GOLDEN, _BACKGROUND = 64, 100
_WIDE = 4096  # columns
_MOST_ANSWERS = 1 << 20  # numbers of an output in all golden examples
_LEAST = 8  # golden examples; fewer verify too little when the file is opened


def background(generator: RowGenerator, contract: Contract, input_rows: InputRows, *, keep_rows: bool) -> StoredMember:
    """`reference/background.json`: generated rows, or some of the caller's."""
    count = few(_BACKGROUND, generator.width)
    if keep_rows:
        usable = np.flatnonzero(encoded(contract, input_rows.values()).good).tolist()
        rows = _rows(input_rows, [usable[i] for i in _spread(len(usable), count)])
    else:
        drawn = generator.draw(contract, 2 * count, seed=1)
        rows = [drawn[i] for i in not_recorded(input_rows, drawn)[:count]]
    member = StoredMember("reference/background.json", {"source": _source(keep_rows)})
    member.add_rows(contract, rows)
    return member


def sketches(generator: RowGenerator, contract: Contract) -> dict[str, Any]:
    """`reference/sketches.json`; with many columns every second quantile, since the size of the member is limited."""
    kept = [s.thinned() if len(contract.inputs) > _WIDE and isinstance(s, Numbers) else s for s in generator.sketches]
    return {f.name: dataclasses.asdict(sketch) for f, sketch in zip(contract.inputs, kept, strict=True)}


def examples(
    contract: Contract,
    proof: Proof,
    input_rows: InputRows,
    width: int,
    own: Mapping[str, npt.NDArray[Any]] | None,
    single_answers: Callable[[Contract, Mapping[str, npt.NDArray[Any]]], npt.NDArray[np.bool_]],
) -> tuple[StoredMember, list[Finding]]:
    """`golden/examples.json`, and findings on it.

    Args:
        contract: the contract.
        proof: the generated rows, and the original's answers for them.
        input_rows: the caller's rows.
        width: the number of numbers and strings of a row.
        own: the original's answers for the caller's rows, if these become examples; None for generated rows.
        single_answers: returns which answers equal the target value of one person. Rows with other answers are
            preferred; the findings report the remaining ones.
    """
    generated, truth = proof.rows, proof.truth
    answer = max(array[:1].size for array in (proof.truth if own is None else own).values())
    count = min(few(_GOLDEN, width), max(_LEAST, _MOST_ANSWERS // max(answer, 1)))
    if own is not None:
        usable = np.flatnonzero(encoded(contract, input_rows.values()).good).tolist()
        picked, answers = [usable[i] for i in _spread(len(usable), count)], own
        rows = _rows(input_rows, picked)
        findings = [examples_finding(len(rows))]
    else:
        single = single_answers(contract, truth)
        usable = not_recorded(input_rows, generated.rows)
        picked, answers = _of_every_kind(generated, [i for i in usable if not single[i]], count), truth
        if len(picked) < _LEAST:
            picked = _of_every_kind(generated, usable, count)
        rows = [generated.rows[i] for i in picked]
        findings = answers_finding(int(single[picked].sum()), len(picked))
    golden = StoredMember("golden/examples.json", {"source": _source(own is not None)})
    golden.add_rows(contract, rows)
    golden.value |= {
        "answers": {name: golden.answer(array[picked]) for name, array in answers.items()},
        "tolerance": {name: t.capped(answers[name][picked]).as_dict() for name, t in proof.tolerance.items()},
    }
    return golden, findings


def not_recorded(input_rows: InputRows, rows: Sequence[Row]) -> list[int]:
    """The indices of generated rows that do not equal a record of the caller which fewer than SMALL records equal.

    If there are none, all indices: then every possible row is a record, as with a few columns of few values each, and
    an equal row does not identify a record.
    """
    columns = [column.values for column in input_rows.columns]
    # The column with the most distinct values leaves the fewest records to compare.
    key = max(range(len(columns)), key=lambda i: count_distinct(columns[i]))
    records: dict[Any, list[int]] = {row[key]: [] for row in rows}
    for i, value in enumerate(columns[key]):
        if value in records:
            records[value].append(i)
    chosen = []
    for i, row in enumerate(rows):
        equal = 0
        for record in records[row[key]]:
            equal += all(column[record] == value for column, value in zip(columns, row, strict=True))
            if equal >= SMALL:
                break
        if equal in (0, SMALL):
            chosen.append(i)
    return chosen or list(range(len(rows)))


def _of_every_kind(generated: ProbeRows, usable: Sequence[int], count: int) -> list[int]:
    chosen: list[int] = []
    for kind in dict.fromkeys(generated.kinds):
        places = [i for i in usable if generated.kinds[i] == kind]
        want = count // 2 if kind == "plausible" else max(1, count // 8)
        chosen += [places[i] for i in _spread(len(places), want)]
    # With few rows in all, the shares of the kinds that there are can be less than the least number together.
    others = sorted(set(usable).difference(chosen))
    return chosen + [others[i] for i in _spread(len(others), max(0, min(count, _LEAST) - len(chosen)))]


def _spread(count: int, want: int) -> list[int]:
    """Up to `want` evenly spaced indices below `count`."""
    return [int(i) for i in np.unique(np.linspace(0, count - 1, min(want, count)).astype(int))]


def _rows(input_rows: InputRows, picked: Sequence[int]) -> list[Row]:
    return [[column.values[i] for column in input_rows.columns] for i in picked]


def _source(own: bool) -> str:
    return "caller" if own else "generated"
