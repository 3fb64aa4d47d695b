"""Shadows: versions that get copies of the requests in a process of their own, and whose answers are only compared.

A worker puts a copy of the rows and answers of a call into a ring in shared memory after the caller has the response.
Where the ring is full, the copy is dropped and counted. So a shadow can neither delay nor fail a request.
"""

from __future__ import annotations

import json
import logging
import os
import select
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from mmap import mmap
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sealift import files
from sealift.contract.outputs import output_kind
from sealift.errors import SealiftError
from sealift.optional import need
from sealift.serve.answered import Answered
from sealift.serve.calls import Call, Observer
from sealift.serve.counters import SERIES
from sealift.serve.decoded import columns_of_tensors
from sealift.serve.opening import open_version
from sealift.serve.plane import Plane
from sealift.serve.records.record import decode_rows, encode_rows
from sealift.serve.ring import Ring
from sealift.serve.served import ServedModel
from sealift.serve.traffic.state import Version

_log = logging.getLogger(__name__)
_RING = 4 << 20
_DROPPED, _STOP = 0, 1
"""Words of a ring: copies that found no room; whether the server ends."""
_PAUSE = 0.02
_SAVE = 1.0
"""Seconds between two reports."""
_MOST_READ = 1 << 20
_MOST_CATEGORIES = 50
_NEAR = 0.01
"""The relative difference from which numbers count as another answer, where a model has no labels."""


class ShadowMemory:
    """The memory that workers, the shadow process and the supervisor share. Make it before they are started."""

    def __init__(self, places: int) -> None:
        self.rings = [Ring(_RING) for _ in range(places)]
        self._memory = mmap(-1, SERIES * 16)
        self._counts = memoryview(self._memory).cast("d")

    def compared(self, series: int) -> tuple[float, float]:
        """The number of rows that a version answered otherwise than the live one, and of compared rows."""
        return self._counts[2 * series], self._counts[2 * series + 1]

    def count(self, series: int, differing: int, rows: int) -> None:
        """Add to these numbers. Only the shadow process calls it."""
        self._counts[2 * series] += differing
        self._counts[2 * series + 1] += rows

    @property
    def dropped(self) -> int:
        """Copies for which there was no room."""
        return sum(ring.words[_DROPPED] for ring in self.rings)


class ShadowObserver(Observer):
    """Copies the calls of one worker. Threads may share it."""

    def __init__(self, ring: Ring, plane: Plane) -> None:
        self._ring = ring
        self._plane = plane
        self._lock = threading.Lock()
        self._encode = need("msgspec", "serve", "The server").msgpack.encode

    def observe(self, call: Call) -> None:
        """Copy a call, if its model has shadows."""
        route = self._plane.routes.get(call.model.name)
        if route is None or not route.shadows or not call.answered:
            return
        shadows = [(s.version, s.identity, s.file, series) for s, series in route.shadows]
        live = (call.model.name, call.model.version, call.model.identity)
        message = self._encode((live, shadows, encode_rows(call.answered, b"", None)))
        with self._lock:
            if len(message) > _RING // 4 or not self._ring.put(message):
                self._ring.words[_DROPPED] += 1


@dataclass
class Comparison:
    """How the answers of a shadow differ from those of the live version.

    Attributes:
        rows: compared rows, which the live version answered.
        differing: rows with another answer; see `compare`.
        refused: rows that the shadow refuses; they count as differing.
        distance: output → the sum and the largest of the absolute differences of its numbers, and their count.
        segments: categorical field → category → compared and differing rows.
    """

    rows: int = 0
    differing: int = 0
    refused: int = 0
    distance: dict[str, list[float]] = field(default_factory=dict)
    segments: dict[str, dict[str, list[int]]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For the report."""
        distance = {
            name: {"mean": total / count if count else 0.0, "largest": largest}
            for name, (total, largest, count) in self.distance.items()
        }
        return {
            "rows": self.rows,
            "differing": self.differing,
            "refused": self.refused,
            "distance": distance,
            "segments": {
                name: {value: {"rows": rows, "differing": differing} for value, (rows, differing) in values.items()}
                for name, values in self.segments.items()
            },
        }


class Shadow:
    """The process that answers the copies.

    Args:
        memory: the shared memory.
        stock: the loaded versions, by the name of the model and the version.
        report: the file of the report.
    """

    name = "shadow"

    def __init__(self, memory: ShadowMemory, stock: Mapping[tuple[str, str], ServedModel], report: Path) -> None:
        self._memory = memory
        self._stock = stock
        self._report = report
        self._models: dict[str, ServedModel | None] = {}  # by identity; None where a version cannot be opened
        self._comparisons: dict[tuple[str, str, str], Comparison] = {}

    def run(self, alive: int) -> int:
        """Answer copies until the server ends."""
        os.nice(10)
        decode = need("msgspec", "serve", "The server").msgpack.decode
        for served in self._stock.values():
            self._models[served.identity] = served
        saved, changed = time.monotonic(), False
        while True:
            ending = bool(self._memory.rings[0].words[_STOP]) or bool(select.select([alive], [], [], 0)[0])
            worked = False
            for ring in self._memory.rings:
                messages, position = ring.read(ring.tail, _MOST_READ) if ring.used else ([], ring.tail)
                if messages:
                    # Before they are answered: a process that is killed then loses some copies, and counts none twice.
                    ring.release(position, len(messages))
                    worked = changed = True
                for message in messages:
                    self._answer(*decode(message))
            if changed and (ending or time.monotonic() - saved > _SAVE):
                saved, changed = time.monotonic(), False
                self._save()
            if ending and not worked:
                return 0
            if not worked:
                time.sleep(_PAUSE)

    def stop(self) -> None:
        """Ask the process to end."""
        self._memory.rings[0].words[_STOP] = 1

    def _answer(self, live: Sequence[str], shadows: Sequence[Sequence[Any]], payload: bytes) -> None:
        name, live_version, live_identity = live
        served = self._models.get(live_identity) or self._opened(name, live_version, live_identity, shadows)
        if served is None:
            return
        for version, identity, file, series in shadows:
            if identity not in self._models:
                self._models[identity] = _open(name, Version(version, identity, file))
            shadow = self._models[identity]
            if shadow is None:
                continue
            comparison = self._comparisons.setdefault((name, version, live_version), Comparison())
            before = comparison.differing, comparison.rows
            for part in decode_rows(payload)[1]:
                if part.outputs:
                    columns = columns_of_tensors(served.contract, part.tensors, len(part.good))
                    compare(comparison, served, columns, part.good, part.outputs, shadow)
            self._memory.count(series, comparison.differing - before[0], comparison.rows - before[1])

    def _opened(self, name: str, version: str, identity: str, shadows: Sequence[Sequence[Any]]) -> ServedModel | None:
        """The live version, whose contract is needed. Copies of files are kept in one folder under their identities."""
        folder = Path(shadows[0][2]).parent
        self._models[identity] = _open(name, Version(version, identity, str(folder / f"{identity}.seal")))
        return self._models[identity]

    def _save(self) -> None:
        report = [
            {"name": name, "version": version, "against": against, **comparison.as_dict()}
            for (name, version, against), comparison in self._comparisons.items()
        ]
        text = json.dumps({"comparisons": report, "dropped": self._memory.dropped}, indent=1)
        try:
            files.write_atomic(self._report, text.encode() + b"\n")
        except SealiftError as error:
            _log.warning("the report of the shadows cannot be written: %s", error)


def compare(
    comparison: Comparison,
    live: ServedModel,
    columns: Mapping[str, list[Any]],
    good: npt.NDArray[np.bool_],
    outputs: Mapping[str, npt.NDArray[Any]],
    shadow: ServedModel,
) -> None:
    """Answer rows by a shadow, and add the differences to a comparison.

    A row has another answer where an output without a tolerance (a label) is another one; in models without such an
    output, where a number differs by more than 1 %. A row that the shadow refuses has another answer, too.

    Args:
        comparison: what is added to.
        live: the version that answered.
        columns: input name → N values.
        good: bool (N,), the rows that the live version answered.
        outputs: its answers to them.
        shadow: the version that is compared.
    """
    kept = np.flatnonzero(good).tolist()
    if not kept:
        return
    rows = {field.name: [columns[field.name][at] for at in kept] for field in live.contract.inputs}
    try:
        wanted = {field.name for field in shadow.contract.inputs}
        answered = shadow.answer({name: values for name, values in rows.items() if name in wanted})
    except SealiftError:  # it has other inputs
        answered = None
    differs = _differs(comparison, live, outputs, answered, len(kept), shadow)
    comparison.rows += len(kept)
    comparison.differing += int(differs.sum())
    for each in live.contract.inputs:
        if each.categories is None or each.personal or len(each.categories) > _MOST_CATEGORIES:
            continue
        counts = comparison.segments.setdefault(each.name, {})
        for value, differing in zip(rows[each.name], differs.tolist(), strict=True):
            count = counts.setdefault("" if value is None else str(value), [0, 0])
            count[0] += 1
            count[1] += differing


def _differs(
    comparison: Comparison,
    live: ServedModel,
    outputs: Mapping[str, npt.NDArray[Any]],
    answered: Answered | None,
    count: int,
    shadow: ServedModel,
) -> npt.NDArray[np.bool_]:
    """Which rows have another answer, (N,)."""
    if answered is None or not answered.outputs:
        comparison.refused += count
        return np.ones(count, dtype=np.bool_)
    refused = ~answered.batch.good
    comparison.refused += int(refused.sum())
    differs: npt.NDArray[np.bool_] = refused.copy()
    both = np.flatnonzero(~refused)
    labels = [output for output in live.contract.outputs if not output_kind(output).has_tolerance(output)]
    for output in live.contract.outputs:
        theirs = answered.outputs.get(output.name)
        ours = outputs[output.name][both]
        known = next((each for each in shadow.contract.outputs if each.name == output.name), None)
        if theirs is None or known is None or known.kind != output.kind or theirs.shape[1:] != ours.shape[1:]:
            if not labels or output in labels:
                differs[both] = True
            continue
        if output in labels:
            same = np.asarray(theirs == ours)
        else:
            same = _near(comparison.distance.setdefault(output.name, [0.0, 0.0, 0]), ours, theirs)
        if not labels or output in labels:
            differs[both] |= ~same.reshape(len(both), -1).all(axis=1)
    return differs


def _near(distance: list[float], ours: npt.NDArray[Any], theirs: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Which numbers are nearly equal; the differences are added to `distance`."""
    with np.errstate(invalid="ignore"):
        apart = np.abs(ours - theirs)
    finite = apart[np.isfinite(apart)]
    distance[0] += float(finite.sum())
    distance[1] = max(distance[1], float(finite.max(initial=0.0)))
    distance[2] += finite.size
    equal = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    return np.asarray(equal | (apart <= _NEAR * np.maximum(np.abs(ours), np.abs(theirs))))


def _open(name: str, version: Version) -> ServedModel | None:
    try:
        return open_version(name, version, None)
    except SealiftError as error:
        _log.warning("a version cannot be compared: %s", error)
        return None
