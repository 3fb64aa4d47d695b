"""Fixes of errors for callers of a server, who have no arguments and types of Python."""

from __future__ import annotations

from sealift.errors import ContractError, SealiftError

_EXTRA = "Remove them from the rows."
_ROWS = "Send each row as an object, or as a list in the order of the contract, or send an object of columns."


def for_caller(error: SealiftError) -> SealiftError:
    """The error with a fix that the sender of a request can apply."""
    if error.code == "E102":
        return ContractError(error.code, error.what, where=error.where, fix=_EXTRA)
    if error.code == "E104" and "data frame" in error.fix:
        return ContractError(error.code, error.what, where=error.where, fix=_ROWS)
    return error
