"""Libraries that only some parts of Sealift need."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sealift.errors import MissingExtraError


def need(module: str, extra: str, purpose: str = "This kind of file", *, where: str = "") -> Any:
    """Import `module`.

    Args:
        module: the module's full name.
        extra: the extra that installs it.
        purpose: what needs it, as the subject of the error's sentence.
        where: the file concerned.

    Raises:
        MissingExtraError: E405 with the line that installs it.
    """
    try:
        return import_module(module)
    except ImportError:
        raise MissingExtraError(
            "E405",
            f"{purpose} needs {module.partition('.')[0]}, which is not installed.",
            where=where,
            fix=f"Install it with: pip install 'sealift[{extra}]'",
        ) from None
