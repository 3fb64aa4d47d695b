"""A queue of messages in shared memory, from one process to another, that outlives both.

The memory is an anonymous mapping that the parent of both processes makes before it forks. The producer copies a
message behind the last one and then advances the head; the consumer reads what lies between tail and head, and advances
the tail when it no longer needs it. No lock is needed, and a process that is killed leaves the ring valid: the head is
before a message that is not complete. Processors other than x86 may let the consumer see the new head before the
message, so that each message has a checksum there; the consumer stops before one that is not complete, and reads it
again later.
"""

from __future__ import annotations

import mmap
import platform
import struct
import zlib
from collections.abc import Sequence

_FRAME = struct.Struct("=II")
_ALIGN = 8
_PADDING = [bytes(-length % _ALIGN) for length in range(_ALIGN)]
_HEAD, _TAIL, _PUT, _TAKEN = 0, 8, 16, 24  # words, each in a cache line of its own
_FREE = 32
"""The first word that the ring does not use."""
WORDS = 32
"""Words of 64 bits that the users of a ring share beside it."""
_START = 8 * (_FREE + WORDS)
_ORDERED = platform.machine().lower() in ("x86_64", "amd64", "i386", "i686")
"""Whether processors see each other's stores in their order."""


class DamagedRingError(Exception):
    """A message of a ring is not complete although the producer has advanced the head."""


class Ring:
    """A ring. One process puts messages, one other reads them; threads of the producer need a lock of their own.

    Args:
        size: as the attribute.
        checked: whether messages have checksums; by default where the processor may reorder stores.

    Attributes:
        size: bytes for messages, each of which takes 8 bytes more, rounded up to a multiple of 8.
        words: words of 64 bits, 0 at first, that both processes may read and write.
    """

    def __init__(self, size: int, *, checked: bool = not _ORDERED) -> None:
        if size < _ALIGN or size % _ALIGN:
            raise ValueError(f"size must be a multiple of {_ALIGN}, got {size}")
        self.size = size
        self._checksum = zlib.crc32 if checked else _no_checksum
        self._memory = mmap.mmap(-1, _START + size)
        self._every = memoryview(self._memory).cast("Q")  # one store of the processor for each assignment
        self._words = self._every[:_FREE]
        self.words = self._every[_FREE : _FREE + WORDS]

    def put(self, message: bytes) -> bool:
        """Append a message; False where there is no room for it."""
        return self.put_all((message,))

    def put_all(self, messages: Sequence[bytes]) -> bool:
        """Append messages; False where there is no room for all of them."""
        parts: list[bytes] = []
        for message in messages:
            length = len(message)
            parts += (_FRAME.pack(length, self._checksum(message)), message, _PADDING[length % _ALIGN])
        data = b"".join(parts)
        words, size, length = self._words, self.size, len(data)
        head = words[_HEAD]
        if length > size - head + words[_TAIL]:
            return False
        memory, at = self._memory, _START + head % size
        room = _START + size - at
        if length <= room:
            memory[at : at + length] = data
        else:
            memory[at : _START + size] = data[:room]
            memory[_START : _START + length - room] = data[room:]
        words[_PUT] += len(messages)
        words[_HEAD] = head + length  # last: the messages are complete
        return True

    @property
    def used(self) -> int:
        """Bytes between tail and head."""
        return self._words[_HEAD] - self._words[_TAIL]

    @property
    def tail(self) -> int:
        """The position of the first message that is not released; positions only grow."""
        return self._words[_TAIL]

    @property
    def put_count(self) -> int:
        """The number of messages that were put."""
        return self._words[_PUT]

    @property
    def taken_count(self) -> int:
        """The number of messages that were released."""
        return self._words[_TAKEN]

    def read(self, position: int, most: int) -> tuple[list[bytes], int]:
        """Messages from a position on, and the position behind them.

        Args:
            position: `tail`, or what an earlier call returned.
            most: bytes after which no further message is read; one is read in any case.

        Raises:
            DamagedRingError: the first message is not complete.
        """
        messages: list[bytes] = []
        memory, size = self._memory, self.size
        head, end = self._words[_HEAD], position + most
        while position < head and (position < end or not messages):
            at = _START + position % size
            length, checksum = _FRAME.unpack(memory[at : at + _FRAME.size])
            at += _FRAME.size
            if length > head - position - _FRAME.size:
                break
            stop = at + length
            if stop <= _START + size:
                message = memory[at:stop]
            else:
                message = memory[at : _START + size] + memory[_START : stop - size]
            if self._checksum(message) != checksum:
                break
            messages.append(message)
            position += (length + _FRAME.size + _ALIGN - 1) & -_ALIGN
        if position < head and not messages:
            raise DamagedRingError
        return messages, position

    def release(self, position: int, count: int) -> None:
        """Free the room before a position, which `read` returned, and the `count` messages in it."""
        self._words[_TAKEN] += count
        self._words[_TAIL] = position

    def skip(self) -> int:
        """Release everything without reading it, after damage; returns the number of messages that are lost."""
        head, lost = self._words[_HEAD], self._words[_PUT] - self._words[_TAKEN]
        self.release(head, lost)
        return lost

    def close(self) -> None:
        """Release the memory of this process."""
        self._words.release()
        self.words.release()
        self._every.release()
        self._memory.close()


def _no_checksum(_: bytes) -> int:
    return 0
