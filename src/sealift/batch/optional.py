"""Libraries that only some table files need."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sealift.errors import MissingExtraError


def need(module: str, where: str) -> Any:
    """Import `module`. Raises FileError E405 with the line that installs it."""
    try:
        return import_module(module)
    except ImportError:
        raise MissingExtraError(
            "E405",
            f"This kind of file needs {module.partition('.')[0]}, which is not installed.",
            where=where,
            fix="Install it with: pip install 'sealift[tables]'",
        ) from None
