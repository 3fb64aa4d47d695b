"""Sealift's server and others on the same models, loaded by wrk on this machine; docs/serving-speed.md.

    python -m bench.serve                            # every table, to the terminal; half an hour
    python -m bench.serve --write docs/serving-speed.md
    python -m bench.serve --quick --only sealift granian --tables single

Each server is installed below build/serve-env, in the versions of bench/serve/requirements, and left out with the
reason where that fails. Models are kept below build/serve-bench. wrk is taken from PATH (`tools/setup.sh wrk`).
"""

from __future__ import annotations

import argparse
import platform
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from bench.serve import batches, models, networks, single, streams
from bench.serve.environments import ROOT, interpreter
from bench.serve.peers import PEERS, Peer
from bench.serve.session import Machine
from bench.speed.page import replace_section

Table = Callable[[Machine, list[Peer], int, int], list[str]]


def numbers(machine: Machine, peers: list[Peer], rounds: int, seconds: int) -> list[str]:
    """One row of 30 numbers."""
    return _single("numeric", machine, peers, rounds, seconds)


def mixed(machine: Machine, peers: list[Peer], rounds: int, seconds: int) -> list[str]:
    """One row of 30 columns of mixed types."""
    return _single("mixed", machine, peers, rounds, seconds)


def _single(kind: str, machine: Machine, peers: list[Peer], rounds: int, seconds: int) -> list[str]:
    prepared = models.prepared(kind, machine.folder)
    served = [peer for peer in peers if kind in peer.kinds]
    return single.lines(single.measure(machine, served, prepared, rounds, seconds))


TABLES: dict[str, tuple[str, Table]] = {
    "single": ("One row of 30 numbers", numbers),
    "mixed": ("One row of 30 mixed columns", mixed),
    "batches": ("1,000 rows in a request", batches.table),
    "net": ("A net of the size of ResNet-18", networks.images),
    "workers": ("Memory of further workers of a 300 MB net", networks.workers),
    "streams": ("Messages of a broker", streams.table),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help=", ".join(peer.name for peer in PEERS))
    parser.add_argument("--tables", nargs="*", default=list(TABLES), choices=list(TABLES), metavar="TABLE")
    parser.add_argument("--seconds", type=int, default=5, help="of each load; 5")
    parser.add_argument("--rounds", type=int, default=3, help="in which each server is started once; 3")
    parser.add_argument("--quick", action="store_true", help="one round of one second")
    parser.add_argument("--write", type=Path, help="replace the sections of a page")
    options = parser.parse_args()
    unknown = set(options.only) - {peer.name for peer in PEERS}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    if options.quick:
        options.rounds, options.seconds = 1, 1
    machine = Machine(ROOT / "build" / "serve-bench")
    machine.folder.mkdir(parents=True, exist_ok=True)
    peers = machine.usable(tuple(peer for peer in PEERS if not options.only or peer.name in options.only))
    for name in options.tables:
        title, table = TABLES[name]
        lines = [*table(machine, peers, options.rounds, options.seconds), "", _how(options.rounds, options.seconds)]
        lines += [f"Left out: {peer}: {reason}" for peer, reason in machine.skipped.items()]
        print(f"\n## {title}\n", *lines, sep="\n", flush=True)
        if options.write:
            replace_section(options.write, title, lines)


def _how(rounds: int, seconds: int) -> str:
    return (
        f"Medians of {rounds} rounds, {seconds:g} s for each load, Python {_python()}, "
        f"onnxruntime {version('onnxruntime')}, {platform.machine()}."
    )


def _python() -> str:
    command = [interpreter(), "-c", "import platform; print(platform.python_version())"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
