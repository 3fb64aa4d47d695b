"""The tokenizer stage: convert a string field to the token ids of a tokenizer.json (spec/TOKENIZER.md).

Character classes, case, decompositions and compositions are defined by the stage's own tables, not by the host.
"""

from sealift.stages.tokenizer.kind import TOKENIZER, tokenizer_stage
from sealift.stages.tokenizer.stage import Encoding, TokenizerStage

__all__ = ["TOKENIZER", "Encoding", "TokenizerStage", "tokenizer_stage"]
