"""Whether the page can run a model: what the contract requires, and what the proof found about the page's engine."""

from __future__ import annotations

from typing import Any

from sealift.contract import Contract
from sealift.runtime.engines.base import DOES_NOT_RUN, NOT_ASKED, NOT_CHECKED
from sealift.runtime.engines.wasm import ENGINE
from sealift.seal import Seal
from sealift.targets.base import SealedFile

CAPABILITIES = frozenset(
    {
        "output:array/1",
        "output:boxes/1",
        "output:keypoints/1",
        "output:labels/1",
        "output:mask/1",
        "output:spans/1",
        "stage:image/1",
        "stage:text/1",
        "stage:tokenizer/1",
        "type:image/1",
    }
)
"""The capabilities of the page beyond those of every reader of format 1; declared in web/app/src."""

_LISTED = 3


def lacking(source: SealedFile) -> str:
    """Why a page of the model could not answer any row, as a sentence; empty if it can."""
    reason = lacking_capabilities(source.contract)
    if reason:
        return reason
    result = _engine_result(source.seal)
    if not result.startswith(DOES_NOT_RUN):
        return ""
    return f"In {ENGINE.title}, the engine of the page, the model {result.rstrip('.'):.300}."


def lacking_capabilities(contract: Contract) -> str:
    """The capabilities that the page lacks for a contract, and for which inputs; empty if it lacks none."""
    names = [name for name in contract.requires if name not in CAPABILITIES]
    if not names:
        return ""
    fields = [f"'{field.name:.40}' ({field.dtype:.40})" for field in contract.inputs if field.type.capability in names]
    more = f" and {len(fields) - _LISTED} more" if len(fields) > _LISTED else ""
    form = f"The page has no form for the inputs {', '.join(fields[:_LISTED])}{more}. " if fields else ""
    return f"{form}The page does not have what the model requires: {', '.join(names):.300}."


def unproved(seal: Seal) -> str:
    """Why the page's answers were not compared with the original's, as a sentence; empty if they were."""
    result = _engine_result(seal)
    if result == NOT_ASKED:
        reason = "this was not requested when the model was packed"
    elif result.startswith(NOT_CHECKED):
        reason = result.removeprefix(NOT_CHECKED).rstrip(".")
    else:
        return ""
    return (
        f"The answers were not compared with the original's in {ENGINE.title}, the engine of the page: {reason:.300}."
    )


def _engine_result(seal: Seal) -> str:
    """The result of the proof in the page's engine, from the evidence; empty if there is none."""
    value: Any = seal.json("evidence.json")
    for key in ("parity", "engines", ENGINE.key):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""
