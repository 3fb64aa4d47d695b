"""Requests of one row: all servers in rounds, each at several numbers of connections."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.serve.environments import installed_bytes
from bench.serve.load import Load, load
from bench.serve.models import ROWS, Prepared
from bench.serve.peers import Peer
from bench.serve.running import DidNotStartError
from bench.serve.session import Machine

CONNECTIONS = (1, 8, 64, 256)
_WARM = 1


@dataclass
class Measured:
    """What was measured of one server, a value for each round."""

    starts: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    loads: dict[int, list[Load]] = field(default_factory=dict)
    apart: float = 0.0
    labels: int = 0
    installed: int = 0


def measure(
    machine: Machine, peers: Sequence[Peer], prepared: Prepared, rounds: int, seconds: int
) -> dict[Peer, Measured]:
    """Every round starts each server, loads it, and ends it."""
    results = {peer: Measured(installed=installed_bytes(machine.environments[peer.environment])) for peer in peers}
    for turn in range(rounds):
        for peer, measured in list(results.items()):
            work = peer.work(prepared, ROWS)
            try:
                with machine.started(peer, prepared.folder, work) as server:
                    measured.starts.append(server.seconds)
                    if turn == 0:
                        answers = [peer.answers(json.loads(server.ask(work, at)))[0] for at in range(ROWS)]
                        expected = prepared.expected[:ROWS, 1].tolist()
                        pairs = list(zip(answers, expected, strict=True))
                        measured.apart = max(abs(got - wanted) for got, wanted in pairs)
                        measured.labels = sum((got > 0.5) != (wanted > 0.5) for got, wanted in pairs)
                    load(server.port, work, 8, _WARM)
                    for connections in CONNECTIONS:
                        one = load(server.port, work, connections, seconds)
                        measured.loads.setdefault(connections, []).append(one)
                        if connections == 64:
                            measured.memory.append(server.memory())
                        _say(f"{turn + 1}/{rounds} {peer.name} {connections}: {one.rate:,.0f}/s p99 {one.p99:.1f} ms")
            except DidNotStartError as error:
                machine.skip(peer, str(error))
                del results[peer]
    return results


HEAD = (
    "| server | requests/s at 1 / 8 / 64 connections | p50 ms at 64 | p99 ms at 64 / 256 | memory MB | first answer s "
    "| installed MB | errors | difference | Sealift is faster at 64 by |",
    "|---|---|---|---|---|---|---|---|---|---|",
)


def lines(measured: dict[Peer, Measured]) -> list[str]:
    """The table; the last column compares the rates of the same round."""
    table = list(HEAD)
    ours = next((each.loads[64] for peer, each in measured.items() if peer.name == "sealift"), None)
    for peer, each in measured.items():
        rates = [statistics.median(one.rate for one in each.loads[c]) for c in CONNECTIONS]
        p50 = statistics.median(one.p50 for one in each.loads[64])
        p99 = [_latency(statistics.median(one.p99 for one in each.loads[c])) for c in (64, 256)]
        total = sum(one.requests for loads in each.loads.values() for one in loads)
        errors = sum(one.errors for loads in each.loads.values() for one in loads)
        ratio = "–"
        if ours is not None and peer.name != "sealift":
            ratio = f"{statistics.median(a.rate / b.rate for a, b in zip(ours, each.loads[64], strict=True)):.1f} ×"
        cells = [
            peer.title,
            " / ".join(f"{rate:,.0f}" for rate in rates[:3]),
            _latency(p50),
            " / ".join(p99),
            f"{statistics.median(each.memory) / 1e6:,.0f}",
            f"{statistics.median(each.starts):.2f}",
            f"{each.installed / 1e6:,.0f}",
            f"{errors:,} of {total:,}",
            _difference(each),
            ratio,
        ]
        table.append("| " + " | ".join(cells) + " |")
    return table


def _latency(milliseconds: float) -> str:
    """A latency; 0 where no request was answered while the load lasted."""
    return f"{milliseconds:,.1f}" if milliseconds else "–"


def _difference(each: Measured) -> str:
    if each.labels:
        return f"{each.labels} labels"
    return "0" if each.apart == 0 else f"{each.apart:.0e}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
