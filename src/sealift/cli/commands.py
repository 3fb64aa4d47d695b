"""The program with all of its commands, which the modules below add to it."""

from __future__ import annotations

from sealift.cli import (  # noqa: F401 -- each adds its commands
    help_commands,
    model_commands,
    operation_commands,
    server_commands,
    traffic_commands,
)
from sealift.cli.program import app

__all__ = ["app"]
