"""The public calls of a sealed model, optionally compared with another source tree of Sealift in one run, as ratios.

    python -m bench.speed.calls [--before FOLDER] [--rows 1000000] [--only WORD …] [--write docs/speed.md]

`--before` is the folder `src` of another revision, as `git archive REVISION src | tar x -C FOLDER` makes it. Each
side is a process of its own, which trains and packs its models; the sides take turns, case by case, and the least time
of all turns counts, because other programs can only add to a time. Of many rows the time of the processors counts,
all threads together: by the clock, other programs would change the ratio of what one thread does and what two do. A
file is predicted once more without pyarrow.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from bench.speed.call_cases import BATCHES, CASES, MODELS
from bench.speed.page import replace_section

PACKAGES = {"ort": "onnxruntime", "pandas": "pandas", "pyarrow": "pyarrow"}


class Side:
    """A process that times cases on request."""

    def __init__(self, source: Path, rows: int) -> None:
        environment = dict(os.environ) | {"PYTHONPATH": f"{source}{os.pathsep}{Path.cwd()}"}
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "bench.speed.call_cases", str(rows)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def seconds(self, model: str, case: str) -> tuple[float, float]:
        """The time of one call in one turn, by the clock and by the processors."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([model, case]), file=self._process.stdin, flush=True)
        clock, processors = json.loads(self._process.stdout.readline())
        return clock, processors

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def shown(seconds: float, rows: int) -> str:
    """A time, or rows a second where there are many."""
    if rows > 1000:
        return f"{rows / seconds / 1000:,.0f} k/s"
    return f"{seconds * 1e6:,.1f} µs"


HEAD = ["model", "rows", "engine", "public call", "over the engine", "on 2 processors"]
BEFORE = ["before", "times faster"]
TEXT = """`python -m bench.speed.calls --rows {rows}` on {machine}; onnxruntime {ort}, pandas {pandas}, \
pyarrow {pyarrow}; the least of all turns, the sides taking turns in one run.

The public call is `model.predict(rows)`, or `sealift predict` of a file without the start of its process; *engine* is \
the graph by itself, for the same rows as tensors. For many rows the figures are rows for each second of a \
processor, all threads together, and *over the engine* is what reading, checking and writing cost beside the graph; \
*on 2 processors* is twice the public call's figure, which the two reach where nothing else runs.

The goals of the row path are for what stands under *over the engine*, which is the reader's cost: 15 µs for a dict or \
a row of an array, 80 µs for a data frame of one row, 300 µs for 100 dicts, and a fifth of the engine's time for many.

The calls with 100 dicts, and the engine beside them, take turns with {batches} batches: the branch prediction of the \
processor learns the comparisons for 100 rows, and the engine by itself answers the same rows again in half the time.

The mixed columns are 18 numbers, of which 6 are missing in places, 8 strings and 4 dates. Their engine takes long for \
one row because its graph has 190 nodes, most of them for the calendar of the dates."""


def lines(sides: dict[str, Side], only: list[str], turns: int, many: int) -> Iterator[str]:
    """The lines of the table, as they are measured."""
    head = HEAD + (BEFORE if "before" in sides else [])
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for model in MODELS:
        for title, case in CASES.items():
            if only and not any(word in f"{model}, {title}" for word in only):
                continue
            which = 0 if case.rows else 1
            least: dict[str, float] = {}
            for _ in range(turns if case.rows else max(3, turns // 4)):
                for name, side in sides.items():
                    least[name] = min(least.get(name, float("inf")), side.seconds(model, title)[which])
                engine = sides["now"].seconds(model, case.engine)[which]
                least["engine"] = min(least.get("engine", float("inf")), engine)
            rows, now, alone = case.rows or many, least["now"], least["engine"]
            over = f"{(now - alone) / alone:.0%}" if rows > 1000 else f"{(now - alone) * 1e6:,.1f} µs"
            cells = [model, title, shown(alone, rows), shown(now, rows), over]
            cells.append(shown(now / 2, rows) if rows > 1000 else "–")
            if "before" in sides:
                cells += [shown(least["before"], rows), f"{least['before'] / now:.1f} ×"]
            yield "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    sources = {"now": Path("src").resolve()}
    if arguments.before:
        sources["before"] = arguments.before.resolve()
    sides = {name: Side(source, arguments.rows) for name, source in sources.items()}
    table = []
    for line in lines(sides, arguments.only, arguments.turns, arguments.rows):
        print(line, flush=True)
        table.append(line)
    for side in sides.values():
        side.close()
    if arguments.write:
        versions = {name: version(package) for name, package in PACKAGES.items()}
        text = TEXT.format(rows=arguments.rows, batches=BATCHES, machine=platform.machine(), **versions)
        replace_section(arguments.write, "Public calls", [text, "", *table])


if __name__ == "__main__":
    main()
