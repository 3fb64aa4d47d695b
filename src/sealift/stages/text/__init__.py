"""The text stage: convert a string field to the columns and counts that the graph computes with (spec/TEXT.md).

Character classes, white space and case are defined by the stage's own tables, not by the host.
"""

from sealift.stages.text.kind import TEXT, is_text, text_stage
from sealift.stages.text.stage import TextStage, is_refusing

__all__ = ["TEXT", "TextStage", "is_refusing", "is_text", "text_stage"]
