"""Predict folders of table files in several processes; a run that was killed is resumed."""

from sealift.batch.folder.job import FolderJob, FolderSummary
from sealift.batch.folder.settings import FolderSettings

__all__ = ["FolderJob", "FolderSettings", "FolderSummary"]
