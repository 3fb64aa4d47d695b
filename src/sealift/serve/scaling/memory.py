"""Memory that the process no longer uses, returned to the system."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress


def return_memory() -> None:
    """Free what nobody refers to, and return free pages to the system (`malloc_trim` of the GNU C library)."""
    gc.collect()
    with suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
