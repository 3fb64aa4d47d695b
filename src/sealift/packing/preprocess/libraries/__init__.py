"""Recognisers of the preprocessing objects of libraries, by class names and attributes; no library is imported."""
