"""Peak memory and time of packing and predicting, compared with the original, for large models and tables."""
