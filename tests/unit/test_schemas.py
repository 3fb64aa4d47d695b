"""The JSON Schemas of spec/schemas accept what both readers accept, and refuse what a schema can say of the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import box_seals
import image_seals
import keypoint_seals
import mask_seals
import seals
import span_seals
from schemas import MEMBERS
from sealift import canonical, seal
from sealift.errors import SealiftError

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "spec" / "schemas"
FILES = ROOT / "tests" / "attacks" / "files"
EXPECTED: dict[str, dict[str, Any]] = json.loads((ROOT / "tests/attacks/expected.json").read_text())


@cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8")))


def accepts(name: str, value: object) -> bool:
    return bool(validator(name).is_valid(value))


def _vectors(name: str) -> Any:
    return json.loads((ROOT / "spec" / "vectors" / name).read_text("utf-8"))


@pytest.mark.parametrize("path", sorted(SCHEMAS.iterdir()), ids=lambda path: path.name)
def test_every_schema_is_one(path: Path) -> None:
    schema = json.loads(path.read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:sealift:schema:{path.name.removesuffix('.schema.json')}:1"
    assert path.read_text("utf-8") == json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def test_every_json_member_has_a_schema() -> None:
    assert {name for name in seal.LIMITS if name.endswith(".json")} == set(MEMBERS)
    assert {path.name.removesuffix(".schema.json") for path in SCHEMAS.iterdir()} == {
        *MEMBERS.values(),
        "image-stage",
        "text-stage",
        "tokenizer-stage",
        "receipt",
    }


def sound_contracts() -> Iterator[tuple[str, Any]]:
    yield "seals", seals.CONTRACT.as_json()
    yield from ((case["why"], case["contract"]) for case in _vectors("names.json") if case["code"] is None)
    yield from (
        (case["name"], case["contract"]) for name in ("rows", "csv") for case in _vectors(f"{name}.json")["cases"]
    )


@pytest.mark.parametrize(("name", "contract"), list(sound_contracts()))
def test_a_sound_contract_is_accepted(name: str, contract: Any) -> None:
    assert not list(validator("contract").iter_errors(contract)), name


@pytest.mark.parametrize(
    "made", [image_seals, box_seals, keypoint_seals, mask_seals, span_seals], ids=lambda m: m.__name__
)
def test_contracts_with_stages_and_parts_are_accepted(made: Any, tmp_path: Path) -> None:
    made.write(tmp_path / "m.seal")
    contract = seal.read(tmp_path / "m.seal").json("contract.json")
    assert contract["stages"]
    assert not list(validator("contract").iter_errors(contract))
    assert not accepts("contract", contract | {"requires": [*contract["requires"], "stage:unknown/1"]})


# What a schema cannot say: how parts of a contract depend on each other, and what texts mean.
BEYOND = {
    "contracts": {
        "ignored: a position beyond the columns",
        "ignored: one position twice",
        "ignored: positions that descend",
        "ignored: a name twice",
        "ignored: the name of an input",
        "tensors: another width",
        "tensors: the fields of another",
        "tensors: a negative zero",
        "requires: what the contract does not use",
        "headline: a class of another type",
        "headline: no output",
        "outputs: too many columns",
        "outputs: a name twice",
        "outputs: fewer class names than classes",
        "outputs: columns without a width",
        "outputs: an answer of too many numbers",
        "outputs: the name of another's column",
        "inputs: a name twice",
        "inputs: fewer category names than categories",
        "stages: a field beyond the inputs",
        "stages: a field of numbers",
        "stages: data in spec",
        "stages: data that is not there",
        "requires: nothing of what the contract uses",
    },
    "fields": {
        "a word both true and false",
        "a word both true and missing",
        "date_format that turns ISO dates round",
        "typical is no date",
        "a range that begins above its end",
    },
}


@pytest.mark.parametrize("case", _vectors("contracts.json")["malformed"], ids=lambda case: case["name"])
def test_a_malformed_contract_is_refused(case: dict[str, Any]) -> None:
    assert accepts("contract", case["contract"]) == (case["name"] in BEYOND["contracts"])


def _with_field(field: dict[str, Any]) -> dict[str, Any]:
    text = field.get("dtype") == "string"
    names = (("text", "string"), ("text_missing", "bool")) if text else (("number", "float64"),)
    return {
        "inputs": [field],
        "outputs": [{"name": "value", "kind": "value", "dtype": "float64"}],
        "task": "regression",
        "tensors": [{"name": name, "dtype": dtype, "shape": ["rows", 1], "fields": [0]} for name, dtype in names],
    }


@pytest.mark.parametrize("case", _vectors("fields.json")["refused"], ids=lambda case: case["name"])
def test_a_malformed_field_is_refused(case: dict[str, Any]) -> None:
    assert accepts("contract", _with_field(case["field"])) == (case["name"] in BEYOND["fields"])


@pytest.mark.parametrize("case", _vectors("fields.json")["accepted"], ids=lambda case: case["name"])
def test_a_sound_field_is_accepted(case: dict[str, Any]) -> None:
    assert not list(validator("contract").iter_errors(_with_field(case["field"])))


def test_sound_stages_are_accepted_and_most_malformed_ones_refused() -> None:
    text = _vectors("text.json")
    for name, stage in text["stages"].items():
        assert not list(validator("text-stage").iter_errors(stage)), name
    malformed = text["malformed"]
    refused = [name for name in malformed if not accepts("text-stage", malformed[name]["stage"])]
    assert len(refused) > len(malformed) / 3


def test_tokenizer_stages() -> None:
    vectors = _vectors("tokenizer.json")
    for name, group in vectors["stages"].items():
        stage = group["spec"] | {key: vectors["blobs"][digest] for key, digest in group["data"].items()}
        assert not list(validator("tokenizer-stage").iter_errors(stage)), name
    accepted = {case["message"] for case in vectors["malformed"] if accepts("tokenizer-stage", case["stage"])}
    assert accepted == BEYOND_TOKENS


# What a schema cannot say of a tokenizer stage: how lists and ids depend on each other.
BEYOND_TOKENS = {
    "a merge must have the ids of three tokens",
    "a model with bytes must not have prefix or suffix",
    "a number must be whole and from 2 to 1048576",
    "an id must be that of a token",
    "pairs must have three characters each",
    "the pairs of merges must be different",
    "there must be a score for each token",
    "tokens must be different strings of 1 to 1024 characters",
}
OPENED = [name for name, entry in EXPECTED.items() if "open" in entry]


@pytest.mark.parametrize("name", OPENED)
def test_what_a_schema_refuses_both_readers_refuse(name: str) -> None:
    """The corpus of malformed members: a schema must not be stricter than the readers."""
    sealed = seal.read(FILES / name)
    contract, golden = (
        json.loads(bytes(sealed.members[member])) for member in ("contract.json", "golden/examples.json")
    )
    if EXPECTED[name]["open"] is None:
        assert accepts("contract", contract)
        assert accepts("golden-examples", golden)
    if name.startswith("golden-tolerance") and "scale" not in name:
        assert accepts("contract", contract)


def test_the_schemas_refuse_most_of_the_malformed_corpus() -> None:
    refused = []
    for name in OPENED:
        sealed = seal.read(FILES / name)
        contract = json.loads(bytes(sealed.members["contract.json"]))
        golden = json.loads(bytes(sealed.members["golden/examples.json"]))
        refused.append(not (accepts("contract", contract) and accepts("golden-examples", golden)))
    assert sum(refused) >= 43


MANIFESTS = [name for name in EXPECTED if name.startswith(("format-", "manifest-"))]


@pytest.mark.parametrize("name", MANIFESTS)
def test_manifests_of_the_corpus(name: str) -> None:
    """Those that are JSON in the canonical spelling are refused by the schema, as by the readers."""
    data = (FILES / name).read_bytes()
    start = data.index(b"manifest.json") + len(b"manifest.json")
    extra = int.from_bytes(data[28:30], "little")
    size = int.from_bytes(data[22:26], "little")
    body = data[start + extra : start + extra + size]
    try:
        value = canonical.loads(body)
    except ValueError:
        return
    if canonical.dumps(value) == body and EXPECTED[name]["code"] in ("E204", "E205"):
        assert not accepts("manifest", value)


def test_manifests_and_signatures_that_are_read_are_accepted() -> None:
    for name, entry in EXPECTED.items():
        if entry["code"] is not None:
            continue
        sealed = seal.read(FILES / name)
        for member in ("manifest.json", "signature.json"):
            if member in sealed.members:
                value = json.loads(bytes(sealed.members[member]))
                assert not list(validator(MEMBERS[member]).iter_errors(value)), (name, member)


def test_a_file_that_the_readers_refuse_has_a_reason() -> None:
    with pytest.raises(SealiftError):
        seal.read(FILES / "manifest-unknown-key.seal")


# What follows from several steps together, and what numbers mean in float32.
BEYOND_STEPS = {
    "other channels than the steps make",
    "another size than the steps make",
    "a known size that is not declared",
    "a resize after arithmetic",
    "a crop larger than the picture",
    "a pad with a fraction",
    "a pad with too many values",
    "grey of one channel",
    "grey after arithmetic",
    "a channel that does not exist",
    "a division by 0",
    "a divisor that rounds to 0",
    "a number beyond float32",
    "two numbers for three channels",
}


def test_image_stages() -> None:
    vectors = _vectors("image/steps.json")
    for case in vectors["cases"]:
        assert not list(validator("image-stage").iter_errors(case["spec"])), case["why"]
    accepted = {case["why"] for case in vectors["refused"] if accepts("image-stage", case["spec"])}
    assert accepted == BEYOND_STEPS
