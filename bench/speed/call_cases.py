"""The cases of `bench.speed.calls`: the models, and the public calls with rows of each usual type.

As a program it reads `[model, case]` from its input, line by line, and answers with the seconds of one call, by the
clock and by the processors.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

import sealift

TURN = 0.05  # seconds of a turn at least, for calls that take less
# The number of batches of 100 rows. The branch prediction of the processor learns the comparisons for one or two
# batches, and the engine then answers them again in half the time. The dicts of many batches would not be in the
# cache, where those of a caller are.
BATCHES = 4


@dataclass(frozen=True)
class Case:
    """A public call: its number of rows (0: as many as requested), and the engine's work that it is compared with."""

    rows: int
    engine: str


CASES = {
    "one dict": Case(1, "engine 1"),
    "one array row": Case(1, "engine 1"),
    "one-row DataFrame": Case(1, "engine 1"),
    "100 dicts": Case(100, "engine 100"),
    "many, array": Case(0, "engine many"),
    "many, DataFrame": Case(0, "engine many"),
    "many, Arrow table": Case(0, "engine many"),
    "CSV to CSV": Case(0, "engine many"),
    "CSV to CSV, no pyarrow": Case(0, "engine many"),
}


def numeric(count: int) -> pd.DataFrame:
    """Numbers with six decimals: a table of measurements has fewer, one of computed values has more."""
    random = np.random.default_rng(0)
    return pd.DataFrame(random.normal(size=(count, 30)).round(6), columns=[f"column {i}" for i in range(30)])


def mixed(count: int) -> pd.DataFrame:
    """18 numbers, of which 6 are missing in places, 8 strings of 4 to 20 categories and 4 dates."""
    random = np.random.default_rng(1)
    columns: dict[str, Any] = {}
    for i in range(12):
        columns[f"number {i}"] = random.normal(size=count)
    for i in range(6):
        values = random.normal(size=count)
        values[random.random(count) < 0.1] = np.nan
        columns[f"gap {i}"] = values
    for i in range(8):
        names = np.array([f"category {k}" for k in range(4 + 2 * i)], dtype=object)
        columns[f"string {i}"] = names[random.integers(0, len(names), count)]
    for i in range(4):
        days = random.integers(0, 20_000, count).astype("datetime64[D]")
        columns[f"date {i}"] = days.astype("datetime64[us]")
    return pd.DataFrame(columns)


def months(frame: Any) -> Any:
    return frame.assign(**{name: frame[name].dt.month for name in [f"date {i}" for i in range(4)]})


def preprocessing() -> Any:
    return make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), [f"string {i}" for i in range(8)]),
        (FunctionTransformer(months), [f"date {i}" for i in range(4)]),
        remainder="passthrough",
        sparse_threshold=0,
    )


MODELS: dict[str, tuple[Callable[[int], pd.DataFrame], Callable[[], Any]]] = {
    "logistic regression, 30 numbers": (
        numeric,
        lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    ),
    "100 trees, 30 numbers": (numeric, lambda: GradientBoostingClassifier(n_estimators=100, random_state=0)),
    "100 trees, 30 mixed": (
        mixed,
        lambda: make_pipeline(preprocessing(), HistGradientBoostingClassifier(max_iter=100, random_state=0)),
    ),
}


class Bench:
    """A packed model and its rows."""

    def __init__(self, name: str, many: int, folder: Path) -> None:
        rows, make = MODELS[name]
        train = rows(4000)
        y = (train.iloc[:, :12].sum(axis=1) + np.random.default_rng(2).normal(size=4000) > 0).astype(int)
        path = folder / f"{name}.seal"
        sealift.pack(make().fit(train[:3000], y[:3000]), train[3000:], name="bench", output=path)
        self.model = sealift.load(path)
        self.folder = folder
        self.name = name
        self.many = many
        self._rows = rows

    @cache  # noqa: B019 -- lives as long as the process
    def frame(self, count: int) -> pd.DataFrame:
        return self._rows(count)

    def tensors(self, frame: pd.DataFrame) -> Any:
        """The input of the engine for these rows."""
        from sealift.contract import columns_of, encode

        return encode(self.model.contract, columns_of(self.model.contract, frame)).tensors

    @cache  # noqa: B019
    def csv(self) -> Path:
        path = self.folder / f"{self.name}.csv"
        self.frame(self.many).to_csv(path, index=False)
        return path

    def batches(self) -> list[pd.DataFrame]:
        rows = self.frame(100 * BATCHES)
        return [rows[100 * i : 100 * (i + 1)] for i in range(BATCHES)]

    @cache  # noqa: B019
    def call(self, case: str) -> Callable[[], object]:
        predict, engine = self.model.predict, self.model.engine
        outputs = [output.name for output in self.model.contract.outputs]
        if case == "engine 100":
            inputs = [self.tensors(batch) for batch in self.batches()]
            return lambda: [engine.run(tensors, outputs) for tensors in inputs]
        if case.startswith("engine"):
            tensors = self.tensors(self.frame(1 if case == "engine 1" else self.many))
            return lambda: engine.run(tensors, outputs)
        if case == "100 dicts":
            batches = [dicts_of(batch) for batch in self.batches()]
            return lambda: [predict(batch) for batch in batches]
        frame = self.frame(CASES[case].rows or self.many)
        if case == "one dict":
            row = dicts_of(frame)[0]
            return lambda: predict(row)
        if "array" in case:
            array = np.ascontiguousarray(frame.to_numpy())
            return lambda: predict(array)
        if "DataFrame" in case:
            return lambda: predict(frame)
        if "Arrow" in case:
            import pyarrow

            table = pyarrow.Table.from_pandas(frame, preserve_index=False)
            return lambda: predict(table)
        return lambda: self.score(hidden=("pyarrow", "csv_fast") if "no pyarrow" in case else ())

    def score(self, hidden: tuple[str, ...]) -> None:
        for name in ("batch", "score"):  # as it is called now, and in older revisions
            with suppress(ImportError):
                score = import_module(f"sealift.{name}").score
                break
        kept = {name: sys.modules.get(name) for name in [*sys.modules, "pyarrow"] if set(name.split(".")) & set(hidden)}
        sys.modules.update(dict.fromkeys(kept))  # type: ignore[arg-type]  # None: cannot be imported
        try:
            score(self.model, self.csv(), self.folder / "answers.csv")
        finally:
            for name, module in kept.items():
                if module is None:
                    sys.modules.pop(name, None)
                else:
                    sys.modules[name] = module


def dicts_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as in JSON: None for missing values, strings for dates."""
    plain = frame.astype(object).where(frame.notna(), None)
    for name in [name for name in map(str, frame) if name.startswith("date")]:
        plain[name] = [value.isoformat() for value in frame[name].dt.date]
    rows: list[Any] = plain.to_dict("records")
    return rows


def seconds(call: Callable[[], object]) -> tuple[float, float]:
    """The time of one call by the clock, and by the processors of all its threads.

    For a short call, each is the minimum of several.
    """
    clock, processors, spent = float("inf"), float("inf"), 0.0
    while spent < TURN:
        start, used = time.perf_counter(), time.process_time()
        call()
        took = time.perf_counter() - start
        clock, processors = min(clock, took), min(processors, time.process_time() - used)
        spent += took
    return clock, processors


def main() -> None:
    many = int(sys.argv[1])
    benches: dict[str, Bench] = {}
    with tempfile.TemporaryDirectory() as folder:
        for line in sys.stdin:
            model, case = json.loads(line)
            if model not in benches:
                benches[model] = Bench(model, many, Path(folder))
            calls = BATCHES if case in ("100 dicts", "engine 100") else 1
            print(json.dumps([taken / calls for taken in seconds(benches[model].call(case))]), flush=True)


if __name__ == "__main__":
    main()
