"""Makes spec/vectors/receipts.json: rows with their canonical text and digest; receipts with the code of a verifier.

The texts are written by hand here, the digests are those of hashlib, and the first receipt is made by PyJWT, so that
the vectors do not depend on the code that they test.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

TARGET = Path(__file__).parents[2] / "spec" / "vectors" / "receipts.json"
SALT = "000102030405060708090a0b0c0d0e0f"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
IDENTITY = "35" * 32


def field(name: str, dtype: str) -> dict[str, Any]:
    return {"name": name, "dtype": dtype, "missing": "allowed"}


ROWS: list[dict[str, Any]] = [
    {
        "why": "numbers: integers, fractions, the sign of zero, large and small ones, missing ones",
        "inputs": [field("x", "float64")],
        "rows": [[0.1], [5], [-0.0], [1e21], [5e-324], [9007199254740992], [None], [-1.5e-7]],
        "text": "[[0.1],[5],[-0],[1e+21],[5e-324],[9007199254740992],[null],[-1.5e-7]]",
    },
    {
        "why": "a number is rounded to float32",
        "inputs": [field("x", "float32")],
        "rows": [[0.1], [0.5]],
        "text": "[[0.10000000149011612],[0.5]]",
    },
    {
        "why": "whole numbers, also written with a fraction, and booleans",
        "inputs": [field("n", "int64"), field("b", "bool")],
        "rows": [[3, True], [-7.0, False], [None, None], [9007199254740991, True]],
        "text": "[[3,true],[-7,false],[null,null],[9007199254740991,true]]",
    },
    {
        "why": "strings are not normalized; the empty string is not missing",
        "inputs": [field("s", "string")],
        "rows": [["a"], [""], [None], ["e\u0301"], ["é"], ["😀"], ['"\\\n\u007f\u2028']],
        "text": '[["a"],[""],[null],["e\u0301"],["é"],["😀"],["\\"\\\\\\n\u007f\u2028"]]',
    },
    {
        "why": "dates",
        "inputs": [field("d", "date"), field("t", "datetime")],
        "rows": [["2026-11-27", "2026-11-27T18:37:30"], [None, "1969-12-31T23:59:59.5"]],
        "text": '[["2026-11-27","2026-11-27T18:37:30"],[null,"1969-12-31T23:59:59.5"]]',
    },
    {
        "why": "arrays",
        "inputs": [field("a", "tensor[2,2]")],
        "rows": [[[[1, 2], [3, 0.5]]], [[[0, -0.0], [1, 1]]]],
        "text": "[[[[1,2],[3,0.5]]],[[[0,-0],[1,1]]]]",
    },
    {
        "why": "a refused row is null",
        "inputs": [field("x", "float64"), field("s", "string")],
        "rows": [[1, "a"], ["one", "b"], [2, "c"]],
        "text": '[[1,"a"],null,[2,"c"]]',
    },
]


def statement() -> dict[str, Any]:
    """A statement whose JSON by the standard library is its canonical form: sorted keys, ASCII, no fractions."""
    return {
        "engine": {"name": "onnxruntime", "version": "1.31.1"},
        "format": 1,
        "input": {"digest": "8e" * 32, "rows": 2},
        "model": {"identity": IDENTITY, "name": "tiny", "version": "1"},
        "output": {"rows": 1, "values": {"label": [0, None]}},
        "route": "predict",
        "salt": SALT,
        "self_test": {"matching": 4, "rows": 4},
        "server": {"name": "sealift", "version": "0.1.0"},
        "time": "2026-11-27T18:37:30.495439Z",
    }


def text(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def keyid(key: Ed25519PrivateKey) -> str:
    return hashlib.sha256(key.public_key().public_bytes_raw()).hexdigest()


def made(payload: bytes, key: Ed25519PrivateKey = KEY, **header: Any) -> str:
    whole = {"alg": "EdDSA", "kid": keyid(key), "typ": "sealift-receipt"} | header
    message = f"{encoded(text(whole))}.{encoded(payload)}"
    return f"{message}.{encoded(key.sign(message.encode()))}"


def by_pyjwt() -> str:
    return jwt.api_jws.PyJWS().encode(
        text(statement()), KEY, "EdDSA", {"kid": keyid(KEY), "typ": "sealift-receipt"}, sort_headers=True
    )


def changed(**fields: Any) -> bytes:
    return text(statement() | fields)


def receipts() -> list[dict[str, Any]]:
    good = by_pyjwt()
    head, payload, signature = good.split(".")
    unused = signature[:-1] + {"A": "B", "Q": "R", "g": "h", "w": "x"}[signature[-1]]
    digest = {"rows": 1, "digest": "ab" * 32}
    cases: list[tuple[str, str, str | None]] = [
        ("with the answers, made by PyJWT", good, None),
        ("with a digest of the answers", made(changed(output=digest)), None),
        ("another statement under the same signature", f"{head}.{encoded(changed(route='infer'))}.{signature}", "E777"),
        ("another signature", f"{head}.{payload}.{encoded(bytes(64))}", "E777"),
        ("another key", made(changed(), OTHER), "E777"),
        ("another key under the name of the key", made(changed(), OTHER, kid=keyid(KEY)), "E777"),
        ("without an algorithm", made(changed(), alg="none"), "E777"),
        ("another algorithm", made(changed(), alg="HS256"), "E777"),
        ("a header with a further key", made(changed(), crit=["exp"]), "E777"),
        ("unused bits at the end of the signature", f"{head}.{payload}.{unused}", "E776"),
        ("padding", f"{head}.{payload}=.{signature}", "E776"),
        ("two parts", f"{head}.{payload}", "E776"),
        ("too long", made(changed(output={"rows": 1, "values": {"label": [0, "x" * 3000]}})), "E776"),
        ("not JSON", made(b"{"), "E776"),
        ("not canonical", made(json.dumps(statement()).encode()), "E776"),
        ("a duplicate key", made(b'{"format":1,' + text(statement())[1:]), "E776"),
        ("another format", made(changed(format=2)), "E776"),
        ("a further key", made(changed(more=1)), "E776"),
        ("answers and their digest", made(changed(output={**statement()["output"], **digest})), "E776"),
        ("neither answers nor digest", made(changed(output={"rows": 1})), "E776"),
        ("more answers than rows", made(changed(output={"rows": 1, "values": {"label": [0, None, 0]}})), "E776"),
        ("a negative number of rows", made(changed(self_test={"matching": -1, "rows": 4})), "E776"),
        ("a time without microseconds", made(changed(time="2026-11-27T18:37:30Z")), "E776"),
        ("a day that does not exist", made(changed(time="2026-02-30T18:37:30.000000Z")), "E776"),
        ("an identity in capitals", made(changed(model={**statement()["model"], "identity": "AB" * 32})), "E776"),
        ("a short salt", made(changed(salt="00")), "E776"),
    ]
    return [{"why": why, "receipt": receipt, "code": code} for why, receipt, code in cases]


def vectors() -> dict[str, Any]:
    for case in ROWS:
        case["digest"] = hashlib.sha256(bytes.fromhex(SALT) + str(case["text"]).encode()).hexdigest()
    return {
        "description": "spec/RECEIPT.md: rows with their canonical text and digest; receipts, and the code with which "
        "a verifier that has the key refuses them, or null.",
        "salt": SALT,
        "public_key": KEY.public_key().public_bytes_raw().hex(),
        "rows": ROWS,
        "receipts": receipts(),
    }


if __name__ == "__main__":
    TARGET.write_text(json.dumps(vectors(), indent=1, ensure_ascii=False) + "\n", "utf-8")
