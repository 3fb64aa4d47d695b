"""Where sealed files and private keys are read from: streams with a limit, and keys that a password protects."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sealift import seal
from sealift.canonical import Marks
from sealift.errors import FileError, SealError, SealiftError, SignatureError
from sealift.seal import reader
from sealift.seal.file_source import read_source
from sealift.seal.keys import VARIABLE, open_private_key
from sealift.seal.signature import generate_keys, key_id, verify_key

SOUND = Path(__file__).parents[1] / "attacks/files/sound.seal"
GIB = 1 << 30


class Piece(bytes):
    """Bytes that claim to be a gibibyte long, or one byte less."""

    claimed = GIB

    def __len__(self) -> int:
        return self.claimed


class Shorter(Piece):
    claimed = GIB - 1


class Stream:
    """A stream of these pieces."""

    name = "a stream"

    def __init__(self, *pieces: Any) -> None:
        self.pieces = [*pieces]

    def read(self, size: int) -> Any:
        return self.pieces.pop(0) if self.pieces else b""


def test_a_stream_is_read_piece_by_piece() -> None:
    data = SOUND.read_bytes()
    stream: Any = Stream(data[:1000], bytearray(data[1000:1001]), data[1001:])
    assert read_source(stream).identity == seal.read(SOUND).identity


@pytest.mark.parametrize(("last", "refused"), [(Shorter(b"y"), False), (Piece(b"y"), True)])
def test_a_stream_may_have_two_gib_less_one_byte(last: bytes, refused: bool) -> None:
    stream: Any = Stream(Piece(b"x"), last)
    with pytest.raises(SealiftError) as caught:  # what is not too long is no sealed file
        read_source(stream)
    error = caught.value
    assert ("more than 2 GiB" in error.what) is refused
    assert error.code == ("E401" if refused else "E201")
    assert not refused or error.where == "a stream"


@pytest.mark.parametrize("piece", ["text", None, 3])
def test_a_stream_of_anything_else_is_not_binary(piece: Any) -> None:
    stream: Any = Stream(piece)
    with pytest.raises(FileError, match="not binary") as caught:
        read_source(stream)
    assert caught.value.code == "E401"


def test_a_protected_key_needs_its_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    public, number = generate_keys(tmp_path / "key", password=b"secret")
    assert public == tmp_path / "key.pub"
    with pytest.raises(SignatureError, match="protected by a password") as caught:
        open_private_key(tmp_path / "key")
    assert (caught.value.code, caught.value.where) == ("E501", str(tmp_path / "key"))
    with pytest.raises(SignatureError) as caught:
        open_private_key(tmp_path / "key", password="wrong")
    assert caught.value.code == "E501"
    for password in ("secret", b"secret"):
        assert key_id(open_private_key(tmp_path / "key", password=password).public_key()) == number
    monkeypatch.setenv(VARIABLE, "secret")
    assert key_id(open_private_key(tmp_path / "key").public_key()) == number


def test_a_key_without_a_password_needs_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "of another key")
    _, number = generate_keys(tmp_path / "key")
    assert key_id(open_private_key(tmp_path / "key").public_key()) == number
    held = Ed25519PrivateKey.from_private_bytes(bytes(32))
    assert open_private_key(held) is held
    with pytest.raises(SignatureError) as caught:
        generate_keys(tmp_path / "empty", password=b"")
    assert (caught.value.code, caught.value.where) == ("E501", str(tmp_path / "empty"))


def test_the_error_names_the_key_that_is_missing() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32).public_key()
    with pytest.raises(SignatureError) as caught:
        verify_key(seal.read(SOUND), key)
    assert caught.value.code == "E503"
    assert f"by the key {key_id(key)[:16]}…." in caught.value.what


def test_a_contract_may_have_fewer_keys_than_the_other_members() -> None:
    none = Marks(0, 0)
    most = 3 << 17
    for count, name, refused in (
        (1 << 17, "contract.json", False),
        ((1 << 17) + 1, "contract.json", True),
        (most, "evidence.json", False),
        (most + 1, "evidence.json", True),
    ):
        data = b"{" + b",".join(b'"%07d":0' % i for i in range(count)) + b"}"
        if not refused:
            assert len(reader._json(name, data, none)[0]) == count
            continue
        with pytest.raises(SealError) as caught:
            reader._json(name, data, none)
        assert caught.value.code == "E203"


@pytest.mark.parametrize(("count", "refused"), [(7 << 17, False), ((7 << 17) + 1, True)])
def test_the_values_of_json_members_have_a_limit(count: int, refused: bool) -> None:
    data = b"[" + b"0," * (count - 1) + b"0]"
    if not refused:
        assert len(reader._json("evidence.json", data, Marks(0, 0))[0]) == count
        return
    with pytest.raises(SealError) as caught:
        reader._json("evidence.json", data, Marks(0, 0))
    assert caught.value.code == "E203"


def test_files_are_equal_whatever_was_read_of_them() -> None:
    one, other = seal.read(SOUND), seal.read(SOUND)
    assert one == other
    assert one.json("evidence.json") == {}
    assert one == other


def test_a_signature_of_the_key_that_does_not_fit_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32).public_key()
    wrong = SimpleNamespace(keyid=key_id(key), value=bytes(64), message=b"x")
    monkeypatch.setattr("sealift.seal.signature.signatures", lambda sealed: [wrong])
    with pytest.raises(SignatureError, match="signature is not valid") as caught:
        verify_key(seal.read(SOUND), key)
    assert (caught.value.code, caught.value.where) == ("E502", "signature.json")
