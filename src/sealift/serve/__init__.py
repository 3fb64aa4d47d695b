"""Sealed files behind an API: a transport-free data plane, the routes over it, and the processes that run them."""

from sealift.serve.deployment import Deployment, ModelSpec, read
from sealift.serve.http.app import App
from sealift.serve.opening import open_models
from sealift.serve.plane import Plane
from sealift.serve.served import ServedModel
from sealift.serve.service import Service

__all__ = ["App", "Deployment", "ModelSpec", "Plane", "ServedModel", "Service", "open_models", "read"]
