"""bench.serve.streams: messages of a broker, answered by the server and by the loop without a model."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from bench.serve import streams
from bench.serve.running import DidNotStartError

import brokers
import seals


def test_a_broker_is_measured(tmp_path: Path) -> None:
    seals.write(tmp_path / "model.seal")
    bodies = [json.dumps({"age": 20.0 + at, "weight": 80.5, "sex": "f"}).encode() for at in range(8)]
    measured = streams.measure("redis", brokers.Redis, Path(sys.executable), tmp_path, tmp_path, bodies, 400, 1)
    ((served, bare),) = measured
    assert served > 0
    assert bare > 0


def test_messages_without_an_answer_are_no_result(tmp_path: Path) -> None:
    seals.write(tmp_path / "model.seal")
    bodies = [b'{"age": 20.0, "weight": 80.5, "sex": "unknown"}']
    with pytest.raises(DidNotStartError, match="have no answer"):
        list(streams.measure("redis", brokers.Redis, Path(sys.executable), tmp_path, tmp_path, bodies, 10, 1))


def test_the_rate_is_that_after_the_first_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert streams.rate(iter([(0.0, 0.0), (5.0, 100.0), (6.0, 600.0), (7.0, 1100.0), (8.0, 1100.0)]), 1100) == 500.0
    assert streams.rate(iter([(1.0, 0.0), (5.0, 0.0), (6.0, 1100.0)]), 1100) == 1100.0
    monkeypatch.setattr(streams, "_LONGEST", -1.0)
    with pytest.raises(DidNotStartError, match="only 100 of 1,100"):
        streams.rate(iter([(5.0, 100.0), (6.0, 100.0)]), 1100)
    with pytest.raises(DidNotStartError, match="only 0 of 1,100"):
        streams.rate(iter([]), 1100)
