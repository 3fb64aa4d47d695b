"""Rows of different requests that are computed at once: when that is done, and who gets which answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import records
import seals
from sealift.errors import SealError
from sealift.runtime import SealedModel
from sealift.serve import joining
from sealift.serve.answered import Joined
from sealift.serve.calls import Call
from sealift.serve.counters import Counters
from sealift.serve.joining import MOST, JoinedRuns, Tensors, most_joined, parallel
from sealift.serve.records.memory import DROPPED, SAMPLED_OUT, RecordMemory
from sealift.serve.records.observer import RecordObserver
from sealift.serve.records.record import ModelEntry, Record, decode_rows, encode_rows, of_message
from sealift.serve.records.row_payload import RowPayloads
from sealift.serve.records.settings import Settings
from sealift.serve.served import ServedModel

TENSORS = {"number": np.arange(12, dtype=np.float64).reshape(6, 2)}


class Engine:
    """Computes the sum of each row. It is its own clock.

    Args:
        fixed: seconds of a computation.
        per_row: seconds of a row.
        error: what is added to the answers of several rows.
    """

    def __init__(self, fixed: float = 0.0, per_row: float = 0.0, error: float = 0.0) -> None:
        self._fixed, self._per_row, self._error = fixed, per_row, error
        self._now = 0.0

    def perf_counter(self) -> float:
        return self._now

    def run(self, tensors: Tensors, _: Any = None) -> Tensors:
        numbers = tensors["number"]
        self._now += self._fixed + self._per_row * len(numbers)
        return {"sum": numbers.sum(axis=1) + (self._error if len(numbers) > 1 else 0.0)}


@pytest.fixture
def served(tmp_path: Path) -> ServedModel:
    return records.served(tmp_path)


@pytest.mark.parametrize(
    ("engine", "mode", "most"),
    [
        (Engine(fixed=6e-6, per_row=1e-6), "auto", MOST),
        (Engine(fixed=6e-6, per_row=1e-6), "off", 1),
        (Engine(fixed=6e-6, per_row=1e-6, error=1e-3), "auto", 1),  # other bits
        (Engine(fixed=6e-6, per_row=1e-6, error=1e-3), "on", MOST),
        (Engine(fixed=1e-7, per_row=6e-6), "auto", 1),  # not faster
        (Engine(fixed=1e-7, per_row=6e-6), "on", MOST),
        (Engine(fixed=1e-4, per_row=5e-5), "auto", 35),  # 56.25 µs for each of 16 rows: 2 ms for 35
        (Engine(fixed=2e-4, per_row=5e-5), "auto", 1),  # too slow to be measured at the start
        (Engine(fixed=0.4, per_row=0.003), "on", MOST),  # in threads
    ],
)
def test_rows_are_joined_where_that_is_faster_and_gives_the_same_bits(
    engine: Engine, mode: Any, most: int, served: ServedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SealedModel, "engine", property(lambda _: engine))
    monkeypatch.setattr(joining, "time", engine)
    assert most_joined(served.model, mode) == most


def test_some_rows_of_a_logistic_regression_have_other_bits_among_others(served: ServedModel) -> None:
    """The exponential is rounded differently by vector instructions, for some arguments."""
    joins = most_joined(served.model, "auto")
    rows = [{"age": float(age), "weight": float(weight), "sex": "f"} for age in range(40) for weight in range(1, 40)]
    joined = served.answer(rows).outputs["probability"]
    singly = np.concatenate([served.answer([row]).outputs["probability"] for row in rows])
    assert joins == 1 or joined.tobytes() == singly.tobytes()


def test_threads_share_the_processors() -> None:
    assert parallel(1) >= 1
    assert parallel(10_000) == 1


class Runs:
    """Computes sums, and keeps the number of rows of each computation. The first waits until it is released."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.begun, self.release = threading.Event(), threading.Event()

    def __call__(self, tensors: Tensors) -> Tensors:
        self.sizes.append(len(tensors["number"]))
        self.begun.set()
        self.release.wait(10)
        if (tensors["number"] < 0).any():
            raise SealError("E207", "A row is negative.", fix="Send others.")
        return {"sum": tensors["number"].sum(axis=1)}


@contextmanager
def waiting(joined: JoinedRuns, runs: Runs, rows: Sequence[Tensors]) -> Iterator[list[Any]]:
    """Threads, of which the first computes and the others wait; the list has the answers or errors at the end."""
    answers: list[Any] = [None] * len(rows)

    def work(at: int) -> None:
        try:
            answers[at] = joined.run(rows[at])
        except SealError as error:
            answers[at] = error

    threads = [threading.Thread(target=work, args=(at,)) for at in range(len(rows))]
    threads[0].start()
    assert runs.begun.wait(10)
    for thread in threads[1:]:
        thread.start()
    while joined.waiting < len(rows) - 1:
        threading.Event().wait(0.001)
    yield answers
    runs.release.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_each_thread_gets_its_own_answers() -> None:
    rows = [{"number": np.full((1 + at % 3, 2), float(at))} for at in range(20)]
    runs = Runs()
    with waiting(JoinedRuns(runs, 16), runs, rows) as answers:
        pass
    for at, answer in enumerate(answers):
        assert answer["sum"].tolist() == [2.0 * at] * (1 + at % 3)
    assert runs.sizes[0] == 1
    assert max(runs.sizes) <= 16
    assert len(runs.sizes) <= 1 + -(-sum(len(row["number"]) for row in rows[1:]) // 14)


def test_an_error_reaches_only_the_request_that_is_its_reason() -> None:
    rows = [{"number": np.full((1, 2), -1.0 if at == 3 else float(at))} for at in range(6)]
    runs = Runs()
    with waiting(JoinedRuns(runs, MOST), runs, rows) as answers:
        pass
    assert [isinstance(answer, SealError) for answer in answers] == [at == 3 for at in range(6)]
    assert [answer["sum"].tolist() for at, answer in enumerate(answers) if at != 3] == [
        [0.0],
        [2.0],
        [4.0],
        [8.0],
        [10.0],
    ]


def test_requests_to_a_slow_model_are_joined_in_threads(served: ServedModel) -> None:
    singly = [served.answer([row]).outputs for row in ROWS]
    served.seconds = 1.0
    served.join(4, 1)
    with ThreadPoolExecutor(len(ROWS)) as threads:
        answers = list(threads.map(lambda row: served.answer([row]).outputs, ROWS * 20))
    for at, outputs in enumerate(answers):
        for name, array in singly[at % len(ROWS)].items():
            assert outputs[name].tobytes() == array.tobytes()
    assert len(served.answer(ROWS).outputs["label"]) == len(ROWS)  # more rows than are joined


DTYPES = ["<f8", "<f4", "<i8", "<i4", "|u1", "|b1", "|i1"]


@st.composite
def joined_rows(draw: st.DrawFn) -> Joined:
    count = draw(st.integers(1, 5))

    def arrays(prefix: str) -> dict[str, Any]:
        made = {}
        for at in range(draw(st.integers(1, 4))):
            shape = (count, *draw(st.lists(st.integers(1, 40), max_size=2)))
            dtype = np.dtype(draw(st.sampled_from(DTYPES)))
            data = draw(st.binary(min_size=8, max_size=8)) * (int(np.prod(shape)) * dtype.itemsize // 8 + 1)
            flat = np.frombuffer(data[: int(np.prod(shape)) * dtype.itemsize], np.uint8)
            made[prefix * draw(st.integers(1, 40)) + str(at)] = flat.view(dtype).reshape(shape)
        return made

    return Joined(arrays("in"), arrays("out"), (0.0, 1.0))


@given(joined_rows())
@settings(deadline=None, max_examples=60)
def test_the_payloads_of_joined_rows_are_those_of_single_ones(joined: Joined) -> None:
    payloads = RowPayloads(joined)
    assert payloads.usable
    rows = len(next(iter(joined.tensors.values())))
    assert payloads.of(joined) == [encode_rows([joined.one(row)], b"", None) for row in range(rows)]


@given(st.lists(st.text(max_size=300), min_size=2, max_size=6))
def test_payloads_of_texts(texts: list[str]) -> None:
    column = np.array([*texts, *texts], dtype=np.object_).reshape(len(texts), 2)
    joined = Joined({"text": column, "number": np.ones((len(texts), 1))}, {"sum": np.ones(len(texts))}, (0.0, 1.0))
    payloads = RowPayloads(joined)
    assert payloads.usable
    assert payloads.of(joined) == [encode_rows([joined.one(row)], b"", None) for row in range(len(texts))]


def test_empty_arrays_take_the_general_path() -> None:
    assert not RowPayloads(Joined({"number": np.ones((2, 0))}, {"sum": np.ones(2)}, (0.0, 1.0))).usable


def joined_calls(served: ServedModel, rows: list[Any]) -> tuple[list[Call], Joined]:
    """Calls of one row each, as the joiner ends them."""
    single = served.single
    assert single is not None
    read = [single.read(records.json_of(row)) for row in rows]
    joined, _ = single.answer_joined([each for each in read if each is not None])
    calls = [Call(served, "predict", {"x-request-id": str(at)}) for at in range(len(rows))]
    for at, call in enumerate(calls):
        call.join(joined, at)
        call.end(200)
    return calls, joined


ROWS = [{"age": 40.0 + at, "weight": 70.5, "sex": "f"} for at in range(5)]


@pytest.mark.parametrize("protected", [False, True])
def test_each_joined_call_has_its_record(protected: bool, tmp_path: Path) -> None:
    served = records.served(tmp_path, records.PERSONAL if protected else seals.CONTRACT)
    memory = RecordMemory(1, 1 << 16)
    settings = Settings("", tmp_path)
    observer = RecordObserver(memory, 0, settings)
    calls, joined = joined_calls(served, ROWS)
    observer.observe_joined(calls, joined)
    observer.observe_joined(calls, joined)  # the model is announced once
    entries = [of_message(message) for message in memory.rings[0].read(0, 1 << 16)[0]]
    assert [type(entry) for entry in entries] == [ModelEntry] + [Record] * 10
    for at, entry in enumerate(entries[1:]):
        assert isinstance(entry, Record)
        assert entry.request_id == str(at % 5)
        _, (part,) = decode_rows(entry.payload)
        own = joined.one(at % 5)
        assert {name: array.tolist() for name, array in part.outputs.items()} == {
            name: array.tolist() for name, array in own.outputs.items()
        }
        assert np.isnan(part.tensors["number"][0, 0]) == protected


def test_rows_of_numbers_are_recorded_at_once(served: ServedModel, tmp_path: Path) -> None:
    joined = Joined(TENSORS, {"sum": TENSORS["number"].sum(axis=1)}, (0.0, 1.0))
    calls = [Call(served, "predict", {}) for _ in range(6)]
    memory = RecordMemory(1, 1 << 16)
    observer = RecordObserver(memory, 0, Settings("", tmp_path))
    for _ in range(2):
        for at, call in enumerate(calls):
            call.join(joined, at)
            call.end(200)
        observer.observe_joined(calls, joined)
    entries = [of_message(message) for message in memory.rings[0].read(0, 1 << 16)[0]]
    assert [type(entry) for entry in entries] == [ModelEntry] + [Record] * 12
    kept = [entry for entry in entries if isinstance(entry, Record)]
    assert [entry.payload for entry in kept[6:]] == [encode_rows([joined.one(row)], b"", None) for row in range(6)]
    assert len({entry.id for entry in kept}) == 12
    for entry, call in zip(kept[6:], calls, strict=True):
        assert (entry.time, entry.seconds, entry.status, entry.rows) == (call.begun, call.seconds, 200, 1)


def test_joined_calls_are_sampled_and_counted_one_by_one(served: ServedModel, tmp_path: Path) -> None:
    calls, joined = joined_calls(served, ROWS)
    memory = RecordMemory(1, 1 << 16)
    observer = RecordObserver(memory, 0, Settings("", tmp_path, sample=0.5))
    for _ in range(100):
        observer.observe_joined(calls, joined)
    assert memory.rings[0].words[SAMPLED_OUT] + memory.counts().waiting + memory.counts().dropped == 501
    small = RecordMemory(1, 1 << 12)
    full = RecordObserver(small, 0, Settings("", tmp_path))
    for _ in range(20):
        full.observe_joined(calls, joined)
    ring = small.rings[0]
    assert ring.words[DROPPED] + ring.put_count - 1 == 100
    assert ring.words[DROPPED] > 0

    counters = Counters(1)
    counters.writer(0).observe_joined(calls, joined)
    counts = counters.read(0)
    assert (counts.ok, counts.rows, counts.runs, sum(counts.buckets)) == (5, 5, 1, 5)
    assert counts.seconds == pytest.approx(sum(call.seconds for call in calls))
