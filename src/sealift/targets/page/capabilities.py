"""What the page can do with a model: what the contract requires, and what the proof says of the page's engine."""

from __future__ import annotations

from typing import Any

from sealift.contract import Contract
from sealift.runtime.engines.base import DOES_NOT_RUN, NOT_ASKED, NOT_CHECKED
from sealift.runtime.engines.wasm import ENGINE
from sealift.seal import Seal

CAPABILITIES = frozenset({"stage:text/1"})
"""What the page has beyond what every reader of format 1 has, by the kinds and types in web/app/src/contract."""

_LISTED = 3


def lacking(seal: Seal) -> str:
    """Why a page of the model could answer no row, as a sentence; empty where it can."""
    reason = lacking_capabilities(seal.contract())
    if reason:
        return reason
    told = _told(seal)
    if not told.startswith(DOES_NOT_RUN):
        return ""
    return f"In {ENGINE.title}, the engine of the page, the model {told.rstrip('.'):.300}."


def lacking_capabilities(contract: Contract) -> str:
    """What the page lacks for a contract, and for which inputs, as a sentence; empty where it lacks nothing."""
    names = [name for name in contract.requires if name not in CAPABILITIES]
    if not names:
        return ""
    fields = [f"'{field.name:.40}' ({field.dtype:.40})" for field in contract.inputs if field.type.capability in names]
    more = f" and {len(fields) - _LISTED} more" if len(fields) > _LISTED else ""
    form = f"The page has no form for the inputs {', '.join(fields[:_LISTED])}{more}. " if fields else ""
    return f"{form}The page does not have what the model requires: {', '.join(names):.300}."


def unproved(seal: Seal) -> str:
    """That the page's answers were not compared with the original's, as a sentence; empty where they were."""
    told = _told(seal)
    if told == NOT_ASKED:
        reason = "the packer left it out"
    elif told.startswith(NOT_CHECKED):
        reason = told.removeprefix(NOT_CHECKED).rstrip(".")
    else:
        return ""
    return (
        f"The answers were not compared with the original's in {ENGINE.title}, the engine of the page: {reason:.300}."
    )


def _told(seal: Seal) -> str:
    """What the evidence says of the page's engine; empty where it says nothing."""
    value: Any = seal.json("evidence.json")
    for key in ("parity", "engines", ENGINE.key):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""
