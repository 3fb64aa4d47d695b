"""What both clients send and receive, without the transport: requests, retries, results and errors."""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote

from sealift.errors import SealiftError, ServeError, rebuilt

_AGAIN = frozenset({429, 502, 503, 504})
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 5.0
_LONGEST_TEXT = 200


class Received(NamedTuple):
    """What a client uses of a response.

    Attributes:
        status: the status.
        data: the body.
        retry_after: the header Retry-After.
        receipt: the header Sealift-Receipt.
    """

    status: int
    data: bytes
    retry_after: str | None
    receipt: str | None

    @classmethod
    def of(cls, response: Any) -> Received:
        """From a response of httpx."""
        headers = response.headers
        return cls(response.status_code, response.content, headers.get("retry-after"), headers.get("sealift-receipt"))


@dataclass(frozen=True)
class Prediction:
    """The answers to N rows.

    Attributes:
        answers: for each row an object by output name, or None for a row with a problem.
        problems: for each problem its `row` (from 1), `field`, `code` and `message`.
        model: the name of the model.
        version: the version that answered.
        identity: the identity of its sealed file.
        receipt: the signed statement about the answers (spec/RECEIPT.md); None where the response has none.
    """

    answers: Sequence[Mapping[str, Any] | None]
    problems: Sequence[Mapping[str, Any]]
    model: str
    version: str
    identity: str
    receipt: str | None = None

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


class ServerCall:
    """One call of the server: its attempts, the pauses between them and its result.

    A request is sent again when the connection failed, and when the server refused it for the moment (429, 502, 503,
    504): predictions have no effects, so it does not matter whether an earlier request was answered. The pauses grow
    from 0.05 to 5 seconds with a random part (full jitter), or are those of the header Retry-After.

    A client waits for `pause`, sends the request with `seconds` as its timeout, and reports the outcome with
    `responded` or `failed`, until there is no `pause`; then `result` is the response.

    Args:
        url: the address of the server, for errors.
        retries: how often the request is sent again at most.
        deadline: seconds for all attempts together.
    """

    def __init__(self, url: str, retries: int, deadline: float) -> None:
        self.pause: float | None = 0.0
        self._url = url
        self._left = retries
        self._count = 0
        self._end = time.monotonic() + deadline
        self._outcome: Received | Exception | None = None

    @property
    def seconds(self) -> float:
        """Seconds until the deadline; more than 0. Raises ServeError E752 when it has passed."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise _too_late()
        return left

    def responded(self, received: Received) -> None:
        """The server responded."""
        self._outcome = received
        self._next(received.status in _AGAIN, received.retry_after)

    def failed(self, error: Exception) -> None:
        """The connection failed."""
        self._outcome = error
        self._next(True, None)

    @property
    def result(self) -> Received:
        """The last response. Raises ServeError E750 or E752 where there is none."""
        if not isinstance(self._outcome, Received):
            self.seconds  # noqa: B018 -- raises E752 at the deadline
            raise _unreachable(self._url, self._outcome)
        return self._outcome

    def _next(self, again: bool, retry_after: str | None) -> None:
        self.pause = None
        if not again or self._left <= 0:
            return
        self._left -= 1
        self._count += 1
        pause = random.uniform(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**self._count))  # noqa: S311 -- not a secret
        if retry_after is not None and retry_after.isascii() and retry_after.isdigit():
            pause = max(pause, float(retry_after))
        if time.monotonic() + pause < self._end:
            self.pause = pause


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
            raw["answers"], raw["problems"], raw["model"], raw["version"], raw["identity"], received.receipt
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


def _unreachable(url: str, error: Exception | None) -> ServeError:
    return ServeError(
        "E750",
        f"The server cannot be reached: {str(error) or type(error).__name__}.",
        where=url,
        fix="Check the address, and whether the server runs.",
    )


def _too_late() -> ServeError:
    return ServeError(
        "E752",
        "The server did not answer before the deadline.",
        fix="Allow more time with `timeout`, or send fewer rows.",
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
