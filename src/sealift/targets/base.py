"""The protocol of a target: a format in which a sealed model runs on a machine without Python.

To add a target, implement `Target` and declare the instance as an entry point of the group `sealift.targets`
(docs/how-to/add-a-target.md). The page is declared in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol, runtime_checkable

from sealift import files, seal
from sealift.contract import Contract
from sealift.errors import PageError
from sealift.plugins import Plugins
from sealift.seal import Bytes, Seal


@dataclass(frozen=True)
class SealedFile:
    """A sealed file that was read once and checked completely.

    Attributes:
        path: the file, for messages and names.
        data: its bytes, exactly those that were checked.
        seal: its contents.
    """

    path: Path
    data: Bytes
    seal: Seal

    @classmethod
    def read(cls, path: Path | str) -> SealedFile:
        """Read and check a sealed file. Raises as `sealift.seal.read`."""
        path = Path(path)
        data = files.content(path)
        return cls(path, data, seal.parse(data, str(path)))

    @cached_property
    def contract(self) -> Contract:
        """The contract of the model. Raises as `sealift.seal.Seal.contract`."""
        return self.seal.contract()


@dataclass(frozen=True)
class Built:
    """The result of building a target.

    Attributes:
        path: the file.
        size: its size in bytes.
        sha256: its digest; the same sealed file and the same installation make the same file.
        identity: the identity of the sealed model inside.
        title: the model's title.
        handout: the sheet about the file, if one was requested.
        limitations: what the file cannot do with this model, one sentence each, as given by the target.
        usage: how the file is used, in one or two sentences; may be empty.
    """

    path: Path
    size: int
    sha256: str
    identity: str
    title: str
    handout: Path | None = None
    limitations: tuple[str, ...] = ()
    usage: str = ""


class Target(Protocol):
    """One kind of file that a sealed file can be built into.

    Attributes:
        name: the entry point's name, such as "page".
        suffix: the ending of the files that it writes, such as ".html"; `sealift app -o` selects the target by it.
    """

    name: str
    suffix: str

    def limitations(self, source: SealedFile) -> Sequence[str]:
        """What the target cannot do with this model, one sentence each; empty if it can do everything.

        `sealift app` prints them after the file was written. The graph is not run.
        """

    def build(self, source: SealedFile, output: Path) -> Built:
        """Write `output` for a sealed file, completely or not at all.

        Raises:
            FileError: E402 when the file cannot be written.
            PageError: when the target cannot be built from this model, or the file could not answer any row.
        """


@runtime_checkable
class WithHandout(Protocol):
    """A target that can also write a sheet about its files, for IT security and data protection."""

    def handout(self, source: SealedFile, built: Built, output: Path) -> Path:
        """Write the sheet `output`, an `.html` file, about the file that `build` wrote from `source`.

        Returns:
            `output`.

        Raises:
            FileError: E402 when the sheet cannot be written.
        """


@runtime_checkable
class WithLimit(Protocol):
    """A target that takes sealed files up to a size."""

    def check_size(self, path: Path, size: int) -> None:
        """Refuse a sealed file by its size in bytes, before it is read.

        Raises:
            PageError: when the file is too large.
        """


_targets: Plugins[Target] = Plugins("sealift.targets", "target")


def targets() -> Mapping[str, Target]:
    """The installed targets by name."""
    return _targets.all()


def target_for(output: Path) -> Target:
    """The target that writes files of this ending. Raises PageError E606 if there is none."""
    known = {target.suffix: target for target in targets().values()}
    matching = known.get(output.suffix.lower())
    if matching is None:
        raise PageError(
            "E606",
            f"No target writes files that end in {output.suffix!r:.20}.",
            where=str(output),
            fix=f"Choose a name that ends in {' or '.join(sorted(known))}.",
        )
    return matching
