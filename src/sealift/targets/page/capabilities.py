"""What the page can do beyond what every reader of format 1 does (web/app/src/contract/capabilities.ts)."""

from __future__ import annotations

from sealift.contract import Contract

CAPABILITIES = frozenset({"stage:text/1"})


def lacking(contract: Contract) -> list[str]:
    """The capabilities that a contract requires and the page lacks."""
    return [name for name in contract.requires if name not in CAPABILITIES]
