"""What a user chooses of an export."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sealift.errors import ServeError

_LABEL = re.compile(r"[a-z](?:[a-z0-9-]{0,48}[a-z0-9])?")


@dataclass(frozen=True)
class ExportOptions:
    """The choices.

    Attributes:
        name: the name of the server; by default that of the deployment file or of the model.
        open: permit that other computers use the server although it has no authentication.
        image: the name of the image; by default the name and the version of the first model.
        base: the image that the image of Docker is built from.
        claim: for Kubernetes, the PersistentVolumeClaim that holds the models; None where the image holds them.
        replicas: the least number of replicas.
        most: the greatest number of replicas.
        cpu: the processors of a replica, as Kubernetes writes them.
        memory: the memory of a replica, as Kubernetes writes it; None computes it from the sizes of the models.
        monitor: for Kubernetes, also write a ServiceMonitor of the Prometheus operator.
        executable: for systemd, the program.
    """

    name: str | None = None
    open: bool = False
    image: str | None = None
    base: str = "python:3.13-slim-bookworm"
    claim: str | None = None
    replicas: int = 2
    most: int = 10
    cpu: str = "2"
    memory: str | None = None
    monitor: bool = False
    executable: str = "/opt/sealift/bin/sealift"


def name_of(text: str) -> str:
    """A name as Kubernetes, Docker and systemd accept it. Raises ServeError E810 where none can be made."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if not _LABEL.fullmatch(name):
        raise ServeError(
            "E810",
            f"{text!r:.80} cannot be the name of a server: it must begin with a letter, and have at most 50 letters, "
            "digits and hyphens.",
            fix="Give a name with --name.",
        )
    return name
