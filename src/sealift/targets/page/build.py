"""Build one HTML page from a sealed file.

The outer page contains all parts as data blocks with digests, and runs one script, whose hash is in its content
security policy. The visible part runs in a sandboxed frame under the same policy. The policy permits no request.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from sealift import files
from sealift import front as front_end
from sealift.contract import Contract
from sealift.errors import PageError
from sealift.front import Front
from sealift.seal import Bytes, Seal
from sealift.targets.base import Built, SealedFile
from sealift.targets.page.capabilities import lacking
from sealift.version import __version__

MAX_SEAL = 300 * 1000 * 1000
# Browsers silently drop the text of a script element of more than about 512 MB. Each piece has its own digest.
CHUNK = 18_000_000
# gzip is used only where it reduces the size to less than this share: weights hardly shrink, and unpacking takes time.
_WORTH = 0.9


def build_page(source: SealedFile | Path | str, out: Path | str) -> Built:
    """Write the page for a sealed file.

    Args:
        source: the sealed file, or its path.
        out: the `.html` file; replaced only when the new page is complete.

    Raises:
        FileError: E401 or E402 when a file cannot be read or written.
        SealError: E201 to E205 or E208 when it is not a valid sealed file.
        ContractError: E106 when its contract is malformed.
        PageError: E601 when the front end was not built, E602 when the sealed file is too large for a page,
            E607 when the page lacks a capability that the contract requires, or its engine an operator.
    """
    if not isinstance(source, SealedFile):
        source = SealedFile.read(source)
    out = Path(out)
    check_size(source.path, len(source.data))
    reason = lacking(source)
    if reason:
        raise PageError(
            "E607",
            reason,
            where=str(source.path),
            fix="Predict table files with `sealift predict`, or rows from Python, instead of the page.",
        )
    seal = source.seal
    title = title_of(seal, source.contract)
    parts = page_parts(source.contract)
    data = assemble(front_end.load(), source.data, title=title, identity=seal.identity, parts=parts)
    files.write_atomic(out, data)
    return Built(out, len(data), hashlib.sha256(data).hexdigest(), seal.identity, title)


def check_size(path: Path, size: int) -> None:
    """Refuse a sealed file of more bytes than a page can have. Raises PageError E602."""
    if size <= MAX_SEAL:
        return
    raise PageError(
        "E602",
        f"The sealed file has {size / 1e6:,.0f} MB, and browsers do not open pages of more than "
        f"{MAX_SEAL // 1_000_000} MB reliably.",
        where=str(path),
        fix="Make it smaller with `sealift optimize`, which stores weights in 16 or 8 bits, or use `sealift predict` "
        "or `sealift serve` instead of the page.",
    )


def title_of(seal: Seal, contract: Contract) -> str:
    """The title of the page."""
    return contract.title or f"{seal.manifest.name} {seal.manifest.version}"


def page_parts(contract: Contract) -> tuple[str, ...]:
    """The files of the front end that the stages of a contract need in a page, each once."""
    return tuple(dict.fromkeys(part for stage in contract.stages for part in stage.type.page_parts(stage.spec)))


def generator(front: Front) -> str:
    """The generator of the page: the version, the digest of the front end, and the engine."""
    engine = front.versions.get("onnxruntime-web", "")
    return f"sealift {__version__} (front end {front.digest[:16]}) with onnxruntime-web {engine}"


def assemble(
    front: Front,
    sealed: Bytes,
    *,
    title: str,
    identity: str,
    parts: Sequence[str] = (),
    shrink: Callable[[str, Bytes], tuple[Bytes, str]] = lambda _, data: shrunk(data),
) -> bytes:
    """The page's bytes.

    Args:
        front: the front end.
        sealed: the bytes of the sealed file.
        title: any string; it is escaped here.
        identity: the identity of the sealed file.
        parts: files of the front end that the worker runs before its own, from `page_parts`.
        shrink: encodes a payload, given its name and bytes; returns the encoded bytes and the name of the encoding.
    """
    policy = _policy(
        scripts=[front.text("loader.js"), front.text("ui.js")], styles=[front.text("shell.css"), front.text("ui.css")]
    )
    shared = {"csp": html.escape(policy), "title": html.escape(visible(title))}
    inside = _fill(front.text("ui.html"), {**shared, "style": front.text("ui.css"), "script": front.text("ui.js")})
    # The loader is between the small and the large parts, so that it starts the frame while the large ones are read.
    first = [*_blocks("ui", *shrink("ui", inside.encode()))]
    worker = b"\n".join([*map(front.part, parts), front.files["worker.js"]])
    first += _blocks("worker", *shrink("worker", worker))
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
    """The content security policy: scripts and styles by hash, WebAssembly, image and worker blobs; no network."""
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


def shrunk(data: Bytes) -> tuple[Bytes, str]:
    """`data` as it is in the page, and its encoding: `gzip` where that saves enough, else `stored`."""
    packed = gzip.compress(data, 9, mtime=0)
    return (packed, "gzip") if len(packed) < _WORTH * len(data) else (data, "stored")


def _blocks(name: str, data: Bytes, encoding: str) -> Iterator[str]:
    """`data` as script elements that contain only text and are not executed."""
    pieces = [data[start : start + CHUNK] for start in range(0, max(1, len(data)), CHUNK)]
    for piece in pieces:
        yield (
            f'<script type="text/plain" data-payload="{name}" data-count="{len(pieces)}" data-encoding="{encoding}" '
            f'data-sha256="{hashlib.sha256(piece).hexdigest()}">{base64.b64encode(piece).decode()}</script>'
        )


def _fill(template: str, values: Mapping[str, str]) -> str:
    """Replace the placeholders in one pass, so that a placeholder inside a value is not replaced."""
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], template)


def visible(title: str) -> str:
    """The title without control characters and without marks that change the reading direction."""
    return "".join(char for char in title if char.isprintable() or char == " ")[:200]
