"""A sealed file to one HTML page (docs: the recipe of the page).

The outer page holds everything as checked data blocks and runs one script, whose hash its content policy names.
The visible part runs in a sandboxed frame under the same policy. Nothing may be fetched from anywhere.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from sealift import files
from sealift import front as front_end
from sealift.contract import Contract
from sealift.errors import PageError, SealError
from sealift.front import Front
from sealift.seal import Seal, parse
from sealift.targets.base import Built
from sealift.targets.page.capabilities import lacking
from sealift.version import __version__

MAX_SEAL = 300 * 1000 * 1000
# A script element beyond some 512 MB silently loses its text; pieces stay far below, and each has its digest.
CHUNK = 18_000_000
_WORTH = 0.9  # gzip is used only where it leaves less than this share: float weights do not shrink, and unpacking costs


def build_page(seal_path: Path | str, out: Path | str) -> Built:
    """Write the page for a sealed file.

    Args:
        seal_path: the `.seal` file; read and checked wholly before anything is written.
        out: the `.html` file; replaced only when the new page is complete.

    Raises:
        FileError: E401 or E402 when a file cannot be read or written.
        SealError: E201 to E205 or E208 when it is not a sound sealed file.
        ContractError: E106 when its contract is malformed.
        PageError: E601 when the front end was not built, E602 when the sealed file is too large for a page,
            E607 when the page lacks a capability that the contract requires, or its engine an operator.
    """
    seal_path, out = Path(seal_path), Path(out)
    sealed = files.read(seal_path, limit=MAX_SEAL)
    if len(sealed) > MAX_SEAL:
        raise PageError(
            "E602",
            f"The sealed file has more than {MAX_SEAL // 1_000_000} MB; browsers do not open that reliably as a page.",
            where=str(seal_path),
            fix="Answer table files with `sealift predict` in place of the page, or pack a smaller model.",
        )
    try:
        seal = parse(sealed)  # the bytes that are checked here are the bytes that go into the page
    except SealError as error:
        raise SealError(error.code, error.what, where=f"{seal_path} {error.where}".strip(), fix=error.fix) from None
    contract = seal.contract()
    reason = lacking(seal)
    if reason:
        raise PageError(
            "E607",
            reason,
            where=str(seal_path),
            fix="Answer table files with `sealift predict`, or rows from Python, in place of the page.",
        )
    title = title_of(seal, contract)
    data = assemble(front_end.load(), sealed, title=title, identity=seal.identity)
    files.write_atomic(out, data)
    return Built(out, len(data), hashlib.sha256(data).hexdigest(), seal.identity, title)


def title_of(seal: Seal, contract: Contract) -> str:
    """The title of the page."""
    return contract.title or f"{seal.manifest.name} {seal.manifest.version}"


def generator(front: Front) -> str:
    """The generator of the page: the version, the digest of the front end, and the engine."""
    engine = front.versions.get("onnxruntime-web", "")
    return f"sealift {__version__} (front end {front.digest[:16]}) with onnxruntime-web {engine}"


def assemble(
    front: Front,
    sealed: bytes,
    *,
    title: str,
    identity: str,
    shrink: Callable[[str, bytes], tuple[bytes, str]] = lambda _, data: shrunk(data),
) -> bytes:
    """The page's bytes.

    Args:
        front: the front end.
        sealed: the sealed file.
        title: any text; it is escaped here.
        identity: that of the sealed file.
        shrink: a payload's name and bytes → how they stand in the page, and how that is encoded.
    """
    policy = _policy(
        scripts=[front.text("loader.js"), front.text("ui.js")], styles=[front.text("shell.css"), front.text("ui.css")]
    )
    shared = {"csp": html.escape(policy), "title": html.escape(visible(title))}
    inside = _fill(front.text("ui.html"), {**shared, "style": front.text("ui.css"), "script": front.text("ui.js")})
    # The loader stands between the small parts and the large: it starts the frame while the large are being read.
    first = [*_blocks("ui", *shrink("ui", inside.encode()))]
    first += _blocks("worker", *shrink("worker", front.files["worker.js"]))
    rest = [*_blocks("seal", *shrink("seal", sealed)), *_blocks("wasm", front.files["ort.wasm.gz"], "gzip")]
    return _fill(
        front.text("shell.html"),
        {
            **shared,
            "generator": html.escape(generator(front)),
            "identity": identity,
            "style": front.text("shell.css"),
            "first": "\n".join(first),
            "rest": "\n".join(rest),
            "loader": front.text("loader.js"),
        },
    ).encode()


def _policy(*, scripts: list[str], styles: list[str]) -> str:
    """The content policy: our own scripts by hash, WebAssembly, pictures and workers made on the spot, nothing else."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(map(_source, scripts))} 'wasm-unsafe-eval'",
            f"style-src {' '.join(map(_source, styles))}",
            "img-src data: blob:",
            "worker-src blob:",
            "connect-src 'none'",
            "frame-src 'none'",
            "form-action 'none'",
            "base-uri 'none'",
        ]
    )


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def shrunk(data: bytes) -> tuple[bytes, str]:
    """`data` as it stands in the page, and its encoding: `gzip` where that saves enough, else `stored`."""
    packed = gzip.compress(data, 9, mtime=0)
    return (packed, "gzip") if len(packed) < _WORTH * len(data) else (data, "stored")


def _blocks(name: str, data: bytes, encoding: str) -> Iterator[str]:
    """`data` as elements that hold text and run nothing."""
    pieces = [data[start : start + CHUNK] for start in range(0, max(1, len(data)), CHUNK)]
    for piece in pieces:
        yield (
            f'<script type="text/plain" data-payload="{name}" data-count="{len(pieces)}" data-encoding="{encoding}" '
            f'data-sha256="{hashlib.sha256(piece).hexdigest()}">{base64.b64encode(piece).decode()}</script>'
        )


def _fill(template: str, values: Mapping[str, str]) -> str:
    """Put the values in, in one pass, so that a value that looks like a placeholder stays what it is."""
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], template)


def visible(title: str) -> str:
    """The title without control characters and without marks that turn the reading direction around."""
    return "".join(char for char in title if char.isprintable() or char == " ")[:200]
