"""A cluster of Ray with two nodes on this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Before Ray is imported: no statistics, and proxies that use the replicas of all nodes and not only of their own.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_SERVE_PROXY_PREFER_LOCAL_NODE_ROUTING"] = "0"
SOURCES = str(Path(__file__).parents[1] / "src")


@dataclass
class TwoNodes:
    """The cluster.

    Attributes:
        cluster: Ray's own, of processes on this machine.
        address: for RAY_ADDRESS.
        second: the node without the head.
    """

    cluster: Any
    address: str
    second: Any

    def command(self, *arguments: object) -> subprocess.Popen[str]:
        """`sealift` with these arguments, on this cluster."""
        return subprocess.Popen(
            [sys.executable, "-m", "sealift", *map(str, arguments)],
            env={**os.environ, "RAY_ADDRESS": self.address},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def ports() -> dict[str, int]:
    """Free ports for the agents of a node. Otherwise a node waits 15 seconds at most until its agents chose some."""
    names = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port", "runtime_env_agent_port")
    port_of = {}
    sockets = []
    for name in names:
        free = socket.socket()
        free.bind(("127.0.0.1", 0))
        sockets.append(free)
        port_of[name] = free.getsockname()[1]
    for free in sockets:
        free.close()
    return port_of


def node(**options: Any) -> dict[str, Any]:
    """The options of a node with a third of the usual memory."""
    return {"num_cpus": 2, "object_store_memory": 200 << 20, "include_dashboard": False, **ports(), **options}
