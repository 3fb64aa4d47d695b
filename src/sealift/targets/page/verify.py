"""Verify that a page is what Sealift builds from the model in it. The page cannot verify itself: it may be altered.

The sealed file is taken out of the page, the page is made anew from it, and the two are compared byte for byte.
Compressed parts are compared by their contents, because compressors differ from one machine to the next.
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
from sealift.errors import PageError, SealError
from sealift.seal import Seal, parse
from sealift.targets.page.build import MAX_SEAL, assemble, generator, shrunk, title_of

# Base64 of the largest sealed file, and room for the program around it.
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
_GET_IT = "Do not use the page. Ask its publisher for it again, or make it anew: sealift app MODEL.seal."


@dataclass(frozen=True)
class _Part:
    """A payload as it stands in the page, and its contents."""

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
    """The sealed file inside a page that is exactly what this Sealift makes of it.

    Args:
        path: the `.html` file.

    Raises:
        FileError: E401 when it cannot be read.
        SealError: E201 to E205 when it holds no sound sealed file.
        PageError: E604 when the page is not what Sealift makes of its sealed file, E605 when it says that it was made
            by another version, which cannot be compared here; E601 when the front end was not built.
    """
    page = files.read(path, limit=MAX_PAGE)
    if len(page) > MAX_PAGE:
        raise PageError("E604", "This is larger than any page of Sealift.", where=str(path), fix=_GET_IT)
    parts = _parts(page)
    if "seal" not in parts:
        raise PageError("E604", "This page holds no sealed file that can be read.", where=str(path), fix=_GET_IT)
    front = front_end.load()
    claimed = _GENERATOR.search(page[:65536])
    maker = html.unescape(claimed[1].decode(errors="replace")) if claimed else "no program named"
    if maker != generator(front):
        raise PageError(
            "E605",
            f"The page says that it was made by {maker!r:.120}; this is {generator(front)!r}, which makes other "
            "pages. So the page cannot be compared here, and nothing is proved.",
            where=str(path),
            fix="Verify it with the version of Sealift that made it, or make the page anew with `sealift app`.",
        )
    try:
        seal = parse(parts["seal"].data)
    except SealError as error:
        raise SealError(error.code, error.what, where=f"{path} {error.where}".strip(), fix=error.fix) from None
    title = title_of(seal, seal.contract())
    expected = assemble(
        front,
        parts["seal"].data,
        title=title,
        identity=seal.identity,
        shrink=lambda name, data: _same(parts, name, data),
    )
    if page != expected:
        raise PageError(
            "E604",
            f"The page is not what Sealift makes of the model inside it: {_difference(page, expected, parts)} "
            "was changed.",
            where=str(path),
            fix=_GET_IT,
        )
    return seal


def _parts(page: bytes) -> Mapping[str, _Part]:
    """The payloads of a page by name; one that cannot be unpacked is left out."""
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
    """The contents of one gzip stream without anything behind it, of at most `limit` bytes; else None."""
    stream = zlib.decompressobj(wbits=31)
    try:
        data = stream.decompress(packed, limit + 1)
    except zlib.error:
        return None
    return data if stream.eof and not stream.unused_data and len(data) <= limit else None


def _same(parts: Mapping[str, _Part], name: str, data: bytes) -> tuple[bytes, str]:
    """`data` as the page has compressed it, where that holds the same; else as this machine compresses it."""
    part = parts.get(name)
    return (part.packed, part.encoding) if part is not None and part.data == data else shrunk(data)


def _difference(page: bytes, expected: bytes, parts: Mapping[str, _Part]) -> str:
    """A description of the part that differs."""
    right = _parts(expected)
    for name, words in _PARTS.items():
        if name not in parts or parts[name].data != right[name].data:
            return words
    at = next(
        (i for i, (a, b) in enumerate(zip(page, expected, strict=False)) if a != b), min(len(page), len(expected))
    )
    return f"the outer page, from its byte {at:,} on,"
