"""`sealift verify page.html`: a page is made anew and compared; a changed one is refused, whatever it says."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

import seals
from sealift import canonical, seal
from sealift.cli.commands import app
from sealift.errors import SealiftError
from sealift.seal import generate_keys, load_private_key
from sealift.targets.base import SealedFile
from sealift.targets.page import build_handout, build_page, check_page
from sealift.targets.page.handout import BROWSERS


@pytest.fixture(name="signed")
def _signed(tmp_path: Path) -> Path:
    path = seals.write(tmp_path / "tiny.seal")
    generate_keys(tmp_path / "clinic.key")
    seal.write(path, seal.sign(seal.read(path), load_private_key(tmp_path / "clinic.key")))
    return path


@pytest.fixture(name="page")
def _page(signed: Path, tmp_path: Path) -> Path:
    return build_page(signed, tmp_path / "tiny.html").path


def _payload(page: bytes, name: str, change: Callable[[bytes], bytes], level: int = 9) -> bytes:
    """The page with another payload, its digest put right."""
    block = re.search(rb'data-payload="%s"[^>]*data-sha256="([0-9a-f]{64})">([^<]*)<' % name.encode(), page)
    assert block is not None
    packed = gzip.compress(change(gzip.decompress(base64.b64decode(block[2]))), level, mtime=0)
    page = page.replace(block[2], base64.b64encode(packed))
    return page.replace(block[1], hashlib.sha256(packed).hexdigest().encode())


def _patched_function(data: bytes) -> bytes:
    assert b"verify" in data
    return data.replace(b"verify", b"verifY", 1)


def _cli(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return done.exit_code, done.output


def test_a_page_as_it_was_made(page: Path, signed: Path) -> None:
    assert check_page(page).identity == seal.read(signed).identity
    code, output = _cli("verify", page, "--key", page.parent / "clinic.key.pub")
    assert code == 0, output
    assert "the page is byte for byte the one that this version of Sealift makes" in output
    assert "signed by" in output
    code, output = _cli("verify", page, "--json")
    assert (code, json.loads(output)["page"]) == (0, True)


def test_another_compressor_makes_no_difference(page: Path) -> None:
    page.write_bytes(_payload(page.read_bytes(), "ui", lambda data: data, level=1))
    check_page(page)


CHANGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a function of the page": (lambda page: _payload(page, "ui", _patched_function), "the program of the page"),
    "a function of the worker": (
        lambda page: _payload(page, "worker", lambda data: data + b"\n"),
        "the program that runs the model",
    ),
    "the engine": (lambda page: _payload(page, "wasm", lambda data: data + b"\0"), "the engine"),
    "the policy": (lambda page: page.replace(b"connect-src", b"connect-srb", 1), "the outer page from byte"),
    "a script behind the end": (lambda page: page + b"<script>alert(1)</script>", "the outer page from byte"),
    "a second sealed file": (
        lambda page: page + re.findall(rb'<script[^>]*"seal".*?</script>', page, re.DOTALL)[0],
        "sealed file",
    ),
    "an unreadable part": (lambda page: _payload(page, "ui", lambda data: data)[:-4000], "changed"),
    "no sealed file": (lambda page: page.replace(b'data-payload="seal"', b'data-payload="soul"'), "no sealed file"),
    "other HTML": (lambda _: b"<!doctype html><p>Heart risk</p>", "no sealed file"),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_changed_page_is_refused(kind: str, page: Path) -> None:
    change, message = CHANGES[kind]
    page.write_bytes(change(page.read_bytes()))
    with pytest.raises(SealiftError) as caught:
        check_page(page)
    assert caught.value.code == "E604"
    assert message in caught.value.what
    code, output = _cli("verify", page, "--key", page.parent / "clinic.key.pub")
    assert code == 1
    assert "E604" in output


def test_a_changed_page_that_names_another_version_is_no_better(page: Path) -> None:
    changed = _payload(page.read_bytes(), "ui", _patched_function)
    page.write_bytes(re.sub(rb'content="sealift [0-9.]+ ', b'content="sealift 99.0 ', changed, count=1))
    with pytest.raises(SealiftError) as caught:
        check_page(page)
    assert caught.value.code == "E605"
    assert "'sealift 99.0 (front end" in caught.value.what
    assert "nothing is proved" in caught.value.what
    assert _cli("verify", page)[0] == 1


def test_a_sound_page_of_another_key_or_without_a_signature(page: Path, tmp_path: Path) -> None:
    generate_keys(tmp_path / "other.key")
    code, output = _cli("verify", page, "--key", tmp_path / "other.key.pub")
    assert (code, "E503" in output) == (1, True)
    plain = build_page(seals.write(tmp_path / "plain.seal"), tmp_path / "plain.html").path
    code, output = _cli("verify", plain)
    assert (code, "not signed" in output) == (0, True)


def test_the_sheet_has_the_digests_and_is_the_same_every_time(signed: Path, tmp_path: Path) -> None:
    code, output = _cli("app", signed, "--handout")
    assert code == 0, output
    page, sheet = tmp_path / "tiny.html", tmp_path / "tiny-handout.html"
    text = sheet.read_text("utf-8")
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (page, signed)]
    for part in (
        *digests,
        seal.read(signed).identity,
        "sealift verify tiny.html --key",
        *BROWSERS,
        "To be reviewed by",
    ):
        assert part in text, part
    again = build_handout(SealedFile.read(signed), build_page(signed, page), tmp_path / "again.html")
    assert again.sha256 == hashlib.sha256(sheet.read_bytes()).hexdigest()


def test_the_sheet_escapes_what_the_packer_wrote(tmp_path: Path) -> None:
    members = seals.members()
    contract = canonical.loads(members["contract.json"])
    contract["title"] = contract["description"] = "<img src=x onerror=alert(1)>\u202e"
    contract["about"] = {"author": "</td><script>alert(1)</script>", "review_date": "2027-01-31"}
    members["contract.json"] = canonical.dumps(contract)
    members["card.md"] = b"# T\n\n## Privacy\n\nNo **row** <b>of</b> it.\n\n## Who\n"
    del members["manifest.json"]
    path = tmp_path / "evil.seal"
    sealed = seal.assemble(members, name="t", version="1", task="classification", producer="p", opsets={"": 21})
    seal.write(path, sealed)
    source = SealedFile.read(path)
    sheet = build_handout(source, build_page(source, tmp_path / "evil.html"), tmp_path / "sheet.html")
    text = sheet.path.read_text("utf-8")
    assert "<script" not in text
    assert "<img" not in text
    assert "\u202e" not in text
    assert "2027-01-31" in text
    assert "No row &lt;b&gt;of&lt;/b&gt; it." in text
