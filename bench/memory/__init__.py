"""Peak memory and time of packing and predicting, beside the original's, for large models and tables."""
