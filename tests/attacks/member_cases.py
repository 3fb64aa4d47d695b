"""Sealed files that read, but whose contract, stages or golden examples are hostile: opening them is refused."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]

STAGE_DATA = {
    "image/1": (),
    "tokenizer/1": ("added", "added_after", "model", "normalizer", "space", "splitter", "vocabulary", "word"),
}
DATA = ("accents", "edits", "lower", "pattern", "space", "stop_words", "vocabulary")

CONTRACT: Json = {
    "inputs": [{"name": "x", "dtype": "float64"}, {"name": "t", "dtype": "string"}],
    "outputs": [
        {"name": "value", "kind": "value", "dtype": "float64"},
        {"name": "label", "kind": "label", "dtype": "int64"},
    ],
    "task": "regression",
    "tensors": [
        {"name": "number", "dtype": "float64", "shape": ["rows", 1], "fields": [0]},
        {"name": "text", "dtype": "string", "shape": ["rows", 1], "fields": [1]},
        {"name": "text_missing", "dtype": "bool", "shape": ["rows", 1], "fields": [1]},
    ],
}
GOLDEN: Json = {
    "columns": ["x", "t"],
    "rows": [[1.5, "a"], [2, ""]],
    "answers": {"value": [-4.0, 2.5], "label": [1, 2]},
    "tolerance": {"value": {"relative": 1e-9, "scale": 1.0}},
    "source": "generated",
}
CHAR: Json = {"field": 1, "analyzer": "char", "ngrams": [1, 1], "space": [], "hash": {"columns": 8, "signs": False}}

STRICT: Json = {"field": 1, "analyzer": "number", "ngrams": [1, 1], "unreadable": "refused"}


def cases() -> Iterator[tuple[str, Json, Json, str | None, str]]:
    """Name, contract with its stages in full, golden examples, the code with which opening is refused, and why."""
    yield "open-sound", CONTRACT, GOLDEN, None, "a contract and golden examples in order"
    yield "open-sound-stages", with_stages([CHAR] * 3), GOLDEN, None, "three equal stages"
    readable, unreadable = with_stages([{**STRICT, "missing": ["", "a"]}]), with_stages([STRICT])
    yield "open-sound-refusing", readable, GOLDEN, None, "a stage of numbers that refuses other texts than those given"
    yield "golden-unreadable", unreadable, GOLDEN, "E205", "a golden text that its stage refuses"
    for name, change, why in _contracts():
        yield f"contract-{name}", _changed(CONTRACT, change), GOLDEN, "E106", f"the contract: {why}"
    lacking = _changed(CONTRACT, _put("requires", ["output:heatmap/1"]))
    yield "contract-requires-unknown", lacking, GOLDEN, "E107", "the contract: a capability that no reader has"
    lacking = {**lacking, "heatmap": 4, "tensors": {}}
    yield "contract-requires-later", lacking, GOLDEN, "E107", "the contract: the same, with parts that are not known"
    unlisted = {key: value for key, value in with_stages([CHAR]).items() if key != "requires"}
    yield "contract-requires-less", unlisted, GOLDEN, "E106", "the contract: a stage that requires does not list"
    for name, stages, why in _stages():
        yield f"stage-{name}", with_stages(stages), GOLDEN, "E106", f"a stage: {why}"
    for name, change, why in _examples():
        yield f"golden-{name}", CONTRACT, _changed(GOLDEN, change), "E205", f"the golden examples: {why}"


def provisional() -> Json:
    """The contract in the form that preceded format 1."""
    contract = copy.deepcopy(CONTRACT)
    for key, added in (("outputs", "kind"), ("tensors", "shape")):
        for entry in contract[key]:
            del entry[added]
    return contract


def parted(contract: Any) -> tuple[Any, dict[str, bytes]]:
    """A contract as a file holds it, out of one with its stages in full; and the members for the data of the stages.

    What has not the form of a stage stays as it is.
    """
    blobs: dict[str, bytes] = {}
    if not isinstance(contract, dict) or not isinstance(contract.get("stages"), list):
        return contract, blobs
    stages: list[Any] = []
    for stage in contract["stages"]:
        if not isinstance(stage, dict) or "stage" in stage:
            stages.append(stage)
            continue
        data = {}
        kind = stage.get("kind", "text/1")
        known = STAGE_DATA.get(kind, DATA) if isinstance(kind, str) else DATA
        for key in known:
            if key in stage:
                body = json.dumps(stage[key], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
                data[key] = hashlib.sha256(body).hexdigest()
                blobs[f"blobs/{data[key]}"] = body
        spec = {key: value for key, value in stage.items() if key not in {*known, "field", "kind"}}
        fields = [stage["field"]] if "field" in stage else []
        stages.append({"stage": kind, "fields": fields, "spec": spec, "data": data})
    return {**contract, "stages": stages}, blobs


def with_stages(stages: list[Json]) -> Json:
    """The contract with these stages in full, and the tensors that follow."""
    contract = copy.deepcopy(CONTRACT)
    contract |= {"stages": stages, "requires": ["stage:text/1"]}
    for k, stage in enumerate(stages):
        for name, dtype in (("terms", "int64"), ("counts", "float64")):
            made = {"name": f"{name}{k}", "dtype": dtype, "shape": ["rows", f"length{k}"]}
            contract["tensors"].append({**made, "fields": [stage["field"]], "stage": k})
    return contract


def with_tokens(stage: Json) -> Json:
    """The contract with a tokenizer stage in full, and the tensors that follow."""
    contract = copy.deepcopy(CONTRACT)
    contract |= {"stages": [{"field": 1, "kind": "tokenizer/1", **stage}], "requires": ["stage:tokenizer/1"]}
    for name in ("input_ids", "attention_mask", "token_type_ids"):
        made = {"name": f"{name}0", "dtype": "int64", "shape": ["rows", "length0"]}
        contract["tensors"].append({**made, "fields": [1], "stage": 0})
    return contract


def with_picture(spec: Json) -> tuple[Json, Json]:
    """A contract of one picture, which may be missing, and examples without one."""
    channels, height, width = spec["shape"] if spec["layout"] == "CHW" else (spec["shape"][2], *spec["shape"][:2])
    sizes = ["height0", "width0"] if height is None else [height, width]
    shape = [channels, *sizes] if spec["layout"] == "CHW" else [*sizes, channels]
    contract = {
        "inputs": [{"name": "scan", "dtype": "image", "missing": "allowed"}],
        "outputs": [{"name": "value", "kind": "value", "dtype": "float64"}],
        "requires": ["stage:image/1", "type:image/1"],
        "stages": [{"field": 0, "kind": "image/1", **spec}],
        "task": "regression",
        "tensors": [
            {"name": "pixels0", "dtype": "float32", "shape": ["rows", *shape], "fields": [0], "stage": 0},
            {"name": "geometry0", "dtype": "float64", "shape": ["rows", 6], "fields": [0], "stage": 0},
        ],
    }
    golden = {
        "columns": ["scan"],
        "rows": [[None], [None]],
        "answers": {"value": [0.0, 1.0]},
        "tolerance": {"value": {"relative": 1e-9, "scale": 1.0}},
        "source": "generated",
    }
    return contract, golden


def _changed(value: Json, change: Callable[[Json], object]) -> Json:
    copied = copy.deepcopy(value)
    change(copied)
    return copied


def _put(*path: Any) -> Callable[[Json], object]:
    """Set the value at a path: keys and indices, then the value."""

    def change(value: Any) -> None:
        for key in path[:-2]:
            value = value[key]
        value[path[-2]] = path[-1]

    return change


def _contracts() -> Iterator[tuple[str, Callable[[Json], object], str]]:
    wide = {"name": "score", "kind": "score", "dtype": "float64", "width": 1 << 19}
    yield "width", _put("outputs", 0, "width", 10**15), "a width of 10^15"
    yield "width-limit", _put("outputs", 0, "width", (1 << 20) + 1), "one column more than allowed"
    yield "width-sum", _put("outputs", [{**wide, "name": n} for n in "abc"]), "widths that are too large together"
    yield (
        "outputs",
        _put("outputs", [{"name": str(i), "kind": "label", "dtype": "int64"} for i in range(65)]),
        "65 outputs",
    )
    yield "headline-list", _put("headline", {"output": [], "class": None}), "a headline that is a list"
    yield "headline-class", _put("headline", {"output": "value", "class": 1}), "a headline class that is none"
    yield "name-long", _put("inputs", 0, "name", "x" * 4097), "a name of 4,097 characters"
    yield "units-long", _put("inputs", 0, "units", "µ" * 4097), "a unit of 4,097 characters"
    yield "name-twice", _put("inputs", 1, "name", "x"), "two inputs of one name"
    yield "title-null", _put("title", None), "a title that is null"
    yield "missing-null", _put("inputs", 0, "missing", None), "a policy that is null"
    yield "key", _put("inputs", 0, "default", 1), "a key that is not known"
    yield "output-key", _put("outputs", 0, "url", "x"), "a key of an output that is not known"
    yield "top-key", _put("script", "x"), "a part that is not known"
    yield "typical", _put("inputs", 0, "typical", ["x"]), "a typical value that is a list"
    yield "observed-infinite", _put("inputs", 0, "observed", [0, "Infinity"]), "an observed value that is infinite"
    yield "categories-empty", _put("inputs", 1, "categories", []), "no category"
    yield "categories-twice", _put("inputs", 1, "categories", ["a", "a"]), "a category twice"
    yield "categories-dtype", _put("inputs", 1, "categories", [1]), "a category of another dtype"
    yield "personal", _put("inputs", 0, "personal", 1), "personal is a number"
    yield "classes", _put("outputs", 1, "classes", [[1]]), "a class that is a list"
    yield "class-names", _put("outputs", 1, "class_names", []), "class names without classes"
    yield "tensor-bool", _put("tensors", 0, "fields", [False]), "false for the index 0"
    yield "tensor-shape", _put("tensors", 0, "shape", ["rows", 2]), "a tensor of another width"
    yield "tensor-dimension", _put("tensors", 0, "shape", ["N", 1]), "a dimension of another name"
    yield "output-kind", _put("outputs", 0, "kind", "heatmap"), "a kind of output that is not known"
    yield "output-no-kind", lambda value: value["outputs"][0].pop("kind"), "an output without a kind"
    yield "requires-null", _put("requires", None), "required capabilities that are null"
    yield "requires-spare", _put("requires", ["stage:text/1"]), "a capability that it does not use"
    yield "tensor-name", _put("tensors", 0, "name", "numbers"), "another tensor"


def _stages() -> Iterator[tuple[str, list[Json], str]]:
    def accents(first: int) -> Json:
        return {**CHAR, "accents": {"rest": "keep", "shifts": [first, 60000, 1, 1]}}

    def words(cut: int) -> Json:
        pattern = {"classes": [], "starts": [0, 0], "next": [[3, 1]], "cut": [0, cut]}
        return {"field": 1, "analyzer": "word", "ngrams": [1, 1], "pattern": pattern, "vocabulary": ["a"]}

    lower = {"map": {"rest": "keep"}, "cased": [], "ignorable": [931, 1]}
    yield "ngram", [{**CHAR, "ngrams": [1, 65]}], "n-grams of 65 characters"
    yield "columns", [{**CHAR, "hash": {"columns": 1 << 21, "signs": False}}], "two million columns"
    yield "dropped", [{**CHAR, "accents": {"rest": "keep", "dropped": [0, 100_000]}}], "100,000 dropped characters"
    yield "maps", [accents(0xE000 + i) for i in range(18)], "18 different maps of 60,000 characters"
    yield "automata", [words(cut) for cut in range(64)], "64 different automata"
    yield "sigma", [{**CHAR, "lower": lower}], "a lower case that looks through capital sigmas"
    yield "field", [{**CHAR, "field": 0}], "a stage on a number"
    yield "refusing-words", [{**CHAR, "unreadable": "refused"}], "a stage of characters that refuses texts"
    yield "refusing-otherwise", [{**STRICT, "unreadable": "missing"}], "a stage with another policy than refused"
    yield "refusing-missing", [{**STRICT, "missing": [0]}], "a missing text that is a number"
    yield (
        "state",
        [{**words(0), "pattern": {"classes": [], "starts": [0, 0], "next": [[5, 1]]}}],
        "a state that is none",
    )


def _examples() -> Iterator[tuple[str, Callable[[Json], object], str]]:
    for name, relative, scale in (
        ("huge", 1e308, 1.0),
        ("infinity", "Infinity", 1.0),
        ("nan", "NaN", 1.0),
        ("negative", -1e-9, 1.0),
        ("loose", 0.02, 1.0),
        ("scale", 1e-9, 1e308),
        ("scale-infinity", 1e-9, "Infinity"),
        ("product", 0.01, 4.1),
        ("scales", 1e-9, [1.0, 1.0]),
    ):
        rule = {"relative": relative, "scale": scale}
        yield f"tolerance-{name}", _put("tolerance", "value", rule), f"a tolerance of {relative} on a scale of {scale}"
    rule = {"relative": 1e-9, "scale": 1.0}
    yield "tolerance-label", _put("tolerance", "label", rule), "a tolerance for a label"
    yield "tolerance-other", _put("tolerance", "other", rule), "a tolerance for what is no output"
    yield "tolerance-none", lambda value: value.pop("tolerance"), "no tolerance"
    yield "row-type", _put("rows", 0, 0, "one"), "a row with text for a number"
    yield "row-nan", _put("rows", 0, 0, "NaN"), "a row with the name NaN, where null is a missing value"
    yield "row-missing", _put("rows", 1, 0, None), "a row that lacks a value"
    yield "row-short", _put("rows", 1, [1.0]), "a row that is too short"
    yield "row-object", _put("rows", 1, {"x": 1.0, "t": "a"}), "a row that is an object"
    yield "empty", lambda value: value.update(rows=[], answers={"value": [], "label": []}), "no rows"
    yield "columns", _put("columns", ["t", "x"]), "the columns out of order"
    yield "source", _put("source", "a hospital"), "another source"
    yield "answers-short", _put("answers", "value", [1.0]), "an answer too few"
    yield "answers-wide", _put("answers", "value", [[1.0], [2.0]]), "answers of another width"
    yield "answers-other", _put("answers", "other", [1, 1]), "answers of what is no output"
    yield "answers-text", _put("answers", "value", ["1", 2.5]), "text for a number"
    yield "answers-fraction", _put("answers", "label", [1.5, 2]), "a fraction for a whole number"
    yield "answers-large", _put("answers", "label", [2**63, 2]), "a whole number of 64 bits and more"
    yield "answers-bool", _put("answers", "label", [True, 2]), "true for a whole number"
    yield "answers-null", _put("answers", "value", [None, 2.5]), "null for a number"
