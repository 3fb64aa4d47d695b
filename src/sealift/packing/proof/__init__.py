"""The original model and the converted graph on the same rows, compared; and where they differ."""
