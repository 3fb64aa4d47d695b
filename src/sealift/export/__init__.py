"""A deployment as files for the places where it runs: Docker, Kubernetes, KServe, systemd and Ray."""

from sealift.export.job import TARGETS, Exported, export
from sealift.export.options import ExportOptions

__all__ = ["TARGETS", "ExportOptions", "Exported", "export"]
