"""Decoders of rows in JSON with the types of one contract.

They accept only what the general path reads in the same way. Whatever they do not accept, or might read differently (a
duplicate key, an escape, -0, an integer beyond 2⁵³), is left to the general path, so that only that path decides what
is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from sealift.contract import Field
from sealift.optional import need

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sealift.runtime import SealedModel

_EXACT = float(1 << 53)
_MINUS_ZERO = re.compile(rb"-0(?![.eE0-9])")
_START = re.compile(rb"[ \t\n\r]*(?:(\[[ \t\n\r]*\{)|(\[[ \t\n\r]*\[)|(\{))")
_Row = tuple[Any, ...]


class TypedRow:
    """Decodes one row, an object of JSON.

    Args:
        names: the number of fields.
        decode: decodes an object.
    """

    def __init__(self, names: int, decode: Callable[[bytes], Any]) -> None:
        self._names, self._decode = names, decode
        self._values: Callable[[Any], _Row] = need("msgspec", "serve", "The server").structs.astuple

    @classmethod
    def of(cls, model: SealedModel) -> TypedRow | None:
        """The decoder for a model; None where a value type or a stage has no typed form in JSON."""
        kinds = _kinds(model)
        if kinds is None:
            return None
        return cls(len(kinds), need("msgspec", "serve", "The server").json.Decoder(_struct(model, kinds)).decode)

    def read(self, body: bytes) -> _Row | None:
        """The values of the fields; None where the general path has to read the row."""
        # With all fields present, a key appears twice where there are more keys than fields. Without backslashes, the
        # bytes of a key's end are in no string.
        if b"\\" in body or body.count(b'":') != self._names:
            return None
        try:
            decoded = self._decode(body)
        except Exception:  # the general path finds out what is wrong
            return None
        values = self._values(decoded)
        if 0.0 in values and _MINUS_ZERO.search(body):  # the decoder reads the integer -0 as 0.0
            return None
        return values


class TypedRows:
    """Decodes rows as a list of objects, a list of lists, or an object with a list for each field.

    Args:
        names: the names of the fields.
        objects, lists: decode a list of rows.
        columns: decodes an object of lists.
    """

    def __init__(
        self,
        names: Sequence[str],
        objects: Callable[[bytes], list[Any]],
        lists: Callable[[bytes], list[Any]],
        columns: Callable[[bytes], Any],
    ) -> None:
        self._names, self._objects, self._lists, self._columns = names, objects, lists, columns
        self._values: Callable[[Any], _Row] = need("msgspec", "serve", "The server").structs.astuple

    @classmethod
    def of(cls, model: SealedModel) -> TypedRows | None:
        """The decoder for a model; None where a value type or a stage has no typed form in JSON."""
        kinds = _kinds(model)
        if kinds is None:
            return None
        decoder = need("msgspec", "serve", "The server").json.Decoder
        return cls(
            [field.name for field in model.contract.inputs],
            decoder(list[_struct(model, kinds)]).decode,  # type: ignore[misc]  # a class that is made here
            decoder(list[_struct(model, kinds, array_like=True)]).decode,  # type: ignore[misc]
            decoder(_struct(model, [list[kind] for kind in kinds])).decode,  # type: ignore[valid-type]
        )

    def read(self, body: bytes, most: int) -> list[_Row] | Mapping[str, list[Any]] | None:
        """Rows for `SealedModel.predict`; None where the general path has to read them.

        Args:
            body: the request.
            most: the maximum number of values in it.
        """
        start = _START.match(body)
        if start is None or b"\\" in body or _MINUS_ZERO.search(body):
            return None
        try:
            rows = self._columns(body) if start[3] else (self._objects if start[1] else self._lists)(body)
        except Exception:  # the general path finds out what is wrong
            return None
        width = len(self._names)
        if start[3]:
            columns = dict(zip(self._names, self._values(rows), strict=True))
            count, keys = max(map(len, columns.values())), width
        else:
            count, keys = len(rows), width * len(rows) if start[1] else 0
        if count * (width + 1) >= most or body.count(b'":') != keys:
            return None
        return columns if start[3] else list(map(self._values, rows))


def _kinds(model: SealedModel) -> list[Any] | None:
    """The type of each field in JSON; None where one has none, or a stage refuses rows."""
    if model.stages.refuses:
        return None
    kinds = []
    for field in model.contract.inputs:
        kind = _kind(field)
        if kind is None:
            return None
        kinds.append(kind | None if field.missing == "allowed" else kind)
    return kinds


def _struct(model: SealedModel, kinds: Sequence[Any], *, array_like: bool = False) -> Any:
    """The type of an object with a key for each field, or of a list with an element for each."""
    keys = [f"f{i}" for i in range(len(kinds))]
    return need("msgspec", "serve", "The server").defstruct(
        "Row",
        list(zip(keys, kinds, strict=True)),
        rename=dict(zip(keys, (field.name for field in model.contract.inputs), strict=True)),
        forbid_unknown_fields=True,
        array_like=array_like,
        kw_only=True,
        gc=False,
    )


def _kind(field: Field) -> Any:
    """The type of a field's values in JSON for the decoder; None where it has none."""
    msgspec = need("msgspec", "serve", "The server")
    # Integers beyond 2⁵³ may not be exact as doubles.
    number = Annotated[float, msgspec.Meta(gt=-_EXACT, lt=_EXACT)]
    of_numbers = {"number": number, "integer": number, "boolean": bool, "string": str}
    by_tensor: Mapping[str, Mapping[str, Any]] = {"number": of_numbers, "text": {"string": str}}
    schema = field.type.json_schema(-_EXACT, _EXACT, None)
    return by_tensor.get(field.type.feeds, {}).get(schema.get("type", ""))
