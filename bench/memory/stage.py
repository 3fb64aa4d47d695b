"""Run one stage of one case, and print the peak memory of the process: `CASE STAGE FOLDER SCALE`."""

from __future__ import annotations

import json
import os
import pickle
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from bench.memory.cases import CASES


def _fit(case: Any, folder: Path, scale: float) -> None:
    rows, target = case.rows(scale)
    model = case.model(scale)
    (folder / "rows.pickle").write_bytes(pickle.dumps((rows, np.asarray(target)), protocol=5))
    if hasattr(model, "fit"):
        (folder / "model.pickle").write_bytes(pickle.dumps(model.fit(rows, target), protocol=5))
    else:
        onnx.save(model, folder / "model.onnx", save_as_external_data=True, location="model.weights")


def _read(folder: Path, name: str) -> Any:
    with (folder / f"{name}.pickle").open("rb") as stream:
        return pickle.load(stream)


def _model(folder: Path) -> Any:
    """The fitted model, or the path of an ONNX file."""
    path = folder / "model.onnx"
    return path if path.exists() else _read(folder, "model")


def _original(folder: Path) -> dict[str, float]:
    (rows, _), model = _read(folder, "rows"), _model(folder)
    if isinstance(model, Path):
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        import onnxruntime

        session = onnxruntime.InferenceSession(model)
        begun = time.perf_counter()
        session.run(None, {"x": rows})
        return {"seconds": time.perf_counter() - begun}
    begun = time.perf_counter()
    model.predict_proba(rows)
    return {"seconds": time.perf_counter() - begun}


def _pack(folder: Path) -> dict[str, float]:
    (rows, target), model = _read(folder, "rows"), _model(folder)
    import sealift

    begun = time.perf_counter()
    stage, since = "", begun
    stages: dict[str, float] = {}

    def report(sentence: str) -> None:
        nonlocal stage, since
        now = time.perf_counter()
        if stage:
            stages[stage] = round(stages.get(stage, 0.0) + now - since, 2)
        stage, since = sentence.partition(":")[0], now

    packed = sealift.pack(model, rows, target, name="large", output=folder / "large.seal", progress=report)
    report("")
    return {"seconds": time.perf_counter() - begun, "bytes": packed.path.stat().st_size, **stages}


def _predict(folder: Path) -> dict[str, float]:
    rows, _ = _read(folder, "rows")
    import sealift

    times = [time.perf_counter()]
    sealed = sealift.load(folder / "large.seal")
    times.append(time.perf_counter())
    sealed.predict(rows[:1])
    times.append(time.perf_counter())
    sealed.predict(rows)
    times.append(time.perf_counter())
    load, first, seconds = np.diff(times).tolist()
    return {"load": load, "first": first, "seconds": seconds}


def main() -> None:
    """Run the stage and print its measurements."""
    name, stage, folder, scale = sys.argv[1], sys.argv[2], Path(sys.argv[3]), float(sys.argv[4])
    if stage == "fit":
        _fit(CASES[name], folder, scale)
        figures: dict[str, float] = {}
    else:
        figures = {"original": _original, "pack": _pack, "predict": _predict}[stage](folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"peak": peak, **figures}))


if __name__ == "__main__":
    main()
