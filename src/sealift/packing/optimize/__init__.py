"""Smaller and faster variants of a sealed model, each compared with it before it is offered."""

from sealift.packing.optimize.methods import METHODS
from sealift.packing.optimize.optimization import Optimization
from sealift.packing.optimize.run import optimize

__all__ = ["METHODS", "Optimization", "optimize"]
