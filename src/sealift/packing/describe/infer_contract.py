"""Infer the contract of a converted model from X, from the model, and from the caller's options."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sealift.contract import Contract, Ignored
from sealift.packing.convert import Converted
from sealift.packing.describe import category_names, fields, output_names, usual_pictures
from sealift.packing.inputs.base import InputRows
from sealift.packing.options import Options
from sealift.packing.privacy.findings import Finding
from sealift.packing.probes import free_text
from sealift.packing.proof import text_refusals
from sealift.stats import Sketch


class InferredContract(NamedTuple):
    """A contract, and findings on rare categories that it retains."""

    contract: Contract
    findings: list[Finding]


def infer_contract(
    converted: Converted,
    sketches: Sequence[Sketch],
    options: Options,
    y: Any,
    counted: InputRows,
    strings: Collection[str],
    *,
    training: bool,
) -> InferredContract:
    """The contract of a converted model.

    Args:
        converted: the graph and the original, which is called to find which values it accepts.
        sketches: a summary of each column of the given rows.
        options: the caller's options.
        y: the true answers as given by the caller, whose names become titles.
        counted: the rows in which categories are counted.
        strings: the strings in the graph; a category among them is retained in any case.
        training: whether `counted` are the training rows.

    Raises:
        PackError: E304 when the options describe a column that does not exist, or allow values that the model refuses.
        ContractError: E106 when the options are contradictory.
    """
    input_rows, conversion, original = converted.input_rows, converted.conversion, converted.original
    inputs = free_text.without_lists(fields.infer(input_rows, sketches), conversion.stages)
    inputs = fields.with_categories(inputs, conversion.steps, input_rows)
    inputs = fields.with_whole(fields.with_policies(inputs, original), conversion.integer_fields)
    inputs = fields.with_closed(inputs, conversion.closed_categories)
    inputs = fields.with_missing_words(inputs, input_rows)
    constants = fields.constants_of(conversion.steps)
    inputs, findings = fields.without_rare(inputs, counted, strings, training=training, constants=constants)
    inputs, observed = category_names.with_observed_values(inputs, input_rows)
    named = output_names.with_class_names(conversion.outputs, options.contract.class_names)
    inferred = Contract(
        inputs=tuple(inputs),
        outputs=output_names.with_output_names(named, options.contract.outputs, y, input_rows.values()),
        task=conversion.task,
        stages=usual_pictures.with_usual(text_refusals.with_policies(conversion.stages, original), input_rows),
        ignored=tuple(Ignored(column.name, place) for place, column in input_rows.dropped),
        headline=output_names.headline(conversion.outputs, options.contract.headline),
        title=options.card.title,
        description=options.card.description,
        about=options.card.about,
    )
    described = {
        name: changes for name, changes in options.contract.fields.items() if name not in inferred.ignored_names
    }
    fields.check_overrides(described, inferred)
    contract = inferred.changed(**category_names.resolved(described, inferred, observed))
    fields.check_loosened(inferred, contract, original)
    return InferredContract(contract, findings)
