"""The members of the sealed file, except the manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sealift import canonical
from sealift.contract import Contract
from sealift.graph.split_model import SplitModel
from sealift.packing.convert import Converted
from sealift.packing.describe import examples
from sealift.packing.describe.card import card
from sealift.packing.describe.metrics import baseline, metrics
from sealift.packing.describe.provenance import provenance, sbom
from sealift.packing.describe.stored_rows import StoredMember
from sealift.packing.inputs.dataset import Dataset
from sealift.packing.options import Options
from sealift.packing.privacy.findings import PrivacyReport
from sealift.packing.probes.row_generator import RowGenerator
from sealift.packing.proof.report import Report


def evidence(
    dataset: Dataset,
    converted: Converted,
    contract: Contract,
    proved: Report,
    privacy: PrivacyReport,
    notes: Sequence[str],
    options: Options,
) -> dict[str, Any]:
    """`evidence.json`: what was measured when the file was made.

    Raises:
        PackError: E305 when y has another shape than the answers.
    """
    truth = dataset.truth
    return {
        "parity": proved.as_json(),
        "steps": steps(converted),
        "rows": len(dataset),
        "rows_source": "caller" if options.privacy.keep_rows else "generated",
        "metrics": {} if truth is None else metrics(contract, converted.answers, truth),
        "baseline": None if truth is None else baseline(contract, truth),
        "notes": list(notes),
        "privacy": privacy.as_json(),
    }


def steps(converted: Converted) -> list[dict[str, str]]:
    """Each step's path, and how it was converted."""
    return [{"path": step.path, "how": step.how} for step in converted.conversion.steps]


def members(
    converted: Converted,
    contract: Contract,
    graph: SplitModel,
    golden: StoredMember,
    measured: Mapping[str, Any],
    generator: RowGenerator,
    model: Any,
    options: Options,
) -> dict[str, bytes]:
    """The content of each member by its name.

    Args:
        converted: the model as a graph, and the given rows.
        contract: the contract.
        graph: the graph.
        golden: `golden/examples.json`, with its arrays.
        measured: `evidence.json`.
        generator: generates the background rows.
        model: the original, whose type is recorded in the provenance.
        options: name, version and the texts of the card.
    """
    input_rows, name, version = converted.input_rows, options.name, options.version
    background = examples.background(generator, contract, input_rows, keep_rows=options.privacy.keep_rows)
    return {
        **{f"blobs/{digest}": body for digest, body in contract.blobs.items()},
        "model.onnx": graph.serialized,
        **graph.members,
        "contract.json": canonical.dumps(contract.as_json()),
        **golden.members,
        "evidence.json": canonical.dumps(measured),
        "reference/sketches.json": canonical.dumps(examples.sketches(generator, contract)),
        **background.members,
        "card.md": card(contract, name=name, version=version, evidence=measured, about=options.card.about).encode(),
        "provenance.json": canonical.dumps(provenance(input_rows, model)),
        "sbom.cdx.json": canonical.dumps(sbom(name, version, graph.serialized, options.card.description)),
    }
