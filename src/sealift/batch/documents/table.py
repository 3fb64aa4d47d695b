"""Documents as a table: a row for each file, with its text and its name (spec/DOCUMENTS.md)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sealift import files
from sealift.batch.chunks import Chunk
from sealift.batch.documents.read import document_text
from sealift.batch.documents.refusal import DocumentError
from sealift.batch.pictures import FILE, files_beside
from sealift.contract import Contract, Problem
from sealift.errors import ContractError, FileError

SUFFIXES = frozenset({".txt", ".docx"})
"""The suffixes of documents, by which they are chosen in folders."""

_AT_ONCE = 32


class DocumentFiles:
    """A table of documents, with the columns of one field and `file` (`document` if the field has this name).

    Attributes:
        names, skipped, arrow_types: as of `Reader`.
        name: what the table is called in messages.
    """

    def __init__(self, field: str, paths: Sequence[Path], name: str) -> None:
        self.names = [field, "document" if field == FILE else FILE]
        self.skipped = 0
        self.arrow_types: Mapping[str, Any] = {}
        self.name = name
        self._paths, self._read = paths, 0

    @classmethod
    def of(cls, contract: Contract, places: Sequence[str | Path], output: Path | None = None) -> DocumentFiles:
        """The documents at these places: files, those in folders by their suffix, and patterns such as `letters/*.txt`.

        The file `output` is left out.

        Raises:
            ContractError: E104 for a model with other inputs than one text of any length.
            FileError: E410 where there is no file.
        """
        field = text_field(contract)
        if field is None:
            raise ContractError(
                "E104", "The model has other inputs than one text.", fix="Give a table with a column for each input."
            )
        listed = ", ".join(map(str, places))
        named = {Path(place) for place in places}
        paths = [path for path in files_beside(output, places) if path in named or path.suffix.lower() in SUFFIXES]
        if not paths:
            raise FileError("E410", "There are no documents.", where=listed, fix="Check the folder or the pattern.")
        return cls(field, paths, listed)

    def chunks(self, names: Sequence[str], rows: int, numbers: Collection[str] = ()) -> Iterator[Chunk]:
        """As of `Reader`. A document without a readable text is a problem of its row (R121 to R123)."""
        del names, numbers
        field, column = self.names
        size = min(rows, _AT_ONCE)
        for start in range(0, len(self._paths), size):
            part = self._paths[start : start + size]
            texts: list[str] = []
            sound: list[int] = []
            faults: list[Problem] = []
            notes: list[tuple[str, str]] = []
            for place, path in enumerate(part):
                try:
                    document = document_text(path)
                except DocumentError as error:
                    message = f'The document "{files.as_text(path)}" {error}.'
                    faults.append(Problem(start + place + 1, field, error.code, message))
                    continue
                texts.append(document.text)
                sound.append(place)
                if document.note:
                    notes.append((field, document.note))
            self._read = start + len(part)
            columns = {field: texts, column: [files.as_text(path) for path in part]}
            yield Chunk(len(part), columns, sound=np.array(sound, np.intp), faults=faults, notes=notes)

    def done(self) -> tuple[int, int]:
        """The number of files read, and of all files."""
        return self._read, len(self._paths)

    def close(self) -> None:
        """Nothing is open."""


def text_field(contract: Contract) -> str | None:
    """The name of the only input, if it is a text of any length; else None."""
    if len(contract.inputs) != 1:
        return None
    is_long = any(stage.type.is_multiline(stage) for stage in contract.stages)
    return contract.inputs[0].name if is_long else None
