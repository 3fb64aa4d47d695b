from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from onnx_bytes import holding
from sealift import canonical, seal
from sealift.errors import SealError, SignatureError
from sealift.seal import layout, manifest

FILES = Path(__file__).parents[1] / "attacks" / "files"
QUICK = settings(max_examples=150, deadline=None)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abé😀\"\\\n", max_size=3), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@cache
def sound(name: str) -> bytes:
    return (FILES / name).read_bytes()


def refused(data: bytes) -> None:
    with pytest.raises((SealError, SignatureError)) as caught:
        seal.parse(data)
    assert caught.value.fix


@pytest.mark.parametrize("flip", [0x01, 0x80])
def test_a_bit_of_any_byte_changed_is_refused(flip: int) -> None:
    data = bytearray(sound("sound-all-members.seal"))
    for at in range(len(data)):
        data[at] ^= flip
        refused(bytes(data))
        data[at] ^= flip


@QUICK
@given(st.data())
def test_any_change_of_any_byte_is_refused(data: st.DataObject) -> None:
    whole = bytearray(sound("sound-signed.seal"))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    refused(bytes(whole))


@QUICK
@given(st.data())
def test_anything_cut_out_put_in_or_moved_is_refused(data: st.DataObject) -> None:
    whole = sound("sound.seal")
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(whole))] * 2)))
    other = whole[:start] + data.draw(st.binary(max_size=200)) + whole[end:]
    if other != whole:
        refused(other)


@QUICK
@given(st.binary(max_size=400), st.sampled_from([b"", b"PK\x03\x04", sound("sound.seal")[:300]]), st.booleans())
def test_random_bytes_are_refused(noise: bytes, head: bytes, tail: bool) -> None:
    refused(head + noise + (sound("sound.seal")[-22:] if tail else b""))


@QUICK
@given(st.data())
def test_no_manifest_makes_the_reader_stumble(data: st.DataObject) -> None:
    members = dict(layout.unpack(sound("sound.seal")))
    raw: Any = json.loads(bytes(members["manifest.json"]))
    for _ in range(data.draw(st.integers(1, 3))):
        place = raw
        while data.draw(st.booleans()) and any(isinstance(value, dict) for value in place.values()):
            place = data.draw(st.sampled_from([value for value in place.values() if isinstance(value, dict)]))
        key = data.draw(st.sampled_from([*place, "new"]) if place else st.just("new"))
        place[key] = data.draw(JSON)
    encoded = canonical.dumps(raw)
    if encoded != members["manifest.json"]:
        try:
            # A change of name, version, task, producer or opsets makes another sound model; nothing else may pass.
            parsed = seal.parse(b"".join(layout.pack({**members, "manifest.json": encoded}))).manifest
        except (SealError, SignatureError):
            return
        assert parsed.members == manifest.parse(bytes(members["manifest.json"])).members


@QUICK
@given(st.binary(max_size=300) | JSON.map(canonical.dumps))
def test_no_signature_makes_the_reader_stumble(signature: bytes) -> None:
    refused(b"".join(layout.pack({**layout.unpack(sound("sound.seal")), "signature.json": signature})))


OPTIONAL = ["reference/sketches.json", "reference/background.json"]


@QUICK
@given(
    model=st.binary(max_size=2000),
    card=st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
    parts=st.fixed_dictionaries(
        dict.fromkeys(sorted(manifest.REQUIRED - {"model.onnx", "card.md"}), JSON),
        optional=dict.fromkeys(OPTIONAL, JSON),
    ),
    name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", fullmatch=True),
    version=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}", fullmatch=True),
    sign=st.booleans(),
)
def test_members_come_back_as_they_were(
    model: bytes, card: str, parts: dict[str, Any], name: str, version: str, sign: bool
) -> None:
    plain = {
        **{key: canonical.dumps(value) for key, value in parts.items()},
        "model.onnx": holding(model),
        "card.md": card.encode(),
    }
    whole = seal.assemble(plain, name=name, version=version, task="t", producer="p", opsets={"": 21})
    sealed_file = seal.parse(b"".join(layout.pack(whole)))
    if sign:
        key = Ed25519PrivateKey.from_private_bytes(bytes(32))
        again = seal.parse(b"".join(layout.pack(seal.sign(sealed_file, key))))
        seal.verify_key(again, key.public_key())
        assert again.identity == sealed_file.identity
        sealed_file = again
    assert {key: bytes(data) for key, data in sealed_file.members.items() if key != "signature.json"} == whole
    assert sealed_file.text("card.md") == card
    assert all(sealed_file.json(key) == value for key, value in parts.items())


@QUICK
@given(JSON)
def test_canonical_json_is_read_back_unchanged(value: Any) -> None:
    data = canonical.dumps(value)
    assert canonical.loads(data) == value
    assert canonical.dumps(canonical.loads(data)) == data


@QUICK
@given(st.text('[]{}":,\\ud8cf01-.eNa\t ', max_size=40) | JSON.map(json.dumps))
def test_the_strict_reader_never_accepts_what_json_refuses(text: str) -> None:
    try:
        parsed = canonical.loads(text.encode())
    except ValueError:
        return
    assert json.loads(text) == parsed
