"""The public calls of a sealed model, and those of another source tree of Sealift beside them, in one run, as ratios.

    python -m bench.speed.calls [--before FOLDER] [--rows 1000000] [--only WORD …] [--write docs/speed-calls.md]

`--before` is the folder `src` of another revision, as `git archive REVISION src | tar x -C FOLDER` makes it. Each
side is a process of its own, which trains and packs its models; the sides take turns, case by case, and the least time
of all turns counts, because other programs can only add to a time. A file is predicted once more without pyarrow.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.speed.call_cases import CASES, MODELS


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

    def seconds(self, model: str, case: str) -> float:
        """The time of one call in one turn."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([model, case]), file=self._process.stdin, flush=True)
        return float(json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def shown(seconds: float, rows: int) -> str:
    """A time, or rows a second where there are many."""
    if rows > 1000:
        return f"{rows / seconds / 1000:,.0f} k rows/s"
    return f"{seconds * 1e6:,.1f} µs"


def lines(sides: dict[str, Side], only: list[str], turns: int, many: int) -> Any:
    """The lines of the table, as they are measured."""
    head = ["model", "rows", "engine alone", "public call", "beside the engine"]
    if "before" in sides:
        head += ["before", "times faster"]
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for model in MODELS:
        for title, case in CASES.items():
            if only and not any(word in f"{model}, {title}" for word in only):
                continue
            rounds = turns if case.rows else max(3, turns // 4)
            found: dict[str, list[float]] = {name: [] for name in sides}
            engine: list[float] = []
            for _ in range(rounds):
                engine.append(sides["now"].seconds(model, case.engine))
                for name, side in sides.items():
                    found[name].append(side.seconds(model, title))
            rows, now, alone = case.rows or many, min(found["now"]), min(engine)
            over = f"{(now - alone) / alone:.0%}" if rows > 1000 else f"{(now - alone) * 1e6:,.1f} µs"
            cells = [model, title, shown(alone, rows), shown(now, rows), over]
            if "before" in sides:
                before = min(found["before"])
                cells += [shown(before, rows), f"{before / now:.1f} ×"]
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
        arguments.write.write_text("\n".join(table) + "\n")


if __name__ == "__main__":
    main()
