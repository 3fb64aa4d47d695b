"""The exception for a file without a readable text, which becomes a problem of its row (spec/DOCUMENTS.md §1)."""

from __future__ import annotations


class DocumentError(ValueError):
    """A document that cannot be used: the code of the problem, and what the document is, such as `is encrypted`."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(what)
        self.code = code


def unknown(what: str) -> DocumentError:
    """The file is of no known format or encoding."""
    return DocumentError("R121", what)


def broken(what: str) -> DocumentError:
    """The file is damaged, or beyond a limit."""
    return DocumentError("R122", what)


def locked(what: str) -> DocumentError:
    """The file is encrypted, or has no text."""
    return DocumentError("R123", what)
