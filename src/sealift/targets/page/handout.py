"""A printable sheet about a page, for IT security and data protection, made from the sealed file and the page."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from sealift import files
from sealift.contract import ABOUT, Contract, labels
from sealift.seal import Seal, signatures
from sealift.targets.base import Built, SealedFile
from sealift.targets.page.build import visible
from sealift.version import __version__

# The browsers of the end-to-end tests of this version.
BROWSERS = ("Chromium", "Firefox ESR")
_NOT_STATED = "Not stated by the author."
_STYLE = """
:root { color-scheme: light dark; --ink: #17222f; --paper: #fff; --line: #c9c7bf; --quiet: #4d5a67; }
@media (prefers-color-scheme: dark) { :root { --ink: #e9edf1; --paper: #10161d; --line: #3a4653; --quiet: #a5b0bb; } }
@page { size: A4; margin: 14mm; }
@media print { :root { --ink: #000; --paper: #fff; --line: #999; --quiet: #333; } body { margin: 0; padding: 0; }
  html { font-size: 12px; } a { color: inherit; } }
html { background: var(--paper); color: var(--ink); font: 400 0.9375rem/1.45 system-ui, "Segoe UI", Roboto, Arial,
  sans-serif; }
body { max-width: 50rem; margin: 0 auto; padding: 2rem 1.25rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; }
h2 { font-size: 1.0625rem; margin: 1.25rem 0 0.375rem; break-after: avoid; }
p, ul { margin: 0.375rem 0; }
ul { padding-left: 1.25rem; }
.quiet { color: var(--quiet); }
table { border-collapse: collapse; width: 100%; }
th, td { padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; overflow-wrap: anywhere; white-space: pre-line; }
th { width: 11rem; font-weight: 600; }
tr { break-inside: avoid; }
code { font: 0.875em ui-monospace, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
"""


@dataclass(frozen=True)
class Handout:
    """The written sheet and its SHA-256."""

    path: Path
    sha256: str


def build_handout(source: SealedFile, page: Built, out: Path | str) -> Handout:
    """Write the sheet about a page for IT security and data protection.

    The same sealed file and the same version of Sealift make the same sheet.

    Args:
        source: the sealed file that the page was made from.
        page: the result of `build_page`.
        out: the `.html` file.

    Raises:
        FileError: E402 when it cannot be written.
    """
    data = _sheet(source, page).encode()
    out = Path(out)
    files.write_atomic(out, data)
    return Handout(out, hashlib.sha256(data).hexdigest())


def _sheet(source: SealedFile, page: Built) -> str:
    seal, contract = source.seal, source.contract
    manifest, about = seal.manifest, contract.about
    keys = [signature.keyid for signature in signatures(seal)]
    called = zip(contract.inputs, labels(contract.inputs), strict=True)
    personal = [label for field, label in called if field.personal]
    title = visible(page.title)
    made = [
        ("Model", f"{page.title} ({manifest.name}, version {manifest.version})"),
        ("What it does", contract.description or _NOT_STATED),
        *((ABOUT[key], about.get(key) or _NOT_STATED) for key in ("when_to_use", "author", "contact", "license")),
        ("Sealed with", manifest.producer),
        ("Signature", f"claims the key {', '.join(keys)}; verify it as described below" if keys else "none"),
        (ABOUT["review_date"], about.get("review_date") or "not set; agree on a date: ______________"),
    ]
    digests = [
        ("Page", f"{page.path.name}, {page.size:,} bytes"),
        ("SHA-256 of the page", page.sha256),
        ("Sealed file inside", f"{source.path.name}, {len(source.data):,} bytes"),
        ("SHA-256 of the sealed file", hashlib.sha256(source.data).hexdigest()),
        ("Identity of the model", seal.identity),
    ]
    name, key = escape(page.path.name), "publisher.pub"
    body = [
        f"<h1>{escape(title)}</h1>",
        '<p class="quiet">Information for IT security and data protection about a page that computes a prediction '
        "in the browser.</p>",
        _section("The model and its publisher", _table(made)),
        _section(
            "Digests",
            _table(digests),
            "<p>The identity stays the same for the same model; it does not depend on the page or the signature.</p>",
        ),
        _section(
            "How to verify it",
            _list(
                [
                    f"Compare the file with the digest above: <code>certutil -hashfile {name} SHA256</code> (Windows), "
                    f"<code>sha256sum {name}</code> (Linux), <code>shasum -a 256 {name}</code> (macOS).",
                    "Check page, signature and answers with Sealift (Python, <code>pip install "
                    f"sealift=={escape(__version__)}</code>): <code>sealift verify {name} "
                    f"--key {key}</code>. It builds the page again from the model inside and compares every byte, "
                    "checks the publisher’s signature, and runs the examples again. Get the public key from the "
                    "publisher through another channel than the page.",
                    "The check inside the page proves nothing if the page itself was changed.",
                ]
            ),
        ),
        _section(
            "What it does with data",
            _list(
                [
                    "It is one HTML file. Nothing is installed; no server, account, cookie or storage is used.",
                    "Typed values and chosen files stay in the memory of the browser’s window, and are deleted when it "
                    "is closed. Results are written only when the user saves or prints them.",
                    "The page’s content security policy makes the browser refuse every network request. Under “Verify” "
                    "the page attempts requests of every kind and lists the browser’s responses.",
                    f"Inputs that are marked as personal data: {escape(', '.join(map(visible, personal)))}."
                    if personal
                    else "The author marked no input as personal data. The inputs are: " + escape(_inputs(contract)),
                    f"Training data in the file, according to its card: {escape(_card_section(seal, 'Privacy'))}",
                ]
            ),
        ),
        _section(
            "Limits",
            _list(
                [
                    "The page shows whether it gives the same answers as the original model. It does not show that the "
                    "model is accurate or validated for a purpose; its users must decide that.",
                    "Browser extensions, malware and screen recorders on the computer see what the user sees.",
                    "A changed page can do what any page can do. Therefore verify it as described above, and store it "
                    "in a folder that users cannot write to.",
                    "If a frame of the page opened an address, Chromium would resolve the name of its host. Nothing in "
                    "the page does so.",
                ]
            ),
        ),
        _section(
            "Browsers, accessibility, removal",
            _list(
                [
                    f"Tested in {' and '.join(BROWSERS)} on Linux with this version. Other current browsers (Chrome, "
                    "Edge, Firefox, Safari) support what the page uses, but are not tested automatically. WebAssembly "
                    "must be allowed.",
                    "Designed for keyboard, screen reader, 200 % zoom, forced colours and print, with WCAG 2.2 AA as "
                    "the goal. Automatic checks (axe) run in the tests; people with disabilities have not audited it.",
                    "To remove it, delete the file and the results that users saved.",
                ]
            ),
        ),
    ]
    return _document(title, body)


def _document(title: str, body: Sequence[str]) -> str:
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}: information for IT</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(body)
        + "\n</main>\n</body>\n</html>\n"
    )


def _section(heading: str, *body: str) -> str:
    return f"<h2>{escape(heading)}</h2>\n" + "\n".join(body)


def _table(rows: Iterable[tuple[str, str]]) -> str:
    lines = (
        f'<tr><th scope="row">{escape(name)}</th><td><bdi>{escape(_plain(text))}</bdi></td></tr>' for name, text in rows
    )
    return "<table>\n" + "\n".join(lines) + "\n</table>"


def _list(items: Iterable[str]) -> str:
    return "<ul>\n" + "\n".join(f"<li>{item}</li>" for item in items) + "\n</ul>"


def _plain(text: str) -> str:
    """The text without control characters and marks that change the reading direction; line breaks are kept."""
    return "\n".join("".join(c for c in line if c.isprintable()) for line in text.splitlines())


def _inputs(contract: Contract) -> str:
    names = [visible(label) for label in labels(contract.inputs)]
    return ", ".join(names[:30]) + (f" and {len(names) - 30} more." if len(names) > 30 else ".")


def _card_section(seal: Seal, heading: str) -> str:
    """A section of `card.md`, which the packer may have changed, as plain text."""
    card = bytes(seal.members["card.md"]).decode(errors="replace")
    _, separator, rest = card.partition(f"\n## {heading}\n")
    text = " ".join(rest.partition("\n## ")[0].replace("*", "").split())
    return _plain(text)[:2000] if separator and text else "the card says nothing about it."
