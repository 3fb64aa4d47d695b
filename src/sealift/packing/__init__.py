"""Trained model → sealed file: convert, verify, describe, write."""

from sealift.packing.pack import Packed, pack
from sealift.packing.parity import Report

__all__ = ["Packed", "Report", "pack"]
