"""The observer of a worker: each call that ends becomes a record in the worker's ring."""

from __future__ import annotations

import dataclasses
import logging
import random
import threading
import time
from collections.abc import Iterator, Sequence

import numpy as np

from sealift.contract import Batch
from sealift.serve.answered import Answered, Joined
from sealift.serve.calls import Call, Observer
from sealift.serve.records.memory import DROPPED, SAMPLED_OUT, SPILLED, RecordMemory
from sealift.serve.records.personal import FieldProtection
from sealift.serve.records.record import ModelEntry, Record, as_message, encode_rows, new_id, one_row_message, record_of
from sealift.serve.records.row_payload import Layout, RowPayloads, layout_of
from sealift.serve.records.settings import Settings
from sealift.serve.records.spill import SpillFile
from sealift.serve.served import ServedModel

_log = logging.getLogger(__name__)
_PATIENCE = 10.0
"""Seconds for which a call waits for room, where `overflow` is `block`."""
_ALIVE = 5.0
_PAUSE = 0.0005


class RecordObserver(Observer):
    """Records the calls of one worker. Threads may share it."""

    def __init__(self, memory: RecordMemory, place: int, settings: Settings) -> None:
        memory.attach(place)
        self._memory, self._ring = memory, memory.rings[place]
        self._words = self._ring.words
        self._settings = settings
        self._sample = settings.sample
        self._most = self._ring.size // 4  # bytes of one record
        self._lock = threading.Lock()
        self._models: dict[tuple[str, str], tuple[ModelEntry, FieldProtection | None]] = {}
        self._announced: set[int] = set()
        self._spill = SpillFile(settings.spill, f"{memory.run}-{place}") if settings.overflow == "spill" else None
        self._stalled = False  # a call waited for room in vain
        self._failed = False
        self._layout: tuple[int, Layout] | None = None  # of `_payloads`

    def observe(self, call: Call) -> None:
        """Put the record of a call into the ring."""
        try:
            if self._sampled():
                self._observe(call)
        except Exception:
            self._failure(1)

    def observe_joined(self, calls: Sequence[Call], joined: Joined) -> None:
        """Put the record of each call into the ring."""
        try:
            served = calls[0].model
            model, protection = self._models.get((served.name, served.identity)) or self._new(served)
            if protection is None:
                layout = model.number, layout_of(joined)
                if layout != self._layout:
                    self._layout, self._payloads = layout, RowPayloads(joined)
            if protection is not None or not self._payloads.usable:
                super().observe_joined(calls, joined)
                return
            payloads = self._payloads.of(joined)
            messages = [
                one_row_message(call, model, payload)
                for call, payload in zip(calls, payloads, strict=True)
                if self._sample >= 1.0 or self._sampled()
            ]
            with self._lock:
                whole = model.number in self._announced and len(payloads[0]) <= self._most // 2
                if whole and self._ring.put_all(messages):
                    self._memory.wake_if_full(self._ring)
                    return
            for message in messages:
                self._put(message, model)
        except Exception:
            self._failure(len(calls))

    def _sampled(self) -> bool:
        """Whether a call is recorded."""
        if self._sample >= 1.0 or random.random() < self._sample:  # noqa: S311 -- not a secret
            return True
        with self._lock:
            self._words[SAMPLED_OUT] += 1
        return False

    def _failure(self, count: int) -> None:
        """Count calls that could not be recorded: the callers have their answers."""
        with self._lock:
            self._words[DROPPED] += count
        if not self._failed:
            self._failed = True
            _log.exception("a call could not be recorded; later failures are only counted")

    def _observe(self, call: Call) -> None:
        served = call.model
        model, protection = self._models.get((served.name, served.identity)) or self._new(served)
        record = record_of(call, model, protection)
        message = as_message(record)
        if len(message) <= self._most:
            self._put(message, model)
            return
        for part in _parts(call, record, protection, self._most):
            self._put(as_message(part), model)

    def _new(self, served: ServedModel) -> tuple[ModelEntry, FieldProtection | None]:
        known = ModelEntry.of(served), self._settings.protection.of(served.contract)
        self._models[served.name, served.identity] = known
        return known

    def _put(self, message: bytes, model: ModelEntry) -> None:
        with self._lock:
            # The store must know the model to which the record refers.
            if model.number not in self._announced and self._deliver(as_message(model)):
                self._announced.add(model.number)
            if model.number not in self._announced or not self._deliver(message, counted=True):
                self._words[DROPPED] += 1

    def _deliver(self, message: bytes, *, counted: bool = False) -> bool:
        ring = self._ring
        if len(message) <= self._most and ring.put(message):
            self._memory.wake_if_full(ring)
            self._stalled = False
            return True
        if self._spill is not None:
            stored = self._spill.append(message)
            self._words[SPILLED] += stored and counted
            return stored
        return self._settings.overflow == "block" and len(message) <= self._most and self._waited(message)

    def _waited(self, message: bytes) -> bool:
        """Wait for room while the writer works. After a call that waited in vain, none waits until there is room."""
        if self._stalled:
            return False
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until and self._memory.draining(_ALIVE):
            self._memory.wake_if_full(self._ring)
            time.sleep(_PAUSE)
            if self._ring.put(message):
                return True
        self._stalled = True
        return False


def _parts(call: Call, whole: Record, protection: FieldProtection | None, most: int) -> Iterator[Record]:
    """Records of some rows each, of at most so many bytes unless a single row has more."""
    step = max(1, whole.rows * most // (2 * len(whole.payload)))
    first = 1
    for answered in call.answered:
        for start in range(0, len(answered.batch), step):
            rows = _sliced(answered, start, start + step)
            identifier = new_id(call.begun)
            payload = encode_rows([rows], identifier, protection)
            count = len(rows.batch)
            yield whole._replace(id=identifier, first=first, rows=count, payload=payload)
            first += count


def _sliced(answered: Answered, start: int, stop: int) -> Answered:
    batch = answered.batch
    before = int(np.count_nonzero(batch.good[:start]))
    good = batch.good[start:stop]
    problems = [
        dataclasses.replace(problem, row=problem.row - start)
        for problem in batch.problems
        if start < problem.row <= stop
    ]
    answers = slice(before, before + int(np.count_nonzero(good)))
    tensors = {name: array[start:stop] for name, array in batch.tensors.items()}
    return Answered(Batch(tensors, good, problems), {name: each[answers] for name, each in answered.outputs.items()})
