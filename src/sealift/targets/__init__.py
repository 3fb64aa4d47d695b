"""Targets that a sealed file can be built into, one folder for each."""
