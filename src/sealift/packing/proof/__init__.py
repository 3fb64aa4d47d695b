"""Compare the original model with the converted graph on the same rows, and locate differences."""
