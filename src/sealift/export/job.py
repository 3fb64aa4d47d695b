"""`sealift export`: reads a deployment, and writes the files of a target."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sealift import files
from sealift.errors import ServeError
from sealift.export import docker, kserve, kubernetes, ray, systemd
from sealift.export.bundle import Bundle, collect
from sealift.export.export_files import ExportFiles
from sealift.export.options import ExportOptions

TARGETS: Mapping[str, Callable[[Bundle, ExportOptions], ExportFiles]] = {
    "docker": docker.plan,
    "kubernetes": kubernetes.plan,
    "kserve": kserve.plan,
    "systemd": systemd.plan,
    "ray": ray.plan,
}
"""The function of each target that decides which files it has."""


@dataclass(frozen=True)
class Exported:
    """The result of an export.

    Attributes:
        name: the name of the server.
        folder: the folder.
        files: the files in it, in the order of their names.
        models: for each model its name, version and identity, and the digest of its file.
        notes: what the user has to do or to know.
    """

    name: str
    folder: Path
    files: tuple[str, ...]
    models: tuple[Mapping[str, str], ...]
    notes: tuple[str, ...]


def export(target: str, source: Path, folder: Path, options: ExportOptions, *, force: bool = False) -> Exported:
    """Write the files of a target.

    Args:
        target: a key of `TARGETS`.
        source: a deployment file or a sealed file.
        folder: where to write; it is created.
        options: the choices.
        force: replace files that are there.

    Raises:
        ServeError: E810, E811 where the target cannot run the deployment, E812 where files would be replaced; and as
            `collect`.
        FileError: E402.
    """
    bundle = collect(source, options)
    made = TARGETS[target](bundle, options)
    names = sorted([*made.texts, *made.copies])
    existing = [name for name in names if (folder / name).exists()]
    if existing and not force:
        raise ServeError(
            "E812",
            f"{len(existing)} files would be replaced, such as {existing[0]}.",
            where=str(folder),
            fix="Choose another folder, or replace them with --force.",
        )
    try:
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise files.unwritable(folder, error) from error
    for name, text in made.texts.items():
        with files.atomic(folder / name) as stream:
            stream.write(text if isinstance(text, bytes) else text.encode())
    for name, original in made.copies.items():
        if (folder / name).resolve() != original:
            with original.open("rb") as read, files.atomic(folder / name) as stream:
                shutil.copyfileobj(read, stream, 1 << 20)
    models = tuple(
        {"name": m.name, "version": m.version, "identity": m.identity, "file": m.file, "sha256": m.sha256}
        for m in bundle.models
    )
    return Exported(bundle.name, folder, tuple(names), models, made.notes)
