"""The sockets of a server: an address that is free, and several sockets that listen at it."""

from __future__ import annotations

import errno
import socket

from sealift.errors import ServeError
from sealift.serve.deployment import Deployment
from sealift.serve.loopback import is_loopback

_FIXES = {
    errno.EADDRINUSE: "End the program that uses the port, or choose another one with --port; 0 takes a free one.",
    errno.EACCES: "Choose a port from 1024 on with --port; 0 takes a free one.",
}
BACKLOG = 4096
"""Connections that may wait in the queue of a socket; the system may have a lower limit."""


def check_exposure(deployment: Deployment) -> None:
    """Raise ServeError E711 for an address that other computers reach, unless the deployment permits it."""
    if deployment.open or is_loopback(deployment.host) or deployment.access is not None:
        return
    raise ServeError(
        "E711",
        f"At {deployment.host} anyone who reaches this computer can use the models: the server has no authentication.",
        where=deployment.source,
        fix="Add [access] to the deployment file, listen on 127.0.0.1 behind a proxy that authenticates, or permit it: "
        "--open, or open = true in [server].",
    )


def check_ports(deployment: Deployment) -> None:
    """Raise ServeError E710 where HTTP and gRPC have the same port."""
    if deployment.port and deployment.port == deployment.grpc:
        raise ServeError(
            "E710",
            f"HTTP and gRPC cannot both use the port {deployment.port}.",
            where=deployment.source,
            fix="Choose another one for gRPC; 0 takes a free one.",
        )


def bind(host: str, port: int, count: int) -> list[socket.socket]:
    """`count` listening sockets of one address, or one where the system cannot share an address.

    The system spreads connections over the sockets. Those that arrive while no worker accepts from a socket wait in its
    queue.

    Raises:
        ServeError: E710 when the address cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        # Without SO_REUSEPORT first: with it, a second server could share the port of the first unnoticed.
        first = _bound(family, host, port, shared=False)
        port = first.getsockname()[1]
        if count == 1 or not hasattr(socket, "SO_REUSEPORT"):
            first.listen(BACKLOG)
            return [first]
        first.close()
        sockets = [_bound(family, host, port, shared=True) for _ in range(count)]
    except OSError as error:
        raise ServeError(
            "E710",
            f"The server cannot listen on {host}, port {port}: {error.strerror or error}.",
            fix=_FIXES.get(error.errno or 0, "Name an address of this computer."),
        ) from error
    for each in sockets:
        each.listen(BACKLOG)
    return sockets


def reserve(host: str, port: int) -> tuple[tuple[str, int], socket.socket | None]:
    """An address for servers that open their sockets themselves, and a socket that keeps it until it is closed.

    The socket does not listen. It is None where the system cannot share an address.

    Raises:
        ServeError: E710 when the address cannot be used.
    """
    (first,) = bind(host, port, 1)
    address = first.getsockname()[:2]
    first.close()
    if not hasattr(socket, "SO_REUSEPORT"):
        return address, None
    return address, _bound(first.family, *address, shared=True)


def _bound(family: socket.AddressFamily, host: str, port: int, *, shared: bool) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    made.setblocking(False)
    return made
