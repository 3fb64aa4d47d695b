"""A stage in the contract: small values in place, data by digest (spec/CONTRACT.md §1)."""

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
    """A tensor that each stage of a kind computes; that of stage 3 is called `<name>3`.

    Attributes:
        name: its name without the stage's number.
        dtype: the type of its elements.
        shape: its dimensions after `rows`: a number where the size is fixed, else a name, to which the stage's number
            is appended.
    """

    name: str
    dtype: Literal["float64", "string", "bool", "int64"]
    shape: tuple[int | str, ...]


class StageKind(Protocol):
    """The part of `sealift.stages.base.StageType` that contracts need; the attributes are described there."""

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
    """A kind by name and version. Raises KeyError where it is not installed; contracts with such stages are refused."""
    return stage_kinds()[identifier]


@dataclass(frozen=True)
class Stage:
    """A computation on the strings of one input before the graph.

    Attributes:
        field: the index of the input.
        spec: its parameters, as its kind defines them, including the data that the file refers to by digest.
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
        """Key of `spec` → digest and canonical JSON, for its data."""
        spelled = {key: canonical.dumps(self.spec[key]) for key in self.type.data if key in self.spec}
        return {key: (hashlib.sha256(body).hexdigest(), body) for key, body in spelled.items()}

    def as_json(self) -> dict[str, Any]:
        """The stage as in `contract.json`."""
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
        blobs: digest → data.
        used: the digests that the stage refers to are added to this set.

    Raises:
        ContractError: E106 when it is malformed. `spec` and the data are validated where the stage is loaded.
    """
    if not isinstance(raw, dict) or set(raw) != {"stage", "fields", "spec", "data"}:
        raise _malformed("it must have a kind, fields, a spec and data")
    kind, fields, spec, data = raw["stage"], raw["fields"], raw["spec"], raw["data"]
    known = stage_kinds().get(kind) if isinstance(kind, str) else None
    if known is None:
        raise _malformed(f"the kind {kind!r:.80} is not known")
    if not isinstance(fields, list) or len(fields) != 1 or not _is_index(fields[0]):
        raise _malformed("fields must be the index of one input")
    if not isinstance(spec, dict) or not isinstance(data, dict):
        raise _malformed("spec and data must be objects")
    if not set(data) <= set(known.data) or not set(spec).isdisjoint(known.data):
        raise _malformed(f"only {', '.join(known.data)} may be in data")
    for digest in data.values():
        if not isinstance(digest, str) or digest not in blobs:
            raise _malformed("it refers to data that the file does not hold")
        used.add(digest)
    return Stage(int(fields[0]), {**spec, **{key: blobs[digest] for key, digest in data.items()}}, kind)


def _is_index(value: object) -> bool:
    """Whether a value is a whole number; also 3.0, which other readers cannot tell from 3."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value % 1 == 0


def _malformed(what: str) -> ContractError:
    return ContractError(
        "E106",
        f"A stage of the contract is malformed: {what}.",
        fix="See §1 of `sealift docs spec/CONTRACT`.",
    )
