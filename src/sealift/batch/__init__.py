"""Batch files: a table in, a table of answers out, for files of any length."""

from sealift.batch.job import MAX_LISTED, Summary, score
from sealift.batch.kinds import kind_of

__all__ = ["MAX_LISTED", "Summary", "kind_of", "score"]
