"""What a user chooses of an export."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sealift.errors import ServeError

_PART = "[a-z0-9]+(?:[._-]+[a-z0-9]+)*"
_IMAGE = (
    rf"(?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?{_PART}(?:/{_PART})*(?::[A-Za-z0-9_][A-Za-z0-9._-]{{0,127}})?"
    r"(?:@sha256:[0-9a-f]{64})?"
)
_FORMS = {
    "image": (_IMAGE, "registry.example/heart:1"),
    "base": (_IMAGE, "python:3.13-slim-bookworm"),
    "claim": ("[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", "models"),
    "cpu": (r"[0-9]*[1-9][0-9]*m?|[0-9]+\.[0-9]+", "2 or 500m"),
    "memory": ("[0-9]*[1-9][0-9]*(?:[kMGT]|[KMGT]i)?", "512Mi"),
    "executable": (r"/[A-Za-z0-9._/+@-]+", "/opt/sealift/bin/sealift"),
}
"""The forms of options that are written into files of other programs, with an example."""
_LABEL = re.compile(r"[a-z](?:[a-z0-9-]{0,48}[a-z0-9])?")

_REPLICAS = 10


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
        most: the greatest number of replicas; None permits 10, or as many as `replicas`.
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
    most: int | None = None
    cpu: str = "2"
    memory: str | None = None
    monitor: bool = False
    executable: str = "/opt/sealift/bin/sealift"

    def __post_init__(self) -> None:
        """Raise ServeError E818 where an option cannot be written into the files."""
        for name, (form, example) in _FORMS.items():
            value = getattr(self, name)
            if value is not None and re.fullmatch(form, value) is None:
                raise ServeError(
                    "E818",
                    f"The option {name} cannot be {value!r:.80}.",
                    fix=f"Write it as in this example: {example}.",
                )
        if self.most is not None and self.most < self.replicas:
            raise ServeError(
                "E818",
                f"The greatest number of replicas, {self.most}, is below the least, {self.replicas}.",
                fix="Correct --most or --replicas.",
            )

    @property
    def most_replicas(self) -> int:
        """The greatest number of replicas."""
        return self.most or max(_REPLICAS, self.replicas)


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
