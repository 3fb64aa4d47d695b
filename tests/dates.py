"""What the tests of dates share: columns of every unit, and the graph beside pandas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.preprocessing import FunctionTransformer

from sealift.contract import Contract
from sealift.contract.datetimes import DAY, FIRST, LAST
from sealift.frameworks import convert
from sealift.packing.describe.fields import infer, sketch
from sealift.packing.inputs.detect import read_rows
from sealift.packing.probes.probe_rows import encoded
from sealift.runtime import Engine

SCALE = {"D": DAY, "s": 10**6, "ms": 1000, "us": 1}


def moments(unit: str, count: int, seed: int, missing: float = 0.02) -> npt.NDArray[Any]:
    """Dates of all years that the unit and float64 can say: days, seconds, and fractions where they are exact."""
    random = np.random.default_rng(seed)
    # Nanoseconds: so that the difference of two still is one.
    low, high = (-(4 * 10**15), 4 * 10**15) if unit == "ns" else (FIRST, LAST)
    micros = random.integers(low // 10**6, high // 10**6, count) * 10**6
    fraction = random.integers(0, 10**6, count) // min(SCALE.get(unit, 1), 10**6) * min(SCALE.get(unit, 1), 10**6)
    micros += np.where((np.arange(count) % 2 == 0) & (np.abs(micros) < 2**52), fraction % 10**6, 0)
    micros[::10] = micros[::10] // DAY * DAY
    counts = micros * 1000 if unit == "ns" else micros // SCALE[unit]
    dates = counts.astype(f"datetime64[{unit}]")
    dates[random.random(count) < missing] = np.array("NaT", dates.dtype)
    return dates


def graph_and_pandas(function: Callable[[Any], Any], X: Any) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """What the graph gives for a traced function, and what the function itself gives."""
    step = FunctionTransformer(function).fit(X)
    form = read_rows(X)
    fields = infer(form, sketch(form))
    conversion = convert(step, fields, form.nulls, None, form.dtypes)
    contract = Contract(inputs=tuple(fields), outputs=conversion.outputs, task=conversion.task)
    batch = encoded(contract, form.values())
    assert batch.good.all()
    engine = Engine(conversion.model().SerializeToString(), threads=1)
    want = np.asarray(pd.DataFrame(step.transform(X)).astype(np.float64))
    return np.asarray(engine.run(batch.tensors)["features"]), want
