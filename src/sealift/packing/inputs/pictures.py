"""X as pictures: paths, bytes, pictures of Pillow, arrays, or a folder of files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sealift.contract.types.image import IMAGE
from sealift.errors import PackError
from sealift.packing.inputs.base import InputRows
from sealift.packing.inputs.columns import Column, Values
from sealift.packing.inputs.picture_value import Picture

_FORMS = "Give a list of paths, of bytes, of pictures of Pillow or of uint8 arrays; or the path of a folder."


def read_pictures(X: Any, name: str) -> InputRows:
    """Read pictures; `name` is that of the field.

    Raises:
        PackError: E320 when X is in another form, or a file does not exist.
    """
    values = _values(X, name)
    if not values:
        raise PackError("E320", "X has no pictures.", fix=_FORMS)
    pictures = [Picture(value, _called(value, i)) for i, value in enumerate(values)]
    for picture in pictures:
        if isinstance(picture.value, Path) and not picture.value.is_file():
            raise PackError("E320", f"The picture {picture.name:.200} does not exist.", fix="Correct the path.")

    def build(rows: Mapping[str, Values]) -> Any:
        given: Sequence[Any] = rows[name]
        return [None if value is None else value.value for value in given]

    column = Column(name, IMAGE.name, pictures, None)  # type: ignore[arg-type]
    return InputRows((column,), [picture.value for picture in pictures], build)


def _values(X: Any, name: str) -> Sequence[Any]:
    """The values as the stage reads them."""
    if isinstance(X, str | os.PathLike) and Path(X).is_dir():
        return sorted(path for path in Path(X).rglob("*") if path.is_file() and not path.name.startswith("."))
    if isinstance(X, Mapping) and set(X) == {name}:
        X = X[name]
    if hasattr(X, "iloc"):  # a column of a data frame, or a data frame with one column
        X = X.iloc[:, 0].tolist() if hasattr(X, "columns") and len(X.columns) == 1 else X
        X = X.tolist() if not hasattr(X, "columns") else X
    column = IMAGE.column(X)
    if column is None:
        raise PackError("E320", f"X, a {type(X).__name__}, does not hold pictures only.", fix=_FORMS)
    encoded = IMAGE.encode(IMAGE.local(column))
    wrong = next((i for i, code in enumerate(encoded.codes.tolist()) if code or encoded.missing[i]), None)
    if wrong is not None:
        raise PackError("E320", f"X holds no picture at position {wrong}.", fix=_FORMS)
    return list(encoded.array)


def _called(value: Any, place: int) -> str:
    return str(value) if isinstance(value, Path) else f"picture {place}"
