"""Measure and write all tables of docs/speed.md: half an hour on two idle processors.

python -m bench.speed [--rows 100000] [--before FOLDER]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "speed.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--before", type=Path, help="as of bench.speed.calls")
    arguments = parser.parse_args()
    rows = ["--rows", str(arguments.rows)]
    before = [] if arguments.before is None else ["--before", str(arguments.before)]
    for command in (["bench.speed.calls", *rows, *before], ["bench.speed.graphs", *rows], ["bench.trees.oblivious"]):
        print(" ".join(command), flush=True)
        subprocess.run([sys.executable, "-W", "ignore", "-m", *command, "--write", str(PAGE)], check=True)


if __name__ == "__main__":
    main()
