"""One start of a peer, and the peers that cannot be started, with the reasons."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.serve.environments import NotInstalledError, environment
from bench.serve.load import Work
from bench.serve.peers import WORKERS, Peer
from bench.serve.running import Running, free_port, running


@dataclass
class Machine:
    """What all tables of a run share.

    Attributes:
        folder: where models and logs are kept.
        environments: the environments that were made, by name.
        skipped: the titles of the peers that are left out, with the reasons.
    """

    folder: Path
    environments: dict[str, Path] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def usable(self, peers: tuple[Peer, ...]) -> list[Peer]:
        """The peers whose environment can be made."""
        usable = []
        for peer in peers:
            try:
                if peer.environment not in self.environments:
                    self.environments[peer.environment] = environment(peer.environment)
                usable.append(peer)
            except NotInstalledError as error:
                self.skip(peer, str(error))
        return usable

    def skip(self, peer: Peer, reason: str) -> None:
        """Leave a peer out."""
        self.skipped[peer.title] = reason
        print(f"{peer.title} is left out: {reason}", file=sys.stderr, flush=True)

    @contextmanager
    def started(self, peer: Peer, model: Path, work: Work, workers: int = WORKERS) -> Iterator[Running]:
        """A peer that has answered its first request. Raises DidNotStartError."""
        made, port = self.environments[peer.environment], free_port()
        how = peer.start(made, model, port, workers)
        programs = str(made / "bin")
        variables = {"PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin", **(how.variables or {})}
        command = [f"{programs}/{how.command[0]}", *how.command[1:]]
        log = self.folder / f"{peer.name}.log"
        with running(command, variables, port, work, how.folder, log) as server:
            yield server
