"""The state of a stream in memory that all workers share: their connections, and what became of the messages."""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias, get_args

from sealift.serve.family import Family
from sealift.serve.processes import is_running

Connection: TypeAlias = Literal["connecting", "connected", "lost"]
CONNECTIONS: tuple[Connection, ...] = get_args(Connection)
"""What the connection of a worker can be; `lost` also where the first attempt failed."""

_PID, _CONNECTION, _ANSWERED, _DEAD, _REDELIVERED, _LOST, _LAST = range(7)
_WIDTH = 8


class StreamMemory:
    """The state of all workers. Make it before the workers are started.

    Args:
        places: the number of places for workers.
        model: the name of the model that answers.
    """

    def __init__(self, places: int, model: str = "") -> None:
        self._places, self._model = places, model
        self._view = memoryview(mmap.mmap(-1, places * _WIDTH * 8)).cast("d")

    def of(self, place: int) -> WorkerStream:
        """The state of the worker in a place, which this process sets from now on."""
        return WorkerStream(self._view[place * _WIDTH : (place + 1) * _WIDTH])

    @property
    def workers(self) -> dict[Connection, int]:
        """The number of running workers by their connection."""
        counts = dict.fromkeys(CONNECTIONS, 0)
        for place in range(self._places):
            pid, connection = map(int, self._view[place * _WIDTH : place * _WIDTH + 2])
            if pid and is_running(pid):  # one that was killed could not set its state
                counts[CONNECTIONS[connection]] += 1
        return counts

    @property
    def connection(self) -> Connection:
        """The connection of the server: `connected` where that of any worker is, since all share the messages."""
        workers = self.workers
        return "connected" if workers["connected"] else "lost" if workers["lost"] else "connecting"

    @property
    def answered(self) -> float:
        """The number of messages that all workers answered."""
        return self._sum(_ANSWERED)

    def source(self) -> Callable[[], Iterator[Family]]:
        """The state as metrics (`Service.metric_sources`)."""
        of_model = {"model": self._model}

        def families() -> Iterator[Family]:
            text = "Workers by their connection to the broker."
            workers = [(of_model | {"connection": name}, count) for name, count in self.workers.items()]
            yield Family("sealift_stream_workers", "gauge", text, workers)
            text = "Messages that were answered, or published to the dead letters."
            results = [
                (of_model | {"result": name}, self._sum(field))
                for name, field in (("answered", _ANSWERED), ("dead", _DEAD))
            ]
            yield Family("sealift_stream_messages_total", "counter", text, results)
            for name, text, field in (
                ("redelivered", "Messages that had been delivered before.", _REDELIVERED),
                ("connections_lost", "Connections that ended unasked, and attempts to connect that failed.", _LOST),
            ):
                yield Family(f"sealift_stream_{name}_total", "counter", text, [(of_model, self._sum(field))])
            last = max(self._view[_LAST::_WIDTH].tolist())
            text = "The time at which a message was last received, in seconds since 1970."
            name = "sealift_stream_last_message_timestamp_seconds"
            yield Family(name, "gauge", text, [(of_model, last)] if last else [])

        return families

    def _sum(self, field: int) -> float:
        return float(sum(self._view[field::_WIDTH].tolist()))


class WorkerStream:
    """The state of one worker, which only this worker sets."""

    def __init__(self, view: memoryview[float]) -> None:
        self._view = view
        self.set("connecting")
        view[_PID] = os.getpid()

    def set(self, connection: Connection) -> None:
        """Set the connection."""
        self._view[_CONNECTION] = CONNECTIONS.index(connection)

    def lost(self) -> None:
        """The connection ended unasked, or could not be made."""
        self.set("lost")
        self._view[_LOST] += 1

    def end(self) -> None:
        """The worker takes no further messages."""
        self._view[_PID] = 0

    def received(self, messages: int, redelivered: int) -> None:
        """Count messages that were received, and those of them that had been delivered before."""
        if messages:
            self._view[_LAST] = time.time()
            self._view[_REDELIVERED] += redelivered

    def done(self, answered: int, dead: int) -> None:
        """Count messages whose answers were published, and that were published to the dead letters."""
        self._view[_ANSWERED] += answered
        self._view[_DEAD] += dead
