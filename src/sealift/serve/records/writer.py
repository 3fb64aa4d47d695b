"""The process that takes records out of the rings and writes them to the store."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from sealift.errors import SealiftError
from sealift.serve.records.memory import RecordMemory
from sealift.serve.records.record import ModelEntry, Record, of_message
from sealift.serve.records.settings import Settings
from sealift.serve.records.spill import SpillFile, is_complete, read_spilled, spill_files
from sealift.serve.records.stores.base import Position, RecordBatch, Store
from sealift.serve.ring import DamagedRingError

_log = logging.getLogger(__name__)
_MOST = 4 << 20
"""Bytes of one ring or file in one transaction."""
_LAST = 10.0
"""Seconds at the end of the server in which the store must take what is left."""
_LAST_PAUSE = 0.05
_ALARM = 10.0
"""Seconds between two alarms of the same kind."""
_EXPIRE = 3600.0
_DAY = 86_400.0
_SLOWEST = 5.0
_TRIES = 50


class RecordWriter:
    """Writes until the supervisor asks it to end, or is gone together with the workers.

    Args:
        memory: the rings.
        settings: how calls are recorded.
        open_store: opens the store. Raises ServeError.
    """

    def __init__(self, memory: RecordMemory, settings: Settings, open_store: Callable[[], Store]) -> None:
        self._memory, self._settings, self._open = memory, settings, open_store
        self._store: Store | None = None
        self._files: dict[str, Position] = {}
        self._failures = 0
        self._next_try = self._next_alarm = self._next_expiry = 0.0
        self._alarmed = memory.counts().dropped

    def run(self, alive: int | None = None) -> int:
        """Write; returns the number of records that were lost at the end.

        Args:
            alive: a descriptor that reaches its end when the supervisor has ended.
        """
        until: float | None = None
        orphaned, due = False, 0.0
        self._memory.beat(failing=False)
        while True:
            # Before the rings are read: what is put before the request to end is written.
            orphaned = orphaned or _at_end(alive)
            stopping = self._memory.stopping or (orphaned and not self._memory.producers_alive())
            if stopping and until is None:
                until, due, self._next_try = time.monotonic() + _LAST, 0.0, 0.0
            if time.monotonic() >= due:
                complete = self._drain(ending=stopping)
                due = time.monotonic() + (_LAST_PAUSE if stopping else self._settings.flush)
                if until is not None and (complete or time.monotonic() > until):
                    return self._end(complete=complete)
            self._alarm()
            works = not self._failures
            self._memory.beat(failing=not works)
            pause = min(max(due - time.monotonic(), 0.0), _LAST_PAUSE if orphaned else 1.0)
            if self._memory.wait(pause, None if orphaned else alive, until_full=works and not stopping) and works:
                due = 0.0

    def _drain(self, *, ending: bool) -> bool:
        """Write what is there; False where the store fails."""
        if time.monotonic() < self._next_try:
            return False
        try:
            if self._store is None:
                self._store = self._opened()
            while self._round():
                self._memory.beat(failing=False)
            if ending:
                counts = self._memory.counts()
                rings = [self._source(place) for place in range(len(self._memory.rings))]
                self._store.write(RecordBatch(self._memory.run, finished=rings, counts=vars(counts), ended=True))
            self._expire()
        except (SealiftError, OSError) as error:
            self._failed(error)
            return False
        if self._failures:
            _log.warning("the store of records works again")
        self._failures = 0
        return True

    def _opened(self) -> Store:
        """Open the store, and go on where it stands: the process before this one may have been killed after a write."""
        store = self._open()
        try:
            self._files = positions = store.positions()
            for run in store.runs():
                if run.name == self._memory.run:
                    self._memory.set_written(run.written)
        except BaseException:
            store.close()
            raise
        for place, ring in enumerate(self._memory.rings):
            known = positions.get(self._source(place))
            if known is not None and known.end > ring.tail:
                ring.release(known.end, known.messages - ring.taken_count)
        return store

    def _source(self, place: int) -> str:
        return f"{self._memory.run}/{place}"

    def _round(self) -> bool:
        """One transaction; False where there was nothing to write."""
        assert self._store is not None
        memory = self._memory
        messages: list[bytes] = []
        positions: dict[str, Position] = {}
        releases: list[Callable[[], None]] = []
        for place, ring in enumerate(memory.rings):
            some, end = self._read_ring(place)
            if some:
                messages += some
                positions[self._source(place)] = Position(end, ring.taken_count + len(some))
                releases.append(partial(ring.release, end, len(some)))
        finished = self._read_files(messages, positions, releases)
        if not messages and not finished:
            return False
        models, records = self._decoded(messages)
        counts = vars(memory.counts())
        counts = counts | {"written": counts["written"] + len(records)}
        self._store.write(RecordBatch(memory.run, models, records, positions, finished, counts))
        memory.written(len(records))
        for release in releases:
            release()
        return True

    def _read_ring(self, place: int) -> tuple[list[bytes], int]:
        ring = self._memory.rings[place]
        for _ in range(_TRIES):
            with suppress(DamagedRingError):
                return ring.read(ring.tail, _MOST)
            time.sleep(0.001)  # the processor that wrote it has not published all of it
        lost = ring.skip()
        self._memory.lost(lost)
        _log.error("%d records are lost: the memory of a worker is damaged", lost)
        return [], ring.tail

    def _read_files(
        self, messages: list[bytes], positions: dict[str, Position], releases: list[Callable[[], None]]
    ) -> list[str]:
        """Read one file of spilled records, if there is one; returns the sources that are finished."""
        for path in spill_files(self._settings.spill):
            whole = is_complete(path)  # before it is read
            start, count = self._files.get(path.name, Position(0, 0))
            some, end = read_spilled(path, start, _MOST)
            if some:
                messages += some
                place = positions[path.name] = Position(end, count + len(some))
                releases.append(partial(self._files.__setitem__, path.name, place))
                return []
            if not whole:
                continue
            if path.stat().st_size > end:
                self._memory.lost(1)
                _log.error("%s ends in an incomplete record, which is lost", path)
            path.unlink()
            self._files.pop(path.name, None)
            return [path.name]
        return []

    def _decoded(self, messages: list[bytes]) -> tuple[list[ModelEntry], list[Record]]:
        models: list[ModelEntry] = []
        records: list[Record] = []
        for message in messages:
            try:
                entry = of_message(message)
            except ValueError:
                self._memory.lost(1)
                _log.error("a record is lost: it is malformed")
                continue
            if isinstance(entry, Record):
                records.append(entry)
            else:
                models.append(entry)
        return models, records

    def _failed(self, error: Exception) -> None:
        if self._store is not None:
            with suppress(Exception):
                self._store.close()
            self._store = None
        self._failures += 1
        self._next_try = time.monotonic() + min(_SLOWEST, 0.1 * 2 ** min(self._failures, 10))
        if self._failures == 1 or time.monotonic() > self._next_alarm:
            self._next_alarm = time.monotonic() + _ALARM
            _log.error("records are not written: %s", error)

    def _alarm(self) -> None:
        dropped = self._memory.counts().dropped
        if dropped > self._alarmed and time.monotonic() > self._next_alarm:
            self._next_alarm = time.monotonic() + _ALARM
            _log.error("%d records were dropped: there was no room for them", dropped - self._alarmed)
            self._alarmed = dropped

    def _expire(self) -> None:
        days = self._settings.keep_days
        if days is None or self._store is None or time.monotonic() < self._next_expiry:
            return
        self._next_expiry = time.monotonic() + _EXPIRE
        self._store.expire(time.time() - days * _DAY)

    def _end(self, *, complete: bool) -> int:
        lost = 0 if complete else self._rescue()
        if lost:
            self._memory.lost(lost)
            _log.error("%d records are lost: the store did not take them before the server ended", lost)
        if self._store is not None:
            self._store.close()
        return lost

    def _rescue(self) -> int:
        """Put what is left in the rings into a file, where that is permitted; returns the number that is lost."""
        lost = 0
        file = SpillFile(self._settings.spill, f"{self._memory.run}-end")
        for ring in self._memory.rings:
            while ring.used:
                try:
                    messages, end = ring.read(ring.tail, _MOST)
                except DamagedRingError:
                    lost += ring.skip()
                    break
                spilled = self._settings.overflow == "spill"
                lost += sum(not (spilled and file.append(message)) for message in messages)
                ring.release(end, len(messages))
        file.close()
        return lost


def _at_end(alive: int | None) -> bool:
    """Whether the supervisor has ended: nothing is ever written to the descriptor."""
    if alive is None:
        return False
    import select

    return bool(select.select([alive], [], [], 0)[0])
