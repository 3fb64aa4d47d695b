"""Which versions of a model answer: weights, canaries, shadows, and their changes while the server runs."""
