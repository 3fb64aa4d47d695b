"""The text stage: a text field to the columns and counts that the graph computes with (spec/TEXT.md).

Nothing here asks the host what a letter, a blank or a capital is; the stage's own tables say it.
"""

from sealift.stages.text.batch import Stages, is_refusing
from sealift.stages.text.stage import TextStage

__all__ = ["Stages", "TextStage", "is_refusing"]
