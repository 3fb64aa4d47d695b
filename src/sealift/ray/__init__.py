"""The server, and the prediction of table files, on a cluster of Ray."""

from sealift.ray.application import application

__all__ = ["application"]
