"""What records add to a server: the shared memory, an observer in each worker, and the writer's process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec

from sealift.errors import ServeError
from sealift.optional import need
from sealift.serve.records.memory import RecordCounts, RecordMemory
from sealift.serve.records.observer import RecordObserver
from sealift.serve.records.settings import Settings
from sealift.serve.records.stores import open_store
from sealift.serve.records.writer import RecordWriter
from sealift.serve.service import Service


class CallRecording:
    """The records of one server. It is made before the fork.

    Args:
        settings: how calls are recorded.
        places: the number of workers.
    """

    name = "writer of records"

    def __init__(self, settings: Settings, places: int) -> None:
        self._settings = settings
        self.memory = RecordMemory(places, settings.memory)

    def observer(self, place: int) -> RecordObserver:
        """The observer of a worker, in its process."""
        return RecordObserver(self.memory, place, self._settings)

    def run(self, alive: int | None = None) -> int:
        """Write records until the server ends: the helper process."""
        opened = partial(open_store, self._settings.store, create=True, rotate=self._settings.rotate)
        return 1 if RecordWriter(self.memory, self._settings, opened).run(alive) else 0

    @contextmanager
    def in_thread(self, service: Service) -> Iterator[None]:
        """Within the block, record the calls of this process, and write them in a thread."""
        service.observers.append(self.observer(0))
        thread = threading.Thread(target=self.run, name="sealift-records")
        thread.start()
        try:
            yield
        finally:
            self.stop()
            thread.join()

    def stop(self) -> None:
        """Ask the writer to end; no worker is left."""
        self.memory.stop()

    def counts(self) -> RecordCounts:
        """Numbers of records."""
        return self.memory.counts()


def check(settings: Settings) -> None:
    """Raise an error where records could not be written: ServeError E720, E721; MissingExtraError E405."""
    if settings.overflow == "spill" and find_spec("fcntl") is None:
        raise ServeError(
            "E720",
            "This system has no locks of files, which overflow = 'spill' needs.",
            fix="Use 'drop' or 'block'.",
        )
    if settings.protection.mode == "encrypt":
        need("cryptography", "serve", "Encryption of personal fields")
    open_store(settings.store, create=True, rotate=settings.rotate).close()
