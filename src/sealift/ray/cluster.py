"""The connection to a cluster of Ray."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sealift.errors import ServeError
from sealift.optional import need


def library(module: str = "ray") -> Any:
    """A module of Ray, which then sends no statistics of its use. Raises MissingExtraError E405."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Ray would copy the program of `uv run` to the workers, which have packages of their own.
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    return need(module, "ray", "Ray")


@contextmanager
def connected(runtime: dict[str, Any] | None = None) -> Iterator[Any]:
    """Ray, connected to the cluster of the environment variable RAY_ADDRESS, or to one that is started here.

    A connection that the process has already is used, and kept.

    Args:
        runtime: the environment of the workers, as Ray describes it.

    Raises:
        MissingExtraError: E405.
        ServeError: E813 when there is no such cluster.
    """
    ray = library()
    if ray.is_initialized():
        yield ray
        return
    try:
        ray.init(
            runtime_env=runtime,
            include_dashboard=None if os.environ.get("RAY_ADDRESS") else False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            configure_logging=True,
        )
    except Exception as error:  # Ray raises that itself where a process does not start
        raise ServeError(
            "E813",
            f"Ray cannot be used: {error!s:.300}",
            where=os.environ.get("RAY_ADDRESS", ""),
            fix="Check RAY_ADDRESS and `ray status`, or unset RAY_ADDRESS to start Ray on this machine.",
        ) from None
    try:
        yield ray
    finally:
        ray.shutdown()
