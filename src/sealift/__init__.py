"""Sealift turns a trained model, with all its preprocessing, into one sealed file that gives the same answers everywhere."""

from __future__ import annotations

__version__ = "0.1.0"
