"""`make fidelity-nets`: pack architectures that were trained for a few steps, and compare them with their originals.

    python -m bench.nets.run [--only WORD …] [--results FILE] [--write PAGE] [--again]

Each case is packed by `sealift.pack` with the proof in every engine that can run here, and the file is opened again.
Results are appended to a JSON Lines file, so that an interrupted run goes on where it ended. It exits with 1 when an
answer differs or anything crashes.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sealift
from bench.nets.case import Case
from bench.nets.page import page
from sealift.errors import ParityError, SealiftError
from sealift.frameworks import source_of

_LIBRARIES = {
    "own_nets": "torch",
    "transformers_nets": "transformers",
    "keras_nets": "keras",
    "torchvision_nets": "torchvision",
    "timm_nets": "timm",
    "jax_nets": "flax",
}
_FAULTS = ("different", "crash")


def cases() -> list[Case]:
    """The cases of the libraries that are installed."""
    every_case: list[Case] = []
    for module, library in _LIBRARIES.items():
        if importlib.util.find_spec(library) is not None:
            every_case += importlib.import_module(f"bench.nets.{module}").CASES
    return every_case


def attempt(case: Case) -> dict[str, Any]:
    """Train and pack one case; the outcome for the table."""
    import torch

    torch.manual_seed(0)
    start = time.perf_counter()
    outcome: dict[str, Any] = {"name": case.name, "group": case.group}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model, rows = case.make()
            if not case.trained:
                model = importlib.import_module("bench.nets.train").trained(model, rows)
            weights = _weights(model)
            with tempfile.TemporaryDirectory() as folder:
                packed = sealift.pack(
                    model, rows, name="net", output=Path(folder) / "net.seal", progress=lambda _: None
                )
                sealift.verify(packed.path)
                size = packed.path.stat().st_size
    except ParityError as error:
        outcome |= {"status": "different", "code": error.code, "reason": error.what}
    except SealiftError as error:
        outcome |= {"status": "refused", "code": error.code, "reason": error.what}
    except Exception as error:  # any other exception is a fault
        outcome |= {"status": "crash", "code": "", "reason": f"{type(error).__name__}: {str(error)[:300]}"}
        traceback.print_exc()
    else:
        report = packed.report
        outcome |= {
            "status": "verified",
            "how": packed.steps[-1]["how"],
            "weights": weights,
            "bytes": size,
            "rows": report.total,
            "engines": report.engines,
            "compared": report.compared,
            "worst": max(report.worst.values(), default=0.0),
        }
    return outcome | {"seconds": round(time.perf_counter() - start, 1)}


def _weights(model: Any) -> int:
    """The number of weights: those that a module counts itself, or those that the source of a model of JAX knows."""
    if hasattr(model, "parameters"):
        return sum(weight.numel() for weight in model.parameters())
    if hasattr(model, "count_params"):
        return int(model.count_params())
    return sum(array.size for array in getattr(source_of(model), "weights", {}).values())


def once(registry: Any) -> None:
    """Read the exporter's translations of operators once for all cases; it reads them for each export."""
    original = registry.from_torchlib.__func__
    known: list[Any] = []

    def from_torchlib(kind: Any, *args: Any, **options: Any) -> Any:
        if not known:
            known.append(original(kind, *args, **options))
        return known[0]

    registry.from_torchlib = classmethod(from_torchlib)


def main(arguments: Sequence[str]) -> int:
    """Run the cases that have no result yet. Returns 1 if there is a fault."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--only", nargs="*", default=[], help="cases with one of these words in group or name")
    parser.add_argument("--results", type=Path, default=Path("build/nets.jsonl"))
    parser.add_argument("--write", type=Path, help="write the table to this page")
    parser.add_argument("--again", action="store_true", help="run cases that have a result, too")
    given = parser.parse_args(arguments)
    known: dict[tuple[str, str], dict[str, Any]] = {}
    if given.results.exists():
        for line in given.results.read_text().splitlines():
            entry = json.loads(line)
            known[entry["group"], entry["name"]] = entry
    given.results.parent.mkdir(parents=True, exist_ok=True)
    once(importlib.import_module("torch.onnx._internal.exporter._registration").ONNXRegistry)
    every = cases()
    chosen = [c for c in every if not given.only or any(w.lower() in f"{c.group} {c.name}".lower() for w in given.only)]
    for number, case in enumerate(chosen, start=1):
        if (case.group, case.name) in known and not given.again:
            continue
        outcome = attempt(case)
        known[case.group, case.name] = outcome
        with given.results.open("a") as file:
            file.write(json.dumps(outcome) + "\n")
        shown = outcome.get("reason", f"worst {outcome.get('worst', 0):.1e}")
        print(
            f"{number}/{len(chosen)} {case.group} {case.name}: {outcome['status']} {shown} ({outcome['seconds']} s)",
            flush=True,
        )
    outcomes = [known[c.group, c.name] for c in every if (c.group, c.name) in known]
    outcomes += [entry for key, entry in known.items() if key not in {(c.group, c.name) for c in every}]
    if given.write:
        given.write.write_text(page(outcomes))
    return int(any(entry["status"] in _FAULTS for entry in outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
