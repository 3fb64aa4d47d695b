"""Predict table files of any length: a table in, a table of answers out."""

from sealift.batch.chunk_answers import MAX_LISTED
from sealift.batch.job import Summary, opened, score
from sealift.batch.kinds import kind_of

__all__ = ["MAX_LISTED", "Summary", "kind_of", "opened", "score"]
