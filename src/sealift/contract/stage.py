"""A stage in the contract: small values in place, data by digest (spec/CONTRACT.md §1)."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, Protocol

from sealift import canonical
from sealift.contract.parts import checked_keys, json_text, malformed
from sealift.plugins import Plugins


class StageOutput(NamedTuple):
    """A tensor that each stage of a kind computes; that of stage 3 is called `<name>3`.

    Attributes:
        name: its name without the stage's number.
        dtype: the type of its elements.
        shape: its dimensions after `rows`: a number where the size is fixed, else a name, to which the stage's number
            is appended.
        locates: whether it states where the others are in the original value.
    """

    name: str
    dtype: Literal["float64", "float32", "string", "bool", "int64"]
    shape: tuple[int | str, ...]
    locates: bool = False


class StageKind(Protocol):
    """The part of `sealift.stages.base.StageType` that contracts need; the attributes are described there."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def version(self) -> int: ...  # noqa: D102
    @property
    def data(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def takes(self) -> str: ...  # noqa: D102

    def outputs_of(self, spec: Mapping[str, Any]) -> tuple[StageOutput, ...]: ...  # noqa: D102
    def page_parts(self, spec: Mapping[str, Any]) -> tuple[str, ...]: ...  # noqa: D102

    def longest(self, spec: Mapping[str, Any]) -> int | None: ...  # noqa: D102

    def is_multiline(self, stage: Stage) -> bool: ...  # noqa: D102


_kinds: Plugins[StageKind] = Plugins("sealift.stages", "kind of stage")


def stage_kinds() -> Mapping[str, StageKind]:
    """The installed kinds by name and version, such as `text/1`."""
    return {f"{kind.name}/{kind.version}": kind for kind in _kinds.all().values()}


def stage_kind(identifier: str) -> StageKind:
    """A kind by name and version. Raises KeyError where it is not installed; contracts with such stages are refused."""
    return stage_kinds()[identifier]


@dataclass(frozen=True)
class Stage:
    """A computation on the values of one input before the graph.

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


_KEYS = frozenset({"stage", "fields", "spec", "data"})


def stage_of(raw: object, number: int, blobs: Mapping[str, Any], used: set[str]) -> Stage:
    """Read a stage of a contract.

    Args:
        raw: the entry of `stages`.
        number: its number in the contract.
        blobs: digest → data.
        used: the digests that the stage refers to are added to this set.

    Raises:
        ContractError: E106 when it is malformed. `spec` and the data are validated where the stage is loaded.
    """
    where = f"stage {number}"
    keys = checked_keys(raw, _KEYS, _KEYS, where)
    kind, fields, spec, data = keys["stage"], keys["fields"], keys["spec"], keys["data"]
    known = stage_kinds().get(kind) if isinstance(kind, str) else None
    if known is None:
        raise malformed(f"the kind {json_text(kind)} is not known", where)
    if not isinstance(fields, list) or len(fields) != 1 or not _is_index(fields[0]):
        raise malformed("fields must be a list with the index of one input", where)
    if not isinstance(spec, dict) or not isinstance(data, dict):
        raise malformed("spec and data must be objects", where)
    if not set(data) <= set(known.data) or not set(spec).isdisjoint(known.data):
        raise malformed(f"the keys of data may be {', '.join(known.data)}, and those of spec must be others", where)
    for digest in data.values():
        if not isinstance(digest, str) or digest not in blobs:
            raise malformed("it refers to data that the file does not contain", where)
        used.add(digest)
    return Stage(int(fields[0]), {**spec, **{key: blobs[digest] for key, digest in data.items()}}, kind)


def _is_index(value: object) -> bool:
    """Whether a value is a whole number; also 3.0, which other readers cannot tell from 3."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value % 1 == 0
