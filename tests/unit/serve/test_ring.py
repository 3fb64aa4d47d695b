"""The ring against a queue, with another process at its other end, and with a producer that is killed."""

from __future__ import annotations

import os
import signal
import time
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sealift.serve.ring import DamagedRingError, Ring

SIZE = 256


class RingMachine(RuleBasedStateMachine):
    """A ring behaves as a queue with a limit of bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.ring = Ring(SIZE, checked=True)
        self.queue: deque[bytes] = deque()
        self.read: list[bytes] = []
        self.position = 0
        self.put_in_all = 0

    @rule(message=st.binary(max_size=SIZE))
    def put(self, message: bytes) -> None:
        room = SIZE - sum(-(-(len(each) + 8) // 8) * 8 for each in [*self.read, *self.queue])
        fits = len(message) + 8 <= room
        assert self.ring.put(message) == fits
        if fits:
            self.queue.append(message)
            self.put_in_all += 1

    @rule(messages=st.lists(st.binary(max_size=40), max_size=6))
    def put_all(self, messages: list[bytes]) -> None:
        room = SIZE - sum(-(-(len(each) + 8) // 8) * 8 for each in [*self.read, *self.queue])
        fits = sum(-(-(len(each) + 8) // 8) * 8 for each in messages) <= room
        assert self.ring.put_all(messages) == fits
        if fits:
            self.queue.extend(messages)
            self.put_in_all += len(messages)

    @rule(most=st.integers(0, SIZE))
    def take(self, most: int) -> None:
        messages, self.position = self.ring.read(self.position, most)
        assert bool(messages) == bool(self.queue)
        for message in messages:
            assert message == self.queue.popleft()
        self.read += messages

    @precondition(lambda self: self.read)
    @rule()
    def release(self) -> None:
        self.ring.release(self.position, len(self.read))
        self.read = []

    @rule()
    def read_again(self) -> None:
        """As a consumer that is started again does."""
        messages, _ = self.ring.read(self.ring.tail, SIZE)
        assert messages == [*self.read, *self.queue]

    @invariant()
    def counts(self) -> None:
        assert self.ring.put_count == self.put_in_all
        assert self.ring.put_count - self.ring.taken_count == len(self.read) + len(self.queue)
        assert 0 <= self.ring.used <= SIZE


TestRing = RingMachine.TestCase
TestRing.settings = settings(max_examples=200, stateful_step_count=60, deadline=None)


@given(st.lists(st.binary(max_size=40), max_size=200))
@settings(max_examples=20, deadline=None)
def test_another_process_reads_every_message_once_and_in_order(messages: list[bytes]) -> None:
    ring = Ring(128)
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        got: list[bytes] = []
        position = ring.tail
        until = time.monotonic() + 20
        while len(got) < len(messages) and time.monotonic() < until:
            some, position = ring.read(position, 64)
            got += some
            ring.release(position, len(some))
        os.write(writing, b"1" if got == messages else b"0")
        os._exit(0)
    for message in messages:
        while not ring.put(message):
            time.sleep(0)
    assert os.read(reading, 1) == b"1"
    os.waitpid(pid, 0)
    os.close(reading)
    os.close(writing)


def test_a_killed_producer_leaves_whole_messages() -> None:
    for turn in range(10):
        ring = Ring(1 << 20, checked=True)
        pid = os.fork()
        if pid == 0:
            number = 0
            while True:
                ring.put(number.to_bytes(4, "big") * 50)
                number += 1
        time.sleep(0.002 * turn)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        messages, position = ring.read(ring.tail, 1 << 20)
        assert messages == [number.to_bytes(4, "big") * 50 for number in range(len(messages))]
        assert ring.put_count - len(messages) in (0, 1)  # it may be killed between the count and the head
        ring.release(position, len(messages))
        assert ring.put(b"the next worker")
        assert ring.read(ring.tail, 1 << 20)[0] == [b"the next worker"]


def test_an_incomplete_message_is_not_returned_and_can_be_skipped() -> None:
    ring = Ring(64, checked=True)
    ring.put(b"first")
    ring.put(b"second")
    whole, position = ring.read(0, 1)
    ring._memory[-64 + position + 8] ^= 1
    assert ring.read(0, 64)[0] == whole == [b"first"]
    with pytest.raises(DamagedRingError):
        ring.read(position, 64)
    ring.release(position, 1)
    assert ring.skip() == 1
    assert ring.used == 0
    assert ring.put(b"third")
    assert ring.read(ring.tail, 1)[0] == [b"third"]
    ring.close()


@pytest.mark.parametrize("size", [0, 4, 12])
def test_sizes_that_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="multiple of 8"):
        Ring(size)
