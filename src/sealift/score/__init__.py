"""Batch files: a table in, a table of answers out, for files of any length."""

from sealift.score.kinds import kind_of
from sealift.score.run import MAX_LISTED, Summary, score

__all__ = ["MAX_LISTED", "Summary", "kind_of", "score"]
