"""The benchmark of memory: each case is packed and predicted in separate processes; a table in Markdown.

    python -m bench.memory.run                 # docs/memory.md, at full size: half an hour and 6 GB
    python -m bench.memory.run --scale 0.1     # to the terminal
    python -m bench.memory.run forest rows     # some cases, to the terminal

It ends with status 1 where a peak is beyond its bound: twice the original's and 500 MB, or four times the weights of a
network.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.memory.cases import CASES

STAGES = ("fit", "original", "pack", "predict")
MB = 1e6
TABLE = Path(__file__).parents[2] / "docs" / "memory.md"
HEAD = """# Memory and time of large cases

For those who pack large models or tables. `python -m bench.memory.run` makes this table. Each figure is the peak of
resident memory of a process of its own, the interpreter and the libraries included. *Original* is a process that loads
the rows and the model and asks it for probabilities; *pack* one that loads both and packs; *predict* one that loads the
sealed file and asks it for the same rows. The bound for both is twice the original's peak and 500 MB; for a network,
four times its weights. A message of protobuf, and so an ONNX file, has at most 2 GiB; the 2.2 GB of weights are in a
file of their own beside the ONNX file, and in members of the sealed file.

*First row* is the first answer after `sealift.load`. ONNX Runtime reads the graph then, which takes seconds for large
forests; `sealift.load(path, warm=True)` has it read at once.

| case | original | pack | predict | bound | pack takes | load | first row | all rows, original | all rows, sealed |
|---|---|---|---|---|---|---|---|---|---|
"""


def measured(name: str, scale: float) -> dict[str, dict[str, Any]]:
    """Stage → its measurements."""
    measurements: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for stage in STAGES:
            command = [sys.executable, "-m", "bench.memory.stage", name, stage, folder, str(scale)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(f"{name}, {stage}: {done.stderr.strip().splitlines()[-1:]}")
            measurements[stage] = json.loads(done.stdout.splitlines()[-1])
    return measurements


def line(title: str, measurements: dict[str, dict[str, Any]], weights: float) -> tuple[str, bool]:
    """A row of the table, and whether both peaks are within the bound."""
    original, pack, predict = (measurements[stage] for stage in STAGES[1:])
    bound = 4 * weights or 2 * original["peak"] + 500 * MB
    peaks = [f"{one['peak'] / MB:,.0f} MB" for one in (original, pack, predict)]
    times = [pack["seconds"], predict["load"], predict["first"], original["seconds"], predict["seconds"]]
    cells = [title, *peaks, f"{bound / MB:,.0f} MB", *(f"{s:.0f} s" if s >= 10 else f"{s:.2g} s" for s in times)]
    return f"| {' | '.join(cells)} |", max(pack["peak"], predict["peak"]) <= bound


def main() -> None:
    """Measure, and write or print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", default=[])
    parser.add_argument("--scale", type=float, default=1.0)
    asked = parser.parse_args()
    lines, within = [], True
    for name in asked.cases or CASES:
        size = "" if asked.scale == 1.0 else f", × {asked.scale:g}"
        row, good = line(CASES[name].title + size, measured(name, asked.scale), CASES[name].weights * asked.scale)
        print(row, flush=True)
        lines.append(row)
        within &= good
    if not asked.cases and asked.scale == 1.0:
        TABLE.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    sys.exit(0 if within else "A peak is beyond the bound.")


if __name__ == "__main__":
    main()
