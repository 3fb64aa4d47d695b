"""spec/vectors/receipts.json, the schema of a statement, and PyJWT as another reader of receipts."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jsonschema import Draft202012Validator

from sealift import canonical
from sealift.contract import Contract, Field, Output, columns_of, encode
from sealift.errors import SealiftError
from sealift.receipts import verify_receipt
from sealift.receipts.compact import opened
from sealift.receipts.rows import AnsweredRows
from sealift.receipts.values import input_digest

ROOT = Path(__file__).parents[3]
VECTORS: dict[str, Any] = json.loads((ROOT / "spec/vectors/receipts.json").read_text("utf-8"))
SCHEMA = Draft202012Validator(json.loads((ROOT / "spec/schemas/receipt.schema.json").read_text("utf-8")))
KEY = Ed25519PublicKey.from_public_bytes(bytes.fromhex(VECTORS["public_key"]))
RECEIPTS = {case["why"]: case for case in VECTORS["receipts"]}


def test_the_vectors_are_those_of_their_program() -> None:
    sys.path.insert(0, str(ROOT / "tests" / "vectors"))
    try:
        import make_receipts
    finally:
        sys.path.pop(0)
    assert make_receipts.vectors() == VECTORS


@pytest.mark.parametrize("case", VECTORS["rows"], ids=lambda case: case["why"])
def test_the_digest_of_rows(case: dict[str, Any]) -> None:
    contract = _contract(case["inputs"])
    rows = columns_of(contract, [dict(zip(contract.index, row, strict=True)) for row in case["rows"]])
    part = AnsweredRows(encode(contract, rows), {})
    assert input_digest(contract, [part], bytes.fromhex(VECTORS["salt"])) == case["digest"]


def _contract(inputs: list[dict[str, Any]]) -> Contract:
    outputs = (Output(name="value", kind="value", dtype="float64"),)
    return Contract(inputs=tuple(Field(**each) for each in inputs), outputs=outputs, task="regression")


@pytest.mark.parametrize("why", RECEIPTS)
def test_receipts(why: str) -> None:
    case = RECEIPTS[why]
    if case["code"] is None:
        statement = verify_receipt(case["receipt"], KEY)
        assert SCHEMA.is_valid(statement.as_json())
        return
    with pytest.raises(SealiftError) as caught:
        verify_receipt(case["receipt"], KEY)
    assert caught.value.code == case["code"]


def test_the_schema_refuses_what_a_schema_can_say() -> None:
    refused = 0
    for case in VECTORS["receipts"]:
        if case["code"] != "E776":
            continue
        try:
            raw = json.loads(jwt.utils.base64url_decode(case["receipt"].split(".")[1]))
        except ValueError:
            continue
        refused += not SCHEMA.is_valid(raw)
    assert refused == 8


def test_pyjwt_reads_a_receipt() -> None:
    receipt = RECEIPTS["with a digest of the answers"]["receipt"]
    payload = jwt.api_jws.PyJWS().decode(receipt, KEY, ["EdDSA"])
    assert payload == canonical.dumps(opened(receipt, None).as_json())
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.api_jws.PyJWS().decode(RECEIPTS["another statement under the same signature"]["receipt"], KEY, ["EdDSA"])
