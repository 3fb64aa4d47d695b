"""Read the file of `sealift pack --contract`, TOML or JSON: options of the contract, and texts of the model card."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from sealift import canonical, files
from sealift.contract import ABOUT
from sealift.errors import ContractError
from sealift.packing import ContractOptions

_KEYS = {"inputs", "outputs", "class_names", "headline", "card"}
_CARD = {"title", "description", *ABOUT}


class ContractFile(NamedTuple):
    """The options of the contract, and the texts of the model card."""

    contract: ContractOptions
    card: Mapping[str, str]


def read_contract_file(path: Path) -> ContractFile:
    """Read the file.

    Raises:
        FileError: E401 when it cannot be read.
        ContractError: E106 when it is malformed.
    """
    data = files.read(path, limit=1 << 24)
    try:
        raw = tomllib.loads(data.decode()) if path.suffix.lower() == ".toml" else canonical.loads(data)
    except ValueError as error:  # both parsers' errors and the decoder's are ValueErrors
        raise _malformed(f"it cannot be read: {error}", path) from None
    if not isinstance(raw, dict):
        raise _malformed("it must contain one object", path)
    if unknown := sorted(set(raw) - _KEYS):
        raise _malformed(f"unknown keys: {', '.join(unknown)}", path)
    inputs = raw.pop("inputs", {})
    for kind, tables in (("inputs", inputs), ("outputs", raw.get("outputs", {}))):
        if not isinstance(tables, dict) or not all(isinstance(value, dict) for value in tables.values()):
            raise _malformed(f"{kind} must contain one table for each name", path)
    for key, kinds, named in (
        ("class_names", (list, dict), "a list or a table"),
        ("headline", (str, list), "a string or a list"),
        ("card", (dict,), "a table"),
    ):
        if key in raw and not isinstance(raw[key], kinds):
            raise _malformed(f"{key} must be {named}", path)
    card = raw.pop("card", {})
    if set(card) - _CARD or not all(isinstance(text, str) for text in card.values()):
        raise _malformed("card has an unknown key, or a value that is not a string", path)
    if isinstance(raw.get("headline"), list):
        if len(raw["headline"]) != 2:
            raise _malformed("headline must be the name of an output, or a list of an output and a class", path)
        raw["headline"] = tuple(raw["headline"])
    return ContractFile(ContractOptions(fields=inputs, **raw), card)


def _malformed(what: str, path: Path) -> ContractError:
    return ContractError(
        "E106",
        f"The contract file is malformed: {what}.",
        where=str(path),
        fix=f"Use the keys {', '.join(sorted(_KEYS))}; inputs.<name> takes units, description, range, "
        "category_names, personal …; outputs.<name> takes title, units, description, columns; "
        f"card takes title, description, {', '.join(ABOUT)}.",
    )
