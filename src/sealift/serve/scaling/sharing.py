"""Assigns the listening sockets to the workers, whenever the workers have changed."""

from __future__ import annotations

from collections.abc import Sequence

from sealift.serve.scaling.sockets import assign
from sealift.serve.worker_pool import Worker, WorkerPool


class SocketSharing:
    """Keeps every socket accepted from.

    A worker accepts from a socket until the next owner of the socket has confirmed that it does, too.

    Args:
        pool: the workers.
        sockets: the number of listening sockets; with a single one, all workers accept from it.
    """

    def __init__(self, pool: WorkerPool, sockets: int) -> None:
        self._pool = pool
        self._sockets = sockets
        self._owners: dict[int, int] = {}  # socket → place
        self._places: Sequence[int] = ()
        self._sent: dict[int, int] = {}  # process → the number of the message that was not confirmed yet
        self._confirmed: dict[int, frozenset[int]] = {}  # process → what it accepts from

    @property
    def settled(self) -> bool:
        """Whether each socket has a worker that confirmed it."""
        workers = self._pool.workers
        return bool(self._owners) and all(
            place in workers and number in self._confirmed.get(workers[place].pid, ())
            for number, place in self._owners.items()
        )

    def update(self) -> None:
        """Send messages to workers whose sockets have to change. Called after each turn of the pool."""
        workers = self._pool.workers
        self._read_confirmations()
        places = [place for place, each in workers.items() if each.ready and not each.draining]
        if places != self._places:
            self._places = places
            self._owners = assign(self._sockets, self._owners, places)
        unserved = not workers or all(each.draining for each in workers.values())
        for place, worker in workers.items():
            if worker.ready and worker.pid not in self._sent:
                self._send(worker, self._wanted(place, worker, unserved))

    def _wanted(self, place: int, worker: Worker, unserved: bool) -> frozenset[int]:
        if self._sockets == 1:
            return frozenset() if worker.draining else frozenset({0})
        own = {number for number, owner in self._owners.items() if owner == place and not worker.draining}
        # Without any owner, the supervisor watches the sockets and starts a worker.
        kept = set() if unserved else {number for number in worker.accepts if not self._served(number)}
        return frozenset(own | kept)

    def _served(self, number: int) -> bool:
        owner = self._pool.workers.get(self._owners.get(number, -1))
        return owner is not None and number in self._confirmed.get(owner.pid, ())

    def _send(self, worker: Worker, wanted: frozenset[int]) -> None:
        if wanted != worker.accepts:
            worker.accepts = wanted
            self._sent[worker.pid] = self._pool.send(worker, {"do": "listen", "sockets": sorted(wanted)})

    def _read_confirmations(self) -> None:
        workers = {each.pid: each for each in self._pool.workers.values()}
        for known in (self._sent, self._confirmed):
            for pid in [pid for pid in known if pid not in workers]:
                del known[pid]
        for pid, number in list(self._sent.items()):
            if workers[pid].answers.pop(number, None) is not None:
                del self._sent[pid]
                self._confirmed[pid] = workers[pid].accepts
