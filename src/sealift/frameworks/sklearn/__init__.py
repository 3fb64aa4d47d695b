"""scikit-learn: its estimators, and others that follow their API."""
