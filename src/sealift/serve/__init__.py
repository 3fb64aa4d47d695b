"""Sealed files behind an API: a transport-free data plane, the routes over it, and the processes that run them."""

from sealift.serve.deployment import Deployment, ModelSpec, read
from sealift.serve.http.app import App
from sealift.serve.opening import open_models
from sealift.serve.plane import Plane, ServedModel

__all__ = ["App", "Deployment", "ModelSpec", "Plane", "ServedModel", "open_models", "read"]
