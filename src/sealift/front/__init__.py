"""The built front end (web/app) that ships in this package: the files of the page, and the WebAssembly engine."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealift import canonical
from sealift.errors import PageError

FOLDER = Path(__file__).parent / "built"
_NEEDED = (
    "loader.js", "ort.wasm.gz", "shell.css", "shell.html", "ui.css", "ui.html", "ui.js", "worker.js",
)  # fmt: skip


# Parts that only some pages contain, compressed so that every installation is small.
_PARTS = ("codecs.js.gz",)


@dataclass(frozen=True)
class Front:
    """The front end.

    Attributes:
        files: its files by name.
        versions: the versions of what they were built with.
    """

    files: Mapping[str, bytes]
    versions: Mapping[str, str]

    @property
    def digest(self) -> str:
        """SHA-256 over the digests of all files, in hexadecimal."""
        digests = "".join(hashlib.sha256(data).hexdigest() for _, data in sorted(self.files.items()))
        return hashlib.sha256(digests.encode()).hexdigest()

    def text(self, name: str) -> str:
        """A file as text."""
        return self.files[name].decode()

    def part(self, name: str) -> bytes:
        """A file that only some pages contain. Raises PageError E601 when it is missing."""
        packed = self.files.get(f"{name}.gz")
        if packed is None:
            raise _not_built(f"it has no {name}", FOLDER)
        return gzip.decompress(packed)


def engine_files() -> tuple[Path, Path]:
    """The program that runs a graph in WebAssembly, and the engine itself, gzipped; they need not exist."""
    return FOLDER / "worker.js", FOLDER / "ort.wasm.gz"


def versions() -> dict[str, str]:
    """The versions of what the front end was built with. Raises PageError E601 as `load`."""
    return dict(load().versions)


def load(folder: Path | None = None) -> Front:
    """Read the front end. Raises PageError E601 when it is missing or not as it was built."""
    folder = folder or FOLDER
    try:
        listed: Any = canonical.loads((folder / "front.json").read_bytes())
        names = (*_NEEDED, *(name for name in _PARTS if name in listed["files"]))
        files = {name: (folder / name).read_bytes() for name in names}
        for name, data in files.items():
            if hashlib.sha256(data).hexdigest() != listed["files"][name]["sha256"]:
                raise ValueError(f"{name} is not the file that was built")
        return Front(files, dict(listed["versions"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = f"{error.strerror}: {Path(error.filename).name}" if isinstance(error, OSError) else str(error)
        raise _not_built(reason, folder) from None


def _not_built(reason: str, folder: Path) -> PageError:
    return PageError(
        "E601",
        f"The front end of the page was not built into this installation ({reason}).",
        where=str(folder),
        fix="In a clone, run `make web` (or `npm ci && npm run build` in web/app); else reinstall sealift.",
    )
