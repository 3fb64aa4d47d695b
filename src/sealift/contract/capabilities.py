"""Capabilities that a contract requires of its reader (spec/CONTRACT.md §1a)."""

from __future__ import annotations

import re

from sealift.contract.outputs import OutputKind, output_kinds
from sealift.contract.stage import stage_kinds
from sealift.contract.types import ValueType, value_types
from sealift.errors import ContractError

_MOST = 64
_FORM = re.compile(r"[a-z]{1,16}:[a-z0-9_]{1,64}/[1-9][0-9]{0,3}")


def capabilities() -> frozenset[str]:
    """The capabilities of this program beyond those of every reader of format 1, from the installed parts."""
    stages = {f"stage:{kind}" for kind in stage_kinds()}
    parts: list[ValueType | OutputKind] = [*value_types().values(), *output_kinds().values()]
    return frozenset(stages | {part.capability for part in parts if part.capability})


def check_required(raw: object) -> tuple[str, ...]:
    """Validate the key `requires`.

    Raises:
        ContractError: E107 when this program lacks one of them, E106 when the list is malformed.
    """
    if (
        not isinstance(raw, list)
        or len(raw) > _MOST
        or not all(isinstance(name, str) and _FORM.fullmatch(name) for name in raw)
        or raw != sorted(set(raw))
    ):
        raise ContractError(
            "E106",
            f"The contract is malformed: requires must be an ascending list of at most {_MOST} capabilities.",
            fix="See §1a of `sealift docs spec/CONTRACT`.",
        )
    known = capabilities() if raw else frozenset()
    lacking = [name for name in raw if name not in known]
    if lacking:
        raise ContractError(
            "E107",
            f"The model requires a capability that this program does not have: {', '.join(lacking):.300}.",
            fix="Install a newer Sealift (pip install --upgrade sealift), or the package that adds it.",
        )
    return tuple(raw)


def is_provisional(raw: object) -> bool:
    """Whether a contract has the form that preceded format 1: outputs without `kind`, tensors without `shape`."""
    if not isinstance(raw, dict):
        return False
    for key, added in (("outputs", "kind"), ("tensors", "shape")):
        entries = raw.get(key)
        if not isinstance(entries, list) or not entries:
            return False
        if not all(isinstance(entry, dict) and added not in entry for entry in entries):
            return False
    return True
