"""Locate a difference: run each original step, and its parts, on the inputs that the graph gives the step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift.contract.outputs import Tolerance, matches, output_kinds
from sealift.contract.outputs.array import ARRAY
from sealift.contract.outputs.label import LABEL
from sealift.errors import LimitError
from sealift.frameworks import Conversion, Graph, Step
from sealift.frameworks.base import ModelPart
from sealift.packing.outputs import packing_of
from sealift.packing.proof.replay import replayed, run
from sealift.packing.proof.report import RELATIVE
from sealift.warning_filters import no_warnings

_LEAST_SCALE = 1e-30
"""The magnitude of a part's result that is 0 everywhere, for its tolerance."""


def faulty_step(conversion: Conversion, tensors: Mapping[str, Any]) -> str:
    """The path of the first step, inner ones first, whose result differs from the original's; empty if none does."""
    relative = RELATIVE["float64"]
    for step in conversion.steps:
        relative = max(relative, step.source.tolerance or 0.0)  # a step may contain the ones before it
        try:
            if _differs(conversion, step, tensors, relative):
                return step.path
        except LimitError:
            raise
        except Exception:  # noqa: S112 - a step that cannot be run separately cannot be blamed
            continue
    return ""


def _differs(conversion: Conversion, step: Step, tensors: Mapping[str, Any], relative: float) -> bool:
    answer, offered = step.answer, step.source.outputs
    rows = replayed(conversion.graph, step.source, step.table, tensors)
    with no_warnings():
        named = {output.name: output.tensor for output in answer.named}
        for kind, tensor in (answer.numbers() | named).items():
            if kind not in offered:
                continue
            expected = np.asarray(step.source.answer(rows, (kind,))[kind], dtype=np.float64)
            got = run(conversion.graph, {"out": tensor}, tensors)["out"].reshape(expected.shape)
            known = kind if kind in output_kinds() else ARRAY.name
            scale = packing_of(known).scale(expected)
            tolerance = None if scale is None else Tolerance(relative, scale)
            if not output_kinds()[known].compare(got, expected, tolerance)[0].all():
                return True
        if answer.class_index is not None and answer.classes is not None and LABEL.name in offered:
            labels = step.source.answer(rows, (LABEL.name,))[LABEL.name]
            chosen = np.asarray(answer.classes)[run(conversion.graph, {"out": answer.class_index}, tensors)["out"]]
            return not LABEL.compare(chosen, labels.reshape(chosen.shape), None)[0].all()
    return False


@dataclass(frozen=True)
class DifferingPart:
    """A part of a step whose result differs, at the place of its largest difference.

    Attributes:
        step: the path of the step.
        name: the name of the part.
        original: the number that the original computes.
        converted: the number that the graph computes.
    """

    step: str
    name: str
    original: float
    converted: float

    @property
    def sentence(self) -> str:
        """For the message."""
        return f"It first differs in `{self.name}`: {self.original:.6g}, got {self.converted:.6g}."


def faulty_part(conversion: Conversion, tensors: Mapping[str, Any], relative: float) -> DifferingPart | None:
    """The first part of a step whose result differs from the original's; None where none does or none is known.

    Args:
        conversion: the converted model.
        tensors: the inputs of the graph for one row, since a part need not have an axis of the rows.
        relative: the relative tolerance, of the usual magnitude of the part's result.
    """
    for step in conversion.steps:
        try:
            parts = step.source.parts(replayed(conversion.graph, step.source, step.table, tensors))
            held = {t.name: t for part in parts for t in part.tensors if t.graph is conversion.graph}
            if not held:
                continue
            got = run(conversion.graph, {f"part{at}": tensor for at, tensor in enumerate(held.values())}, tensors)
        except LimitError:
            raise
        except Exception:  # noqa: S112 - the difference itself is reported, without its part
            continue
        differing = _first_differing(conversion.graph, parts, dict(zip(held, got.values(), strict=True)), relative)
        if differing is not None:
            part, value = differing
            at = np.unravel_index(np.argmax(np.nan_to_num(np.abs(value - part.answer), nan=np.inf)), value.shape)
            return DifferingPart(step.path, part.name, float(part.answer[at]), float(value[at]))
    return None


def _first_differing(
    graph: Graph, parts: Sequence[ModelPart], values: Mapping[str, npt.NDArray[Any]], relative: float
) -> tuple[ModelPart, npt.NDArray[Any]] | None:
    """The first part that differs, and its result in the graph.

    A tensor may belong to a part without being its result: an exporter merges operations, and the result of a block is
    that of its last layer. So a part is skipped if another one that is computed from its tensor agrees.
    """
    compared = []
    for part in parts:
        alike = [t for t in part.tensors if t.name in values and values[t.name].shape == part.answer.shape]
        if alike and part.answer.size:
            tolerance = Tolerance(relative, max(float(np.sqrt(np.mean(part.answer**2))), _LEAST_SCALE))
            worst = [matches(values[t.name][None], part.answer[None], tolerance)[1] for t in alike]
            best = int(np.argmin(worst))
            compared.append((part, alike[best], worst[best] <= relative))
    right = [tensor for _, tensor, agrees in compared if agrees]
    for part, tensor, agrees in compared:
        if not agrees and not any(tensor.name in graph.names_read([other]) for other in right):
            return part, values[tensor.name]
    return None
