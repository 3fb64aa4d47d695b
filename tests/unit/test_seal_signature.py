from __future__ import annotations

import base64
import hashlib
import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]

from sealift import files, seal
from sealift.errors import FileError, SealError, SignatureError
from sealift.seal import Seal, envelope, layout, points, signature

ROOT = Path(__file__).parents[2]
VECTOR: dict[str, Any] = json.loads((ROOT / "spec/vectors/seal/signed.json").read_text(encoding="utf-8"))


def private(number: int = 1) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def opened() -> Seal:
    return seal.read(ROOT / "tests/attacks/files/sound.seal")


def with_signature(data: bytes) -> bytes:
    return b"".join(layout.pack({**opened().members, "signature.json": data}))


def signed(*keys: Ed25519PrivateKey) -> Seal:
    sealed_file = opened()
    for key in keys:
        sealed_file = seal.parse(b"".join(layout.pack(seal.sign(sealed_file, key))))
    return sealed_file


def refused(signatures: Seal, key: Ed25519PrivateKey) -> str:
    with pytest.raises(SignatureError) as caught:
        seal.verify_key(signatures, key.public_key())
    assert caught.value.fix
    return caught.value.code


def test_a_signature_is_verified_only_by_its_key() -> None:
    sealed_file = signed(private(1))
    assert seal.verify_key(sealed_file, private(1).public_key()) == signature.key_id(private(1).public_key())
    assert refused(sealed_file, private(2)) == "E503"
    assert refused(opened(), private(1)) == "E503"
    assert seal.signatures(opened()) == []


def test_signing_leaves_the_identity() -> None:
    assert signed(private()).identity == opened().identity


def test_several_keys_sign_in_any_order_to_the_same_bytes() -> None:
    one, other = signed(private(1), private(2), private(3)), signed(private(3), private(1), private(2))
    assert one.members["signature.json"] == other.members["signature.json"]
    for number in (1, 2, 3):
        seal.verify_key(one, private(number).public_key())


def test_signing_again_with_one_key_replaces() -> None:
    assert signed(private(1), private(1)).members["signature.json"] == signed(private(1)).members["signature.json"]


def test_a_signature_does_not_move_to_another_model() -> None:
    other = seal.read(ROOT / "tests/attacks/files/sound-all-members.seal")
    foreign = {**other.members, "signature.json": signed(private()).members["signature.json"]}
    with pytest.raises(SignatureError) as caught:
        seal.parse(b"".join(layout.pack(foreign)))
    assert caught.value.code == "E502"


def test_a_file_is_signed_in_place(tmp_path: Path) -> None:
    path = tmp_path / "a.seal"
    seal.write(path, opened().members)
    seal.write(path, seal.sign(seal.read(path), private()))
    seal.verify_key(seal.read(path), private().public_key())


def test_too_many_or_no_signatures_are_refused() -> None:
    payload = envelope.statement(opened().manifest, opened().identity)
    for count in (0, 65):
        data = envelope.build(payload, [(f"{i:064x}", bytes(64)) for i in range(count)])
        with pytest.raises(SealError, match="1 to 64") as caught:
            seal.parse(with_signature(data))
        assert caught.value.code == "E205"


def test_the_vector_of_the_specification() -> None:
    sealed_file = seal.read(ROOT / VECTOR["file"])
    assert sealed_file.identity == VECTOR["identity"]
    assert envelope.statement(sealed_file.manifest, sealed_file.identity) == VECTOR["payload"].encode()
    by_key = {one.keyid: one for one in seal.signatures(sealed_file)}
    assert set(by_key) == set(VECTOR["keyids"].values())
    mine = by_key[VECTOR["keyids"]["publisher"]]
    assert mine.message.hex() == VECTOR["preAuthenticationEncoding"]
    assert mine.value.hex() == VECTOR["signature"]


def oracle(value: Seal, key: Ed25519PrivateKey) -> None:
    raw = key.public_key().public_bytes_raw().hex()
    known = SSlibKey(signature.key_id(key.public_key()), "ed25519", "ed25519", {"public": raw})
    Envelope.from_dict(json.loads(bytes(value.members["signature.json"]))).verify([known], 1)


def test_another_implementation_of_dsse_agrees() -> None:
    sealed_file = signed(private(1), private(2))
    oracle(sealed_file, private(2))
    with pytest.raises(VerificationError):
        oracle(sealed_file, private(3))
    raw = json.loads(bytes(sealed_file.members["signature.json"]))
    assert Envelope.from_dict(raw).pae() == seal.signatures(sealed_file)[0].message


def test_openssl_verifies_the_signature(tmp_path: Path) -> None:
    public, _ = seal.generate_keys(tmp_path / "key")
    [one] = seal.signatures(signed(seal.load_private_key(tmp_path / "key")))
    (tmp_path / "message").write_bytes(one.message)
    (tmp_path / "sig").write_bytes(one.value)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(public), "-rawin", "-in", "message"]
    done = subprocess.run([*command, "-sigfile", "sig"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Verified Successfully" in done.stdout, done.stderr


# --- keys


def test_a_pair_is_made_private_and_loads(tmp_path: Path) -> None:
    path = tmp_path / "key"
    public, keyid = seal.generate_keys(path)
    assert public == tmp_path / "key.pub"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert signature.key_id(seal.load_public_key(public)) == keyid
    assert signature.key_id(seal.load_private_key(path).public_key()) == keyid


def test_a_private_key_is_private_from_its_first_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[int] = []
    create = files.create

    def watched(path: Path, data: bytes, *, mode: int = 0o666) -> None:
        modes.append(mode)
        create(path, data, mode=mode)

    monkeypatch.setattr(files, "create", watched)
    seal.generate_keys(tmp_path / "key")
    assert modes == [0o600, 0o666]


@pytest.mark.parametrize("taken", ["key", "key.pub"])
@pytest.mark.parametrize("link", [False, True])
def test_a_key_is_never_overwritten(tmp_path: Path, taken: str, link: bool) -> None:
    if link:
        (tmp_path / taken).symlink_to(tmp_path / "nowhere")
    else:
        (tmp_path / taken).write_bytes(b"precious")
    with pytest.raises(SignatureError, match="never overwritten") as caught:
        seal.generate_keys(tmp_path / "key")
    assert caught.value.code == "E501"
    assert [path.name for path in tmp_path.iterdir()] == [taken]
    if not link:
        assert (tmp_path / taken).read_bytes() == b"precious"


def test_a_missing_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        seal.generate_keys(tmp_path / "missing" / "key")
    assert caught.value.code == "E402"


def test_a_password_protects_the_private_key(tmp_path: Path) -> None:
    path = tmp_path / "key"
    _, keyid = seal.generate_keys(path, password=b"correct horse")
    assert b"ENCRYPTED" in path.read_bytes()
    assert signature.key_id(seal.load_private_key(path, password=b"correct horse").public_key()) == keyid
    for password in (b"wrong", None, b""):
        with pytest.raises(SignatureError) as caught:
            seal.load_private_key(path, password=password)
        assert caught.value.code == "E501"
        assert caught.value.where == str(path)


def test_a_password_for_an_unencrypted_key_is_refused(tmp_path: Path) -> None:
    seal.generate_keys(tmp_path / "key")
    with pytest.raises(SignatureError):
        seal.load_private_key(tmp_path / "key", password=b"x")


def test_an_empty_password_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SignatureError, match="empty"):
        seal.generate_keys(tmp_path / "key", password=b"")
    assert list(tmp_path.iterdir()) == []


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 1024)  # the size does not matter here
    s = serialization
    pem = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    (tmp_path / "key").write_bytes(pem)
    (tmp_path / "pub").write_bytes(key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(SignatureError, match="not an Ed25519 key"):
        seal.load_private_key(tmp_path / "key")
    with pytest.raises(SignatureError, match="not an Ed25519 key"):
        seal.load_public_key(tmp_path / "pub")


# An X.509 key of an algorithm (object identifier 1.2.3.4) that no library knows.
UNKNOWN = base64.b64encode(bytes.fromhex("300c300506032a0304030300aabb"))


@pytest.mark.parametrize(
    "data",
    [b"", b"no key", b"-----BEGIN PUBLIC KEY-----\n" + UNKNOWN + b"\n-----END PUBLIC KEY-----\n", bytes(1 << 17)],
    ids=["empty", "text", "unknown algorithm", "large"],
)
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "key").write_bytes(data)
    for load in (seal.load_private_key, seal.load_public_key):
        with pytest.raises(SignatureError) as caught:
            load(tmp_path / "key")
        assert caught.value.code == "E501"


def test_a_private_key_is_no_public_key(tmp_path: Path) -> None:
    public, _ = seal.generate_keys(tmp_path / "key")
    with pytest.raises(SignatureError):
        seal.load_public_key(tmp_path / "key")
    with pytest.raises(SignatureError):
        seal.load_private_key(public)


def test_a_missing_key_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        seal.load_public_key(tmp_path / "missing")
    assert caught.value.code == "E401"


KEYS: dict[str, list[str]] = json.loads((ROOT / "spec/vectors/seal/keys.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("encoded", KEYS["refused"])
def test_a_public_key_of_small_order_or_another_encoding_is_refused(encoded: str, tmp_path: Path) -> None:
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(encoded))
    pem = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "weak.pub").write_bytes(pem)
    with pytest.raises(SignatureError, match="E501"):
        seal.load_public_key(tmp_path / "weak.pub")
    with pytest.raises(SignatureError, match="E501"):
        seal.verify_key(opened(), key)


def test_a_forgery_under_the_neutral_point_is_not_valid() -> None:
    """R = the neutral point and S = 0 satisfy the equation of RFC 8032 under that key, whatever the message is."""
    neutral = bytes([1, *bytes(31)])
    forged = envelope.build(
        envelope.statement(opened().manifest, opened().identity),
        [(hashlib.sha256(neutral).hexdigest(), neutral + bytes(32))],
    )
    sealed_file = seal.parse(with_signature(forged))
    with pytest.raises(SignatureError, match="E501"):
        seal.verify_key(sealed_file, Ed25519PublicKey.from_public_bytes(neutral))


def test_usual_public_keys_are_accepted() -> None:
    for encoded in KEYS["accepted"]:
        assert not points.is_weak(bytes.fromhex(encoded))
    for number in range(200):
        assert not points.is_weak(private(number).public_key().public_bytes_raw())


def test_signing_at_once_keeps_every_signature(tmp_path: Path) -> None:
    file = tmp_path / "m.seal"
    file.write_bytes((ROOT / "tests/attacks/files/sound.seal").read_bytes())
    code = (
        "import sys\nfrom pathlib import Path\nfrom sealift import seal\n"
        "from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey\n"
        "for number in sys.argv[2:]:\n"
        "    seal.sign_file(Path(sys.argv[1]), Ed25519PrivateKey.from_private_bytes(bytes([int(number)]) * 32))\n"
    )
    numbers = [[str(10 * process + i) for i in range(8)] for process in range(4)]
    running = [subprocess.Popen([sys.executable, "-c", code, file, *some]) for some in numbers]
    assert [one.wait(timeout=60) for one in running] == [0, 0, 0, 0]
    expected = {signature.key_id(private(int(n)).public_key()) for some in numbers for n in some}
    assert {one.keyid for one in seal.signatures(seal.read(file))} == expected
    assert list(tmp_path.iterdir()) == [file]
