"""Our graphs beside skl2onnx's and beside scikit-learn itself, in one run, as ratios.

    python -m bench.speed.graphs [--rows 1000000] [--write docs/speed.md]

All run on one thread, turn by turn, and the median of the rounds is compared; so a machine whose speed drifts
changes all alike. Answers are compared too: a fast wrong graph is not a result.
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
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from sklearn.datasets import make_classification
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sealift
from sealift.contract import Field
from sealift.convert import convert
from sealift.runtime import Engine

ROUNDS = 5
MODELS: dict[str, Callable[[], Any]] = {
    "logistic regression": lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
    "forest, 300 trees": lambda: RandomForestClassifier(300, max_depth=10, n_jobs=1, random_state=0),
    "gradient boosting, 100 trees": lambda: GradientBoostingClassifier(n_estimators=100, random_state=0),
    "histogram boosting, 100 trees": lambda: HistGradientBoostingClassifier(max_iter=100, random_state=0),
}


def median_seconds(turns: dict[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, float]:
    """The median time of each, all taken in turn."""
    found: dict[str, list[float]] = {name: [] for name in turns}
    for _ in range(rounds):
        for name, run in turns.items():
            start = time.perf_counter()
            run()
            found[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in found.items()}


def theirs(model: Any, X: Any) -> tuple[Any, bytes] | None:
    """skl2onnx's graph at its usual settings, or None where it has none."""
    try:
        graph = to_onnx(
            model, X[:1].astype(np.float32), options={"zipmap": False}, target_opset={"": 21, "ai.onnx.ml": 3}
        )
    except Exception:
        return None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    body = graph.SerializeToString()
    return onnxruntime.InferenceSession(body, options, providers=["CPUExecutionProvider"]), body


def measure(name: str, rows: int) -> list[str]:
    X, y = make_classification(20_000, 30, n_informative=15, random_state=0)
    model = MODELS[name]().fit(X[:5000], y[:5000])
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        sealift.pack(model, X[5000:6000], name="bench", output=Path(folder) / "bench.seal")
        packing = time.perf_counter() - start
    graph = convert(model, [Field(name=f"x{i}", dtype="float64") for i in range(30)]).model().SerializeToString()
    ours = Engine(graph, threads=1)
    other = theirs(model, X)
    many = np.tile(X, (-(-rows // len(X)), 1))[:rows]
    single, one = X[:1], X[:1].astype(np.float32)
    fast: dict[str, Callable[[], object]] = {
        "ours": lambda: [ours.run({"number": single}) for _ in range(200)],
        "sklearn": lambda: [model.predict_proba(single) for _ in range(20)],
    }
    bulk: dict[str, Callable[[], object]] = {
        "ours": lambda: ours.run({"number": many}),
        "sklearn": lambda: model.predict_proba(many),
    }
    flips = "–"
    if other is not None:
        session, _ = other
        narrow = many.astype(np.float32)
        fast["skl2onnx"] = lambda: [session.run(None, {"X": one}) for _ in range(200)]
        bulk["skl2onnx"] = lambda: [session.run(None, {"X": narrow[i : i + 8192]}) for i in range(0, rows, 8192)]
        labels = np.concatenate([session.run(None, {"X": narrow[i : i + 8192]})[0] for i in range(0, rows, 8192)])
        flips = str(int((labels != model.predict(many)).sum()))
    own = int((ours.run({"number": many})["label"] != model.predict(many)).sum())
    latency, throughput = median_seconds(fast), median_seconds(bulk, 3)
    row = latency["ours"] / 200 * 1e6
    return [
        name,
        f"{packing:.1f} s",
        f"{row:.0f} µs",
        f"{latency['sklearn'] / 20 / (latency['ours'] / 200):.0f} ×",
        f"{latency['skl2onnx'] / latency['ours']:.2f} ×" if other else "–",
        f"{rows / throughput['ours'] / 1e3:.0f} k/s",
        f"{throughput['sklearn'] / throughput['ours']:.2f} ×",
        f"{throughput['skl2onnx'] / throughput['ours']:.2f} ×" if other else "–",
        f"{len(other[1]) / len(graph):.2f} ×" if other else "–",
        f"{own} / {flips}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    head = [
        "model", "packing", "one row", "faster than scikit-learn", "than skl2onnx", "many rows",
        "faster than scikit-learn", "than skl2onnx", "their size / ours", "flipped labels, ours / theirs",
    ]  # fmt: skip
    lines = [
        "# Speed",
        "",
        f"`python -m bench.speed.graphs --rows {arguments.rows}` on {platform.machine()} with {os.cpu_count()} "
        f"processors, one thread each: scikit-learn {version('scikit-learn')}, skl2onnx {version('skl2onnx')} "
        f"(float32, as it does by default), onnxruntime {version('onnxruntime')}; 30 columns, medians of turns.",
        "",
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
    ]
    for name in MODELS:
        lines.append("| " + " | ".join(measure(name, arguments.rows)) + " |")
        print(lines[-1], flush=True)
    text = "\n".join(lines) + "\n"
    if arguments.write:
        arguments.write.write_text(text)


if __name__ == "__main__":
    main()
