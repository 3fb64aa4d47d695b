"""The members of the sealed file of a variant: those of the original file, with another graph and its comparison."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sealift import canonical, seal
from sealift.contract.outputs import Tolerance, output_kind
from sealift.contract.outputs.tolerance import LOOSEST
from sealift.graph.split_model import SplitModel
from sealift.packing.describe.provenance import sbom
from sealift.packing.optimize.trial import MARGIN, Outcome
from sealift.runtime import SealedModel
from sealift.version import __version__

_REPLACED = ("manifest.json", "signature.json", "model.onnx")


def changed_members(
    model: SealedModel, graph: SplitModel, method: str, outcome: Outcome, rows: int, engines: Mapping[str, str]
) -> dict[str, bytes]:
    """All members of the new file.

    Args:
        model: the original file.
        graph: the graph of the variant.
        method: its method.
        outcome: its comparison with the original file.
        rows: the number of rows compared.
        engines: the engines of the comparison, with their versions.
    """
    manifest = model.seal.manifest
    members = {
        name: bytes(body)
        for name, body in model.seal.members.items()
        if name not in _REPLACED and not name.startswith("weights/")
    }
    members |= {"model.onnx": graph.serialized, **graph.members}
    members["golden/examples.json"] = canonical.dumps(_golden(model, outcome))
    members["evidence.json"] = canonical.dumps(_evidence(model, method, outcome, rows, engines))
    members["card.md"] += _paragraph(model, method, outcome, rows).encode()
    described = model.contract.description
    members["sbom.cdx.json"] = canonical.dumps(sbom(manifest.name, manifest.version, graph.serialized, described))
    assembled: dict[str, bytes] = seal.assemble(
        members,
        name=manifest.name,
        version=manifest.version,
        task=model.contract.task,
        producer=f"sealift {__version__}",
        opsets={entry.domain: entry.version for entry in graph.proto.opset_import},
    )
    return assembled


def _golden(model: SealedModel, outcome: Outcome) -> dict[str, Any]:
    """The examples with the original's answers, and the tolerances of the variant."""
    raw: dict[str, Any] = model.seal.json("golden/examples.json")
    wider = {}
    has_parts = {output.name: output_kind(output).has_parts for output in model.contract.outputs}
    for name, tolerance in model.examples.tolerance.items():
        # Parts were compared with the largest tolerance: no number measures how far apart they are.
        needed = LOOSEST if has_parts[name] else MARGIN * outcome.worst.get(name, 0.0)
        relative = max(tolerance.relative, needed)
        wider[name] = Tolerance(relative, tolerance.scale).capped(model.examples.answers[name]).as_dict()
    return {**raw, "tolerance": wider}


def _evidence(
    model: SealedModel, method: str, outcome: Outcome, rows: int, engines: Mapping[str, str]
) -> dict[str, Any]:
    evidence: dict[str, Any] = model.seal.json("evidence.json")
    changed = {
        "original": model.identity,
        "method": method,
        "rows": rows,
        "engines": dict(engines),
        "flips": outcome.flips,
        "worst": outcome.worst,
        "metrics": outcome.metrics,
    }
    return {**evidence, "optimized": changed}


def _paragraph(model: SealedModel, method: str, outcome: Outcome, rows: int) -> str:
    worst = max(outcome.worst.values(), default=0.0)
    return (
        f"\n## Optimized\n\nThis file is the variant {method} of the file with the identity {model.identity}. On "
        f"{rows:,} rows, no label differs between the two, and no number by more than {worst:.1e} of its magnitude. "
        "The other results in this card are those of the original file.\n"
    )
