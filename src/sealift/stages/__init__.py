"""What runs before the graph, as data and never as code: one folder for each kind of stage."""

from sealift.stages.base import StageRun, Stages, StageType

__all__ = ["StageRun", "StageType", "Stages"]
