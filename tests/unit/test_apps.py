"""The builder of pages: deterministic, locked by hashes, refusing what it must; no browser needed here."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from onnx_bytes import holding
from sealift import canonical, front, seal
from sealift.contract import Contract, Field, Output
from sealift.errors import SealError
from sealift.targets.app import app
from sealift.targets.page import PageError, build, build_page

TITLE = "</title><script>alert(1)</script> {{csp}} \u202e$&"


class _Reader(HTMLParser):
    """What a browser would see: meta tags, and the text of scripts and styles."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.meta: dict[str, str] = {}
        self.elements: list[tuple[str, dict[str, str | None], str]] = []
        self.title = ""
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "meta":
            self.meta[values.get("http-equiv") or values.get("name") or ""] = values.get("content") or ""
        self.elements.append((tag, values, ""))
        self.inside = True

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            tag, values, text = self.elements[-1]
            self.elements[-1] = (tag, values, text + data)
            if tag == "title":
                self.title = text + data

    def texts(self, tag: str) -> list[str]:
        return [text for name, values, text in self.elements if name == tag and "data-payload" not in values]

    def payload(self, name: str) -> bytes:
        blocks = [(v, text) for _, v, text in self.elements if v.get("data-payload") == name]
        assert all(int(values["data-count"] or 0) == len(blocks) for values, _ in blocks)
        pieces = [base64.b64decode(text, validate=True) for _, text in blocks]
        for piece, (values, _) in zip(pieces, blocks, strict=True):
            assert hashlib.sha256(piece).hexdigest() == values["data-sha256"]
        data = b"".join(pieces)
        return gzip.decompress(data) if blocks[0][0]["data-encoding"] == "gzip" else data


def _read(text: str) -> _Reader:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader


@pytest.fixture(name="front_folder")
def _front_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the built front end, so that these tests need no Node."""
    folder = tmp_path / "front"
    folder.mkdir()
    templates = Path(__file__).parents[2] / "web/app/src/shell"
    files = {
        "shell.html": (templates / "shell.html").read_bytes(),
        "ui.html": (templates / "ui.html").read_bytes(),
        "shell.css": b"body{}",
        "ui.css": b"main{}",
        "loader.js": b"'{{title}}';",
        "ui.js": "'größe';".encode(),
        "worker.js": b"self;",
        "ort.wasm.gz": gzip.compress(b"wasm", mtime=0),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    listed = {name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for name, data in files.items()}
    (folder / "front.json").write_text(json.dumps({"files": listed, "versions": {"onnxruntime-web": "1"}}))
    monkeypatch.setattr(front, "FOLDER", folder)
    return folder


@pytest.fixture(name="sealed")
def _sealed(tmp_path: Path) -> Path:
    contract = Contract(
        inputs=(Field(name="x", dtype="float64"),),
        outputs=(Output(name="value", kind="value", dtype="float64"),),
        task="regression",
        title=TITLE,
    )
    parts: dict[str, bytes] = {
        "contract.json": canonical.dumps(contract.as_json()),
        "model.onnx": holding(bytes(range(256)) * 40),
        "golden/examples.json": b"{}",
        "evidence.json": b"{}",
        "card.md": b"# Card",
        "provenance.json": b"{}",
        "sbom.cdx.json": b"{}",
    }
    path = tmp_path / "m.seal"
    seal.write(path, seal.assemble(parts, name="m", version="1", task="regression", producer="t", opsets={"": 21}))
    return path


@pytest.mark.usefixtures("front_folder")
def test_the_page_holds_the_sealed_file_to_the_letter(sealed: Path, tmp_path: Path) -> None:
    info = build_page(sealed, tmp_path / "m.html")
    data = info.path.read_bytes()
    assert _read(data.decode()).payload("seal") == sealed.read_bytes()
    assert (info.size, info.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert info.identity == seal.read(sealed).identity
    assert build_page(sealed, tmp_path / "again.html").sha256 == info.sha256


@pytest.mark.usefixtures("front_folder")
def test_the_policy_names_every_script_and_style_and_nothing_else(sealed: Path, tmp_path: Path) -> None:
    outer = _read(build_page(sealed, tmp_path / "m.html").path.read_text())
    inner = _read(outer.payload("ui").decode())
    policy = outer.meta["Content-Security-Policy"]
    assert inner.meta["Content-Security-Policy"] == policy
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))

    def digests(texts: list[str]) -> set[str]:
        return {f"'sha256-{base64.b64encode(hashlib.sha256(t.encode()).digest()).decode()}'" for t in texts}

    assert set(rules["script-src"].split()) == digests(outer.texts("script") + inner.texts("script")) | {
        "'wasm-unsafe-eval'"
    }
    assert set(rules["style-src"].split()) == digests(outer.texts("style") + inner.texts("style"))
    for closed in ("default-src", "connect-src", "frame-src", "form-action", "base-uri"):
        assert rules[closed] == "'none'"
    assert (rules["img-src"], rules["worker-src"]) == ("data: blob:", "blob:")
    assert not re.search(r"https?:|\*|unsafe-inline|'unsafe-eval'", policy)


@pytest.mark.usefixtures("front_folder")
def test_a_hostile_title_stays_a_title(sealed: Path, tmp_path: Path) -> None:
    info = build_page(sealed, tmp_path / "m.html")
    outer = _read(info.path.read_text())
    assert outer.title == TITLE.replace("\u202e", "") == info.title.replace("\u202e", "")
    assert outer.texts("script") == ["'{{title}}';"]  # what is filled in is not filled in again
    assert html.escape("<script>alert(1)</script>") in info.path.read_text()


@pytest.mark.usefixtures("front_folder")
def test_weights_are_not_compressed_in_vain(sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "CHUNK", 1000)
    noise = hashlib.shake_256(b"weights").digest(50_000)
    built = build.assemble(front.load(front.FOLDER), noise, title="t", identity="i").decode()
    reader = _read(built)
    assert reader.payload("seal") == noise
    assert 'data-payload="seal" data-count="50" data-encoding="stored"' in built


def test_a_front_end_that_was_not_built_is_named_with_the_remedy(
    front_folder: Path, sealed: Path, tmp_path: Path
) -> None:
    (front_folder / "ui.js").write_text("changed")
    with pytest.raises(PageError) as caught:
        build_page(sealed, tmp_path / "m.html")
    assert caught.value.code == "E601"
    (front_folder / "front.json").unlink()
    with pytest.raises(PageError, match=r"npm run build") as caught:
        build_page(sealed, tmp_path / "m.html")
    assert caught.value.code == "E601"
    assert not (tmp_path / "m.html").exists()


@pytest.mark.usefixtures("front_folder")
def test_what_is_no_sealed_file_makes_no_page(sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "m.html"
    out.write_text("kept")
    data = sealed.read_bytes()
    sealed.write_bytes(data[:-1])
    with pytest.raises(SealError) as caught:
        build_page(sealed, out)
    assert caught.value.code == "E202"
    assert str(sealed) in caught.value.where
    sealed.write_bytes(data)
    monkeypatch.setattr(build, "MAX_SEAL", 1000)
    with pytest.raises(PageError) as too_large:
        build_page(sealed, out)
    assert too_large.value.code == "E602"
    assert out.read_text() == "kept"


def test_a_file_too_large_for_a_page_is_not_read(tmp_path: Path) -> None:
    large = tmp_path / "large.seal"
    with large.open("wb") as stream:
        stream.truncate(build.MAX_SEAL + 1)  # no bytes of a sealed file: reading it would be E201
    with pytest.raises(PageError) as caught:
        app(large)
    assert caught.value.code == "E602"
    assert "`sealift optimize`" in caught.value.fix
    assert not large.with_suffix(".html").exists()


def test_a_page_is_built_without_any_framework() -> None:
    code = (
        "import sys, sealift.targets.page; "
        "heavy = ('sklearn', 'torch', 'pandas', 'onnx', 'onnxruntime', 'sealift.frameworks', 'sealift.packing'); "
        "print([m for m in heavy if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
