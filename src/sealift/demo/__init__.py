"""`sealift demo`: the main job on real data, from training to a page that answers like the model."""

from sealift.demo.run import Result, run

__all__ = ["Result", "run"]
