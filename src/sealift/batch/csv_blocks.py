"""Read a CSV file in blocks of whole lines, for the readers of whole blocks (`csv_fast`, `csv_numbers`)."""

from __future__ import annotations

from typing import IO, TypeAlias

import numpy as np

Block: TypeAlias = bytes | memoryview

BLOCK = 1 << 21
LONGEST_LINE = 1 << 20
_NEWLINE = 10


class LineBlocks:
    """Reads blocks into one buffer; a block is valid until the next is read.

    Getting the memory of a new block from the operating system, and copying it, takes a tenth of the time of parsing.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._buffer = bytearray(BLOCK + LONGEST_LINE)

    def read(self, start: int) -> Block | None:
        """The lines from the position `start`, with LF in place of CRLF; the stream is then behind them.

        None at the end of the file, and where the block has a quote, a lone CR or a line that is too long.
        """
        self._stream.seek(start)
        view = memoryview(self._buffer)
        size = self._fill(view[:BLOCK])
        tail = self._stream.readline(LONGEST_LINE)
        view[size : size + len(tail)] = tail
        size += len(tail)
        endless = len(tail) == LONGEST_LINE and not tail.endswith(b"\n")
        if not size or endless or self._buffer.find(b'"', 0, size) >= 0:
            return None
        if self._buffer.find(b"\r", 0, size) < 0:
            return view[:size]
        block = bytes(view[:size]).replace(b"\r\n", b"\n")
        return None if b"\r" in block else block

    def _fill(self, view: memoryview) -> int:
        """Read up to `len(view)` bytes; their number is 0 at the end of the file."""
        if hasattr(self._stream, "readinto"):
            return self._stream.readinto(view) or 0
        data = self._stream.read(len(view))
        view[: len(data)] = data
        return len(data)


def line_count(block: Block) -> tuple[int, int]:
    """The number of line ends in a block, and that of lines, of which the last one of a file may have no end."""
    ends = int(np.count_nonzero(np.frombuffer(block, dtype=np.uint8) == _NEWLINE))
    return ends, ends + (block[-1] != _NEWLINE)
