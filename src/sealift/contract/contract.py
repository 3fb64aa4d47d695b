"""The contract: the named inputs and outputs of a model."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, get_args

from sealift import canonical, notebook
from sealift.contract.capabilities import check_required
from sealift.contract.display import summary, tables
from sealift.contract.field import Field, Task
from sealift.contract.json_schema import json_schema
from sealift.contract.output import MOST_WIDTH, Output
from sealift.contract.outputs import output_kind
from sealift.contract.parts import LONGEST_DESCRIPTION, LONGEST_TEXT, checked_keys, duplicate, json_text, malformed
from sealift.contract.scalars import Scalar
from sealift.contract.stage import Stage, stage_of
from sealift.contract.tensor_spec import TensorSpec

_REQUIRED = frozenset({"inputs", "outputs", "task", "tensors"})
_KEYS = _REQUIRED | {"requires", "headline", "title", "description", "stages", "ignored", "about"}
_HEADLINE, _IGNORED = frozenset({"output", "class"}), frozenset({"name", "position"})
# What the author says about the model: key → heading in the card. The headings follow those of clinical calculators.
ABOUT = {
    "when_to_use": "When to use",
    "pitfalls": "Pitfalls",
    "references": "References",
    "author": "Author",
    "contact": "Contact",
    "license": "License",
    "review_date": "To be reviewed by",
}
# The maximum number of entries of each list (spec/CONTRACT.md §1).
_TAKEN = {"text": "strings", "stage": "pictures"}
_MOST = {"inputs": 5 << 12, "outputs": 64, "stages": 1 << 12, "ignored": 1 << 16}


@dataclass(frozen=True)
class Headline:
    """The output to show first, and where it has one column for each class, the class to show."""

    output: str
    class_: Scalar | None = None


@dataclass(frozen=True)
class Ignored:
    """A column of the training rows that the model does not use: its name, and its position among all columns."""

    name: str
    position: int


@dataclass(frozen=True, kw_only=True, repr=False)
class Contract:
    """Named, typed and described inputs and outputs (spec/CONTRACT.md).

    Attributes:
        ignored: columns that the model does not use, by position; rows may have them or not.

    Raises:
        ContractError: E106 when it contradicts itself, as by duplicate names or a headline that is not an output.
    """

    inputs: tuple[Field, ...]
    outputs: tuple[Output, ...]
    task: Task
    headline: Headline | None = None
    title: str = ""
    description: str = ""
    about: Mapping[str, str] = field(default_factory=dict, hash=False)
    stages: tuple[Stage, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    index: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", {f.name: i for i, f in enumerate(self.inputs)})
        if self.task not in get_args(Task):
            raise malformed(f"the task {json_text(self.task)} is not known")
        if not self.inputs or not self.outputs:
            raise malformed("there must be at least one input and one output")
        for key in _MOST:
            _check_count(key, len(getattr(self, key)))
        if sum(output.width or 1 for output in self.outputs) > MOST_WIDTH:
            raise malformed(f"the outputs have more than {MOST_WIDTH} columns")
        names_in = [*(f.name for f in self.inputs), *(column.name for column in self.ignored)]
        for kind, names in (("input", names_in), ("output", [o.name for o in self.outputs])):
            if len(set(names)) != len(names):
                raise malformed(f"duplicate {kind} {json_text(duplicate(names))}")
        positions = [column.position for column in self.ignored]
        if positions != sorted(set(positions)) or not all(0 <= p < len(names_in) for p in positions):
            raise malformed("the positions of the ignored columns must be ascending indices of columns")
        _check_answer_columns(self.outputs)
        if not isinstance(self.about, Mapping) or set(self.about) - set(ABOUT):
            raise malformed(f"about must be an object, whose keys may be {', '.join(ABOUT)}")
        for key, text in self.about.items():
            _text(text, f"{key} in about", LONGEST_DESCRIPTION)
        for number, stage in enumerate(self.stages):
            if not 0 <= stage.field < len(self.inputs) or self.inputs[stage.field].type.feeds != stage.type.takes:
                raise malformed(f"its field must hold {_TAKEN[stage.type.takes]}", f"stage {number}")
        staged = Counter(stage.field for stage in self.stages)
        for position, declared in enumerate(self.inputs):
            if declared.type.feeds == "stage" and staged[position] != 1:
                raise malformed("a field of its dtype must have exactly one stage", f"input {json_text(declared.name)}")
        if self.headline is not None:
            shown = next((o for o in self.outputs if o.name == self.headline.output), None)
            if shown is None:
                raise malformed(f"the headline {json_text(self.headline.output)} is not an output")
            wanted = self.headline.class_
            if wanted is not None and not any(
                wanted == value and isinstance(wanted, bool) == isinstance(value, bool) for value in shown.classes or ()
            ):
                raise malformed(f"the class {json_text(wanted)} of the headline is not a class of its output")

    def __repr__(self) -> str:
        return f"<Contract: {summary(self)}>"

    def _repr_html_(self) -> str:
        """The contract for notebooks."""
        return notebook.facts(self.title or "Contract", tables(self))

    @cached_property
    def tensors(self) -> tuple[TensorSpec, ...]:
        """The inputs of the graph: numbers, strings with their mask, tensors of other types, and outputs of stages."""
        numbers = tuple(i for i, f in enumerate(self.inputs) if f.type.feeds == "number")
        texts = tuple(i for i, f in enumerate(self.inputs) if f.type.feeds == "text")
        others = (tensor for i, f in enumerate(self.inputs) for tensor in f.type.tensors(i))
        shared = (
            TensorSpec("number", "float64", ("rows", len(numbers)), numbers),
            TensorSpec("text", "string", ("rows", len(texts)), texts),
            TensorSpec("text_missing", "bool", ("rows", len(texts)), texts),
        )
        staged = (
            TensorSpec(f"{output.name}{k}", output.dtype, ("rows", *_numbered(output.shape, k)), (stage.field,), k)
            for k, stage in enumerate(self.stages)
            for output in stage.type.outputs_of(stage.spec)
        )
        return (*(tensor for tensor in shared if tensor.fields), *others, *staged)

    @cached_property
    def requires(self) -> tuple[str, ...]:
        """The capabilities that a reader must have, ascending (spec/CONTRACT.md §1a)."""
        used = {f"stage:{stage.kind}" for stage in self.stages}
        used |= {field.type.capability for field in self.inputs}
        used |= {output_kind(output).capability for output in self.outputs}
        return tuple(sorted(used - {""}))

    @cached_property
    def ignored_names(self) -> frozenset[str]:
        """The names of the ignored columns."""
        return frozenset(column.name for column in self.ignored)

    @cached_property
    def blobs(self) -> Mapping[str, bytes]:
        """Digest → data of a stage, as stored in the file."""
        return {digest: body for stage in self.stages for digest, body in stage.blobs.values()}

    def output(self, name: str) -> Output:
        """The output called `name`. Raises KeyError."""
        return next(o for o in self.outputs if o.name == name)

    def json_schema(self) -> dict[str, Any]:
        """A JSON Schema (draft 2020-12) of one row as a JSON object.

        `SealedModel.predict([row])` accepts every valid row, except for what a schema cannot express: the range of a
        date; 29 February outside leap years; fractions of a second that a double cannot hold; numbers beyond float64;
        strings that a text stage refuses (R108). Every row that it accepts is valid, except for booleans in place of
        numbers and 0 and 1 in place of booleans.
        """
        return json_schema(self)

    def changed(self, **overrides: Mapping[str, Any]) -> Contract:
        """A copy with other attributes of fields: `changed(age={"units": "years"})`. Raises ContractError E106."""
        for name in overrides:
            if name not in self.index:
                raise malformed(f"there is no input {json_text(name)}")
        inputs = tuple(
            Field.from_json({**f.as_json(), **_listed(overrides[f.name])}) if f.name in overrides else f
            for f in self.inputs
        )
        return dataclasses.replace(self, inputs=inputs)

    def as_json(self) -> dict[str, Any]:
        """The contract as `contract.json` holds it."""
        result: dict[str, Any] = {
            "inputs": [f.as_json() for f in self.inputs],
            "outputs": [o.as_json() for o in self.outputs],
            "task": self.task,
            "tensors": [tensor.as_json() for tensor in self.tensors],
        }
        if self.requires:
            result["requires"] = list(self.requires)
        if self.stages:
            result["stages"] = [stage.as_json() for stage in self.stages]
        if self.ignored:
            result["ignored"] = [{"name": column.name, "position": column.position} for column in self.ignored]
        if self.headline is not None:
            result["headline"] = {"output": self.headline.output, "class": self.headline.class_}
        texts = {"title": self.title, "description": self.description, "about": dict(self.about)}
        return result | {key: value for key, value in texts.items() if value}

    @classmethod
    def from_json(cls, raw: object, blobs: Callable[[], Mapping[str, Any]] = dict) -> Contract:
        """Read a contract.

        Args:
            raw: the content of `contract.json`.
            blobs: returns digest → parsed data of all stages in the file; called after `requires` was checked.

        Raises:
            ContractError: E107 when it requires a capability that this program lacks, E106 when it is malformed.
        """
        if not isinstance(raw, dict):
            raise malformed("it must be an object")
        # First, because what a newer capability adds would otherwise be reported as malformed.
        required = check_required(raw.get("requires", []))
        data = blobs()
        checked_keys(raw, _REQUIRED, _KEYS)
        headline = raw.get("headline")
        if headline is not None:
            checked_keys(headline, _HEADLINE, _HEADLINE, "headline")
        used: set[str] = set()
        contract = cls(
            inputs=tuple(Field.from_json(item) for item in _list(raw, "inputs")),
            outputs=tuple(Output.from_json(item) for item in _list(raw, "outputs")),
            task=raw["task"],
            headline=Headline(headline["output"], headline["class"]) if headline else None,
            title=_text(raw.get("title", ""), "the title", LONGEST_TEXT),
            description=_text(raw.get("description", ""), "the description", LONGEST_DESCRIPTION),
            stages=tuple(stage_of(item, number, data, used) for number, item in enumerate(_list(raw, "stages"))),
            ignored=tuple(_ignored(item) for item in _list(raw, "ignored")),
            about=raw.get("about", {}),
        )
        tensors = [tensor.as_json() for tensor in contract.tensors]
        if canonical.dumps(raw["tensors"]) != canonical.dumps(tensors):  # in Python, True equals 1
            raise malformed("tensors must be those that follow from the inputs and stages")
        if used != set(data):
            raise malformed("the file contains data that no stage refers to")
        if required != contract.requires:
            raise malformed("requires must list exactly the capabilities that the contract uses")
        return contract


def _numbered(shape: Sequence[int | str], k: int) -> tuple[int | str, ...]:
    """The dimensions of a tensor of stage k; their names get the stage's number, so that no other stage has them."""
    return tuple(size if isinstance(size, int) else f"{size}{k}" for size in shape)


def _check_answer_columns(outputs: Sequence[Output]) -> None:
    """Raise E106 where two outputs could have columns of the same name in a table of answers."""
    # With "_" as the smallest character, the names that begin with `<name>_` directly follow `name`.
    ordered = sorted(outputs, key=lambda output: output.name.replace("_", "\0"))
    pairs = list(itertools.pairwise(ordered))
    if not any(after.name.startswith(f"{before.name}_") for before, after in pairs):
        return
    owner: dict[str, str] = {}
    for output in ordered:
        for column in output_kind(output).columns(output):
            other = owner.setdefault(column.name, output.name)
            if other != output.name:
                raise malformed(f"the output {json_text(output.name)} has the name of a column of {json_text(other)}")


def _ignored(raw: object) -> Ignored:
    keys = checked_keys(raw, _IGNORED, _IGNORED, "ignored")
    name, position = keys["name"], keys["position"]
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_TEXT:
        raise malformed(f"the name must be a non-empty string of at most {LONGEST_TEXT} characters", "ignored")
    if not _is_whole(position):
        raise malformed("the position must be a whole number", "ignored")
    return Ignored(name, int(position))


def _is_whole(value: object) -> bool:
    """Whether a value is a whole number; also 3.0, which other readers cannot tell from 3."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value % 1 == 0


def _listed(changes: Mapping[str, Any]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple | range) else value for key, value in changes.items()}


def _list(raw: Mapping[str, Any], key: str) -> list[Any]:
    entries = raw.get(key, [])
    if not isinstance(entries, list):
        raise malformed(f"{key} must be a list")
    _check_count(key, len(entries))
    return entries


def _check_count(key: str, count: int) -> None:
    if count > _MOST[key]:
        raise malformed(f"{key} has {count} entries; at most {_MOST[key]} are allowed")


def _text(raw: object, called: str, most: int) -> str:
    if not isinstance(raw, str) or len(raw) > most:
        raise malformed(f"{called} must be a string of at most {most} characters")
    return raw
