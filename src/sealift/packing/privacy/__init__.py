"""Detect data of single records in a sealed file, by comparing its values with the caller's rows."""
