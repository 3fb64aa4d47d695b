"""Verify that a page is the one that Sealift builds from the sealed file in it. An altered page cannot verify itself.

The sealed file is extracted, the page is built again from it, and the two pages are compared byte by byte. Compressed
parts are compared by their contents, because compressors differ between machines.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sealift import files
from sealift import front as front_end
from sealift.errors import PageError
from sealift.seal import Bytes, Seal, parse
from sealift.targets.page.build import MAX_SEAL, assemble, generator, page_parts, shrunk, title_of

# The largest sealed file in Base64, and the program around it.
MAX_PAGE = MAX_SEAL * 4 // 3 + 40_000_000
_MAX_PROGRAM = 100_000_000
_START = re.compile(rb"\s*<(!doctype html|html)", re.IGNORECASE)
_BLOCK = re.compile(
    rb'<script type="text/plain" data-payload="(ui|worker|seal|wasm)" data-count="[0-9]{1,4}" '
    rb'data-encoding="(gzip|stored)" data-sha256="[0-9a-f]{64}">([A-Za-z0-9+/=]*)</script>'
)
_GENERATOR = re.compile(rb'<meta name="generator" content="([^"\n]{1,300})">')
_PARTS = {
    "ui": "the program of the page (ui)",
    "worker": "the program that runs the model (worker)",
    "wasm": "the engine (wasm)",
    "seal": "the sealed file (seal)",
}
_GET_IT = "Do not use the page. Ask its publisher for it again, or build it again: sealift app MODEL.seal."


@dataclass(frozen=True)
class _Part:
    """A payload as it is in the page, and its contents."""

    packed: bytes
    encoding: str
    data: bytes


def is_page(path: Path) -> bool:
    """Whether a file begins as HTML does."""
    try:
        with path.open("rb") as stream:
            return _START.match(stream.read(200)) is not None
    except OSError:
        return False  # the reader of the file reports the error


def check_page(path: Path) -> Seal:
    """Verify a page, and return the sealed file inside it.

    Args:
        path: the `.html` file.

    Raises:
        FileError: E401 when it cannot be read.
        SealError: E201 to E205 when it contains no valid sealed file.
        PageError: E604 when the page is not the one that Sealift builds from its sealed file, E605 when it states that
            it was made by another version, which cannot be compared here; E601 when the front end was not built.
    """
    page = files.read(path, limit=MAX_PAGE)
    if len(page) > MAX_PAGE:
        raise PageError("E604", "The file is larger than any page of Sealift.", where=str(path), fix=_GET_IT)
    parts = _parts(page)
    if "seal" not in parts:
        raise PageError("E604", "The page contains no sealed file that can be read.", where=str(path), fix=_GET_IT)
    front = front_end.load()
    claimed = _GENERATOR.search(page[:65536])
    maker = html.unescape(claimed[1].decode(errors="replace")) if claimed else "an unknown program"
    if maker != generator(front):
        raise PageError(
            "E605",
            f"The page states that it was made by {maker!r:.120}; this is {generator(front)!r}, which makes "
            "different pages. The page cannot be compared, so nothing is proved.",
            where=str(path),
            fix="Verify it with the version of Sealift that made it, or build the page again with `sealift app`.",
        )
    seal = parse(parts["seal"].data, str(path))
    contract = seal.contract()
    title = title_of(seal, contract)
    expected = assemble(
        front,
        parts["seal"].data,
        title=title,
        identity=seal.identity,
        parts=page_parts(contract),
        shrink=lambda name, data: _same(parts, name, data),
    )
    if page != expected:
        raise PageError(
            "E604",
            f"The page differs from the one that Sealift makes from the model inside it: "
            f"{_difference(page, expected, parts)} was changed.",
            where=str(path),
            fix=_GET_IT,
        )
    return seal


def _parts(page: bytes) -> Mapping[str, _Part]:
    """The payloads of a page by name, without those that cannot be unpacked."""
    packed: dict[str, list[bytes]] = {}
    encodings: dict[str, str] = {}
    for name, encoding, text in _BLOCK.findall(page):
        key = name.decode()
        encodings.setdefault(key, encoding.decode())
        try:
            packed.setdefault(key, []).append(base64.b64decode(text, validate=True))
        except binascii.Error:
            packed.setdefault(key, []).append(b"")
    parts = {}
    for key, pieces in packed.items():
        whole = b"".join(pieces)
        limit = MAX_SEAL if key == "seal" else _MAX_PROGRAM
        data = whole if encodings[key] == "stored" else _inflated(whole, limit)
        if data is not None:
            parts[key] = _Part(whole, encodings[key], data)
    return parts


def _inflated(packed: bytes, limit: int) -> bytes | None:
    """The contents of a single gzip stream if they have at most `limit` bytes and nothing follows; else None."""
    stream = zlib.decompressobj(wbits=31)
    try:
        data = stream.decompress(packed, limit + 1)
    except zlib.error:
        return None
    return data if stream.eof and not stream.unused_data and len(data) <= limit else None


def _same(parts: Mapping[str, _Part], name: str, data: Bytes) -> tuple[Bytes, str]:
    """`data` as compressed in the page if its part has the same contents; else as this machine compresses it."""
    part = parts.get(name)
    return (part.packed, part.encoding) if part is not None and part.data == data else shrunk(data)


def _difference(page: bytes, expected: bytes, parts: Mapping[str, _Part]) -> str:
    """A description of the part that differs."""
    wanted = _parts(expected)
    for name, title in _PARTS.items():
        if name not in parts or parts[name].data != wanted[name].data:
            return title
    at = next(
        (i for i, (a, b) in enumerate(zip(page, expected, strict=False)) if a != b), min(len(page), len(expected))
    )
    return f"the outer page from byte {at:,} on"
