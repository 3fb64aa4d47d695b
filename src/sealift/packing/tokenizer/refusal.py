"""The error for a tokenizer that cannot be converted."""

from __future__ import annotations

from sealift.errors import PackError


def refused(
    what: str, fix: str = "Use a tokenizer with other components; `sealift docs how-to/text-models` lists them."
) -> PackError:
    """E340 with the component that is to blame."""
    return PackError("E340", what, fix=fix)
