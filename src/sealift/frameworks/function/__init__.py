"""Plain functions of NumPy or pandas as models."""
