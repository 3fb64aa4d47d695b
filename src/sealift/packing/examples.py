"""What travels beside the graph to show and explain it: golden examples, background rows, sketches of the inputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract import Contract, encode
from sealift.packing.forms import Form
from sealift.packing.rows import Row, Rows, typed
from sealift.runtime import Tolerance
from sealift.stats import Sketch, correlation, draw

_PLAUSIBLE, _GOLDEN, _BACKGROUND = 400, 64, 100


@dataclasses.dataclass(frozen=True)
class Reference:
    """The shape of the caller's data, without its records: sketches of the columns and how they hang together."""

    sketches: Sequence[Sketch]
    correlation: npt.NDArray[np.float64]

    @classmethod
    def of(cls, form: Form, sketches: Sequence[Sketch]) -> Reference:
        """The reference of a form whose columns were sketched."""
        return cls(sketches, correlation([_as_numbers(column.values) for column in form.columns]))

    def plausible(self, contract: Contract) -> list[Row]:
        """Rows to verify with."""
        return typed(contract, draw(self.sketches, self.correlation, _PLAUSIBLE))

    def background(self, contract: Contract, own: Form | None) -> dict[str, Any]:
        """`reference/background.json`: generated rows, or some of the caller's `own`."""
        if own is None:
            rows = typed(contract, draw(self.sketches, self.correlation, _BACKGROUND, seed=1))
        else:
            rows = _rows(own, _spread(len(own), _BACKGROUND))
        return {"columns": [f.name for f in contract.inputs], "rows": rows, "source": _source(own)}

    def as_json(self, form: Form) -> dict[str, Any]:
        """`reference/sketches.json`."""
        pairs = zip(form.columns, self.sketches, strict=True)
        return {column.name: dataclasses.asdict(sketch) for column, sketch in pairs}


def examples(
    contract: Contract,
    generated: Rows,
    truth: Mapping[str, npt.NDArray[Any]],
    tolerance: Mapping[str, Tolerance],
    own: tuple[Form, Mapping[str, npt.NDArray[Any]]] | None,
) -> dict[str, Any]:
    """`golden/examples.json`: generated rows of every kind, or some of the caller's, with the original's answers."""
    if own is not None:
        form, answers = own
        good = encode(contract, {column.name: column.values for column in form.columns}).good
        usable = np.flatnonzero(good).tolist()
        picked = [usable[i] for i in _spread(len(usable), _GOLDEN)]
        rows = _rows(form, picked)
    else:
        picked, answers = _of_every_kind(generated), truth
        rows = [generated.rows[i] for i in picked]
    return {
        "columns": [f.name for f in contract.inputs],
        "rows": rows,
        "answers": {name: array[picked].tolist() for name, array in answers.items()},
        "tolerance": {name: {"relative": t.relative, "scale": t.scale} for name, t in tolerance.items()},
        "source": _source(own and own[0]),
    }


def _of_every_kind(generated: Rows) -> list[int]:
    chosen: list[int] = []
    for kind in dict.fromkeys(generated.kinds):
        places = [i for i, found in enumerate(generated.kinds) if found == kind]
        want = _GOLDEN // 2 if kind == "plausible" else _GOLDEN // 8
        chosen += [places[i] for i in _spread(len(places), want)]
    return chosen


def _spread(count: int, want: int) -> list[int]:
    """Up to `want` indices below `count`, evenly spread."""
    return [int(i) for i in np.unique(np.linspace(0, count - 1, min(want, count)).astype(int))]


def _rows(form: Form, picked: Sequence[int]) -> list[Row]:
    return [[column.values[i] for column in form.columns] for i in picked]


def _source(own: Form | None) -> str:
    return "generated" if own is None else "caller"


def _as_numbers(values: Sequence[Any]) -> npt.NDArray[np.float64]:
    """A column as numbers for its ranks: texts by the place of their value in the alphabet."""
    if any(isinstance(value, str) for value in values):
        order = {value: float(i) for i, value in enumerate(sorted({v for v in values if v is not None}))}
        return np.array([np.nan if v is None else order[v] for v in values])
    return np.array([np.nan if v is None else float(v) for v in values])
