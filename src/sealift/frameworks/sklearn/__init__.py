"""scikit-learn: its estimators, and whatever follows their API."""
