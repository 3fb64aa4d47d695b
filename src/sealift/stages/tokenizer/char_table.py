"""Character maps that keep what they do not map (spec/TEXT.md §3)."""

from __future__ import annotations

from typing import Any

from sealift.stages.text.chars import CharMap


def char_table(raw: object) -> dict[int, Any]:
    """The table of a character map that keeps all other characters. Raises ValueError."""
    mapped = CharMap(raw)
    if isinstance(raw, dict) and raw["rest"] != "keep":
        raise ValueError('rest must be "keep"')
    return mapped.table
