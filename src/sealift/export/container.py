"""What all containers of a server have in common: the image, the user, the time it needs to end, its memory."""

from __future__ import annotations

from sealift.export.bundle import CONTAINER, Bundle, permit_exposure
from sealift.export.options import ExportOptions

USER = 10001
"""The numeric user and group, so that a cluster can check that it is not root."""
# Every address of its own network; the engine or the cluster decides what reaches it.
HOST = "0.0.0.0"  # noqa: S104
COMMAND = ("sealift", "serve", f"{CONTAINER.config}/deployment.toml")
STOP = 60
"""Seconds from SIGTERM to SIGKILL: the server ends its workers within 35, and then the writer of records within 15."""
_BASE_MEMORY = 384
_MEMORY_PER_MODEL_BYTE = 4


def settings(bundle: Bundle, options: ExportOptions) -> str:
    """The deployment file in a container. Raises ServeError E711, as `permit_exposure`."""
    permit = permit_exposure(bundle, options, HOST)
    return bundle.settings(CONTAINER, host=HOST, permit=permit)


def image(bundle: Bundle, options: ExportOptions) -> str:
    """The name of the image."""
    return options.image or f"{bundle.name}:{bundle.version}"


def memory(bundle: Bundle, options: ExportOptions) -> str:
    """The memory of a container, by default by the sizes of the models."""
    needed = _BASE_MEMORY + _MEMORY_PER_MODEL_BYTE * bundle.size // (1 << 20)
    return options.memory or f"{(needed + 127) // 128 * 128}Mi"


def notes(bundle: Bundle) -> list[str]:
    """What the user of any container has to know."""
    sentences = []
    for name, source in bundle.secrets.items():
        sentences.append(f"{source.name} is not part of the export: the server reads it at {CONTAINER.secrets}/{name}.")
    if bundle.password:
        sentences.append(f"The password of the database is not part of the export: set the variable {bundle.password}.")
    return sentences
