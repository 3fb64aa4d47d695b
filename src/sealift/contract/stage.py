"""A stage as the contract holds it: small values in place, data by digest (spec/CONTRACT.md §1)."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sealift import canonical
from sealift.errors import ContractError

KIND = "text/1"
DATA = ("accents", "edits", "lower", "pattern", "space", "stop_words", "vocabulary")
"""The keys of a text stage whose values are members of their own, so that stages share them."""


@dataclass(frozen=True)
class Stage:
    """A text stage: the index of the input whose texts it takes, and how it reads them (spec/TEXT.md)."""

    field: int
    spec: Mapping[str, Any] = dataclasses.field(hash=False)

    @cached_property
    def blobs(self) -> Mapping[str, tuple[str, bytes]]:
        """Key → digest and canonical JSON of its data."""
        spelled = {key: canonical.dumps(self.spec[key]) for key in DATA if key in self.spec}
        return {key: (hashlib.sha256(body).hexdigest(), body) for key, body in spelled.items()}

    def as_json(self) -> dict[str, Any]:
        """The stage as `contract.json` holds it."""
        return {
            "stage": KIND,
            "fields": [self.field],
            "spec": {key: value for key, value in self.spec.items() if key not in DATA},
            "data": {key: digest for key, (digest, _) in self.blobs.items()},
        }


def stage_of(raw: object, blobs: Mapping[str, Any], used: set[str]) -> Stage:
    """Read a stage of a contract.

    Args:
        raw: the entry of `stages`.
        blobs: data by digest.
        used: gets the digests that the stage refers to.

    Raises:
        ContractError: E106 when it is malformed. What stands in `spec` and in the data is read where the stage is run.
    """
    if not isinstance(raw, dict) or set(raw) != {"stage", "fields", "spec", "data"}:
        raise _malformed("it is not a kind, fields, a spec and data")
    kind, fields, spec, data = raw["stage"], raw["fields"], raw["spec"], raw["data"]
    if kind != KIND:
        raise _malformed(f"the kind {kind!r:.80} is not known")
    if not isinstance(fields, list) or len(fields) != 1 or not _is_index(fields[0]):
        raise _malformed("fields is not the index of one input")
    if not isinstance(spec, dict) or not isinstance(data, dict):
        raise _malformed("spec or data is not an object")
    if not set(data) <= set(DATA) or not set(spec).isdisjoint(DATA):
        raise _malformed(f"data holds {', '.join(DATA)} and nothing else")
    for digest in data.values():
        if not isinstance(digest, str) or digest not in blobs:
            raise _malformed("it refers to data that the file does not hold")
        used.add(digest)
    return Stage(int(fields[0]), {**spec, **{key: blobs[digest] for key, digest in data.items()}})


def _is_index(value: object) -> bool:
    """Whether a value is a whole number, 3.0 included: other readers do not tell it from 3."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value % 1 == 0


def _malformed(what: str) -> ContractError:
    return ContractError(
        "E106",
        f"A stage of the contract is malformed: {what}.",
        fix="See spec/CONTRACT.md §1 for what may stand there.",
    )
