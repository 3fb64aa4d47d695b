"""Every attack file is refused with exactly its code; the sound ones are read."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from sealift import seal
from sealift.errors import CODES, ContractError, SealError, SignatureError
from sealift.runtime import golden
from sealift.stages import Stages

HERE = Path(__file__).parent
EXPECTED: dict[str, dict[str, Any]] = json.loads((HERE / "expected.json").read_text())
REFUSED = [name for name, entry in EXPECTED.items() if entry["code"]]
OPENED = [name for name, entry in EXPECTED.items() if "open" in entry]
VERIFIED = [name for name, entry in EXPECTED.items() if "verify" in entry]


@pytest.mark.parametrize("name", REFUSED)
def test_an_attack_is_refused_with_its_code(name: str) -> None:
    with pytest.raises((SealError, SignatureError)) as caught:
        seal.read(HERE / "files" / name)
    error = caught.value
    assert error.code == EXPECTED[name]["code"], str(error)
    assert error.fix
    assert name in error.where
    assert error.code in CODES
    str(error).encode("utf-8")
    assert len(str(error)) < 1000


@pytest.mark.parametrize("name", OPENED)
def test_a_hostile_member_is_refused_when_the_file_is_opened(name: str) -> None:
    sealed = seal.read(HERE / "files" / name)
    code = EXPECTED[name]["open"]
    if code is None:
        opened(sealed)
        return
    with pytest.raises((ContractError, SealError)) as caught:
        opened(sealed)
    assert caught.value.code == code, str(caught.value)
    assert caught.value.fix
    assert len(str(caught.value)) < 1000


def opened(sealed: seal.Seal) -> None:
    """What `sealift.load` and the self-test read before the graph is run."""
    contract = sealed.contract()
    stages = Stages.of(contract)
    examples = golden.read_examples(sealed.json("golden/examples.json"), contract, sealed.members)
    golden.encoded(examples, contract, stages)


@pytest.mark.parametrize("name", [name for name in EXPECTED if name not in REFUSED and name not in OPENED])
def test_a_sound_file_is_read(name: str) -> None:
    sealed = seal.read(HERE / "files" / name)
    assert sealed.manifest.name == "tiny"
    assert sealed.json("contract.json") == {"inputs": []}


@pytest.mark.parametrize("name", VERIFIED)
def test_a_signature_is_checked_against_the_publishers_key(name: str) -> None:
    sealed = seal.read(HERE / "files" / name)
    key = seal.load_public_key(HERE / "publisher.pub")
    code = EXPECTED[name]["verify"]
    if code is None:
        assert seal.verify_key(sealed, key) in {one.keyid for one in seal.signatures(sealed)}
        return
    with pytest.raises(SignatureError) as caught:
        seal.verify_key(sealed, key)
    assert caught.value.code == code
    assert caught.value.fix


def test_the_script_makes_the_kept_files_byte_for_byte() -> None:
    spec = importlib.util.spec_from_file_location("attack_files", HERE / "make.py")
    assert spec is not None
    assert spec.loader is not None
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    made: dict[Path, bytes] = make.build()
    for path, data in made.items():
        assert path.read_bytes() == data, path.name
    assert {path.name for path in made if path.parent == HERE / "files"} == set(EXPECTED)
    assert {path.name for path in (HERE / "files").iterdir()} == set(EXPECTED)
    assert sum(len(data) for data in made.values()) < 1_250_000  # files, expectations and vectors
