"""Modules of Lightning without their log: a call of `self.log` in forward fails where no trainer runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_CLASSES = {
    ("lightning.pytorch.core.module", "LightningModule"),
    ("pytorch_lightning.core.module", "LightningModule"),
}
_LOGGING = ("log", "log_dict", "print")


@contextmanager
def without_logging(module: Any) -> Iterator[None]:
    """Let the modules of Lightning within a module log nothing while the block runs; the answers are the same."""
    logging = [part for part in module.modules() if _is_lightning(part)] if hasattr(module, "modules") else []
    before = [dict(part.__dict__) for part in logging]
    for part in logging:
        part.__dict__.update(dict.fromkeys(_LOGGING, _nothing))
    try:
        yield
    finally:
        for part, own in zip(logging, before, strict=True):
            for name in _LOGGING:
                part.__dict__.pop(name)
                if name in own:
                    part.__dict__[name] = own[name]


def _is_lightning(module: Any) -> bool:
    return any((kind.__module__, kind.__qualname__) in _CLASSES for kind in type(module).__mro__)


def _nothing(*_values: Any, **_options: Any) -> None:
    """In place of a method that logs."""
