"""The protocol of a target: a format in which a sealed model runs on a machine without Python.

To add a target, implement `Target` and declare the instance as an entry point of the group `sealift.targets`
(docs/how-to/add-a-target.md). The page is declared in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from sealift.errors import PageError
from sealift.plugins import Plugins
from sealift.seal import Seal


@dataclass(frozen=True)
class Built:
    """The result of building a target.

    Attributes:
        path: the file.
        size: its bytes.
        sha256: its digest; the same sealed file and the same installation make the same file.
        identity: the identity of the sealed model inside.
        title: the model's title.
        handout: the sheet about the file, where one was asked for.
        limitations: what the file cannot do with this model, one sentence each, as the target says.
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
        suffix: the ending of the files that it writes, such as ".html"; it chooses the target for `sealift app -o`.
    """

    name: str
    suffix: str

    def limitations(self, seal: Seal) -> Sequence[str]:
        """What the target cannot do with this model, one sentence each; empty if it can do everything.

        `sealift app` shows them once the file is written. Cheap: the graph is not run.
        """

    def build(self, source: Path, output: Path) -> Built:
        """Write `output` for the sealed file `source`, wholly or not at all.

        Raises:
            FileError: E401 or E402 when a file cannot be read or written.
            SealError: when `source` is not a sound sealed file.
            PageError: when the target cannot be built from it, or would answer no row.
        """


@runtime_checkable
class WithHandout(Protocol):
    """A target that can also write a sheet about its files, for IT security and data protection."""

    def handout(self, source: Path, built: Built, output: Path) -> Path:
        """Write the sheet `output`, an `.html` file, about the file that `build` wrote from `source`.

        Returns:
            `output`.

        Raises:
            FileError: E401 or E402 when a file cannot be read or written.
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
