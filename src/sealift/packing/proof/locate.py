"""Which step is at fault: each one is given what the graph gave it, and its own answer is compared."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from sealift.errors import LimitError
from sealift.frameworks import Conversion, Step
from sealift.packing.proof.replay import replayed, run
from sealift.packing.proof.report import RELATIVE
from sealift.runtime import Tolerance, matches


def faulty_step(conversion: Conversion, tensors: Mapping[str, Any]) -> str:
    """The path of the first step, inner ones first, whose result differs from the original's; empty if none does."""
    for step in conversion.steps:
        try:
            if _differs(conversion, step, tensors):
                return step.path
        except LimitError:
            raise
        except Exception:  # noqa: S112 - a step that cannot be replayed by itself is not the one we can name
            continue
    return ""


def _differs(conversion: Conversion, step: Step, tensors: Mapping[str, Any]) -> bool:
    result = step.answer.features.numbers() if step.answer.features is not None else None
    found = {
        "features": result,
        "probability": step.answer.probability,
        "value": step.answer.value,
        "score": step.answer.score if step.answer.probability is None else None,
    }
    wanted = {name: tensor for name, tensor in found.items() if tensor is not None}
    if step.answer.class_index is not None and step.answer.classes is not None:
        wanted["label"] = step.answer.class_index
    rows = replayed(conversion.graph, step.source, step.table, tensors)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, tensor in wanted.items():
            if name not in step.source.outputs:
                continue
            expected = step.source.answer(rows, (name,))[name]
            if name == "label":
                chosen = np.asarray(step.answer.classes)[run(conversion.graph, {"out": tensor}, tensors)["out"]]
                if not np.array_equal(chosen, expected.reshape(chosen.shape)):
                    return True
                continue
            expected = np.asarray(expected, dtype=np.float64)
            got = run(conversion.graph, {"out": tensor}, tensors)["out"]
            middle = np.abs(expected[np.isfinite(expected)])
            scale = 1.0 if name == "probability" or not len(middle) else float(np.median(middle)) or 1.0
            same, _ = matches(got.reshape(expected.shape), expected, Tolerance(RELATIVE["float64"], scale))
            if not same.all():
                return True
    return False
