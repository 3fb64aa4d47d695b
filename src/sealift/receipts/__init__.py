"""Receipts: signed statements about the answers of a server, issued, checked and computed again (spec/RECEIPT.md)."""

from sealift.receipts.check import Replay, replay_receipt, verify_receipt
from sealift.receipts.statement import Statement

__all__ = ["Replay", "Statement", "replay_receipt", "verify_receipt"]
