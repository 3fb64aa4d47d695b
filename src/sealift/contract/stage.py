"""A stage as the contract holds it: small values in place, data by digest (spec/CONTRACT.md §1)."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, Protocol

from sealift import canonical
from sealift.errors import ContractError
from sealift.plugins import Plugins


class StageOutput(NamedTuple):
    """A tensor that each stage of a kind makes; stage 3 makes `<name>3`.

    Attributes:
        name: its name without the stage's number.
        dtype: the type of its elements.
        shape: its dimensions behind `rows`: a number where the size is fixed, else a name, which gets the stage's
            number too.
    """

    name: str
    dtype: Literal["float64", "string", "bool", "int64"]
    shape: tuple[int | str, ...]


class StageKind(Protocol):
    """What a contract knows of a kind of stage; `sealift.stages.base.StageType` says the rest, and what they mean."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def version(self) -> int: ...  # noqa: D102
    @property
    def data(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def outputs(self) -> tuple[StageOutput, ...]: ...  # noqa: D102


_kinds: Plugins[StageKind] = Plugins("sealift.stages", "kind of stage")


def stage_kinds() -> Mapping[str, StageKind]:
    """The installed kinds by name and version, such as `text/1`."""
    return {f"{kind.name}/{kind.version}": kind for kind in _kinds.all().values()}


def stage_kind(identifier: str) -> StageKind:
    """A kind by name and version. Raises KeyError for one that is not installed, which no stage of a contract has."""
    return stage_kinds()[identifier]


@dataclass(frozen=True)
class Stage:
    """What is computed from the strings of one input before the graph.

    Attributes:
        field: the index of the input.
        spec: how they are read, as its kind says; what stands in the file by digest is in place here.
        kind: its kind and version, such as `text/1`.
    """

    field: int
    spec: Mapping[str, Any] = dataclasses.field(hash=False)
    kind: str

    @property
    def type(self) -> StageKind:
        """Its kind."""
        return stage_kind(self.kind)

    @cached_property
    def blobs(self) -> Mapping[str, tuple[str, bytes]]:
        """Key → digest and canonical JSON of its data."""
        spelled = {key: canonical.dumps(self.spec[key]) for key in self.type.data if key in self.spec}
        return {key: (hashlib.sha256(body).hexdigest(), body) for key, body in spelled.items()}

    def as_json(self) -> dict[str, Any]:
        """The stage as `contract.json` holds it."""
        return {
            "stage": self.kind,
            "fields": [self.field],
            "spec": {key: value for key, value in self.spec.items() if key not in self.type.data},
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
    known = stage_kinds().get(kind) if isinstance(kind, str) else None
    if known is None:
        raise _malformed(f"the kind {kind!r:.80} is not known")
    if not isinstance(fields, list) or len(fields) != 1 or not _is_index(fields[0]):
        raise _malformed("fields is not the index of one input")
    if not isinstance(spec, dict) or not isinstance(data, dict):
        raise _malformed("spec or data is not an object")
    if not set(data) <= set(known.data) or not set(spec).isdisjoint(known.data):
        raise _malformed(f"data holds {', '.join(known.data)} and nothing else")
    for digest in data.values():
        if not isinstance(digest, str) or digest not in blobs:
            raise _malformed("it refers to data that the file does not hold")
        used.add(digest)
    return Stage(int(fields[0]), {**spec, **{key: blobs[digest] for key, digest in data.items()}}, kind)


def _is_index(value: object) -> bool:
    """Whether a value is a whole number, 3.0 included: other readers do not tell it from 3."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value % 1 == 0


def _malformed(what: str) -> ContractError:
    return ContractError(
        "E106",
        f"A stage of the contract is malformed: {what}.",
        fix="`sealift docs spec/CONTRACT` says in §1 what may stand there.",
    )
