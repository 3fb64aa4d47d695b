"""The number of workers: fixed, or between a minimum and a maximum."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from sealift.errors import ServeError
from sealift.runtime.processors import processors
from sealift.serve.toml_table import TomlTable

MOST_WORKERS = 256
_THREADS = 4
_IDLE = 30.0
_LONGEST_IDLE = 86_400.0


@dataclass(frozen=True)
class WorkerRange:
    """How many workers a server has.

    Attributes:
        least: the minimum; with 0, the server has no worker while there are no requests.
        most: the maximum.
        idle: seconds for which a worker must have been unnecessary before it is ended.
    """

    least: int
    most: int
    idle: float = _IDLE

    @property
    def fixed(self) -> bool:
        """Whether the number never changes."""
        return self.least == self.most

    @classmethod
    def of(cls, workers: int | WorkerRange | None) -> WorkerRange:
        """The range for a number; by default one worker for each processor."""
        if isinstance(workers, WorkerRange):
            return workers
        count = workers or processors()
        return cls(count, count)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The range for `4` or `0-4`. Raises ValueError."""
        match = re.fullmatch(r"([0-9]{1,3})(?:-([0-9]{1,3}))?", text.strip())
        if match is None:
            raise ValueError("must be a number, or a range such as 1-4")
        least, most = int(match[1]), int(match[2] or match[1])
        if not (least <= most and 1 <= most <= MOST_WORKERS):
            raise ValueError(f"must be from 1 to {MOST_WORKERS}, and the minimum at most the maximum")
        return cls(least, most)


def threads_of(workers: int) -> int:
    """The threads of one of so many workers for requests that take long: about four for each processor in all.

    A worker whose threads all compute still needs the event loop to run, so that more threads than processors are of
    use only while requests are read and answers are written.
    """
    return max(1, -(-_THREADS * processors() // workers)) if workers >= processors() else max(_THREADS, processors())


def read_workers(server: TomlTable) -> int | WorkerRange | None:
    """`workers` of [server]: an integer, or a table. Raises ServeError E709."""
    if not server.is_table("workers"):
        return server.number("workers", 0, 1, MOST_WORKERS) or None
    table = server.table("workers")
    most = table.number("max", 0, 1, MOST_WORKERS) or processors()
    least = table.number("min", 1, 0, MOST_WORKERS)
    idle = table.seconds("idle", _IDLE, 0.1, _LONGEST_IDLE)
    table.end()
    if least > most:
        raise table.wrong("min", f"must be at most the maximum, {most}")
    return WorkerRange(least, most, idle)


def check_workers(workers: int | WorkerRange | None, *, grpc: bool) -> None:
    """Raise ServeError E800 where no worker would accept the connections of gRPC."""
    if grpc and WorkerRange.of(workers).least == 0:
        raise ServeError(
            "E800",
            "With a minimum of 0 workers, nobody accepts connections of gRPC.",
            fix="Set the minimum to 1, or do not serve gRPC.",
        )
