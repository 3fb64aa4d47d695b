"""Shares of requests, trials and their end, the history, and the saved state, without a server."""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from sealift.errors import FileError, SealError, ServeError
from sealift.files import unwritable
from sealift.serve.counters import BOUNDS, Counters, RequestCounts
from sealift.serve.traffic import state
from sealift.serve.traffic.canary import Conditions, decide
from sealift.serve.traffic.history import History, read
from sealift.serve.traffic.operations import Operations
from sealift.serve.traffic.split import Split
from sealift.serve.traffic.state import Traffic, Version

FAST = tuple(1000.0 if bound == 0.001 else 0.0 for bound in (*BOUNDS, None))


def counts(ok: float, failed: float = 0.0, *, slow: bool = False) -> RequestCounts:
    """Counts of requests that took a millisecond, or a second."""
    bucket = BOUNDS.index(1.0 if slow else 0.001)
    buckets = [0.0] * (len(BOUNDS) + 1)
    buckets[bucket] = ok + failed
    return RequestCounts(ok=ok, failed=failed, buckets=tuple(buckets))


def test_requests_are_distributed_by_weight() -> None:
    split = Split({"1": 75, "2": 25})
    chosen = Counter(split.choose({}) for _ in range(20_000))
    assert binomtest(chosen["2"], 20_000, 0.25).pvalue > 1e-6


def test_a_sticky_header_always_leads_to_the_same_version() -> None:
    split = Split({"1": 0.5, "2": 0.5}, sticky="x-patient")
    first = {key: split.choose({"x-patient": key}) for key in map(str, range(4000))}
    again = Split({"1": 0.5, "2": 0.5}, sticky="x-patient")
    assert all(again.choose({"x-patient": key}) == version for key, version in first.items())
    assert 1800 < Counter(first.values())["1"] < 2200


def test_a_larger_share_moves_keys_in_one_direction_only() -> None:
    small, large = Split({"1": 0.9, "2": 0.1}, "k"), Split({"1": 0.5, "2": 0.5}, "k")
    for key in map(str, range(500)):
        if small.choose({"k": key}) == "2":
            assert large.choose({"k": key}) == "2"


@pytest.mark.parametrize("weights", [{}, {"1": 0}, {"1": -1, "2": 2}, {"1": float("nan")}])
def test_impossible_weights(weights: Mapping[str, float]) -> None:
    with pytest.raises(ValueError, match="weights"):
        Split(weights)


def test_a_good_trial_is_promoted_when_its_time_is_over() -> None:
    conditions = Conditions(window=60, least=100)
    assert decide(counts(500), counts(9000), 10, conditions).action == "wait"
    assert decide(counts(50), counts(9000), 61, conditions).action == "wait"
    assert decide(counts(500), counts(9000), 61, conditions).action == "promote"


def test_errors_end_a_trial_before_its_time() -> None:
    decision = decide(counts(80, 20), counts(9000, 9), 5, Conditions())
    assert decision.action == "rollback"
    assert "20.0%" in decision.reason


def test_errors_of_all_versions_alike_do_not() -> None:
    assert decide(counts(80, 20), counts(8000, 2000), 5, Conditions()).action == "wait"


def test_one_error_among_few_requests_does_not() -> None:
    assert decide(counts(20, 1), counts(9000), 5, Conditions()).action == "wait"


def test_a_version_as_good_as_the_others_is_seldom_rolled_back_at_any_look() -> None:
    random = np.random.default_rng(0)
    rolled_back = 0
    for _ in range(400):
        bad = np.cumsum(random.random(2000) < 0.05)
        rolled_back += any(
            decide(counts(n - bad[n - 1], bad[n - 1]), counts(95_000, 5_000), 5, Conditions(errors=0.0)).action
            == "rollback"
            for n in range(20, 2001, 20)
        )
    assert rolled_back < 0.05 * 400


def test_a_version_with_twice_the_errors_is_rolled_back() -> None:
    random = np.random.default_rng(0)
    for _ in range(50):
        bad = int((random.random(2000) < 0.1).sum())
        decision = decide(counts(2000 - bad, bad), counts(95_000, 5_000), 5, Conditions(errors=0.01))
        assert decision.action == "rollback"


def test_a_slow_trial_is_rolled_back() -> None:
    assert decide(counts(500, slow=True), counts(9000), 5, Conditions()).action == "rollback"
    assert decide(counts(50, slow=True), counts(9000), 5, Conditions()).action == "wait"


def test_disagreement() -> None:
    conditions = Conditions(window=0, least=100, disagreement=0.02)
    assert decide(counts(500), counts(500), 1, conditions).action == "wait"
    assert decide(counts(500), counts(500), 1, conditions, disagreement=(1, 1000)).action == "promote"
    assert decide(counts(500), counts(500), 1, conditions, disagreement=(90, 1000)).action == "rollback"


def test_reported_values() -> None:
    conditions = Conditions(window=0, least=1, metrics={"recall": (0.8, None)})
    assert decide(counts(5), counts(5), 1, conditions).action == "wait"
    assert decide(counts(5), counts(5), 1, conditions, metrics={"recall": 0.9}).action == "promote"
    assert decide(counts(5), counts(5), 1, conditions, metrics={"recall": float("nan")}).action == "rollback"


def test_counters_of_several_workers_are_added() -> None:
    counters = Counters(3)
    writers = [counters.writer(slot) for slot in range(3)]
    for number, writer in enumerate(writers, 1):
        writer._view[0] += number  # the requests of the first series
    assert counters.read(0).ok == 6
    assert counters.read(1).requests == 0


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50), st.sampled_from([0.5, 0.9, 0.99]))
def test_quantiles_are_upper_bounds(seconds: list[float], share: float) -> None:
    import bisect

    buckets = [0.0] * (len(BOUNDS) + 1)
    for each in seconds:
        buckets[bisect.bisect_left(BOUNDS, each)] += 1
    bound = RequestCounts(buckets=tuple(buckets)).quantile(share)
    assert sum(each <= bound for each in seconds) >= share * len(seconds)


class Processes:
    """A fleet that only notes what it is asked."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[str, Version]] = {}
        self.counted: dict[str, RequestCounts] = {}
        self.applied: list[Traffic] = []

    def inspect(self, file: Path) -> tuple[str, Version]:
        return self.files[file.read_text()]  # the operations inspect a copy

    def prepare(self, name: str, version: Version) -> None:
        if version.version == "broken":
            raise ServeError("E703", "It differs.", where=name, fix="Do not serve it.")

    def apply(self, traffic: Traffic) -> None:
        self.applied.append(traffic)

    def counts(self, name: str, version: str) -> RequestCounts:
        return self.counted.get(version, RequestCounts())

    def disagreement(self, name: str, version: str) -> tuple[float, float] | None:
        return None


FIRST = Traffic("heart", {"1": Version("1", "a" * 64, "1.seal")}, {"1": 1.0})


@pytest.fixture
def operations(tmp_path: Path) -> tuple[Operations, Processes, Path]:
    fleet = Processes()
    for version in ("2", "3", "broken"):
        (tmp_path / f"{version}.seal").write_text(version)
        fleet.files[version] = ("heart", Version(version, version[0] * 64, f"{version}.seal"))
    folder = tmp_path / "state"
    folder.mkdir()
    return Operations(fleet, folder, {"heart": FIRST}, {"heart": ["a" * 64]}), fleet, folder


def test_deploy_promote_and_rollback(operations: tuple[Operations, Processes, Path]) -> None:
    control, fleet, folder = operations
    control.deploy(folder.parent / "2.seal", actor="ada", reason="retrained")
    assert fleet.applied[-1].weights == {"2": 1.0}
    assert (folder / "models" / ("2" * 64 + ".seal")).exists()
    control.rollback("heart", actor="ada", reason="wrong units")
    assert fleet.applied[-1].weights == {"1": 1.0}
    with pytest.raises(ServeError, match="E744"):
        control.rollback("heart", actor="ada", reason="")
    entries = list(read(folder / "history.jsonl"))
    assert [(entry["action"], entry["actor"], entry["reason"]) for entry in entries] == [
        ("deploy", "ada", "retrained"),
        ("rollback", "ada", "wrong units"),
    ]


def test_what_cannot_be_loaded_changes_nothing(operations: tuple[Operations, Processes, Path]) -> None:
    control, fleet, folder = operations
    with pytest.raises(ServeError, match="E703"):
        control.deploy(folder.parent / "broken.seal", actor="ada", reason="")
    assert control.models["heart"] == FIRST
    assert fleet.applied == []
    assert not (folder / "state.json").exists()


def test_a_bad_canary_is_rolled_back_and_a_good_one_promoted(operations: tuple[Operations, Processes, Path]) -> None:
    control, fleet, folder = operations
    conditions = Conditions(window=0, least=50)
    fleet.counted["1"] = counts(5000)
    changes: list[tuple[Any, ...]] = []
    control.automatic = lambda request: changes.append(tuple(request[key] for key in ("action", "actor", "version")))
    control.deploy(folder.parent / "2.seal", share=0.1, conditions=conditions, actor="canary", reason="try")
    assert fleet.applied[-1].weights == {"1": 0.9, "2": 0.1}
    control.tick()
    assert fleet.applied[-1].weights == {"1": 0.9, "2": 0.1}
    fleet.counted |= {"1": counts(6000), "2": counts(60, 40)}
    control.tick()
    assert fleet.applied[-1].weights == {"1": 1.0}
    control.deploy(folder.parent / "3.seal", share=0.1, conditions=conditions, actor="ada", reason="again")
    fleet.counted |= {"1": counts(7000), "3": counts(100)}
    control.tick()
    assert fleet.applied[-1].weights == {"3": 1.0}
    assert control.status()["models"][0]["versions"][0]["version"] == "1"
    assert [entry["actor"] for entry in read(folder / "history.jsonl")] == ["canary", "canary", "ada", "canary"]
    assert changes == [
        ("rollback", "canary", "2"),
        ("promote", "canary", "3"),
    ]  # not the deploy of an actor of that name


def test_errors_before_the_trial_do_not_count(operations: tuple[Operations, Processes, Path]) -> None:
    control, fleet, folder = operations
    fleet.counted = {"1": counts(5000), "2": counts(0, 500)}
    control.deploy(folder.parent / "2.seal", share=0.1, actor="ada", reason="")
    control.tick()
    assert fleet.applied[-1].weights == {"1": 0.9, "2": 0.1}


def test_shadow_and_hold_get_no_requests(operations: tuple[Operations, Processes, Path]) -> None:
    control, fleet, folder = operations
    control.deploy(folder.parent / "2.seal", shadow=True, actor="ada", reason="")
    control.deploy(folder.parent / "3.seal", hold=True, actor="ada", reason="")
    assert fleet.applied[-1].weights == {"1": 1.0}
    assert fleet.applied[-1].shadows == ("2",)
    assert set(fleet.applied[-1].versions) == {"1", "2", "3"}
    control.promote("heart", "3", actor="ada", reason="")
    assert fleet.applied[-1].weights == {"3": 1.0}


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, 2.0, float("nan")])
def test_an_impossible_share(share: float, operations: tuple[Operations, Processes, Path]) -> None:
    control, _, folder = operations
    with pytest.raises(ServeError, match="E746"):
        control.deploy(folder.parent / "2.seal", share=share, actor="", reason="")


def test_another_file_of_the_same_version(operations: tuple[Operations, Processes, Path]) -> None:
    control, fleet, folder = operations
    fleet.files["2"] = ("heart", Version("1", "b" * 64, "2.seal"))
    with pytest.raises(ServeError, match="E743"):
        control.deploy(folder.parent / "2.seal", actor="", reason="")


@pytest.mark.parametrize(
    "request_", [{}, {"action": "deploy"}, {"action": "x"}, {"action": "promote"}, {"action": "metric", "name": 1}]
)
def test_malformed_requests(request_: dict[str, Any], operations: tuple[Operations, Processes, Path]) -> None:
    with pytest.raises((ServeError, KeyError, TypeError, ValueError)):
        operations[0].handle(request_)


def test_the_state_is_the_same_after_reading_it(tmp_path: Path) -> None:
    canary = state.Canary("1", 5.0, Conditions(metrics={"recall": (0.5, None)}))
    traffic = replace(FIRST, canary=canary, shadows=("1",), earlier=({"1": 1.0},), sticky="x")
    state.save(tmp_path / "state.json", {"heart": traffic}, {"heart": ["a"]})
    (read_back, bases) = state.load(tmp_path / "state.json")["heart"]
    assert bases == ["a"]
    assert json.dumps(read_back.as_dict()) == json.dumps(traffic.as_dict())
    (tmp_path / "state.json").write_text('{"models": {"heart": {}}}')
    with pytest.raises(ServeError, match="E745"):
        state.load(tmp_path / "state.json")


def test_an_altered_history_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    history = History(path)
    for number in range(4):
        history.append("promote", actor="ada", reason=f"reason {number}", name="heart")
    good = path.read_text().splitlines(keepends=True)
    assert len(list(read(path))) == 4
    altered = {
        "changed": [good[0], good[1].replace("reason 1", "reason 9"), *good[2:]],
        "removed": [good[0], *good[2:]],
        "removed at the start": good[1:],
        "moved": [good[1], good[0], *good[2:]],
        "twice": [*good, good[-1]],
        "not JSON": [*good, "x\n"],
    }
    for lines in altered.values():
        path.write_text("".join(lines))
        with pytest.raises(ServeError, match="E742"):
            list(read(path))


def test_an_incomplete_last_line_is_left_out_and_removed_when_the_history_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    history = History(path)
    history.append("deploy", actor="ada", reason="", name="heart")
    whole = path.read_bytes()
    history.append("promote", actor="ada", reason="", name="heart")
    both = path.read_bytes()
    for end in range(len(whole) + 1, len(both)):
        path.write_bytes(both[:end])
        assert len(list(read(path))) == 1
        assert path.read_bytes() == both[:end]
        History(path)
        assert path.read_bytes() == whole
    History(path).append("promote", actor="ada", reason="", name="heart")
    assert [entry["action"] for entry in read(path)] == ["deploy", "promote"]


def test_an_entry_that_cannot_be_written_leaves_the_history_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "history.jsonl"
    history = History(path)
    history.append("deploy", actor="ada", reason="first")
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", _full)
        with pytest.raises(FileError, match="E402"):
            history.append("deploy", actor="ada", reason="second")
    assert path.read_bytes() == before
    history.append("deploy", actor="ada", reason="third")
    assert [entry["reason"] for entry in read(path)] == ["first", "third"]


def _full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("name", ["state.json", "history.jsonl"])
def test_a_change_that_cannot_be_written_changes_nothing(
    name: str, operations: tuple[Operations, Processes, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    control, fleet, folder = operations
    control.deploy(folder.parent / "2.seal", actor="ada", reason="")
    saved, applied = (folder / "state.json").read_bytes(), len(fleet.applied)
    with monkeypatch.context() as patch:
        _fill(patch, name)
        with pytest.raises(FileError, match="E402"):
            control.promote("heart", "1", actor="ada", reason="")
    assert (control.models["heart"].weights, len(fleet.applied)) == ({"2": 1.0}, applied)
    assert (folder / "state.json").read_bytes() == saved
    control.promote("heart", "1", actor="ada", reason="")
    assert [entry["action"] for entry in read(folder / "history.jsonl")] == ["deploy", "promote"]


def _fill(patch: pytest.MonkeyPatch, name: str) -> None:
    """Let no file of a name be written."""
    if name == "state.json":
        patch.setattr(state, "save", lambda path, *_: (_ for _ in ()).throw(unwritable(path, OSError("full"))))
    else:
        patch.setattr(
            History, "append", lambda self, *_, **__: (_ for _ in ()).throw(unwritable(self._path, OSError()))
        )


def test_on_a_full_disk_a_bad_canary_is_rolled_back_and_a_good_one_waits(
    operations: tuple[Operations, Processes, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    control, fleet, folder = operations
    conditions = Conditions(window=0, least=50)
    fleet.counted["1"] = counts(5000)
    control.deploy(folder.parent / "2.seal", share=0.1, conditions=conditions, actor="ada", reason="try")
    fleet.counted |= {"1": counts(6000), "2": counts(100)}
    with monkeypatch.context() as patch:
        _fill(patch, "state.json")
        control.tick()
        assert control.models["heart"].weights == {"1": 0.9, "2": 0.1}
        fleet.counted |= {"2": counts(60, 40)}
        control.tick()
        assert fleet.applied[-1].weights == control.models["heart"].weights == {"1": 1.0}
        control.tick()


def test_a_copy_that_fails_leaves_nothing_behind(
    operations: tuple[Operations, Processes, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    control, _, folder = operations

    def fails(_: Path, part: Path) -> None:
        part.write_bytes(b"begun")
        _full()

    monkeypatch.setattr(shutil, "copyfile", fails)
    with pytest.raises(FileError, match="E401"):
        control.deploy(folder.parent / "2.seal", actor="ada", reason="")
    assert list((folder / "models").iterdir()) == []


def test_rollback_after_the_promotion_of_a_canary_returns_to_the_state_before_its_trial(
    operations: tuple[Operations, Processes, Path],
) -> None:
    control, fleet, folder = operations
    control.deploy(folder.parent / "2.seal", share=0.1, actor="ada", reason="try")
    control.promote("heart", None, actor="ada", reason="good")
    control.rollback("heart", actor="ada", reason="bad after all")
    assert fleet.applied[-1].weights == {"1": 1.0}


def test_a_file_that_cannot_be_used_is_named(operations: tuple[Operations, Processes, Path]) -> None:
    control, fleet, folder = operations

    def inspect(file: Path) -> tuple[str, Version]:
        raise SealError("E201", "This is not a sealed file.", where=str(file), fix="Give a sealed file.")

    fleet.inspect = inspect  # type: ignore[method-assign]
    with pytest.raises(SealError) as caught:
        control.deploy(folder.parent / "2.seal", actor="ada", reason="")
    assert caught.value.as_dict()["where"] == str(folder.parent / "2.seal")


@pytest.mark.parametrize("jump", [1e6, -1e6])
def test_a_clock_that_is_set_does_not_change_the_time_of_a_trial(
    jump: float, operations: tuple[Operations, Processes, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    control, fleet, folder = operations
    now = {"time": 1e9, "monotonic": 50.0}
    for name in ("time", "monotonic"):
        monkeypatch.setattr(time, name, lambda name=name: now[name])
    fleet.counted["1"] = counts(5000)
    control.deploy(folder.parent / "2.seal", share=0.1, conditions=Conditions(window=60, least=50), actor="", reason="")
    fleet.counted |= {"1": counts(6000), "2": counts(100)}
    control.tick()
    now["time"] += jump
    now["monotonic"] += 59
    control.tick()
    assert fleet.applied[-1].weights == {"1": 0.9, "2": 0.1}
    now["monotonic"] += 2
    control.tick()
    assert fleet.applied[-1].weights == {"2": 1.0}


def test_a_trial_that_began_before_a_restart_goes_on(
    operations: tuple[Operations, Processes, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    control, fleet, folder = operations
    now = {"time": 1e9, "monotonic": 50.0}
    for name in ("time", "monotonic"):
        monkeypatch.setattr(time, name, lambda name=name: now[name])
    conditions = Conditions(window=60, least=50)
    control.deploy(folder.parent / "2.seal", share=0.1, conditions=conditions, actor="", reason="")
    now.update(time=1e9 + 61, monotonic=3.0)  # also the machine was started again
    again = Operations(fleet, folder, control.models, {})
    fleet.counted |= {"1": counts(6000), "2": counts(100)}
    again.tick()
    assert fleet.applied[-1].weights == {"2": 1.0}
