"""Before packing: what of a model travels, how, what does not and the remedy; and what it carries of its records."""

from sealift.packing.doctor.diagnosis import Diagnosis, Examined, Obstacle
from sealift.packing.doctor.examine import doctor

__all__ = ["Diagnosis", "Examined", "Obstacle", "doctor"]
