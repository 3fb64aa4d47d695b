"""Locate the faulty step: run each original step on the inputs that the graph gives it, and compare the results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sealift.contract.outputs import Tolerance, output_kinds
from sealift.contract.outputs.label import LABEL
from sealift.errors import LimitError
from sealift.frameworks import Conversion, Step
from sealift.packing.outputs import packing_of
from sealift.packing.proof.replay import replayed, run
from sealift.packing.proof.report import RELATIVE
from sealift.warning_filters import no_warnings


def faulty_step(conversion: Conversion, tensors: Mapping[str, Any]) -> str:
    """The path of the first step, inner ones first, whose result differs from the original's; empty if none does."""
    for step in conversion.steps:
        try:
            if _differs(conversion, step, tensors):
                return step.path
        except LimitError:
            raise
        except Exception:  # noqa: S112 - a step that cannot be run separately cannot be blamed
            continue
    return ""


def _differs(conversion: Conversion, step: Step, tensors: Mapping[str, Any]) -> bool:
    answer, offered = step.answer, step.source.outputs
    rows = replayed(conversion.graph, step.source, step.table, tensors)
    with no_warnings():
        for kind, tensor in answer.numbers().items():
            if kind not in offered:
                continue
            expected = np.asarray(step.source.answer(rows, (kind,))[kind], dtype=np.float64)
            got = run(conversion.graph, {"out": tensor}, tensors)["out"].reshape(expected.shape)
            scale = packing_of(kind).scale(expected)
            tolerance = None if scale is None else Tolerance(RELATIVE["float64"], scale)
            if not output_kinds()[kind].compare(got, expected, tolerance)[0].all():
                return True
        if answer.class_index is not None and answer.classes is not None and LABEL.name in offered:
            labels = step.source.answer(rows, (LABEL.name,))[LABEL.name]
            chosen = np.asarray(answer.classes)[run(conversion.graph, {"out": answer.class_index}, tensors)["out"]]
            return not LABEL.compare(chosen, labels.reshape(chosen.shape), None)[0].all()
    return False
