"""Which worker accepts connections from which of the listening sockets.

All sockets listen as long as the server runs, and the system spreads connections over them. So each of them must always
be accepted from by a worker: when the workers change, sockets change their owners, and no connection that waits in the
queue of a socket is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_FEW = 16
_SOCKETS_PER_WORKER = 4


def socket_count(least: int, most: int) -> int:
    """The number of sockets for a server.

    Where the number of workers changes, there are several sockets for each, so that any number of workers has nearly
    equal shares.
    """
    return most if least == most or most > _FEW else most * _SOCKETS_PER_WORKER


def assign(sockets: int, owners: Mapping[int, int], places: Iterable[int]) -> dict[int, int]:
    """Distribute sockets over workers, and leave as many as possible where they are.

    Args:
        sockets: the number of sockets.
        owners: socket → the place of its worker, before.
        places: the places of the workers that accept connections now.

    Returns:
        Socket → place. Empty where there are no workers.
    """
    ordered = sorted(places)
    if not ordered:
        return {}
    # The larger shares go to those that have most already.
    having = dict.fromkeys(ordered, 0)
    for place in owners.values():
        if place in having:
            having[place] += 1
    share, larger = divmod(sockets, len(ordered))
    by_count = sorted(ordered, key=lambda place: -having[place])
    room = {place: share + (position < larger) for position, place in enumerate(by_count)}
    assigned: dict[int, int] = {}
    for number, place in owners.items():
        if room.get(place, 0) > 0:
            room[place] -= 1
            assigned[number] = place
    free = iter([place for place in ordered for _ in range(room[place])])
    for number in range(sockets):
        if number not in assigned:
            assigned[number] = next(free)
    return assigned
