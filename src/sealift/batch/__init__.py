"""Batch files: a table in, a table of answers out, for files of any length."""

from sealift.batch.job import MAX_LISTED, Summary
from sealift.batch.kinds import kind_of
from sealift.batch.score_file import score

__all__ = ["MAX_LISTED", "Summary", "kind_of", "score"]
