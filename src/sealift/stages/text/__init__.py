"""The text stage: a text field to the columns and counts that the graph computes with (spec/TEXT.md).

Nothing here asks the host what a letter, a blank or a capital is; the stage's own tables say it.
"""

from sealift.stages.text.kind import TEXT, text_stage
from sealift.stages.text.stage import TextStage, is_refusing

__all__ = ["TEXT", "TextStage", "is_refusing", "text_stage"]
