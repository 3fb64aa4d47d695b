"""What both clients send and receive, without the transport: paths, rows, results and errors."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from sealift.client.call import Received
from sealift.errors import SealiftError, ServeError, rebuilt

_LONGEST_TEXT = 200


@dataclass(frozen=True)
class Prediction:
    """The answers to N rows.

    Attributes:
        answers: for each row an object by output name, or None for a row with a problem.
        problems: for each problem its `row` (from 1), `field`, `code` and `message`.
        model: the name of the model.
        version: the version that answered.
        identity: the identity of its sealed file.
        notes: for each note its `row` (from 1), `field` and `note`: what makes the answer less reliable, such as a text
            that is cut.
        receipt: the signed statement about the answers (spec/RECEIPT.md); None where the response has none.
    """

    answers: Sequence[Mapping[str, Any] | None]
    problems: Sequence[Mapping[str, Any]]
    model: str
    version: str
    identity: str
    receipt: str | None = None
    notes: Sequence[Mapping[str, Any]] = ()

    def __len__(self) -> int:
        return len(self.answers)

    def raise_for_problems(self) -> None:
        """Raise ContractError for the first problem, if there is one."""
        if self.problems:
            first = self.problems[0]
            raise rebuilt(
                {
                    "code": first["code"],
                    "what": first["message"],
                    "where": f"row {first['row']}",
                    "fix": "Correct the value, or leave the row out.",
                }
            )


def predict_path(model: str, version: str | None) -> str:
    """The path of predictions."""
    inside = "" if version is None else f"/versions/{quote(version, safe='')}"
    return f"/v1/models/{quote(model, safe='')}{inside}/predict"


def metadata_path(model: str) -> str:
    """The path of the metadata of a model, in the Open Inference Protocol."""
    return f"/v2/models/{quote(model, safe='')}"


def body_of(rows: Any) -> bytes:
    """Rows as JSON.

    Args:
        rows: one dict, a list of dicts or of lists, a dict of columns, or a data frame of pandas or polars.

    Raises:
        TypeError: a value has no form in JSON. ValueError: a number is infinite.
    """
    if hasattr(rows, "to_dicts"):  # polars
        rows = rows.to_dicts()
    elif hasattr(rows, "to_dict") and hasattr(rows, "columns"):  # pandas
        rows = rows.to_dict("records")
    return json.dumps(_plain(rows), ensure_ascii=False, allow_nan=False).encode()


def prediction_of(received: Received) -> Prediction:
    """The result of a response. Raises the error of the server; ServeError E751 for another kind of response."""
    raw = _read(received.status, received.data)
    try:
        return Prediction(
            raw["answers"],
            raw["problems"],
            raw["model"],
            raw["version"],
            raw["identity"],
            received.receipt,
            raw.get("notes", ()),
        )
    except (KeyError, TypeError):
        raise error_of(received.status, received.data) from None


def object_of(received: Received) -> Any:
    """The JSON of a response with the status 200. Raises as `prediction_of`."""
    if received.status != 200:
        raise error_of(received.status, received.data)
    return _read(received.status, received.data)


def error_of(status: int, data: bytes) -> SealiftError:
    """The error that a response reports."""
    try:
        reported = json.loads(data)["error"]
    except (ValueError, KeyError, TypeError):
        reported = None
    if isinstance(reported, dict):
        return rebuilt(reported)
    text = reported if isinstance(reported, str) else data[:_LONGEST_TEXT].decode("utf-8", "replace")
    return ServeError(
        "E751", f"The server answered with the status {status}: {text}", fix="Check the address and the request."
    )


def _read(status: int, data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        raise error_of(status, data) from None


def _plain(value: Any) -> Any:
    """A value of JSON: NaN and pandas' missing values become None, dates ISO 8601, numbers of NumPy plain ones."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else float(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if type(value).__name__ in ("NaTType", "NAType"):
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "tolist"):  # arrays and scalars of NumPy, and columns
        return _plain(value.tolist())
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")
