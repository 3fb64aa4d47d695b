"""Kinds of outputs: one module each, found by entry points (`sealift.contract.outputs.base`)."""

from sealift.contract.outputs.base import AnswerColumn, OutputKind, OutputSpec, output_kind, output_kinds, spelled
from sealift.contract.outputs.tolerance import Tolerance, matches

__all__ = ["AnswerColumn", "OutputKind", "OutputSpec", "Tolerance", "matches", "output_kind", "output_kinds", "spelled"]
