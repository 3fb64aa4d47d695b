"""Text files: UTF-8, UTF-16 with a byte order mark, or Windows-1252 (spec/DOCUMENTS.md §2)."""

from __future__ import annotations

from sealift.batch.documents.refusal import unknown

_GUESSED = "read as Windows-1252, because it is not UTF-8"
# The five bytes that this encoding does not define, and control characters, show that it is none.
_NO_TEXT = frozenset({*range(32), 0x81, 0x8D, 0x8F, 0x90, 0x9D} - {9, 10, 12, 13})


def plain_text(data: bytes) -> tuple[str, str]:
    """The text of a file, and a note on its encoding, which may be empty. Raises DocumentError R121."""
    is_wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if is_wide else "utf-8-sig")
        if "\0" not in text:
            return text, ""
    except UnicodeDecodeError:
        pass
    if is_wide or not _NO_TEXT.isdisjoint(data):
        raise unknown("is not a text in UTF-8, UTF-16 with a byte order mark, or Windows-1252")
    return data.decode("cp1252"), _GUESSED
