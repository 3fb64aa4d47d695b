"""`OutputFile`: where `pack` writes; existing files that must not be lost are checked for before the work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from sealift import files, seal
from sealift.errors import FileError, SealiftError
from sealift.packing.proof.further_engines import further_engines
from sealift.packing.proof.report import Report
from sealift.runtime.engines.base import NOT_CHECKED


@dataclass(frozen=True)
class OutputFile:
    """Where `pack` writes.

    Attributes:
        path: the file; None for `<name>.seal` in the current folder.
        overwrite: whether an existing file is replaced even if it is signed or is not a sealed file.
    """

    path: Path | str | None = None
    overwrite: bool = False

    @classmethod
    def of(cls, output: OutputFile | Path | str | None, name: str) -> OutputFile:
        """The `OutputFile` for an argument of `pack`, with a path."""
        file = output if isinstance(output, cls) else cls(cast("Path | str | None", output))
        return cls(Path(f"{name}.seal" if file.path is None else file.path), file.overwrite)

    def check(self) -> Path:
        """The path.

        An unsigned sealed file is replaced without asking, since a model is usually packed several times.

        Raises:
            FileError: E402 when the file cannot be written; E406 when an existing file must not be replaced.
        """
        path = Path(self.path or "")
        files.check_writable(path)
        if self.overwrite or not path.exists():
            return path
        try:
            signed = bool(seal.signatures(seal.read(path)))
        except SealiftError:
            raise _lost(path, "is not a sealed file, or is a damaged one") from None
        if signed:
            raise _lost(path, "is signed")
        return path


def identity_notes(report: Report) -> list[str]:
    """Notes on the file's identity; they are not stored in the file."""
    return [
        f"Not verified in {kind.title}: {outcome.removeprefix(NOT_CHECKED)}. Where it can run, the same inputs give "
        'another identity. ProofOptions(engines=("native",)) (--engines native) gives the same one everywhere.'
        for kind in further_engines()
        if (outcome := report.engines.get(kind.key, "")).startswith(NOT_CHECKED)
    ]


def _lost(path: Path, why: str) -> FileError:
    return FileError(
        "E406",
        f"The existing file {why}, and is not replaced.",
        where=str(path),
        fix="Choose another name, or replace it with OutputFile(…, overwrite=True) (--overwrite).",
    )
