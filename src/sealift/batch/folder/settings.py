"""What a run over folders reads and writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealift.batch.chunks import Kind


@dataclass(frozen=True)
class FolderSettings:
    """What a run reads and writes.

    Attributes:
        inputs: files and folders; folders with their subfolders.
        output: the folder of the outputs and of the journal.
        format: the kind of the outputs; None for the kind of each input.
        keep, keep_inputs, ignore_extra: as for `sealift.batch.score`.
        processes: the number of processes; None for the number of processors.
        watch: whether to go on with files that appear later, until the run is stopped.
        settle: the seconds for which a file must not change before it is read, with `watch`.
    """

    inputs: tuple[Path, ...]
    output: Path
    format: Kind | None = None
    keep: tuple[str, ...] = ()
    keep_inputs: bool = False
    ignore_extra: bool = False
    processes: int | None = None
    watch: bool = False
    settle: float = 2.0

    def options(self) -> dict[str, Any]:
        """The settings on which the contents of the outputs depend."""
        return {
            "format": self.format,
            "keep": list(self.keep),
            "keep_inputs": self.keep_inputs,
            "ignore_extra": self.ignore_extra,
        }
