"""imbalanced-learn: pipelines and ensembles around samplers."""
