"""A `sealift.Image` in a file: TOML or JSON with its arguments."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from pathlib import Path
from typing import Any

from sealift import files
from sealift.errors import PackError
from sealift.packing.preprocess.image import Image

_KEYS = {field.name for field in dataclasses.fields(Image)}
_LONGEST = 1 << 20


def image_of_file(path: Path) -> Image | None:
    """The arguments in a .toml file, or in a .json file that has no other keys; None for a file of another kind.

    Lists are the tuples of `Image`. TOML has no None: `scale = false` keeps the levels.

    Raises:
        FileError: E401 when the file cannot be read.
        PackError: E324 for a .toml file that is malformed or has an unknown key, and for values that cannot be used.
    """
    suffix = path.suffix.lower()
    if suffix not in (".toml", ".json") or (suffix == ".json" and not _is_small(path)):
        return None
    text = files.read(path, limit=_LONGEST)
    try:
        given: Any = tomllib.loads(text.decode()) if suffix == ".toml" else json.loads(text)
    except ValueError as error:  # of both parsers and the decoder
        if suffix == ".json":
            return None
        raise _wrong(f"the file cannot be read: {error}", path) from None
    if suffix == ".json" and (not isinstance(given, dict) or not given or set(given) - _KEYS):
        return None
    if unknown := sorted(set(given) - _KEYS):
        raise _wrong(f"the file has the unknown key {unknown[0]!r:.60}", path)
    if given.get("scale") is False:
        given["scale"] = None
    arguments: dict[str, Any] = {key: tuple(item) if isinstance(item, list) else item for key, item in given.items()}
    return Image(**arguments)


def _is_small(path: Path) -> bool:
    """Whether a file that exists is not longer than one with arguments."""
    return path.is_file() and path.stat().st_size <= _LONGEST


def _wrong(what: str, path: Path) -> PackError:
    return PackError(
        "E324",
        f"The preprocessing cannot be used: {what}.",
        where=str(path),
        fix=f"Use the keys {', '.join(sorted(_KEYS))}; see help(sealift.Image).",
    )
