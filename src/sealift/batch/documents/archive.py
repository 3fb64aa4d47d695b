"""ZIP archives as Word writes them, with limits that a decompression bomb exceeds (spec/DOCUMENTS.md §3)."""

from __future__ import annotations

import io
import zipfile
import zlib

from sealift.batch.documents.refusal import DocumentError, broken, locked

_MOST_ENTRIES = 4096
_MOST_PART = 1 << 25
_MOST_PARTS = 1 << 26


class DocumentArchive:
    """The parts of an archive in memory."""

    def __init__(self, data: bytes) -> None:
        """Read the directory. Raises DocumentError R122."""
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            raise _damaged() from None
        infos = self._archive.infolist()
        if len(infos) > _MOST_ENTRIES:
            raise broken(f"has {len(infos)} parts; at most {_MOST_ENTRIES} are permitted")
        self._infos = {info.filename: info for info in infos}
        if len(self._infos) != len(infos):
            raise _damaged()
        self._read = 0

    @property
    def names(self) -> list[str]:
        """The names of the parts."""
        return list(self._infos)

    def part(self, name: str) -> bytes:
        """The content of a part. Raises DocumentError R122, R123."""
        info = self._infos.get(name)
        if info is None:
            raise broken(f"has no part {name}")
        if info.flag_bits & 1:
            raise locked("is encrypted")
        self._read += info.file_size
        if info.file_size > _MOST_PART or self._read > _MOST_PARTS:
            raise broken("is larger than permitted when it is unpacked")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _damaged()
        try:
            with self._archive.open(info) as stream:
                content = stream.read(info.file_size + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError):
            raise _damaged() from None
        if len(content) != info.file_size:
            raise _damaged()
        return content


def _damaged() -> DocumentError:
    return broken("is damaged: its parts cannot be unpacked")
