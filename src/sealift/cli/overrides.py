"""The file behind `sealift pack --contract`: what the packer knows of the model, in TOML or JSON."""

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


class Overrides(NamedTuple):
    """What a file says of the contract, and the texts of its card."""

    contract: ContractOptions
    card: Mapping[str, str]


def read_overrides(path: Path) -> Overrides:
    """What the file says. Raises FileError E401, ContractError E106."""
    data = files.read(path, limit=1 << 24)
    try:
        raw = tomllib.loads(data.decode()) if path.suffix.lower() == ".toml" else canonical.loads(data)
    except ValueError as error:  # both parsers' errors and the decoder's are ValueErrors
        raise _malformed(f"it cannot be read: {error}", path) from None
    if not isinstance(raw, dict) or set(raw) - _KEYS:
        unknown = ", ".join(sorted(set(raw) - _KEYS)) if isinstance(raw, dict) else "no object"
        raise _malformed(f"unknown keys: {unknown}", path)
    inputs = raw.pop("inputs", {})
    for kind, tables in (("inputs", inputs), ("outputs", raw.get("outputs", {}))):
        if not isinstance(tables, dict) or not all(isinstance(value, dict) for value in tables.values()):
            raise _malformed(f"{kind} is no table of tables by name", path)
    for key, kinds in (("class_names", (list, dict)), ("headline", (str, list)), ("card", (dict,))):
        if key in raw and not isinstance(raw[key], kinds):
            raise _malformed(f"{key} has the wrong form", path)
    card = raw.pop("card", {})
    if set(card) - _CARD or not all(isinstance(text, str) for text in card.values()):
        raise _malformed("card has an unknown key, or a value that is no text", path)
    if isinstance(raw.get("headline"), list):
        if len(raw["headline"]) != 2:
            raise _malformed("headline is the name of an output, or a pair of output and class", path)
        raw["headline"] = tuple(raw["headline"])
    return Overrides(ContractOptions(fields=inputs, **raw), card)


def _malformed(what: str, path: Path) -> ContractError:
    return ContractError(
        "E106",
        f"The contract file is malformed: {what}.",
        where=str(path),
        fix=f"Use the keys {', '.join(sorted(_KEYS))}; inputs.<name> takes units, description, range, "
        "category_names, personal …; outputs.<name> takes title, units, description, columns; "
        f"card takes title, description, {', '.join(ABOUT)}.",
    )
