"""Stages that run before the graph, described by data and not by code: one folder for each kind."""

from sealift.stages.base import StageRun, Stages, StageType

__all__ = ["StageRun", "StageType", "Stages"]
