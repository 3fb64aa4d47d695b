"""Diagnose a model before packing: supported steps, obstacles with remedies, and training data in the model."""

from sealift.packing.doctor.diagnosis import Diagnosis, Examined, Obstacle
from sealift.packing.doctor.examine import doctor

__all__ = ["Diagnosis", "Examined", "Obstacle", "doctor"]
