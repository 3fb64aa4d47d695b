"""The statement of a receipt: what it says, its JSON, and the check of that JSON (spec/RECEIPT.md §2)."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sealift import canonical

FORMAT = 1
_HEX = re.compile(r"[0-9a-f]{64}")
_SALT = re.compile(r"[0-9a-f]{32}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_LONGEST = 256


@dataclass(frozen=True)
class Statement:
    """What the signer of a receipt states.

    Attributes:
        identity, name, version: the sealed model that answered.
        engine, engine_version: the program that computed the graph.
        server_version: the version of the server.
        matching, examples: how many golden examples the process reproduced, and how many there are.
        route: the kind of request, such as `predict`.
        time: when the request began: ISO 8601, UTC, with microseconds.
        salt: 16 random bytes in hexadecimal.
        rows: the number of rows of the request.
        input_digest: the digest of the rows.
        answered: the number of rows with an answer.
        values: output → an answer for each row, None for rows without one; None where they are too large.
        output_digest: the digest of the answers; empty where `values` has them.
    """

    identity: str
    name: str
    version: str
    engine: str
    engine_version: str
    server_version: str
    matching: int
    examples: int
    route: str
    time: str
    salt: str
    rows: int
    input_digest: str
    answered: int
    values: Mapping[str, Any] | None
    output_digest: str = ""

    def as_json(self) -> dict[str, Any]:
        """The statement as in a receipt."""
        answers = {"digest": self.output_digest} if self.values is None else {"values": dict(self.values)}
        return {
            "engine": {"name": self.engine, "version": self.engine_version},
            "format": FORMAT,
            "input": {"digest": self.input_digest, "rows": self.rows},
            "model": {"identity": self.identity, "name": self.name, "version": self.version},
            "output": {"rows": self.answered, **answers},
            "route": self.route,
            "salt": self.salt,
            "self_test": {"matching": self.matching, "rows": self.examples},
            "server": {"name": "sealift", "version": self.server_version},
            "time": self.time,
        }

    @classmethod
    def from_json(cls, data: bytes) -> Statement:
        """Read a statement.

        Raises:
            ValueError: it is malformed, or not in the canonical form.
        """
        raw = canonical.loads(data)
        if not isinstance(raw, dict) or raw.get("format") != FORMAT:
            raise ValueError("it is not a receipt of format 1")
        top = ("engine", "format", "input", "model", "output", "route", "salt", "self_test", "server", "time")
        _keys(raw, *top)
        engine, model, server = raw["engine"], raw["model"], raw["server"]
        given, answers, test = raw["input"], raw["output"], raw["self_test"]
        _keys(engine, "name", "version")
        _keys(model, "identity", "name", "version")
        _keys(server, "name", "version")
        _keys(given, "digest", "rows")
        _keys(test, "matching", "rows")
        full = isinstance(answers, dict) and "values" in answers
        _keys(answers, "rows", "values" if full else "digest")
        rows = _count(given["rows"])
        statement = cls(
            identity=_matching(model["identity"], _HEX),
            name=_text(model["name"]),
            version=_text(model["version"]),
            engine=_text(engine["name"]),
            engine_version=_text(engine["version"]),
            server_version=_text(server["version"]),
            matching=_count(test["matching"]),
            examples=_count(test["rows"]),
            route=_text(raw["route"]),
            time=_time(raw["time"]),
            salt=_matching(raw["salt"], _SALT),
            rows=rows,
            input_digest=_matching(given["digest"], _HEX),
            answered=_count(answers["rows"]),
            values=_values(answers["values"], rows) if full else None,
            output_digest="" if full else _matching(answers["digest"], _HEX),
        )
        if canonical.dumps(statement.as_json()) != data:
            raise ValueError("it is not in the canonical form")
        return statement


def time_text(seconds: float) -> str:
    """A time in seconds since 1970 as in a receipt."""
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _keys(raw: Any, *keys: str) -> None:
    if not isinstance(raw, dict) or set(raw) != set(keys):
        raise ValueError(f"an object does not have exactly the keys {', '.join(keys)}")


def _matching(raw: Any, pattern: re.Pattern[str]) -> str:
    if not isinstance(raw, str) or pattern.fullmatch(raw) is None:
        raise ValueError(f"{raw!r:.80} is not of the form {pattern.pattern}")
    return raw


def _time(raw: Any) -> str:
    text = _matching(raw, _TIME)
    datetime.datetime.fromisoformat(text)
    return text


def _text(raw: Any) -> str:
    if not isinstance(raw, str) or not 0 < len(raw) <= _LONGEST:
        raise ValueError(f"{raw!r:.80} is not a string of 1 to {_LONGEST} characters")
    return raw


def _count(raw: Any) -> int:
    if type(raw) is not int or raw < 0:
        raise ValueError(f"{raw!r:.80} is not a number of rows")
    return raw


def _values(raw: Any, rows: int) -> dict[str, Any]:
    if not isinstance(raw, dict) or not all(isinstance(each, list) and len(each) == rows for each in raw.values()):
        raise ValueError("the values of an output are not a list with an entry for each row")
    return raw
