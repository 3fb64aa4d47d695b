"""Checks of the strings that callers give, and lists of values in messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sealift.errors import PackError


def is_unicode(text: str) -> bool:
    """Whether UTF-8 can encode the string: a lone surrogate cannot be written to a file."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_name(text: Any) -> bool:
    """Whether this is a non-empty string that a file can hold."""
    return isinstance(text, str) and text != "" and "\0" not in text and is_unicode(text)


def check_strings(**texts: Any) -> None:
    """Raise PackError E304 for a value that is not a string, or is one that a file cannot contain."""
    for name, text in texts.items():
        if not isinstance(text, str) or not is_unicode(text) or "\0" in text:
            raise PackError(
                "E304",
                f"{name} must be a string of readable characters, got {text!r:.60}.",
                fix=f"Give {name} as a str without U+0000 and unpaired surrogates.",
            )


def listed(values: Sequence[Any] | None) -> str:
    """The first values for a message."""
    return ", ".join(repr(value) for value in list(values or ())[:8]) + (" …" if len(values or ()) > 8 else "")
