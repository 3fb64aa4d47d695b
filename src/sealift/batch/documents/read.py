"""The text of a document: TXT or DOCX, by its bytes and not by its name (spec/DOCUMENTS.md)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from sealift.batch.documents.docx import docx_text
from sealift.batch.documents.plain_text import plain_text
from sealift.batch.documents.refusal import DocumentError, broken, locked, unknown

_MOST_BYTES = 1 << 26
_MOST_TEXT = 1 << 24


class ReadDocument(NamedTuple):
    """The text of a document, and what is to be said about how it was read, which may be empty."""

    text: str
    note: str


def document_text(source: bytes | Path) -> ReadDocument:
    """The text of a document.

    Raises:
        DocumentError: R121 for a file of no known format or encoding, or one that cannot be opened, R122 for a damaged
            or too large one, R123 for an encrypted one or one without text.
    """
    data = source if isinstance(source, bytes) else _content(source)
    if len(data) > _MOST_BYTES:
        raise broken(f"has {len(data):,} bytes; at most {_MOST_BYTES:,} are permitted")
    text, note = _read(data)
    if len(text) + sum(char > "\uffff" for char in text) > _MOST_TEXT:  # as UTF-16, in which the page counts
        raise broken(f"has more than {_MOST_TEXT:,} characters")
    if not re.search("[^ \t-\r\u00a0\ufeff]", text):
        raise locked("contains no text")
    return ReadDocument(re.sub("\r\n?", "\n", text).rstrip("\n"), note)


def _content(path: Path) -> bytes:
    try:
        if path.is_file() and path.stat().st_size > _MOST_BYTES:
            raise broken(f"has {path.stat().st_size:,} bytes; at most {_MOST_BYTES:,} are permitted")
        return path.read_bytes()
    except DocumentError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise unknown(f"cannot be read: {reason}") from None


def _read(data: bytes) -> tuple[str, str]:
    if data.startswith(b"PK\x03\x04"):
        return docx_text(data), ""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise unknown("is a Word document of the old form (DOC), or encrypted; save it as DOCX without a password")
    if data.startswith(rb"{\rtf"):
        raise unknown("is an RTF document; save it as DOCX or TXT")
    if data.startswith(b"%PDF-"):
        raise unknown("is a PDF; copy its text, or save it as TXT")
    return plain_text(data)
