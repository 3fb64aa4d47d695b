"""Where `pack` writes: what must not be lost there, checked before the work."""

from __future__ import annotations

from pathlib import Path

from sealift import files, seal
from sealift.errors import FileError, SealiftError
from sealift.packing.proof.further_engines import further_engines
from sealift.packing.proof.report import Report
from sealift.runtime.engines.base import NOT_CHECKED


def output_path(output: Path | str | None, name: str, *, overwrite: bool) -> Path:
    """Where to write. Raises as `check_output`."""
    path = Path(output) if output is not None else Path(f"{name}.seal")
    check_output(path, overwrite=overwrite)
    return path


def check_output(path: Path, *, overwrite: bool) -> None:
    """Raise FileError: E402 when the file cannot be written; E406 when another file there would be lost.

    An unsigned sealed file is replaced without asking, for packing again is how one works.
    """
    files.check_writable(path)
    if overwrite or not path.exists():
        return
    try:
        signed = bool(seal.signatures(seal.read(path)))
    except SealiftError:
        raise _lost(path, "is not a sealed file, or is a damaged one") from None
    if signed:
        raise _lost(path, "is signed")


def identity_notes(report: Report) -> list[str]:
    """What the packer should know of the file's identity; it is not in the file."""
    return [
        f"Not verified in {kind.title}: {outcome.removeprefix(NOT_CHECKED)}. Where it can run, the same inputs give "
        'another identity; engines=("native",) (--engines native) gives the same one everywhere.'
        for kind in further_engines()
        if (outcome := report.engines.get(kind.key, "")).startswith(NOT_CHECKED)
    ]


def _lost(path: Path, why: str) -> FileError:
    return FileError(
        "E406",
        f"The file there {why}, and would be replaced.",
        where=str(path),
        fix="Choose another name, or replace it with overwrite=True (--overwrite).",
    )
