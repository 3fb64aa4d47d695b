"""The number of workers, and which of them accepts from which socket."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.errors import ServeError
from sealift.serve.deployment import read
from sealift.serve.scaling.policy import Load, ScalingPolicy
from sealift.serve.scaling.settings import WorkerRange, check_workers
from sealift.serve.scaling.sockets import assign, socket_count

IDLE = Load(0.0, 0, active=False)
BUSY = Load(10.0, 0, active=True)


@given(
    st.integers(1, 64),
    st.lists(st.sets(st.integers(0, 20), max_size=12), min_size=1, max_size=6),
)
def test_each_socket_has_one_worker_and_the_shares_are_equal(sockets: int, steps: list[set[int]]) -> None:
    owners: dict[int, int] = {}
    for places in steps:
        before, owners = owners, assign(sockets, owners, places)
        if not places:
            assert owners == {}
            continue
        assert sorted(owners) == list(range(sockets))
        assert set(owners.values()) <= places
        shares = Counter(owners.values())
        counts = [shares.get(place, 0) for place in places]
        assert max(counts) - min(counts) <= 1
        if before and set(before.values()) == places:
            assert owners == before


def test_a_further_worker_takes_no_more_sockets_than_its_share() -> None:
    before = assign(12, {}, [0, 1])
    after = assign(12, before, [0, 1, 2])
    assert sum(before[number] != after[number] for number in range(12)) == 4


def test_a_fixed_number_has_a_socket_for_each_worker() -> None:
    assert socket_count(3, 3) == 3
    assert socket_count(0, 1) >= 1
    assert socket_count(0, 256) == 256


def simulate(policy: ScalingPolicy, workers: int, load: Load, seconds: float, begun: float = 0.0) -> list[int]:
    """The number of workers after each tenth of a second."""
    counts = []
    for step in range(round(seconds * 10)):
        workers = policy.wanted(begun + step / 10, workers, load)
        counts.append(workers)
    return counts


def test_overload_adds_workers_up_to_the_maximum_and_not_at_once() -> None:
    counts = simulate(ScalingPolicy(WorkerRange(1, 5)), 1, BUSY, 10)
    assert counts[:4] == [1, 1, 1, 1]
    assert counts == sorted(counts)
    assert counts[-1] == 5


def test_a_waiting_request_for_each_worker_is_an_overload() -> None:
    assert simulate(ScalingPolicy(WorkerRange(1, 2)), 1, Load(0.0, 1, active=True), 2)[-1] == 2
    assert simulate(ScalingPolicy(WorkerRange(2, 4)), 2, Load(0.0, 1, active=True), 2)[-1] == 2


def test_workers_that_are_not_needed_end_after_the_idle_time_one_by_one() -> None:
    counts = simulate(ScalingPolicy(WorkerRange(1, 4, idle=2.0)), 3, IDLE, 10)
    assert counts[19] == 3
    assert counts[21] == 2
    assert counts[-1] == 1


def test_the_last_worker_ends_only_without_requests_and_with_a_minimum_of_zero() -> None:
    slow = Load(0.001, 0, active=True)
    assert simulate(ScalingPolicy(WorkerRange(0, 4, idle=1.0)), 1, slow, 10)[-1] == 1
    assert simulate(ScalingPolicy(WorkerRange(0, 4, idle=1.0)), 1, IDLE, 10)[-1] == 0
    assert simulate(ScalingPolicy(WorkerRange(1, 4, idle=1.0)), 1, IDLE, 10)[-1] == 1


@given(st.floats(0, 8), st.integers(1, 8))
def test_a_constant_load_does_not_oscillate(work: float, workers: int) -> None:
    """After some time the number of workers for the same work stays."""
    policy = ScalingPolicy(WorkerRange(1, 8, idle=1.0))
    counts = []
    for step in range(600):
        workers = policy.wanted(step / 10, workers, Load(min(work, workers), 0, active=True))
        counts.append(workers)
    assert len(set(counts[400:])) == 1


def test_a_short_overload_adds_no_worker() -> None:
    policy = ScalingPolicy(WorkerRange(1, 4))
    for step in range(100):
        assert policy.wanted(step / 10, 1, BUSY if step % 4 else Load(0.6, 0, active=True)) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3", WorkerRange(3, 3)), ("0-4", WorkerRange(0, 4)), (" 2-2 ", WorkerRange(2, 2))],
)
def test_the_option(text: str, expected: WorkerRange) -> None:
    assert WorkerRange.parse(text) == expected


@pytest.mark.parametrize("text", ["", "0", "4-2", "1-300", "-1", "1-2-3", "x", "0-0"])
def test_a_wrong_option(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        WorkerRange.parse(text)


def deployment(folder: Path, server: str) -> Path:
    path = folder / "deployment.toml"
    path.write_text(f'[server]\n{server}\n[[models]]\nfile = "a.seal"\n')
    return path


def test_the_deployment_file(tmp_path: Path) -> None:
    table = 'workers = {min = 0, max = 8, idle = "2m"}'
    assert read(deployment(tmp_path, table)).workers == WorkerRange(0, 8, 120.0)
    assert read(deployment(tmp_path, "workers = {max = 8}")).workers == WorkerRange(1, 8)
    assert read(deployment(tmp_path, "workers = 8")).workers == 8
    assert read(deployment(tmp_path, "")).workers is None


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ("workers = {min = 3, max = 2}", "'min' of [workers] must be at most the maximum"),
        ("workers = {mim = 3}", "Did you mean 'min'"),
        ('workers = {idle = "soon"}', "must be a duration"),
        ('workers = {idle = "0s"}', "must be a duration from 0.1"),
        ("workers = {max = 0}", "must be from 1 to 256"),
        ('workers = "2"', "must be an integer"),
        ("workers = 0", "must be from 1 to 256"),
    ],
)
def test_wrong_values(server: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ServeError) as raised:
        read(deployment(tmp_path, server))
    assert raised.value.code == "E709"
    assert said in str(raised.value)


def test_grpc_needs_a_worker() -> None:
    check_workers(WorkerRange(0, 2), grpc=False)
    check_workers(WorkerRange(1, 2), grpc=True)
    check_workers(None, grpc=True)
    with pytest.raises(ServeError, match="E800"):
        check_workers(WorkerRange(0, 2), grpc=True)
