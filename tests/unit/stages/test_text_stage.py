"""Text stages against the shared vectors, which scikit-learn answered, and against malice."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sealift import canonical
from sealift.contract import Contract, Field, Output, encode
from sealift.errors import ContractError, SealError
from sealift.stages import Stages
from sealift.stages.text import TextStage, text_stage
from sealift.stages.text.murmur import murmur3

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[3] / "spec" / "vectors" / "text.json").read_text("utf-8"))
# a+b: on a text of a, every attempt goes to the end in vain
FAR = {"classes": [[97, 1], [98, 1]], "starts": [0] * 4, "next": [[0, 4, 0, 0], [0, 4, 6, 0], [1, 1, 1, 1]]}


def _numbers(columns: list[list[Any]]) -> list[list[Any]]:
    """The columns of a case, whose counts may be infinite."""
    return [[column, canonical.number(value)] for column, value in columns]


def _contract(*specs: Any) -> Contract:
    return Contract(
        inputs=(Field(name="n", dtype="float64"), Field(name="text", dtype="string", missing="allowed")),
        outputs=(Output(name="label", kind="label", dtype="int64"),),
        task="clustering",
        stages=tuple(text_stage(1, spec) for spec in specs),
    )


def _blobs(contract: Contract) -> dict[str, Any]:
    return {digest: json.loads(body) for digest, body in contract.blobs.items()}


@pytest.mark.parametrize("name", VECTORS["stages"])
def test_vectors(name: str) -> None:
    stage = TextStage(VECTORS["stages"][name])
    mine = [case for case in VECTORS["cases"] if case["stage"] == name]
    assert len(mine) > 50
    for case in mine:
        if "terms" in case:
            assert sorted(stage.terms(case["text"])) == case["terms"], ascii(case["text"])
        assert sorted(map(list, stage.count(case["text"]).items())) == _numbers(case["columns"]), ascii(case["text"])
        assert bool(stage.refused_as(case["text"])) is case.get("refused", False), ascii(case["text"])


def test_vectors_of_refusals_are_of_both_kinds() -> None:
    cases = [case for case in VECTORS["cases"] if "refused" in case]
    assert len({case["stage"] for case in cases if case["refused"]}) == 8
    assert sum(case["refused"] for case in cases) > 200
    assert sum(not case["refused"] for case in cases) > 150


def test_a_refused_text_is_a_problem_of_its_row() -> None:
    spec = {
        "analyzer": "number",
        "ngrams": [1, 1],
        "unreadable": "refused",
        "missing": ["", "-"],
        "infinite": "refused",
    }
    contract = _contract(spec)
    texts = ["1", "x", "", None, "-", "inf", 3, "1_0"]
    columns: dict[str, list[Any]] = {"n": [1.0, 1.0, 1.0, None, 1.0, "one", 1.0, "one"], "text": texts}
    batch = Stages.of(contract).checked(encode(contract, columns, first_row=7), first_row=7)
    assert batch.good.tolist() == [True, False, True, False, True, False, False, False]
    assert [(problem.row, problem.field, problem.code) for problem in batch.problems] == [
        (8, "text", "R108"),
        (10, "n", "R101"),
        (12, "n", "R102"),
        (12, "text", "R108"),
        (13, "text", "R102"),
        (14, "n", "R102"),
        (14, "text", "R108"),
    ]
    assert batch.problems[0].message == "\"text\" is the text 'x', which cannot be read as a finite number."
    assert batch.only_good()["text"][:, 0].tolist() == ["1", "", "-"]


def test_a_refused_date_is_told_with_its_format() -> None:
    spec = {"analyzer": "time", "ngrams": [1, 1], "format": "%d.%m.%Y", "unreadable": "refused"}
    contract = _contract(spec)
    batch = Stages.of(contract).checked(encode(contract, {"n": [1.0], "text": ["30.02.2024"]}))
    assert [problem.message for problem in batch.problems] == [
        "\"text\" is the text '30.02.2024', which cannot be read as a date by the format %d.%m.%Y, such as 31.12.2024."
    ]


def test_the_stages_that_refuse_values_keep_their_numbers() -> None:
    date = {"analyzer": "time", "ngrams": [1, 1], "format": "%d.%m.%Y", "unreadable": "refused"}
    contract = _contract(VECTORS["stages"]["default"], date)
    assert Stages.refusing(contract).made == {"terms1", "counts1"}
    with pytest.raises(ContractError) as caught:
        Stages.refusing(_contract(VECTORS["stages"]["default"], {**date, "format": 3}))
    assert (caught.value.code, caught.value.where) == ("E106", "stage 1")


@pytest.mark.parametrize("name", VECTORS["malformed"])
def test_malformed_stages_are_refused(name: str) -> None:
    raw, message = VECTORS["malformed"][name]["stage"], VECTORS["malformed"][name]["message"]
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        TextStage(raw)
    if isinstance(raw, dict):
        with pytest.raises(ContractError) as caught:
            Stages.of(_contract(raw))
        assert caught.value.code == "E106"
        assert caught.value.where == "stage 0"


@pytest.mark.parametrize("field", [0, 2, -1, "1", None, True])
def test_a_stage_takes_a_field_of_texts(field: Any) -> None:
    contract = _contract(VECTORS["stages"]["default"])
    raw = contract.as_json()
    raw["stages"][0]["fields"] = [field]
    with pytest.raises(ContractError, match="E106"):
        Contract.from_json(raw, lambda: _blobs(contract))


def test_a_contract_with_stages_reads_back() -> None:
    contract = _contract(VECTORS["stages"]["accents unicode"])
    read = Contract.from_json(json.loads(json.dumps(contract.as_json())), lambda: _blobs(contract))
    assert read == contract
    assert read.blobs == contract.blobs
    assert isinstance(hash(contract.stages[0]), int)


def test_stages_share_their_data() -> None:
    spec = VECTORS["stages"]["accents unicode"]
    one = _contract(spec)
    two = dataclasses.replace(one, stages=(text_stage(1, spec), text_stage(1, {**spec, "ngrams": [2, 2]})))
    assert two.blobs == one.blobs
    assert {"lower", "accents", "pattern"} & set(two.as_json()["stages"][0]["data"])
    assert all(hashlib.sha256(body).hexdigest() == digest for digest, body in two.blobs.items())


def _without(contract: Contract, blobs: dict[str, Any]) -> None:
    blobs.popitem()


def _with_another(contract: Contract, blobs: dict[str, Any]) -> None:
    blobs["0" * 64] = []


@pytest.mark.parametrize("change", [_without, _with_another])
def test_data_that_is_missing_or_that_nothing_refers_to_is_refused(change: Any) -> None:
    contract = _contract(VECTORS["stages"]["accents unicode"])
    blobs = _blobs(contract)
    change(contract, blobs)
    with pytest.raises(ContractError, match=r"E106.* data ") as caught:
        Contract.from_json(contract.as_json(), lambda: blobs)
    assert caught.value.code == "E106"


def test_rows_come_in_pieces_that_a_graph_can_hold() -> None:
    contract = _contract(VECTORS["stages"]["hashed"] | {"rows": 16})
    texts = ["one two three" if i % 2 else None for i in range(40)]
    stages = Stages.of(contract)
    pieces = list(stages.pieces(encode(contract, {"n": np.arange(40.0), "text": texts}).tensors))
    assert [len(piece["text"]) for piece in pieces] == [16, 16, 8]
    assert pieces[0]["terms0"].shape == (16, 3)
    assert pieces[0]["terms0"][0].tolist() == [-1, -1, -1]
    assert pieces[0]["counts0"].dtype == np.float64
    assert (np.diff(pieces[0]["terms0"][1]) > 0).all()
    assert stages.made == {"terms0", "counts0"}


def test_a_few_long_texts_do_not_widen_all() -> None:
    contract = _contract(VECTORS["stages"]["hashed, no signs"] | {"hash": {"columns": 5000, "signs": False}})
    long = " ".join(f"w{i}" for i in range(4000))
    texts = [long if i % 100 == 0 else "ab cd" for i in range(600)]
    pieces = list(Stages.of(contract).pieces(encode(contract, {"n": np.zeros(600), "text": texts}).tensors))
    assert sum(len(piece["text"]) for piece in pieces) == 600
    assert max(piece["terms0"].size for piece in pieces) <= 1 << 16


def test_no_rows_give_no_columns() -> None:
    contract = _contract(VECTORS["stages"]["default"])
    empty = {"number": np.zeros((0, 1)), "text": np.empty((0, 1), dtype=object)}
    (piece,) = Stages.of(contract).pieces(empty)
    assert piece["terms0"].shape == (0, 1)


def test_a_text_that_takes_too_long_is_given_up() -> None:
    stage = TextStage({"analyzer": "word", "ngrams": [1, 1], "pattern": FAR, "vocabulary": ["aab"]})
    assert stage.terms("xaabab") == ["aab", "ab"]
    with pytest.raises(SealError, match="too long to split") as caught:
        stage.terms("a" * 20_000)
    assert caught.value.code == "E207"


def test_murmur3() -> None:
    # from the reference implementation, smhasher
    assert murmur3(b"") == 0
    assert murmur3(b"hello") & 0xFFFFFFFF == 0x248BFA47
    assert murmur3(b"hello, world") & 0xFFFFFFFF == 0x149BBB7F
