"""Memory and time of packing and opening a network with large weights, through the public calls.

    python -m bench.weights                 # 300 MB of random weights
    python -m bench.weights --megabytes 50

Each line is a process of its own. "Private" is the memory that it shares with no other process when it has answered;
weights that are mapped from the file are not in it.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

ROWS, COLUMNS = 300, 30


def network(megabytes: float) -> Any:
    """An MLPRegressor whose middle matrix has this size, with random weights, and its rows."""
    from sklearn.neural_network import MLPRegressor

    rng = np.random.default_rng(0)
    x = rng.standard_normal((ROWS, COLUMNS))
    model = MLPRegressor(hidden_layer_sizes=(4, 4), max_iter=1, solver="sgd")
    with np.errstate(all="ignore"):
        model.partial_fit(x, x[:, 0])
    width = int(math.sqrt(megabytes * 1e6 / 8))
    model.hidden_layer_sizes = (width, width)
    shapes = ((COLUMNS, width), (width, width), (width, 1))
    model.coefs_ = [rng.standard_normal(shape) / math.sqrt(shape[0]) for shape in shapes]
    model.intercepts_ = [rng.standard_normal(shape[1]) for shape in shapes]
    return model, x


def _memory() -> dict[str, float]:
    """Peak of resident memory, and what is private now, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    lines = Path("/proc/self/smaps_rollup").read_text("ascii").splitlines()
    private = next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:"))
    return {"peak": peak, "private": private / 1000}


def stage(name: str, path: Path, megabytes: float) -> dict[str, float]:
    """Run one stage in this process; its figures."""
    import sealift

    figures: dict[str, float] = {}
    begun = time.perf_counter()
    if name == "pack":
        model, x = network(megabytes)
        begun = time.perf_counter()
        sealift.pack(
            model,
            x,
            name="network",
            output=sealift.OutputFile(path, overwrite=True),
            proof=sealift.ProofOptions(engines=("native",)),
        )
    else:
        model = sealift.load(path)
        figures["load"] = time.perf_counter() - begun
        row = np.zeros((1, COLUMNS))
        begun = time.perf_counter()
        model.predict(row)
        figures["first"] = time.perf_counter() - begun
        begun = time.perf_counter()
        model.predict(row)
    figures["seconds"] = time.perf_counter() - begun
    return figures | _memory()


def main() -> None:
    """Measure both stages, opening twice: the second time the file is in the page cache for certain."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=300)
    parser.add_argument("--stage", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stage:
        name, path = options.stage
        print(json.dumps(stage(name, Path(path), options.megabytes)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.seal"
        for name in ("pack", "open", "open"):
            command = [sys.executable, "-m", "bench.weights", "--megabytes", str(options.megabytes)]
            done = subprocess.run([*command, "--stage", name, str(path)], capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(done.stderr)
            figures = json.loads(done.stdout.splitlines()[-1])
            print(name, " ".join(f"{key} {value:,.2f}" for key, value in figures.items()), flush=True)


if __name__ == "__main__":
    main()
