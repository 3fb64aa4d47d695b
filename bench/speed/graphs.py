"""Graphs of Sealift compared with skl2onnx and with the original libraries in one run, as ratios.

    python -m bench.speed.graphs [--rows 100000] [--only WORD …] [--write docs/speed.md]

Everything runs on one thread and is timed by that thread's own clock, in short turns one after the other, and the
medians are compared; so neither another program nor a machine whose speed drifts changes a ratio. Answers are
compared too: a fast wrong graph is not a result.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from itertools import cycle
from pathlib import Path
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np
import onnxruntime
from skl2onnx import to_onnx

import sealift
from bench.speed.models import MODELS, rows_and_classes
from bench.speed.page import replace_section
from sealift.contract import Field
from sealift.frameworks import convert
from sealift.runtime import Engine

ONE_ROW_TURNS = 100
PIECE = 4096  # rows a call, for every side alike
TURN = 10 * PIECE  # of the many rows, for one side after the other


@dataclass(frozen=True)
class Line:
    """A model's figures: seconds for one row and for one of many, by side; bytes; labels that differ."""

    name: str
    packing: float
    one: dict[str, float]
    many: dict[str, float]
    size: dict[str, int]
    flips: dict[str, int]

    def cells(self) -> list[str]:
        def ratio(times: dict[str, float] | dict[str, int], other: str) -> str:
            return f"{times[other] / times['ours']:.2f} ×" if other in times else "–"

        return [
            self.name,
            f"{self.packing:.1f} s",
            f"{self.one['ours'] * 1e6:.1f} µs",
            ratio(self.one, "original"),
            ratio(self.one, "single"),
            ratio(self.one, "double"),
            f"{1e-3 / self.many['ours']:.0f} k/s",
            ratio(self.many, "original"),
            ratio(self.many, "single"),
            ratio(self.many, "double"),
            ratio(self.size, "single"),
            " / ".join(str(self.flips[side]) if side in self.flips else "–" for side in ("ours", "single", "double")),
        ]


HEAD = [
    "model", "packing", "one row", "× original", "× float32", "× float64", "many rows", "× original", "× float32",
    "× float64", "size", "flips",
]  # fmt: skip


def median_seconds(turns: dict[str, tuple[Callable[[], object], int]], rounds: int) -> dict[str, float]:
    """The median of this thread's time for each side, divided by how often it does its work in a turn."""
    seconds: dict[str, list[float]] = {side: [] for side in turns}
    for _ in range(rounds):
        for side, (run, times) in turns.items():
            start = time.thread_time()
            run()
            seconds[side].append((time.thread_time() - start) / times)
    return {side: statistics.median(times) for side, times in seconds.items()}


def theirs(model: Any, X: Any) -> tuple[Any, bytes] | None:
    """skl2onnx's graph for rows of X's dtype; None if it has none."""
    try:
        graph = to_onnx(model, X[:1], options={"zipmap": False}, target_opset={"": 21, "ai.onnx.ml": 3})
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        body = graph.SerializeToString()
        return onnxruntime.InferenceSession(body, options, providers=["CPUExecutionProvider"]), body
    except Exception:  # its parsers and converters can raise any exception
        return None


def caller(session: Any, dtype: Any) -> Callable[[Any], Any]:
    """A function that runs a graph of skl2onnx on float64 rows, as in its documentation."""
    if dtype == np.float64:
        return lambda x: session.run(None, {"X": x})
    return lambda x: session.run(None, {"X": x.astype(dtype)})


def measure(name: str, rows: int) -> Line:
    make, classes = MODELS[name]
    X, y = rows_and_classes(classes)
    model = make().fit(X[:5000], y[:5000])
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        sealift.pack(model, X[5000:6000], name="bench", output=Path(folder) / "bench.seal")
        packing = time.perf_counter() - start
    graph = convert(model, [Field(name=f"x{i}", dtype="float64") for i in range(30)]).model().SerializeToString()
    engine = Engine(graph, threads=1)
    many = np.tile(X, (-(-rows // len(X)), 1))[:rows]
    truth = np.asarray(model.predict(X)).reshape(-1)
    turns = [[slice(i, i + PIECE) for i in range(start, start + TURN, PIECE)] for start in range(0, rows, TURN)]
    size, flips = {"ours": len(graph)}, {}
    one: dict[str, tuple[Callable[[], object], int]] = {}
    bulk: dict[str, tuple[Callable[[], object], int]] = {}

    def side(title: str, run: Callable[[Any], Any], rows_of: Any, label: Callable[[Any], Any]) -> None:
        first = rows_of[:1]
        repeats = 3 if title == "original" else 40
        one[title] = (lambda: [run(first) for _ in range(repeats)]), repeats
        ahead = cycle(turns)
        bulk[title] = (lambda: [run(rows_of[piece]) for piece in next(ahead)]), TURN
        if classes and title != "original":
            flips[title] = int((np.asarray(label(run(rows_of[: len(X)]))).reshape(-1) != truth).sum())

    side("ours", lambda x: engine.run({"number": x}), many, lambda answers: answers["label"])
    for title, dtype in (("single", np.float32), ("double", np.float64)):
        other = theirs(model, X.astype(dtype))
        if other is not None:
            size[title] = len(other[1])
            side(title, caller(other[0], dtype), many, lambda answers: answers[0])
    side("original", getattr(model, "predict_proba", model.predict), many, lambda answers: answers)
    # The graphs take turns among themselves: a row of the original takes milliseconds, and empties the caches.
    alone = median_seconds({"original": one.pop("original")}, ONE_ROW_TURNS // 4)
    return Line(
        name, packing, median_seconds(one, ONE_ROW_TURNS) | alone, median_seconds(bulk, len(turns)), size, flips
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    rows = -(-arguments.rows // TURN) * TURN
    warnings.simplefilter("ignore")
    libraries = ("scikit-learn", "skl2onnx", "onnxruntime", "xgboost-cpu", "lightgbm", "catboost")
    lines = [
        f"`python -m bench.speed.graphs --rows {arguments.rows}` on {platform.machine()}, one thread each, medians of "
        f"turns by the thread's own clock, the many rows in calls of {PIECE:,}; "
        f"{', '.join(f'{name} {version(name)}' for name in libraries)}; 30 columns.",
        "",
        "Ratios are the other's time (or size) over ours: above 1, ours is faster (or smaller). *Original* is the "
        "library's own `predict_proba` or `predict`; *float32* is skl2onnx as it comes, the rows cast for it as its "
        "documentation does; *float64* is skl2onnx fed with doubles. *Flips* are labels among 20,000 that "
        "differ from the original's: ours / float32 / float64. A single row takes a few millionths of a second, most "
        "of them for the call; the graphs take turns of 40 calls each, so that each is in the cache.",
        "",
        "| " + " | ".join(HEAD) + " |",
        "|" + "---|" * len(HEAD),
    ]
    print("\n".join(lines))
    for name in MODELS:
        if not arguments.only or any(word in name for word in arguments.only):
            lines.append("| " + " | ".join(measure(name, rows).cells()) + " |")
            print(lines[-1], flush=True)
    if arguments.write:
        replace_section(arguments.write, "Graphs", lines)


if __name__ == "__main__":
    main()
