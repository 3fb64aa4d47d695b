"""The speed of nets in the page and natively: `python -m bench.nets.speed`, some minutes; writes docs/speed-nets.md.

    PYTHONPATH=.:.torch:.nets python -W ignore -m bench.nets.speed [--only NAME …] [--rows 24] [--write PAGE]

Each net is packed with random weights and opened as a page in Chromium. Its rows are answered by the page and natively
in turn, so that both have the same load of the machine; the least time of all turns counts. Smaller variants are
measured in the page's engine under Node, where each graph runs in turn with the others.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import sealift
from bench.nets.speed_nets import NETS, Net, options, rows, settled
from bench.nets.speed_page import opened
from bench.nets.speed_table import page
from sealift.packing.optimize.optimization import ORIGINAL
from sealift.runtime.engines.base import engines
from sealift.targets.page import build_page

_TURNS, _CORES = 3, (1, 2)
_CALLS = 7
_PACKED = 8  # rows that are given to `pack`


def measured(net: Net, count: int, folder: Path) -> dict[str, Any]:
    """All figures of a net, in seconds and bytes."""
    import torch

    torch.manual_seed(0)
    given = rows(net, max(count, _PACKED))
    path = folder / "net.seal"
    begun = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of the exporter
        module = settled(net.module())
        proof = sealift.ProofOptions(engines=("native",))
        packed = sealift.pack(
            module, given[:_PACKED], name="net", output=path, proof=proof, progress=lambda _: None, **options(net)
        )
    took = time.perf_counter() - begun
    built = build_page(path, folder / "net.html")
    model = sealift.load(packed.path, warm=True)
    figures: dict[str, Any] = {
        "name": net.name,
        "weights": sum(weight.numel() for weight in module.parameters()),
        "pack": took,
        "page bytes": built.size,
        "native": _seconds(lambda: [model.predict([row]) for row in given]) / len(given),
    }
    for cores in _CORES:
        with opened(built.path, given, cores=cores) as shown:
            shown.seconds()  # the other workers are opened meanwhile
            for _ in range(_TURNS):
                each = shown.seconds() / len(given)
                figures[f"page, {cores}"] = min(each, figures.get(f"page, {cores}", each))
                native = _seconds(lambda: [model.predict([row]) for row in given]) / len(given)
                figures["native"] = min(native, figures["native"])
            figures[f"memory, {cores}"] = shown.memory()
            figures["ready"] = min(shown.ready, figures.get("ready", shown.ready))
    return figures | {"variants": _variants(net, path, given)}


def _variants(net: Net, path: Path, given: Sequence[Any]) -> dict[str, dict[str, float]]:
    """Method → engine → seconds of a row, and bytes; each graph takes its turn in each engine."""
    tried = sealift.optimize(path, given[:_PACKED], methods=net.variants)
    graphs = {variant.name: variant.graph for variant in tried.variants if variant.graph is not None}
    figures_of = {name: {"bytes": float(tried[name].size or 0)} for name in graphs}
    model, names = tried.model, [output.name for output in tried.model.contract.outputs]
    one = {name: array[:1] for name, array in tried.rows.tensors.items()}
    (fed,) = (dict(piece) for piece in model.stages.pieces(one))
    with ExitStack() as stack:
        sessions = {}
        for kind in engines().values():
            if kind.unavailable() is not None:
                continue
            for name, graph in graphs.items():
                inputs = {port.name for port in graph.proto.graph.input}
                session = stack.enter_context(kind.open(graph.serialized, _no_stages(), graph.weights))
                tensors = {key: array for key, array in fed.items() if key in inputs}
                sessions[name, kind.key] = (session, tensors)
                session.run(tensors, names)
        for _ in range(_CALLS):
            for (name, key), (session, tensors) in sessions.items():
                seconds = _seconds(lambda: session.run(tensors, names))  # noqa: B023 - called at once
                figures_of[name][key] = min(seconds, figures_of[name].get(key, seconds))
    return {("float32" if name == ORIGINAL else name): figures for name, figures in figures_of.items()}


def _no_stages() -> Any:
    from sealift.stages import Stages

    return Stages((), ())


def _seconds(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--only", nargs="*", default=[net.name for net in NETS])
    parser.add_argument("--rows", type=int, default=24)
    parser.add_argument("--write", type=Path, default=Path("docs/speed-nets.md"))
    given = parser.parse_args()
    measurements: list[Mapping[str, Any]] = []
    for net in NETS:
        if net.name in given.only:
            begun = time.perf_counter()
            with tempfile.TemporaryDirectory() as folder:
                measurements.append(measured(net, given.rows, Path(folder)))
            print(f"{measurements[-1]} ({time.perf_counter() - begun:.0f} s)", flush=True)
    given.write.write_text(page(measurements, given.rows), encoding="utf-8")


if __name__ == "__main__":
    main()
