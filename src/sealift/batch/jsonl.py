"""Read and write JSON Lines: one object on each line (jsonlines.org), values by spec/CONTRACT.md §2."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import IO, Any

import numpy as np

from sealift import canonical
from sealift.batch.chunks import MAX_BYTES, Chunk, OutputColumn, blank, malformed, size_of
from sealift.batch.csv_out import as_text
from sealift.contract import Problem

_MAX_LINE = 1 << 26
_LOOK = 1000
_DIGITS = 310  # the largest double has 309 digits
_SPECIAL = re.compile(rb"[0-9]{310}|-0(?![.eE0-9])")
"""Integers that the parser would refuse, or whose sign it would lose."""
_FIX = "Write one JSON object on each line, in UTF-8, with the contract's input names as keys."


class JsonLinesReader:
    """An open JSON Lines file; the columns are the keys of the first records."""

    def __init__(self, stream: IO[bytes], where: str) -> None:
        """Read the first records. Raises FileError E404 when none is a JSON object."""
        self._where = where
        self._stream = stream
        self._size = size_of(stream)
        self.skipped = 0
        self.arrow_types: Mapping[str, Any] = {}
        self._lines = self._line()
        opening = list(islice(self._lines, _LOOK))
        if not opening:
            raise malformed("The file is empty.", where, _FIX)
        parsed = [_record(line) for line in opening]
        records = [record for record in parsed if not isinstance(record, str)]
        if not records:  # otherwise a line that cannot be read is a bad row, even the first
            raise malformed(f"The file is not JSON Lines: {parsed[0]}.", f"{where}, line 1", _FIX)
        self.names: list[str] = list(dict.fromkeys(key for record in records for key in record))
        self._lines = chain(opening, self._lines)

    def chunks(self, names: Sequence[str], rows: int, numbers: Collection[str] = ()) -> Iterator[Chunk]:
        """The values of `names`; an absent key is None."""
        del numbers
        known = set(self.names)
        first = 1
        while lines := self._some(rows):
            records: list[dict[str, Any]] = []
            sound: list[int] = []
            faults: list[Problem] = []
            for at, line in enumerate(lines):
                record = _record(line)
                if not line:
                    faults.append(blank(first + at))
                elif isinstance(record, str):
                    faults.append(Problem(first + at, "", "R106", f"The line is not a JSON object: {record}."))
                elif not record.keys() <= known:
                    unknown = next(key for key in record if key not in known)
                    message = f'The record has "{unknown:.80}", which the first records do not have.'
                    faults.append(Problem(first + at, "", "R105", message))
                else:
                    records.append(record)
                    sound.append(at)
            columns = {name: [record.get(name) for record in records] for name in names}
            where = np.array(sound, dtype=np.intp) if faults else None
            yield Chunk(len(lines), columns, sound=where, faults=faults)
            first += len(lines)

    def done(self) -> tuple[int, int]:
        """The bytes read and their total number."""
        return (self._stream.tell() if self._size else 0), self._size

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _some(self, rows: int) -> list[bytes]:
        lines: list[bytes] = []
        held = 0
        for line in islice(self._lines, rows):
            lines.append(line)
            held += len(line)
            if held > MAX_BYTES:
                break
        return lines

    def _line(self) -> Iterator[bytes]:
        """The lines from the first that is not empty; b"" for an empty line before another line."""
        number, begun = 0, False
        while line := self._stream.readline(_MAX_LINE):
            number += 1
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if len(line) >= _MAX_LINE:
                raise malformed("A line is longer than 64 MB.", f"{self._where}, line {number}", _FIX)
            if line.strip():
                for _ in range(self.skipped):
                    yield b""
                self.skipped, begun = 0, True
                yield line
            elif begun:
                self.skipped += 1


def _record(line: bytes) -> dict[str, Any] | str:
    """The object of a line, or what is wrong with it."""
    try:
        canonical.check_surrogates(line)
        # A hook makes parsing ten times slower, so it is used only where it is needed.
        hooks: dict[str, Any] = {"parse_int": _integer} if _SPECIAL.search(line) else {}
        record = json.loads(line.decode(), object_pairs_hook=_unique, **hooks)
    except UnicodeDecodeError:
        return "it is not UTF-8"
    except RecursionError:
        return "it is nested too deeply"
    except ValueError as error:  # malformed JSON, a duplicate key, a number of thousands of digits
        return str(error)[:200]
    return record if isinstance(record, dict) else f"it is a {type(record).__name__}"


def _integer(text: str) -> int | float:
    if text == "-0":
        return -0.0
    if len(text) > _DIGITS:
        raise ValueError("a number is larger than the largest double")
    return int(text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise ValueError("duplicate key")
    return record


class JsonLinesWriter:
    """Writes one object for each row; NaN and ±∞, which JSON lacks, as strings (spec/SEAL.md §3)."""

    def __init__(self, stream: IO[bytes], columns: Sequence[OutputColumn], where: str) -> None:
        del where
        self._stream = stream
        self._names = [column.name for column in columns]

    def write(self, columns: Sequence[Sequence[Any]]) -> None:
        """Append rows."""
        encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=as_text).encode
        lines = []
        for row in zip(*columns, strict=True):
            record = dict(zip(self._names, row, strict=True))
            try:
                line = encode(record)
            except ValueError:
                line = encode(_finite(record))
            lines.append(line + "\n")
        self._stream.write("".join(lines).encode())

    def close(self) -> None:
        """Flush; the stream stays open."""
        self._stream.flush()

    def abandon(self) -> None:
        """Do nothing."""


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return as_text(value) if isinstance(value, float) else value
