"""Whether a process runs."""

from __future__ import annotations

import os


def is_running(pid: int) -> bool:
    """Whether a process of this user runs."""
    if pid == os.getpid():  # on Windows, where a server has one process, os.kill would end it
        return True
    try:
        os.kill(pid, 0)
    except OSError:  # there is none, or its number belongs to a process of another user now
        return False
    return True
